"""One tiny student and its exports, and a tiny teacher: fixtures of all tests."""

import json

import numpy as np
import pytest

from tests.conftest import ROOT, TAGS
from tests.export.savedmodel import rest_rules

TEXTS = ["Anna Weber wohnt in Bonn.", "", "Иван живёт в «Москве», да!", "東京タワーに行く", "   ",
         "The U.S.-Präsident's 3,5\u00a0% \u200b .", "«»", "राम दिल्ली में रहता है।",
         "Zoe\u0301 \u0007bell a[MASK]b \ufffd"]


@pytest.fixture(scope="session")
def student_folder(tokenizer, tmp_path_factory):
    """A student of random weights, of many opinions."""
    from xtremedistil_tf.config import StudentConfig
    from xtremedistil_tf.data.labels import LabelSet
    from xtremedistil_tf.data.tokenization.vocabulary import StudentVocabulary
    from xtremedistil_tf.inference.student_folder import save_student
    from xtremedistil_tf.keras2 import tf
    from xtremedistil_tf.models.layers.body import Shape
    from xtremedistil_tf.models.student import build_student

    folder = tmp_path_factory.mktemp("run") / "student"
    labels = LabelSet(TAGS)
    pieces = np.arange(5, len(tokenizer) - 10)
    vocabulary = StudentVocabulary.from_seen([pieces], 0, 1, len(tokenizer))
    # With recurrent dropout: no export may have its slow form.
    config = StudentConfig(word_emb_dim=6, bilstm_hidden_size=5, recurrent_dropout=0.2)
    tf.keras.utils.set_random_seed(5)
    student = build_student(config, Shape(len(vocabulary)), 8, labels.size)
    for name in ("word_embedding", "projection", "logits"):  # So that not every tag is the same.
        for weight in student.registry.weights(name):
            weight.assign(weight * 6.0)
    save_student(folder, student, config=config, vocabulary=vocabulary, tokenizer=tokenizer,
                 labels=labels, record={"seq_len": 32})
    return folder


@pytest.fixture(scope="session")
def teacher_folder(tokenizer, tmp_path_factory):
    """A tagger that was fine-tuned, so to say: a BERT of random weights and its record."""
    from tests.checkpoints import make_encoder
    from xtremedistil_tf.data.labels import LabelSet
    from xtremedistil_tf.keras2 import tf
    from xtremedistil_tf.models.teacher import build_teacher, save_teacher

    folder = tmp_path_factory.mktemp("fine_tuned") / "teacher"
    tf.keras.utils.set_random_seed(3)
    teacher = build_teacher(make_encoder("bert", len(tokenizer)), tokenizer, LabelSet(TAGS).size, 1)
    save_teacher(teacher, folder, {
        "kind": "tagging", "tags": TAGS, "name": "teacher", "history": [], "fingerprint": "f"})
    return folder


@pytest.fixture(scope="session")
def dev_examples():
    """Labelled sentences of the sample."""
    from xtremedistil_tf.data.labels import LabelSet
    from xtremedistil_tf.data.readers.rows import read_ner

    return read_ner(ROOT / "data" / "ner" / "dev.tsv", LabelSet(TAGS))[0][:60]


@pytest.fixture(scope="session")
def run_folder(student_folder, dev_examples):
    """The folder around the student, with export/1 and onnx."""
    from xtremedistil_tf.export.export import export_student

    export_student(student_folder.parent, dev=dev_examples)
    return student_folder.parent


@pytest.fixture(scope="session")
def taggers(run_folder):
    """A tagger of each float runtime."""
    import xtremedistil_tf

    return {runtime: xtremedistil_tf.load(run_folder, runtime)
            for runtime in ("keras", "savedmodel", "onnx")}


@pytest.fixture(scope="module")
def server(run_folder, taggers):
    """Answers a REST request as TF Serving would, JSON to JSON, through its session loader."""
    from xtremedistil_tf.keras2 import tf

    # The graph is the default one while it is loaded only: Keras runs eagerly beside it.
    with tf.Graph().as_default():
        session = tf.compat.v1.Session()
        meta = tf.compat.v1.saved_model.loader.load(
            session, ["serve"], str(run_folder / "export" / "1"))

    def answer(body):
        definition = meta.signature_def[body.get("signature_name", "serving_default")]
        kinds = {name: np.dtype(tf.as_dtype(info.dtype).as_numpy_dtype)
                 for name, info in definition.inputs.items()}
        tensors, rows = rest_rules.parse(json.dumps(body), kinds)
        for name, tensor in tensors.items():  # The session's own check of ranks.
            assert tensor.ndim == len(definition.inputs[name].tensor_shape.dim)
        found = session.run(
            {name: info.name for name, info in definition.outputs.items()},
            {definition.inputs[name].name: tensor for name, tensor in tensors.items()})
        return json.loads(rest_rules.reply(
            {name: np.asarray(value) for name, value in found.items()}, rows))

    answer.signatures = {name: definition for name, definition in meta.signature_def.items()
                         if not name.startswith("__")}
    yield answer
    session.close()


def assert_same(first, second, tolerance=1e-5):
    """Whether two `tag_text` results are equal, probabilities but for rounding."""
    assert len(first) == len(second)
    for ours, theirs in zip(first, second):
        assert [(word, tag) for word, tag, _ in ours] == [(word, tag) for word, tag, _ in theirs]
        np.testing.assert_allclose([score for *_, score in ours],
                                   [score for *_, score in theirs], atol=tolerance)
