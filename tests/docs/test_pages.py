"""The pages: the navigation has all of them, links and named files exist, README is short."""

import inspect
import re

import pytest
import yaml

import xtremedistil_tf
from tests.conftest import ROOT

DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
DOCUMENTS = [*(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
             ROOT / "data" / "README.md", *PAGES]
SITE = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))


def without_code(text):
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S))


def links(path):
    """The targets of a page's links and pictures, addresses left out."""
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(path.read_text("utf-8"))):
        if not re.match(r"\w+:", target):
            yield target


def anchors(path):
    """The anchors that GitHub and mkdocs alike make of a page's headings."""
    text = re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.M | re.S)
    for heading in re.findall(r"^#+ (.*)$", text, re.M):
        words = re.sub(r"[^\w\s-]", "", heading.lower()).strip()
        github, site = words.replace(" ", "-"), re.sub(r"[-\s]+", "-", words)
        if github == site:
            yield site


def broken(path):
    """The links of a page that lead nowhere."""
    for link in links(path):
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        if not target.exists() or (anchor and anchor not in anchors(target)):
            yield link


def entries(nav):
    for entry in nav:
        for value in entry.values() if isinstance(entry, dict) else [entry]:
            yield from entries(value) if isinstance(value, list) else [value]


def test_the_navigation_has_every_page_once():
    assert sorted(entries(SITE["nav"])) == [path.relative_to(DOCS).as_posix() for path in PAGES]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_resolves(path):
    assert not list(broken(path))


def test_a_broken_link_would_be_noticed(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# One two\n[a](#one-two) [b](#three) [c](none.md) [d](https://x.org/y)\n"
                    "`[e](no_link)`\n```\n[f](code)\n```\n")
    assert list(broken(page)) == ["#three", "none.md"]


def test_pages_of_the_docs_that_files_name_exist():
    folders = ("xtremedistil_tf", "tests", "benchmarks", "docs", "flags", "notebooks", "data")
    files = [*ROOT.glob("*.*"), ROOT / "Makefile",
             *(path for folder in folders for path in (ROOT / folder).rglob("*.*"))]
    named = [(path, page) for path in files
             if path.suffix in {".py", ".md", ".flags", ".ipynb", ".yml", ""} and path.is_file()
             for page in re.findall(r"(?<![\w/])docs/[\w/-]+\.(?:md|py|svg)",
                                    path.read_text("utf-8"))]
    assert len(named) > 50
    assert not [(path, page) for path, page in named if not (ROOT / page).is_file()]


def test_readme_is_short():
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 150


def test_moved_modules_are_where_the_page_says():
    page = (DOCS / "reference" / "moved_modules.md").read_text("utf-8")
    rows = re.findall(r"^\| `([\w.]+)` \| (.*) \|$", page, re.M)
    assert len(rows) > 100
    for old, new in rows:
        assert not (ROOT / "xtremedistil_tf" / (old.replace(".", "/") + ".py")).is_file(), old
        for name in re.findall(r"`([\w.]+)`", new):
            assert (ROOT / "xtremedistil_tf" / (name.replace(".", "/") + ".py")).is_file(), name


def test_the_architecture_names_files_and_rooms_that_exist():
    page = (DOCS / "explanation" / "architecture.md").read_text("utf-8")
    package = ROOT / "xtremedistil_tf"
    paths = [path for path in re.findall(r"`([a-z_0-9/]+(?:\.py|/))`", page)
             if not path.startswith(("tests", "savedmodel", "onnx", "common", "huggingface",
                                  "triton"))]
    assert len(paths) > 40
    assert not [path for path in paths if not (package / path).exists()]
    modules = [name.replace(".", "/") for line in re.findall(r"^```\n(.*?)^```", page, re.M | re.S)
               for name in re.findall(r"\b(?:corpora|data|models|targets|training|jobs|reporting)"
                                      r"(?:\.[a-z_]+)+", line)]
    assert len(modules) > 15
    assert not [name for name in modules
                if not ((package / name).is_dir() or (package / f"{name}.py").is_file())]
    rooms = {path.parent for path in package.rglob("*.py")} - {package}
    told = page.split("## Where does X live?")[0]
    assert not [room.name for room in rooms if f"`{room.relative_to(package).as_posix()}/`"
                not in told and f"`{room.name}/`" not in told]


def test_every_public_name_is_on_the_page_of_python():
    page = (DOCS / "reference" / "python.md").read_text("utf-8")
    for name in set(xtremedistil_tf.__all__) - {"__version__"}:
        assert re.search(rf"`{name}\b", page), name


@pytest.mark.parametrize("path", [path for path in DOCUMENTS[:1] + PAGES if path.name not in {
    "glossary.md", "public_forms.md"}], ids=lambda path: path.stem)
def test_pages_use_the_words_of_the_glossary(path):
    text = without_code(path.read_text("utf-8"))
    text = re.sub(r"<!-- table:.*?<!-- end", "", text, flags=re.S)  # Records keep their words.
    other = {"piece": "subword token", "marker": "special token", "tokenise": "tokenize"}
    assert not [(word, better) for word, better in other.items()
                if re.search(rf"\b{word}(s|d)?\b", text)]


def test_the_page_of_python_has_the_signature_of_load():
    page = (DOCS / "reference" / "python.md").read_text("utf-8")
    shown = re.search(r"`load(\(.*?\))`", page).group(1)
    signature = inspect.signature(xtremedistil_tf.load)
    bare = [parameter.replace(annotation=inspect.Parameter.empty)
            for parameter in signature.parameters.values()]
    assert shown == str(inspect.Signature(bare))


def test_the_page_of_flagfiles_has_all_of_them():
    page = (DOCS / "reference" / "flagfiles.md").read_text("utf-8")
    for path in (ROOT / "flags").iterdir():
        if path.is_dir() or path.suffix == ".flags":
            assert f"`flags/{path.name}{'/' if path.is_dir() else ''}`" in page, path.name
