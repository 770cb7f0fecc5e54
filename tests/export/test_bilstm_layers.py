"""Students of two BiLSTM layers: frozen together, and the same in every form."""

import dataclasses

import numpy as np
import pytest

from xtremedistil_tf.config import StudentConfig
from xtremedistil_tf.export.common.arrays import student_arrays
from xtremedistil_tf.export.onnx.bilstm import build_model
from xtremedistil_tf.export.onnx.files import write_float16, write_models
from xtremedistil_tf.export.savedmodel.graph_student import GraphStudent
from xtremedistil_tf.export.student_forms import arrays_forms
from xtremedistil_tf.export.tflite import build_lite
from xtremedistil_tf.inference.runtimes.onnx import Session
from xtremedistil_tf.inference.runtimes.tflite import lite_session
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.layers.body import Shape
from xtremedistil_tf.models.student import build_student

ONE = StudentConfig(word_emb_dim=6, bilstm_hidden_size=5)
TWO = dataclasses.replace(ONE, bilstm_layers=2)
PIECES, SEPARATOR = 50, 2
# How the student reads: one vector a subword token, one a text, or one a pair.
READS = {
    "tokens": {}, "direct": {"logits_from": "encoder"}, "last": {"pooling": "last"},
    "max": {"pooling": "max"}, "siamese": {"pair_encoding": "siamese"},
    "joint": {"pair_encoding": "joint", "pooling": "max"},
}


def made(name, config=TWO):
    """(a student of many opinions, its arrays)."""
    config = dataclasses.replace(config, **READS[name])
    separator = SEPARATOR if "pair_encoding" in READS[name] else None
    pooled = separator is not None or config.pooling is not None
    tf.keras.utils.set_random_seed(3)
    student = build_student(config, Shape(PIECES, pooled=pooled, separator=separator), 8, 4)
    draw = np.random.default_rng(1)
    for weight in student.model.weights:
        weight.assign(draw.normal(scale=0.6, size=weight.shape))
    return student, student_arrays(
        student, config.dense_act_func, pooling=config.pools if pooled else None,
        separator=separator)


def rows():
    """(ids of rows of different lengths with a separator in the middle, their lengths)."""
    lengths = np.array([12, 1, 3, 7, 11] * 4)  # Enough rows for the loop over time.
    ids = np.random.default_rng(2).integers(3, PIECES, (len(lengths), 12), dtype=np.int32)
    ids[np.arange(len(lengths)), lengths // 2] = SEPARATOR
    return ids * (np.arange(12) < lengths[:, None]), lengths.astype(np.int32)


@pytest.mark.parametrize("name", READS)
def test_every_form_gives_the_logits_of_keras(name, tmp_path):
    student, arrays = made(name)
    assert len(arrays.upper) == 1 and arrays_forms(arrays).parameters >= sum(
        weight.numpy().size for weight in student.model.weights) - 12  # Segments are folded.
    ids, lengths = rows()
    expected = student.model({"input_ids": ids})["logits"].numpy()
    pooled = arrays.pooling is not None
    real = slice(None) if pooled else ids > 0
    expected = expected[:, 0] if pooled else expected

    graph = GraphStudent(arrays)
    np.testing.assert_allclose(graph(ids, lengths).numpy()[real], expected[real], atol=1e-5)
    few = slice(0, 5)  # By the fused LSTM.
    found = graph(ids[few], lengths[few]).numpy()
    one, other = (found, expected[few]) if pooled else (found[ids[few] > 0], expected[few][
        ids[few] > 0])
    np.testing.assert_allclose(one, other, atol=1e-5)

    paths = [tmp_path / f"{form}.onnx" for form in ("float32", "int8", "float16")]
    write_models(build_model(arrays), build_model(arrays, for_int8=True), *paths[:2])
    write_float16(build_model(arrays), paths[2])
    for path, share in zip(paths, (1e-6, 0.2, 0.02)):
        run = Session(path)
        together = run(ids)
        assert np.abs(together - expected)[real].max() < share * np.ptp(expected[real]), path
        for at, length in enumerate(lengths[:5]):  # Neither padding nor other rows count.
            np.testing.assert_allclose(
                run(ids[at:at + 1, :length])[0], together[at] if pooled else together[at, :length],
                atol=1e-3 if path is paths[2] else 1e-5)


@pytest.mark.parametrize("name, int8", [("tokens", False), ("last", False), ("tokens", True)])
def test_phones_have_the_logits_of_keras(name, int8, tmp_path):
    # Of an LSTM as small as the others' no weights are stored as int8.
    student, arrays = made(name, dataclasses.replace(TWO, bilstm_hidden_size=32 if int8 else 5))
    path = tmp_path / "model.tflite"
    path.write_bytes(build_lite(arrays, int8))
    ids, lengths = rows()
    expected = student.model({"input_ids": ids[:5]})["logits"].numpy()
    run = lite_session(path)
    for row, length, logits in zip(ids, lengths, expected):
        found = run(row[None, :length])[0]
        error = np.abs(found - (logits[0] if name == "last" else logits[:length])).max()
        assert (1e-5 if int8 else 0) <= error < (0.2 * np.ptp(expected) if int8 else 1e-5)


def test_both_layers_are_one_part():
    student, one = build_student(TWO, Shape(PIECES), 8, 4), build_student(ONE, Shape(PIECES), 8, 4)
    assert student.registry.names == one.registry.names == TWO.layers
    # Kernel [10, 20], recurrent kernel [5, 20] and bias [20] in each direction.
    assert student.registry.parameters(["bilstm"]) - one.registry.parameters(["bilstm"]) == 640
    names = {weight.name.split("/")[0] for weight in student.registry.weights("bilstm")}
    assert names == {"bilstm", "bilstm_2"}
    for trainable in (["logits"], ["logits", "bilstm"]):
        student.registry.set_trainable(trainable)
        found = {weight.name.split("/")[0] for weight in student.model.trainable_weights}
        assert found == ({"logits", *names} if "bilstm" in trainable else {"logits"})


def test_one_layer_is_the_default_and_starts_as_ever():
    starts = []
    for config in (ONE, dataclasses.replace(ONE, bilstm_layers=1), TWO):
        tf.keras.utils.set_random_seed(3)
        starts.append(build_student(config, Shape(PIECES), 8, 4).model)
    for one, other in zip(starts[0].weights, starts[1].weights):
        assert one.name == other.name
        np.testing.assert_array_equal(one, other)
    assert "layers" not in ONE.kind.describe(ONE)
    assert TWO.kind.describe(TWO) == "BiLSTM, E=6, H=2x5, 2 layers"
