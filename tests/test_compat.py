"""Private names of other packages: there on this stack, and missed loudly."""

import re
import subprocess
import sys
import types

import numpy as np
import pytest

from tests.checkpoints import make_encoder
from tests.conftest import ROOT
from xtremedistil_tf import compat
from xtremedistil_tf.compat import MovedNameError
from xtremedistil_tf.config import StudentConfig
from xtremedistil_tf.inference.runtimes.text_ops import library_path, load_text_ops
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.metrics.answer_spans import Answer, Span
from xtremedistil_tf.metrics.squad import score_answers
from xtremedistil_tf.models.distillation_model import reseed, traced_for_cpu
from xtremedistil_tf.models.layers.body import Shape
from xtremedistil_tf.models.student import build_student
from xtremedistil_tf.training.addons import LazyAdam
from xtremedistil_tf.training.sparse_adam import SparseRowsAdam

IDS = {"input_ids": np.array([[3, 4, 5], [6, 0, 0]], np.int32)}
PACKAGE = ROOT / "xtremedistil_tf"


@pytest.fixture(scope="module")
def model():
    """A BiLSTM student whose LSTMs may run on a GPU's kernel."""
    return build_student(StudentConfig(word_emb_dim=4, bilstm_hidden_size=3), Shape(12), 5, 4).model


def remove(monkeypatch, kind, name):
    """Takes a name from a class and from all its bases, as after a renaming."""
    holders = [base for base in kind.__mro__ if name in vars(base)]
    assert holders, f"{kind.__name__} never had {name}"
    for holder in holders:
        monkeypatch.delattr(holder, name)


def layers_of(model, kind):
    return [layer for layer in compat.flatten_layers(model) if isinstance(layer, kind)]


def test_equal_seeds_give_equal_dropout(model):
    def outputs():
        return model(IDS, training=True)["logits"].numpy()

    reseed(model, 3)
    first, second = outputs(), outputs()
    reseed(model, 3)
    np.testing.assert_array_equal(outputs(), first)
    assert (first != second).any()
    # Three Dropout layers, two LSTMs, a cell in each.
    assert len(compat.random_generators(model)) == 7


@pytest.mark.parametrize("held", ["layer", "generator"])
def test_dropout_whose_generator_was_renamed_is_told(model, monkeypatch, held):
    for layer in layers_of(model, tf.keras.layers.Dropout):
        owner, name = (layer, "_random_generator") if held == "layer" else (
            layer._random_generator, "_generator")
        monkeypatch.setitem(vars(owner), "renamed", vars(owner)[name])
        monkeypatch.delitem(vars(owner), name)
    with pytest.raises(MovedNameError, match=r"keras [\d.]+ has no \w+\._(random_)?generator, "
                       "which is private and needed for repeating the dropout of an epoch when"):
        reseed(model, 3)


def test_dropout_that_keeps_no_state_is_told(model, monkeypatch):
    layer = layers_of(model, tf.keras.layers.Dropout)[0]
    monkeypatch.setitem(vars(layer._random_generator), "_generator", None)
    with pytest.raises(MovedNameError, match=f"layer {layer.name} keeps its random state in no"):
        reseed(model, 3)


def test_the_class_of_random_layers_is_missed(model, monkeypatch):
    monkeypatch.setattr(tf.keras.__internal__, "layers", types.SimpleNamespace())
    with pytest.raises(MovedNameError, match="BaseRandomLayer"):
        reseed(model, 3)


def test_a_models_inner_layers_are_missed(model, monkeypatch):
    assert {"bilstm", "forward_lstm", "logits"} <= {
        layer.name for layer in compat.flatten_layers(model)}
    remove(monkeypatch, type(model), "_flatten_layers")
    with pytest.raises(MovedNameError, match=r"has no \w+\._flatten_layers"):
        compat.flatten_layers(model)


def test_the_gpu_kernel_of_lstms_is_off_in_the_block_only(model):
    lstms = layers_of(model, tf.keras.layers.LSTM)
    assert len(lstms) == 2 and all(layer._could_use_gpu_kernel for layer in lstms)
    with compat.without_gpu_kernels([lstms[0]]):
        assert [layer._could_use_gpu_kernel for layer in lstms] == [False, True]
    with compat.without_gpu_kernels(compat.flatten_layers(model)):
        assert not any(layer._could_use_gpu_kernel for layer in lstms)
    assert all(layer._could_use_gpu_kernel for layer in lstms)


def test_an_lstm_that_names_its_kernel_otherwise_is_told(model, monkeypatch):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
    for layer in layers_of(model, tf.keras.layers.LSTM):
        monkeypatch.delitem(vars(layer), "_could_use_gpu_kernel")
    with pytest.raises(MovedNameError, match=r"LSTM\._could_use_gpu_kernel"):
        with traced_for_cpu(model):
            pass


@pytest.mark.parametrize("kind", sorted(
    {LazyAdam, SparseRowsAdam, tf.keras.optimizers.legacy.Adam}, key=str))
