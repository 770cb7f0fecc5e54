"""The Transformer student: size, masking, positions, pooling, dropout, mixed precision."""

import dataclasses

import numpy as np
import pytest

from xtremedistil_tf.config import DistilConfig, StudentConfig
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.distillation_model import reseed
from xtremedistil_tf.models.layers.body import Shape
from xtremedistil_tf.models.student import build_student
from xtremedistil_tf.models.weights import load_weights, save_weights
from xtremedistil_tf.reporting.paper import TABLE_15
from xtremedistil_tf.training.loss_table import LOSSES
from xtremedistil_tf.training.plans import build_plan

SMALL = StudentConfig(student="transformer", word_emb_dim=6, hidden_size=8, num_hidden_layers=2,
                      num_attention_heads=2, dropout_rate=0.3)
IDS = np.array([[3, 4, 5, 0, 0, 0], [6, 7, 8, 9, 10, 11], [12, 13, 0, 0, 0, 0]], np.int32)


def small(*, pooled=False, pooling=None, embeddings=None):
    tf.keras.utils.set_random_seed(1)
    return build_student(dataclasses.replace(SMALL, pooling=pooling),
                         Shape(20, pooled, 6), 7, 4, embeddings=embeddings)


@pytest.fixture(scope="module")
def student():
    return small()


def test_its_parts_are_the_plans(student):
    assert student.registry.names == SMALL.layers == (
        "word_embedding", "layer_0", "layer_1", "projection", "logits")
    stages = build_plan(SMALL.layers, DistilConfig())
    assert [stage.trainable[-1] for stage in stages[1:]] == 2 * list(reversed(SMALL.layers))
    # Words, positions, one segment, their norm, and the way from E up to the layers' width.
    assert student.registry.parameters(["word_embedding"]) == 6 * (20 + 6 + 1 + 2) + 8 * (6 + 1)
    assert student.registry.parameters(["layer_0"]) == 12 * 8 * 8 + 13 * 8


@pytest.mark.parametrize("row", [TABLE_15[1], TABLE_15[-1]], ids=lambda row: f"{row.layers}")
def test_parameters_match_table_15(row):
    config = StudentConfig(
        student="transformer", word_emb_dim=row.width, hidden_size=row.width,
        num_hidden_layers=row.layers, num_attention_heads=12)
    # The paper names neither positions nor heads; its counts are those of 2,048 positions.
    model = build_student(config, Shape(88400, seq_len=2048), 768, 11).model
    assert model.count_params() / 1e6 == pytest.approx(row.transformer.million_parameters, rel=0.01)


def test_padding_changes_nothing_and_positions_count(student):
    alone, padded = (student.model({"input_ids": ids}) for ids in (IDS[:1, :3], IDS[:1]))
    for name in ("representation", "logits"):
        np.testing.assert_allclose(alone[name], padded[name][:, :3], atol=1e-5)
    turned = student.model({"input_ids": IDS[:1, 2::-1].copy()})
    assert not np.allclose(alone["logits"][:, 0], turned["logits"][:, 2], atol=1e-3)


@pytest.mark.parametrize("pooling", [None, "mean"])
def test_a_pooled_student_has_one_state_a_row(student, pooling):
    pooled = small(pooled=True, pooling=pooling)
    pooled.model.set_weights(student.model.get_weights())
    states = tf.keras.Model(student.model.inputs, student.model.get_layer("encoder").output)(IDS)
    states = states.last_hidden_state.numpy()
    expected = states[:, 0] if pooling is None else np.stack(
        [row[:length].mean(axis=0) for row, length in zip(states, (IDS > 0).sum(axis=1))])
    found = pooled.model({"input_ids": IDS})
    assert found["representation"].shape == (3, 1, 7) and found["logits"].shape == (3, 1, 4)
    np.testing.assert_allclose(
        found["representation"][:, 0], pooled.model.get_layer("projection")(expected), atol=1e-5)


def test_dropout_is_that_of_the_seed(student):
    def logits(seed):
        reseed(student.model, seed)
        return student.model({"input_ids": IDS}, training=True)["logits"].numpy()

    first = logits(5)
    assert np.array_equal(first, logits(5)) and not np.allclose(first, logits(6), atol=1e-2)
    assert not np.allclose(first, student.model({"input_ids": IDS})["logits"], atol=1e-2)


def test_a_start_is_put_where_the_words_are():
    start = np.random.default_rng(0).normal(size=(20, 6)).astype(np.float32)
    made = small(embeddings=start)
    np.testing.assert_array_equal(made.registry.weights("word_embedding")[0], start)


def test_weights_survive_the_disk(student, tmp_path):
    other = build_student(SMALL, Shape(20, seq_len=6), 7, 4)
    save_weights(student.model, tmp_path / "w.safetensors")
    load_weights(other.model, tmp_path / "w.safetensors")
    np.testing.assert_array_equal(other.model({"input_ids": IDS})["logits"],
                                  student.model({"input_ids": IDS})["logits"])
    with pytest.raises(UserError, match="another model.*position_embeddings"):
        load_weights(build_student(SMALL, Shape(20, seq_len=7), 7, 4).model,
                     tmp_path / "w.safetensors")


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_leaves_logits_and_weights_alone(policy):
    tf.keras.mixed_precision.set_global_policy(policy)
    try:
        made = small()
        stage = build_plan(SMALL.layers, DistilConfig())[0]
        made.registry.set_trainable(stage.trainable)
        made.model.set_loss_terms(stage.terms, LOSSES)
        made.model.compile(optimizer=tf.keras.optimizers.legacy.Adam())
        with tf.GradientTape() as tape:
            outputs = made.model({"input_ids": IDS}, training=True)
            loss = made.model.compute_loss(
                y={"representation": np.ones((3, 6, 7), np.float16),
                   "mask": (IDS > 0).astype(np.float32)}, y_pred=outputs)
        slopes = tape.gradient(loss, made.model.trainable_variables)
    finally:
        tf.keras.mixed_precision.set_global_policy("float32")
    assert outputs["logits"].dtype == tf.float32 != outputs["representation"].dtype
    assert {weight.dtype for weight in made.model.weights} == {tf.float32}
    # What LazyAdam needs: the embedding's gradient has the rows of the batch only.
    assert isinstance(slopes[0], tf.IndexedSlices)
    assert all(np.isfinite(tf.convert_to_tensor(slope)).all() for slope in slopes)


@pytest.mark.parametrize("changes, message", [
    ({"num_attention_heads": 3}, "--hidden_size is 8, --num_attention_heads is 3; allowed: a"),
    ({"num_hidden_layers": 0}, "--num_hidden_layers is 0; it must be at least 1"),
    ({"pooling": "last"}, "--pooling is 'last'; allowed with --student=transformer: first, mean"),
    ({"student": "cnn"}, "--student is 'cnn'; allowed: bilstm, transformer"),
])
def test_what_no_student_can_have_is_refused(changes, message):
    with pytest.raises(UserError, match=message):
        dataclasses.replace(SMALL, **changes)
