"""ONNX teachers: the outputs of the TensorFlow model, without its class."""

import json
import shutil

import numpy as np
import pytest

from tests.conftest import TAGS
from tests.teachers.finished import make_finished, make_onnx
from xtremedistil_tf.config import DataConfig
from xtremedistil_tf.data.tokenization.ragged import Ragged
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.contents import read_json
from xtremedistil_tf.targets.spec import KINDS
from xtremedistil_tf.teachers import Wanted, load_ready, teacher_kind

pytest.importorskip("onnxruntime")
NAMES = ("I-PER", "O", "B-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC")
WANTED = Wanted("tagging", TAGS, 1)
DATA = DataConfig("task", do_ner=True)


@pytest.fixture(scope="module")
def model(tokenizer, tmp_path_factory):
    """(model, its folder, its ONNX folder)."""
    base = tmp_path_factory.mktemp("onnx")
    made = make_finished(base / "model", tokenizer, NAMES)
    return made, base / "model", make_onnx(made, tokenizer, base / "onnx")


def test_it_gives_the_outputs_of_the_model(model):
    made, folder, onnx = model
    assert teacher_kind(onnx).kind == "onnx" and teacher_kind(folder).kind == "finished"
    ids = Ragged.of([[2, 7, 9, 30, 3], [2, 8, 3], [2, 7, 8, 3]])

    def outputs(path):
        teacher, found = load_ready([path], WANTED), {}
        for rows, lengths, one in teacher.forward(KINDS).batches(ids):
            for at, (row, length) in enumerate(zip(rows, lengths)):
                found[row] = [one[name][at, :length] for name in KINDS]
        return teacher, found

    (theirs, expected), (teacher, found) = outputs(folder), outputs(onnx)
    for row in range(3):
        for one, other in zip(found[row], expected[row]):
            np.testing.assert_allclose(one, other, atol=1e-4)
    assert teacher.width == 16 and teacher.words_only and teacher.vocabulary == theirs.vocabulary
    np.testing.assert_array_equal(teacher.word_embeddings(), theirs.word_embeddings())
    # Weights are the model's; the pooler, which nothing reads, is no part of it.
    assert teacher.parameters == pytest.approx(theirs.parameters, rel=0.05)


def test_a_layer_that_the_model_does_not_return_leaves_logits_alone(model):
    kind, folder = teacher_kind(model[2]), model[2]
    assert kind.sizes(folder, DATA, 2).states and not kind.sizes(folder, DATA, 0).states
    with pytest.raises(UserError, match="--seq_len is 65, but the teacher has 64 positions"):
        kind.sizes(folder, DataConfig("task", seq_len=65), 1)


@pytest.mark.parametrize(("changes", "message"), [
    ({"name": "tokens"}, "has the inputs tokens, attention_mask; allowed: input_ids, att"),
    ({"logits": "scores"}, "has the outputs hidden_states.1, .*needed is logits"),
])
def test_other_inputs_or_outputs_are_told(model, tokenizer, tmp_path, changes, message):
    other = make_onnx(model[0], tokenizer, tmp_path / "other", **changes)
    with pytest.raises(UserError, match=message):
        teacher_kind(other).sizes(other, DATA, 1)


def test_labels_of_the_configuration_are_checked(model, tokenizer, tmp_path):
    other = make_onnx(model[0], tokenizer, tmp_path / "other")
    settings = read_json(other / "config.json")
    settings["id2label"] = {"0": "O", "2": "B-PER"}
    (other / "config.json").write_text(json.dumps(settings))
    with pytest.raises(UserError, match="id2label numbers 0, 2; needed are all from 0"):
        teacher_kind(other).labels(other, DATA)
    (other / "model.onnx").write_bytes(b"nothing")
    with pytest.raises(UserError, match="is not an ONNX model"):
        teacher_kind(other).sizes(other, DATA, 1)


def test_another_model_in_a_folder_of_its_own_is_another_teacher(model, tmp_path):
    """Optimum writes onnx/model.onnx; stored targets of the former model must not be taken."""
    folder = tmp_path / "teacher"
    shutil.copytree(model[2], folder)
    (folder / "onnx").mkdir()
    (folder / "model.onnx").rename(folder / "onnx" / "model.onnx")
    kind = teacher_kind(folder)
    before = kind.fingerprint(folder)
    assert kind.kind == "onnx" and before == kind.fingerprint(folder)
    (folder / "onnx" / "model.onnx").write_bytes(b"another")
    assert kind.fingerprint(folder) != before
