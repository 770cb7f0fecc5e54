"""The student: size, masking, frozen layers, weights on disk."""

import dataclasses

import numpy as np
import pytest

from xtremedistil_tf.config import StudentConfig
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.atomic import atomic_folder
from xtremedistil_tf.models.layers.body import Shape
from xtremedistil_tf.models.student import build_student
from xtremedistil_tf.models.weights import load_weights, save_weights
from xtremedistil_tf.reporting.paper import TABLE_16

SMALL = StudentConfig(word_emb_dim=6, bilstm_hidden_size=5)


@pytest.mark.parametrize("row", TABLE_16, ids=lambda row: f"E{row.embedding}-H{row.hidden}")
def test_parameters_match_table_16(row):
    config = StudentConfig(word_emb_dim=row.embedding, bilstm_hidden_size=row.hidden)
    parameters = build_student(config, Shape(88400), 768, 11).model.count_params() / 1e6
    assert parameters == pytest.approx(row.million_parameters, rel=0.01)


def test_padding_changes_nothing():
    model = build_student(SMALL, Shape(20), 7, 4).model
    ids = np.array([[3, 4, 5]], np.int32)
    padded = np.array([[3, 4, 5, 0, 0, 0]], np.int32)
    short, long = model({"input_ids": ids}), model({"input_ids": padded})
    for name in ("representation", "logits"):
        assert np.allclose(short[name], long[name][:, :3], atol=1e-6)


POOLED_IDS = np.array([[3, 4, 5, 0, 0, 0], [6, 7, 8, 9, 10, 11], [12, 13, 0, 0, 0, 0]], np.int32)


@pytest.mark.parametrize("pooling", ["last", "max"])
def test_a_pooled_student_reads_a_row_at_its_own_ends(pooling):
    config = dataclasses.replace(SMALL, pooling=pooling)
    plain, pooled = (build_student(config, Shape(20, pooled), 7, 4) for pooled in (False, True))
    pooled.model.set_weights(plain.model.get_weights())
    assert pooled.registry.names == plain.registry.names
    states = plain.model.get_layer("bilstm")(plain.model.get_layer("word_embedding")(
        POOLED_IDS)).numpy()
    lengths = (POOLED_IDS > 0).sum(axis=1)
    if pooling == "last":
        expected = [np.concatenate([row[length - 1, :5], row[0, 5:]])
                    for row, length in zip(states, lengths)]
    else:
        expected = [row[:length].max(axis=0) for row, length in zip(states, lengths)]
    expected = plain.model.get_layer("projection")(np.array(expected))
    found = pooled.model({"input_ids": POOLED_IDS})
    assert found["representation"].shape == (3, 1, 7) and found["logits"].shape == (3, 1, 4)
    np.testing.assert_allclose(found["representation"][:, 0], expected, atol=1e-6)
    alone = pooled.model({"input_ids": POOLED_IDS[:1, :3]})
    np.testing.assert_allclose(found["logits"][0], alone["logits"][0], atol=1e-6)


def test_both_outputs_share_their_layers():
    student = build_student(SMALL, Shape(20), 7, 4)
    ids = {"input_ids": np.array([[3, 4]], np.int32)}
    before = student.model(ids)
    kernel = student.registry.weights("bilstm")[0]
    kernel.assign(kernel + 1.0)
    after = student.model(ids)
    assert not np.allclose(before["representation"], after["representation"])
    assert not np.allclose(before["logits"], after["logits"])


def test_logits_from_the_encoder_leave_the_projection_to_the_training():
    config = dataclasses.replace(SMALL, logits_from="encoder")
    student = build_student(config, Shape(20), 7, 4)
    ids = {"input_ids": np.array([[3, 4]], np.int32)}
    served, trained = student.model(ids), student.trained(ids)
    kernel, bias = student.registry.weights("logits")
    np.testing.assert_allclose(  # Equations 1 and 3.
        served["logits"], served["representation"] @ kernel + bias, atol=1e-6)
    np.testing.assert_array_equal(trained["logits"], served["logits"])
    assert served["representation"].shape == (1, 2, 10)
    assert trained["representation"].shape == (1, 2, 7)
    assert student.registry.names == ("word_embedding", "bilstm", "projection", "logits")
    alone = build_student(config, Shape(20), None, 4)
    assert alone.registry.names == config.layers and alone.model is alone.trained
    assert [w.name for w in alone.model.weights] == [w.name for w in student.model.weights]
    assert student.model.count_params() == (
        student.trained.count_params() - student.registry.parameters(["projection"]))


def test_projection_has_the_papers_activation():
    layer = build_student(SMALL, Shape(20), 7, 4).model.get_layer("projection")
    assert layer.activation.__name__ == "gelu" and layer.units == 7


def test_weights_survive_the_disk(tmp_path):
    first, second = (build_student(SMALL, Shape(20), 7, 4).model for _ in range(2))
    save_weights(first, tmp_path / "w.safetensors")
    load_weights(second, tmp_path / "w.safetensors")
    assert all(np.array_equal(a, b) for a, b in zip(first.get_weights(), second.get_weights()))
    assert [path.name for path in tmp_path.iterdir()] == ["w.safetensors"]


def test_others_may_read_what_is_written(tmp_path):
    (tmp_path / "plain").touch()
    save_weights(build_student(SMALL, Shape(20), 7, 4).model, tmp_path / "weights.safetensors")
    with atomic_folder(tmp_path / "folder") as temporary:
        (temporary / "inner").mkdir()
        (temporary / "inner" / "file").touch(0o600)
    modes = {path.stat().st_mode for path in tmp_path.rglob("*") if path.is_file()}
    assert modes == {(tmp_path / "plain").stat().st_mode}


def test_weights_of_another_student_are_refused(tmp_path):
    save_weights(build_student(SMALL, Shape(20), 7, 4).model, tmp_path / "w.safetensors")
    with pytest.raises(UserError, match=r"another model.*word_embedding"):
        load_weights(build_student(SMALL, Shape(21), 7, 4).model, tmp_path / "w.safetensors")
    (tmp_path / "w.safetensors").write_bytes(b"no weights")
    with pytest.raises(UserError, match="is not a weights file"):
        load_weights(build_student(SMALL, Shape(20), 7, 4).model, tmp_path / "w.safetensors")