def test_slots_are_made_before_the_first_step(kind, monkeypatch):
    table = tf.Variable(np.ones([3, 2], np.float32))
    optimizer = kind(0.1)
    compat.create_slots(optimizer, [table])
    assert len(optimizer.weights) == 3  # Steps and two moments.
    remove(monkeypatch, kind, "_create_all_weights")
    with pytest.raises(MovedNameError, match="_create_all_weights.* tracing a training step once"):
        compat.create_slots(optimizer, [table])


@pytest.mark.parametrize("name", ["_resource_apply_sparse", "_fallback_apply_state"])
def test_what_lazy_adam_overrides_is_missed(name, monkeypatch):
    base = tf.keras.optimizers.legacy.Adam
    assert compat.overrides(name)(SparseRowsAdam) is SparseRowsAdam
    remove(monkeypatch, base, name)
    with pytest.raises(MovedNameError, match=rf"has no Adam\.{name}, .* needed for SparseRowsAdam"):
        compat.overrides(name)(SparseRowsAdam)


def test_a_model_is_renamed_or_its_name_missed(model, monkeypatch):
    compat.rename_model(model, "teacher_1")
    assert model.name == "teacher_1"
    monkeypatch.setattr(type(model), "name", "fixed")
    with pytest.raises(MovedNameError, match=r"\._name"):
        compat.rename_model(model, "teacher_2")


@pytest.mark.parametrize("kind", ["bert", "distilbert", "electra", "roberta"])
def test_an_encoders_weights_are_found_by_their_part(kind):
    found = compat.weights_by_part(make_encoder(kind, 30))
    assert "embeddings/word_embeddings/weight:0" in found
    assert all(name.split("/")[0] in ("embeddings", "embeddings_project", "encoder", "transformer",
                                      "pooler") for name in found)


@pytest.mark.parametrize("name", ["kernel:0", "other/bert/kernel:0", "encoder/kernel:0"])
def test_weights_that_are_named_otherwise_are_told(name):
    encoder = types.SimpleNamespace(name="encoder", weights=[types.SimpleNamespace(name=name)])
    with pytest.raises(MovedNameError, match=f"calls a variable of encoder '{name}'"):
        compat.weights_by_part(encoder)
    twice = types.SimpleNamespace(name="encoder", weights=2 * [
        types.SimpleNamespace(name="encoder/bert/kernel:0")])
    with pytest.raises(MovedNameError, match="each once"):
        compat.weights_by_part(twice)


def test_squads_scores_are_there_or_missed(monkeypatch):
    scores = score_answers([["Ada"]], [Answer((Span("Ada", 1.0, 0, 3),), 0.0)], ["default"])
    assert scores["exact"] == 100
    metrics = sys.modules["transformers.data.metrics.squad_metrics"]
    with monkeypatch.context() as changed:
        changed.delattr(metrics, "squad_evaluate")
        with pytest.raises(MovedNameError, match="squad_evaluate.* scoring answers"):
            compat.squad_evaluate()
    monkeypatch.setitem(sys.modules, metrics.__name__, None)
    with pytest.raises(MovedNameError, match=r"transformers [\d.]+ has no transformers\.data\."
                                             r"metrics\.squad_metrics\.squad_evaluate"):
        compat.squad_evaluate()


def test_tensorflows_interpreter_is_there_or_missed(monkeypatch):
    assert compat.lite_interpreter().__name__ == "Interpreter"
    monkeypatch.setattr(tf, "lite", types.SimpleNamespace())
    with pytest.raises(MovedNameError, match="Interpreter.* ai-edge-litert has one too"):
        compat.lite_interpreter()


@pytest.mark.parametrize("kind, name", [
    ("wordpiece", "wordpiece_tokenize_with_offsets"),
    ("sentencepiece", "sentencepiece_tokenize_op")])
def test_the_libraries_of_tokenizers_are_there_or_missed(kind, name, tmp_path):
    assert library_path(kind).suffix == ".so"
    assert callable(getattr(load_text_ops(kind), name))
    with pytest.raises(MovedNameError, match=f"tensorflow_text has no python/ops/_{kind}_token"):
        compat.text_library(tmp_path, kind)


def test_private_names_of_others_stand_in_one_file():
    """Of all but `self` and `super()`, names that begin with "_" are read in compat.py alone."""
    private = re.compile(r"(?<!self)(?<!cls)(?<!super\(\))\._(?!_)[a-z]\w*")
    allowed = {"worker.py": ["._exit"], "environment.py": ["._exit"]}  # Of os, and documented.
    for path in PACKAGE.rglob("*.py"):
        code = re.sub(r"#.*", "", path.read_text("utf-8"))
        code = re.sub(r'""".*?"""', "", code, flags=re.S)
        found = [name for name in private.findall(code)
                 if name not in allowed.get(path.name, [])]
        if path.name == "compat.py":
            assert "._could_use_gpu_kernel" in found
        else:
            assert not found, path
        moved = re.findall(r"(?:import|from) \S*(?:\.src\b|tensorflow\.\S*python)\S*", code)
        assert not moved, path


def test_importing_compat_imports_no_tensorflow():
    code = "import sys, xtremedistil_tf.compat; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0
