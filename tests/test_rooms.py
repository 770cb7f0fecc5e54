"""The rooms of the package: imports go one way, and no room is crowded."""

import ast
import collections
import re

from tests.conftest import ROOT

PACKAGE = ROOT / "xtremedistil_tf"
MOST_FILES = 12
# Today's largest file and function; CONTRIBUTING asks for less. These numbers may only fall.
MOST_LINES, LONGEST_FUNCTION = 346, 75
# The package's own __init__.py stands above all rooms: it names what is public.
PUBLIC = "public names"


def room_of(path):
    """Folder of a module below the package, "" for the package itself."""
    if path == PACKAGE / "__init__.py":
        return PUBLIC
    return "/".join(path.relative_to(PACKAGE).parent.parts)


def imported(path):
    """Yields the package's modules that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("xtremedistil_tf"):
            base = PACKAGE.joinpath(*node.module.split(".")[1:])
            for alias in node.names:
                inner = base / f"{alias.name}.py"
                if inner.exists():
                    yield inner
                elif (base / alias.name / "__init__.py").exists():
                    yield base / alias.name / "__init__.py"
                elif base.is_dir():
                    yield base / "__init__.py"
                else:
                    yield base.with_suffix(".py")


def room_imports():
    """Rooms, and for each the rooms that it imports."""
    arrows = collections.defaultdict(set)
    for path in PACKAGE.rglob("*.py"):
        for target in imported(path):
            pair = (room_of(path), room_of(target))
            if pair[0] != pair[1]:
                arrows[pair[0]].add(pair[1])
    return arrows


def test_files_and_functions_do_not_grow():
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text("utf-8")
        assert text.count("\n") <= MOST_LINES, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                assert node.end_lineno - node.lineno < LONGEST_FUNCTION, f"{path}: {node.name}"


def test_no_circle_of_rooms():
    arrows = room_imports()
    finished, open_rooms = set(), []

    def visit(room):
        assert room not in open_rooms, " -> ".join([*open_rooms, room])
        if room not in finished:
            open_rooms.append(room)
            for target in sorted(arrows[room]):
                visit(target)
            open_rooms.pop()
            finished.add(room)

    for room in sorted(arrows):
        visit(room)


def test_no_room_is_crowded():
    files = collections.Counter(
        room_of(path) for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")
    crowded = {room: count for room, count in files.items() if count > MOST_FILES}
    assert not crowded


def test_no_text_names_a_room_of_before():
    """`inputs.batches` and the like in docstrings would send a reader to nowhere."""
    old = re.compile(r"`(distill|inputs|serving|evaluation|preparation)\.[a-z_]+[.\w]*`")
    assert not [f"{path.name}: {found.group()}" for path in PACKAGE.rglob("*.py")
                for found in old.finditer(path.read_text("utf-8"))]


def bound(path):
    """Names that a module defines, assigns or imports."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from (alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def test_benchmarks_import_names_that_are_there():
    # Nothing else imports most of them, so a name that moved would be missed at the next record.
    for path in (ROOT / "benchmarks").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.ImportFrom) or node.level:
                continue
            module = ROOT.joinpath(*(node.module or "").split(".")).with_suffix(".py")
            if PACKAGE in module.parents and module.is_file():
                lacking = {alias.name for alias in node.names} - set(bound(module))
                assert not lacking, f"{path}, line {node.lineno}: {node.module} has no {lacking}"
