"""Students of pairs in every form: the same scores, cut as the training's rows were."""

import dataclasses
import json

import numpy as np
import pytest

import xtremedistil_tf
from xtremedistil_tf.cli.predict import render
from xtremedistil_tf.config import StudentConfig
from xtremedistil_tf.data.labels import ClassSet, Numbers
from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.data.tokenization.alignment import align
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.contents import read_json
from xtremedistil_tf.inference.classifier import Classifier
from xtremedistil_tf.inference.lines import split_pair
from xtremedistil_tf.inference.streaming import tag_lines

PAIRS = [("Anna Weber wohnt in Bonn.", "Anna lebt in Bonn."), ("", "東京タワー"), ("a\tb", ""),
         ("in " * 40, "Bonn"), ("Bonn", "in " * 9), ("in " * 40, "Berlin " * 40),
         ("in " * 12, "in " * 12), ("a[SEP]b", "[MASK]")]
SEQ_LEN = 16
CONFIGS = {
    "joint": StudentConfig(word_emb_dim=6, bilstm_hidden_size=5, pair_encoding="joint"),
    "siamese": StudentConfig(word_emb_dim=6, bilstm_hidden_size=5, pair_encoding="siamese"),
    "siamese-max": StudentConfig(word_emb_dim=6, bilstm_hidden_size=5, pair_encoding="siamese",
                                 pooling="max"),
}


def write_student(folder, config, tokenizer, labels):
    from xtremedistil_tf.data.tokenization.vocabulary import StudentVocabulary
    from xtremedistil_tf.inference.student_folder import save_student
    from xtremedistil_tf.keras2 import tf
    from xtremedistil_tf.models.layers.body import Shape
    from xtremedistil_tf.models.student import build_student

    vocabulary = StudentVocabulary.from_seen([np.arange(2, len(tokenizer))], 0, 1, len(tokenizer))
    separator = int(vocabulary.table[tokenizer.sep_token_id])
    tf.keras.utils.set_random_seed(3)
    student = build_student(
        config, Shape(len(vocabulary), pooled=True, seq_len=SEQ_LEN, separator=separator), 8,
        labels.size)
    for name in ("word_embedding", "projection", "logits"):
        for weight in student.registry.weights(name):
            weight.assign(weight * 4.0)
    if config.pair_encoding == "joint":
        student.model.get_layer("segment_embedding").set_weights(
            [np.array([[0.3], [-0.4]], np.float32) * np.arange(1, 7, dtype=np.float32)])
    save_student(folder, student, config=config, vocabulary=vocabulary, tokenizer=tokenizer,
                 labels=labels,
                 record={"seq_len": SEQ_LEN, "separator": separator})


# A Transformer's are compared in tests/conformance.
@pytest.mark.parametrize("name", ["joint", "siamese-max"])
def test_every_form_gives_the_same_logits(name, tokenizer, tmp_path):
    from xtremedistil_tf.export.onnx.files import write_models
    from xtremedistil_tf.export.student_forms import student_forms
    from xtremedistil_tf.inference.runtimes.onnx import Session
    from xtremedistil_tf.inference.student_folder import load_student

    write_student(tmp_path, CONFIGS[name], tokenizer, ClassSet(["no", "yes"]))
    bundle = load_student(tmp_path)
    forms = student_forms(bundle)
    rows = [Example(tuple(one.split()) or ("x",), ("yes",), "default",
                    tuple(other.split()) or ("y",)) for one, other in PAIRS]
    pieces = align(tokenizer, rows, SEQ_LEN, bundle.labels).input_ids
    ids = bundle.vocabulary.table[pieces.padded(np.arange(len(rows)), 0)]
    ids[np.arange(ids.shape[1]) >= pieces.lengths[:, None]] = 0
    expected = bundle.student.model({"input_ids": ids})["logits"].numpy()[:, 0]
    assert len(np.unique(expected.round(3), axis=0)) > 4 and forms.separator == bundle.separator
    graph = forms.graph()(ids, pieces.lengths.astype(np.int32)).numpy()
    np.testing.assert_allclose(graph, expected, atol=1e-4)
    write_models(forms.onnx(), (forms.onnx_for_int8 or forms.onnx)(), tmp_path / "m.onnx",
                 tmp_path / "i.onnx")
    np.testing.assert_allclose(Session(tmp_path / "m.onnx")(ids), expected, atol=1e-4)
    int8 = Session(tmp_path / "i.onnx")
    assert np.abs(int8(ids) - expected).max() < 0.1 * np.ptp(expected)
    alone = [int8(row[None, :length])[0] for row, length in zip(ids, pieces.lengths)]
    np.testing.assert_allclose(int8(ids), alone, atol=1e-4)  # Their range is that of all batches.


