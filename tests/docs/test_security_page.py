"""The claims of docs/explanation/security.md about our own code."""

import ast

from tests.conftest import ROOT

MODULES = sorted((ROOT / "xtremedistil_tf").rglob("*.py"))


def trees():
    for path in MODULES:
        yield path, ast.parse(path.read_text("utf-8"))


def test_nothing_that_unpickles_is_imported():
    for path, tree in trees():
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else (
                [node.module or ""] if isinstance(node, ast.ImportFrom) else [])
            roots = {name.split(".")[0] for name in names}
            assert not roots & {"pickle", "torch", "joblib", "dill", "marshal", "shelve"}, path


def test_no_call_that_runs_what_a_file_says():
    for path, tree in trees():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            assert name not in {"load_model", "load_repo_checkpoint", "model_from_json", "eval",
                                "exec", "extractall", "extract", "Lambda"}, (path, name)
            assert not ast.unparse(node.func).startswith("transformers.Trainer"), path
            options = {keyword.arg: keyword.value for keyword in node.keywords}
            assert "trust_remote_code" not in options, path
            if ast.unparse(node.func) in ("np.load", "numpy.load"):
                assert options["allow_pickle"].value is False, path


def test_pickled_weights_are_refused_with_the_way_out():
    text = (ROOT / "xtremedistil_tf" / "models" / "pretrained_encoders.py").read_text("utf-8")
    assert "pytorch_model.bin needs PyTorch" in text
