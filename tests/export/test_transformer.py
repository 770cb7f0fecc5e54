"""A Transformer student's exports; tests/conformance holds them equal to Keras."""

import numpy as np
import pytest
from safetensors.numpy import load_file

import xtremedistil_tf
from tests.conftest import TAGS
from tests.export.savedmodel.test_savedmodel import replay_warmup
from xtremedistil_tf.config import StudentConfig
from xtremedistil_tf.data.labels import LabelSet
from xtremedistil_tf.data.tokenization.vocabulary import StudentVocabulary
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.export.export import export_student
from xtremedistil_tf.files.contents import read_json
from xtremedistil_tf.inference.student_folder import save_student
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.layers.body import Shape
from xtremedistil_tf.models.student import build_student
from xtremedistil_tf.study import latency

SEQ_LEN = 16


def write_student(folder, tokenizer, labels):
    """A student of random weights, of many opinions."""
    config = StudentConfig(student="transformer", word_emb_dim=6, hidden_size=8,
                           num_hidden_layers=2, num_attention_heads=2)
    vocabulary = StudentVocabulary.from_seen(
        [np.arange(5, len(tokenizer) - 10)], 0, 1, len(tokenizer))
    student = build_student(config, Shape(len(vocabulary), seq_len=SEQ_LEN), 8, labels.size)
    draw = np.random.default_rng(5)  # Not Keras' own: that one goes on from test to test.
    for weight in student.model.weights:
        if len(weight.shape) > 1:
            weight.assign(draw.normal(scale=0.5, size=weight.shape))
    save_student(folder, student, config=config, vocabulary=vocabulary, tokenizer=tokenizer,
                 labels=labels, record={"seq_len": SEQ_LEN})


@pytest.fixture(scope="module")
def tagger_run(tokenizer, tmp_path_factory, dev_examples):
    folder = tmp_path_factory.mktemp("tagger")
    write_student(folder / "student", tokenizer, LabelSet(TAGS))
    export_student(folder, dev=dev_examples)
    return folder


def test_the_export_is_checked(tagger_run):
    record = read_json(tagger_run / "onnx" / "check.json")
    assert 0 <= record["float32"]["error"] <= 1e-5 and 0 <= record["int8"]["dev_macro_f1"] <= 100


def test_warm_up_requests_are_no_longer_than_its_rows(tagger_run):
    xtremedistil_tf.load(tagger_run, "savedmodel")  # Registers the WordPiece operation.
    assert set(replay_warmup(tagger_run / "export" / "1")) == {
        "serving_default", "tokens", "input_ids"}


def test_the_saved_model_has_the_layers_and_nothing_of_keras(tagger_run):
    loaded = tf.saved_model.load(str(tagger_run / "export" / "1"))
    assert set(loaded.signatures) == {"serving_default", "tokens", "input_ids"}
    ids = tf.constant([[2, 30, 31, 3]])
    logits = loaded.signatures["input_ids"](input_ids=ids, attention_mask=tf.ones_like(ids))
    assert logits["logits"].shape == (1, 4, LabelSet(TAGS).size)
    assert not (tagger_run / "export" / "1" / "keras_metadata.pb").exists()


def test_what_it_has_no_form_for_is_refused(tagger_run):
    with pytest.raises(UserError, match="--forms has tflite, which a transformer student of tagging"
                       " has not; allowed: savedmodel, onnx"):
        export_student(tagger_run, forms=["tflite"])


def test_students_are_timed_together(tagger_run, run_folder, monkeypatch):
    monkeypatch.setattr(latency, "_QUERIES", 2)
    monkeypatch.setattr(latency, "_SECONDS", 0.001)
    speeds = latency.measure({"small": tagger_run, "bilstm_100_400": run_folder})
    assert list(speeds) == ["small", "bilstm_100_400"]
    for name, folder in (("small", tagger_run), ("bilstm_100_400", run_folder)):
        weights = load_file(folder / "student" / "weights.safetensors")
        assert speeds[name].parameters == sum(array.size for array in weights.values())
        assert speeds[name].batch > 0 < speeds[name].online