@pytest.fixture(scope="module")
def numbers(tokenizer, tmp_path_factory):
    """By runtime, a student that gives a number to each pair."""
    from xtremedistil_tf.export.export import export_student

    run = tmp_path_factory.mktemp("numbers")
    write_student(run / "student", CONFIGS["siamese"], tokenizer, Numbers())
    dev = [Example(("Anna", "in"), (str(score),), "default", ("Bonn",) * score)
           for score in (1, 2, 3)]
    export_student(run, dev=dev)
    assert "dev_pearson" in read_json(run / "onnx" / "check.json")["float32"]
    return {runtime: xtremedistil_tf.load(run, runtime) for runtime in ("savedmodel", "onnx")}


def test_pairs_are_cut_as_the_trainings_were(numbers, tokenizer):
    onnx = numbers["onnx"]
    rows = [Example(tuple(one.split()), ("1",), "default", tuple(other.split()))
            for one, other in PAIRS[3:7]]
    pieces = align(tokenizer, rows, SEQ_LEN, Numbers()).input_ids
    expected = [onnx.logits(onnx._assets.vocabulary.table[row][None])[0] for row in pieces]
    for model in numbers.values():
        found = model.classify(PAIRS[3:7])
        np.testing.assert_allclose([one.scores for one in found], expected, atol=1e-5)
        assert [one.cut for one in found] == [True] * 4


def test_the_signature_takes_two_texts(numbers):
    for model in numbers.values():
        assert model.pairs and model.kind == "regression"
    own, other = (numbers[runtime](PAIRS) for runtime in ("onnx", "savedmodel"))
    for one, two in zip(own, other):
        assert set(one) == set(two) <= {"score", "cut"}
        assert one["score"] == pytest.approx(two["score"], abs=1e-5)
    assert len({round(one["score"], 4) for one in own}) > 4
    (found,) = numbers["onnx"].classify(PAIRS[:1])
    assert np.float32(numbers["onnx"].answer(found)) == np.float32(own[0]["score"])


def test_calls_and_lines(numbers):
    assets = numbers["onnx"]._assets
    model = Classifier(dataclasses.replace(assets, labels=ClassSet(["no", "yes"])),
                       lambda ids: np.stack([ids.sum(1) % 2, ids.sum(1) % 3], -1) * 1.0)
    one = model(("a", "b"))
    assert set(one) == {"label", "score", "scores"} and model([("a", "b")]) == [one]
    with pytest.raises(UserError, match=r"takes pairs of texts; allowed: \(text, text\), not 'a'"):
        model(["a"])
    lines = ["a\tb", json.dumps(dict(zip(("text", "text_pair"), PAIRS[2]))), "alone"]
    first, second, third = tag_lines(model, lines)
    assert json.loads(render(first, "json"))["text_pair"] == "b"
    assert json.loads(render(first, "json"))["label"] == one["label"]
    assert render(second, "tsv").startswith("a b\t\t") and second.pair == PAIRS[2]
    assert third.error.startswith("1 columns; needed are two texts")
    (number,) = tag_lines(numbers["onnx"], lines[:1])
    told = render(number, "tsv").split("\t")
    assert told[:2] == ["a", "b"]
    # A number is not rounded: nobody knows its scale.
    score = json.loads(render(number, "json"))["score"]
    assert float(told[2]) == score == pytest.approx(number.found["score"], rel=1e-6)


def test_lines_of_two_texts():
    assert split_pair("a\tb") == ("a", "b")
    assert split_pair("{a\tb}") == ("{a", "b}")
    for line in ("one", "a\tb\tc", '{"text": "a"}'):
        with pytest.raises(UserError, match="needed are two texts with a tab between"):
            split_pair(line)
