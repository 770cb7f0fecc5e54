"""What `import xtremedistil_tf` gives: names with types, and nothing that costs."""

import ast
import importlib.resources
import re
import subprocess
import sys

import pytest

import xtremedistil_tf
from tests.conftest import ROOT

TREE = ast.parse((ROOT / "xtremedistil_tf" / "__init__.py").read_text("utf-8"))


def typed_imports():
    """Names that type checkers see, with the modules they come from."""
    block = next(node for node in TREE.body if isinstance(node, ast.If))
    return {alias.name: node.module for node in block.body if isinstance(node, ast.ImportFrom)
            and node.module != "typing" for alias in node.names}


def test_type_checkers_see_what_is_there():
    places = {name: f"xtremedistil_tf.{module}" for name, module in xtremedistil_tf._PLACES.items()}
    assert typed_imports() == places
    assert sorted([*places, "__version__"]) == xtremedistil_tf.__all__
    assert importlib.resources.files("xtremedistil_tf").joinpath("py.typed").is_file()


@pytest.mark.parametrize("name", xtremedistil_tf.__all__)
def test_each_exists_and_says_what_it_is(name):
    found = getattr(xtremedistil_tf, name)
    assert name in dir(xtremedistil_tf)
    assert name == "__version__" or len(found.__doc__) > 40
    if callable(found) and not isinstance(found, type):
        assert "Example:" in found.__doc__ and "Raises:" in found.__doc__


def test_others_do_not():
    with pytest.raises(AttributeError, match="has no attribute 'destil'"):
        xtremedistil_tf.destil  # noqa: B018


def test_settings_and_tables_need_no_tensorflow():
    code = ("import sys, xtremedistil_tf as xt\n"
            "assert len([name for name in sys.modules if name.startswith('xtremedistil')]) <= 3\n"
            "xt.RunConfig(xt.DataConfig('t')), xt.register_strategy, xt.register_loss\n"
            "xt.register_reader, xt.load, xt.Run\n"
            "try:\n    xt.distil(task='t', model_dir='m', seq_len=1)\n"
            "except xt.UserError as error:\n    print(error)\n"
            "print(sorted({'tensorflow', 'transformers', 'matplotlib'} & set(sys.modules)))\n")
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True,
                            timeout=120)
    assert result.stdout.splitlines() == [
        "--seq_len is 1; it must be at least 3", "[]"], result.stderr


@pytest.mark.long
def test_mypy_knows_their_types(tmp_path):
    api = pytest.importorskip("mypy.api")
    (tmp_path / "program.py").write_text(
        "import xtremedistil_tf as xt\n"
        "run = xt.distil(task='t', model_dir='m')\n"
        "reveal_type(run)\nreveal_type(run.metrics)\nreveal_type(xt.load('m'))\n"
        "reveal_type(xt.DataConfig('t').seq_len)\nxt.destil\n")
    told, _, _ = api.run([str(tmp_path / "program.py"), "--ignore-missing-imports",
                          "--follow-imports=silent", f"--cache-dir={tmp_path / 'cache'}"])
    for text in (r'xtremedistil_tf\.api\.run\.Run"', r'dict\[(builtins\.)?str, Any\]"',
                 r'\.TextModel"', r'"(builtins\.)?int"', r'Module has no attribute "destil"'):
        assert re.search(text, told), told
