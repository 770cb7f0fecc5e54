"""Layers of teacher and student that are compared: which ones, in which width, and what is kept."""

import numpy as np
import pytest

from tests.checkpoints import make_encoder
from xtremedistil_tf.config import DistilConfig, StudentConfig
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.layers.body import Shape
from xtremedistil_tf.models.layers.layer_matching import Matching
from xtremedistil_tf.models.student import build_student
from xtremedistil_tf.models.teacher import build_teacher
from xtremedistil_tf.training.loss_table import LOSSES
from xtremedistil_tf.training.plans import build_plan

IDS = np.array([[3, 4, 5, 6, 0], [7, 8, 9, 10, 11]], np.int32)
MASK = (IDS > 0).astype(np.int32)
DISTIL = DistilConfig(strategy="D4.1", multi_hidden_states=True, attention=True)


def small(width, **changes):
    config = StudentConfig(student="transformer", word_emb_dim=8, hidden_size=8,
                           num_hidden_layers=1, num_attention_heads=4, **changes)
    shape = Shape(20, seq_len=8, matching=Matching(1, attention=True))
    return config, build_student(config, shape, width, 4)


@pytest.mark.parametrize("model_type, pooled", [("bert", False), ("distilbert", True)])
def test_a_teacher_gives_its_topmost_layers(model_type, pooled, tokenizer):
    encoder = make_encoder(model_type, len(tokenizer))
    teacher = build_teacher(encoder, tokenizer, 4, 1, pooled=pooled, matched=1)
    own = encoder(input_ids=IDS, attention_mask=MASK, output_hidden_states=True,
                  output_attentions=True)
    found = teacher.model({"input_ids": IDS, "attention_mask": MASK})
    places = slice(1) if pooled else slice(None)
    expected = np.concatenate([own.hidden_states[1], own.hidden_states[2]], -1)[:, places]
    np.testing.assert_allclose(found["hidden_states"], expected, atol=1e-5)
    # Of the last layer alone, the mean of its two heads; shares of all pieces add up to 1.
    np.testing.assert_allclose(found["attention"][:, :, 0],
                               own.attentions[1].numpy().mean(axis=1), atol=1e-5)
    np.testing.assert_allclose(found["attention"].numpy().sum(-1), 1, atol=1e-5)
    # A student of more layers has partners for as many as the teacher has.
    assert build_teacher(encoder, tokenizer, 4, 1, matched=9).matched == 2


@pytest.mark.parametrize("width, projections", [(8, 0), (6, 2)])
def test_projections_are_trained_in_the_first_stage_and_kept_by_nobody(width, projections):
    config, student = small(width)
    assert student.registry.parameters(["matching"]) == projections * (8 * width + width)
    assert student.trained.count_params() - student.model.count_params() \
        == student.registry.parameters(["matching"])
    assert student.registry.names == (*config.layers, "matching")
    first, *later = build_plan(config.layers, DISTIL)
    assert "matching" in first.trainable and "logits" not in first.trainable
    assert not any("matching" in stage.trainable for stage in later)
    assert [term.describe() for term in first.terms] == [
        "representation:mse", "hidden_states:mse", "attention:attention_kld"]
    assert [len(stage.terms) for stage in later] == [1, 1]
    found = student.trained({"input_ids": IDS})
    assert found["hidden_states"].shape == (2, 5, 2 * width)
    assert found["attention"].shape == (2, 5, 1, 5)
    assert set(student.model({"input_ids": IDS})) == {"representation", "logits"}


def test_compared_attention_is_a_distribution_while_training():
    _, student = small(8, dropout_rate=0.5)
    shares = student.trained({"input_ids": IDS}, training=True)["attention"].numpy()
    np.testing.assert_allclose(shares.sum(-1), 1, atol=1e-5)
    assert shares[0, :, :, 4].max() < 1e-4  # Padding is looked at by nobody.


def test_all_three_losses_move_what_the_step_trains():
    config, student = small(6)
    first = build_plan(config.layers, DISTIL)[0]
    student.registry.set_trainable(first.trainable)
    student.trained.set_loss_terms(first.terms, LOSSES)
    draw, mask = np.random.default_rng(0), MASK.astype(np.float32)
    looks = draw.uniform(size=(2, 5, 1, 5)).astype(np.float16)
    targets = {"representation": draw.normal(size=(2, 5, 6)), "mask": mask,
               "hidden_states": draw.normal(size=(2, 5, 12)), "attention": looks,
               "attention_mask": mask}
    with tf.GradientTape() as tape:
        outputs = student.trained({"input_ids": IDS}, training=True)
        loss = student.trained.compute_loss(y=targets, y_pred=outputs)
    slopes = tape.gradient(loss, student.trained.trainable_variables)
    assert len(slopes) == len(student.trained.weights) - 2  # All but the logits' kernel and bias.
    assert all(np.abs(tf.convert_to_tensor(slope)).max() > 0 for weight, slope in
               zip(student.trained.trainable_variables, slopes)
               if "key/bias" not in weight.name)  # The same for all keys, it changes no share.
    terms = [LOSSES[term.loss](outputs[term.target], targets[term.target], mask)
             for term in first.terms]
    assert float(loss) == pytest.approx(sum(map(float, terms)), rel=1e-5)


def test_the_divergence_of_attention_is_that_of_real_pieces():
    target = np.array([[[[0.5, 0.5, 0.0]], [[1.0, 0.0, 0.0]], [[0.2, 0.3, 0.5]]]], np.float32)
    own = np.array([[[[0.25, 0.75, 0.0]], [[0.5, 0.5, 0.0]], [[0.0, 0.0, 1.0]]]], np.float32)
    mask = np.array([[1, 1, 0]], np.float32)
    expected = (0.5 * np.log(2) + 0.5 * np.log(2 / 3) + np.log(2)) / 2
    loss = LOSSES["attention_kld"]
    assert float(loss(own, target.astype(np.float16), mask)) == pytest.approx(expected, rel=1e-3)
    assert float(loss(target, target, mask)) == pytest.approx(0, abs=1e-6)


def test_a_strategy_without_a_stage_for_the_representation_matches_no_layers():
    config = DistilConfig(strategy="D2", multi_hidden_states=True)
    with pytest.raises(UserError, match="which --strategy=D2 has not; allowed: .* D4.2"):
        build_plan(("word_embedding", "layer_0", "projection", "logits"), config)


def test_attention_is_taught_beside_the_hidden_states():
    assert DistilConfig(attention=True).multi_hidden_states
