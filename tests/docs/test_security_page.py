"""The claims of docs/explanation/security.md about our own code."""

import ast

import pytest

from tests.conftest import ROOT


@pytest.fixture(scope="module")
def nodes():
    """All nodes of the package's syntax trees, each with its file."""
    return [(path, node) for path in sorted((ROOT / "xtremedistil_tf").rglob("*.py"))
            for node in ast.walk(ast.parse(path.read_text("utf-8")))]


def test_nothing_that_unpickles_is_imported(nodes):
    for path, node in nodes:
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else (
            [node.module or ""] if isinstance(node, ast.ImportFrom) else [])
        roots = {name.split(".")[0] for name in names}
        assert not roots & {"pickle", "torch", "joblib", "dill", "marshal", "shelve"}, path


def test_no_call_that_runs_what_a_file_says(nodes):
    for path, node in nodes:
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        assert name not in {"load_model", "load_repo_checkpoint", "model_from_json", "eval",
                            "exec", "extractall", "extract", "Lambda"}, (path, name)
        called = ast.unparse(node.func)
        assert not called.startswith("transformers.Trainer"), path
        options = {keyword.arg: keyword.value for keyword in node.keywords}
        assert "trust_remote_code" not in options, path
        if called in ("np.load", "numpy.load"):
            assert options["allow_pickle"].value is False, path


def test_pickled_weights_are_refused_with_the_way_out():
    text = (ROOT / "xtremedistil_tf" / "models" / "pretrained_encoders.py").read_text("utf-8")
    assert "pytorch_model.bin needs PyTorch" in text
