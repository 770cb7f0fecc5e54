"""Joint batches: every loss sees the rows that have its target, and no others."""

import numpy as np
import pytest

from xtremedistil_tf.config import DistilConfig, StudentConfig
from xtremedistil_tf.data.pipelines.joint import joint_batches
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.layers.body import Shape
from xtremedistil_tf.models.student import build_student
from xtremedistil_tf.training.loss_table import LOSSES
from xtremedistil_tf.training.plans import build_plan

GENERATOR = np.random.default_rng(5)


def rows(count, time, short, **targets):
    """A dataset of one batch; the last row has `short` real positions."""
    mask = np.ones([count, time], np.float32)
    mask[-1, short:] = 0
    ids = np.where(mask > 0, GENERATOR.integers(1, 12, (count, time)), 0).astype(np.int32)
    return tf.data.Dataset.from_tensors(({"input_ids": ids}, {"mask": mask, **targets}))


def one_batch():
    transfer = rows(
        3, 5, 2, logits=GENERATOR.normal(size=(3, 5, 4)).astype(np.float32),
        representation=GENERATOR.normal(size=(3, 5, 5)).astype(np.float16))
    labelled = rows(2, 7, 4, labels=GENERATOR.integers(0, 4, (2, 7)).astype(np.int32))
    return transfer, labelled


def test_rows_keep_what_they_have_and_are_padded_alike():
    transfer, labelled = one_batch()
    ((inputs, targets),) = joint_batches(transfer, lambda number: labelled, 1)
    (above, soft), (below, hard) = next(iter(transfer)), next(iter(labelled))
    assert inputs["input_ids"].shape == (5, 7)
    np.testing.assert_array_equal(inputs["input_ids"][:3, :5], above["input_ids"])
    np.testing.assert_array_equal(inputs["input_ids"][:3, 5:], 0)
    np.testing.assert_array_equal(inputs["input_ids"][3:], below["input_ids"])
    np.testing.assert_array_equal(targets["logits"][:3, :5], soft["logits"])
    np.testing.assert_array_equal(targets["labels"][3:], hard["labels"])
    masks = {name: float(tf.reduce_sum(targets[name])) for name in
             ("mask", "logits_mask", "representation_mask", "labels_mask")}
    assert masks == {"mask": 12 + 11, "logits_mask": 12, "representation_mask": 12,
                     "labels_mask": 11}
    assert targets["representation"].dtype == tf.float16


def test_labels_of_two_positions_stand_beside_targets_of_every_token():
    transfer, _ = one_batch()
    labelled = rows(2, 7, 4).map(lambda inputs, _: (inputs, {
        "labels": tf.constant([[1, 3], [0, 0]]), "mask": tf.ones([2, 2])}))
    ((inputs, targets),) = joint_batches(transfer, lambda number: labelled, 1)
    assert inputs["input_ids"].shape == (5, 7)
    for name in ("logits", "representation"):
        assert targets[name].shape[:2] == targets[f"{name}_mask"].shape == (5, 7)
        assert float(tf.reduce_sum(targets[f"{name}_mask"])) == 12
    prediction = GENERATOR.normal(size=(5, 7, 2)).astype(np.float32)
    loss = LOSSES["span_cross_entropy"]
    alone = loss(prediction[3:], tf.constant([[1, 3], [0, 0]]), tf.ones([2, 2]))
    assert float(loss(prediction, targets["labels"], targets["labels_mask"])) == pytest.approx(
        float(alone), rel=1e-5)


def test_the_loss_is_the_weighted_sum_of_both_parts():
    tf.keras.utils.set_random_seed(1)
    student = build_student(StudentConfig(4, 3, dropout_rate=0.0), Shape(12), 5, 4)
    (stage,) = build_plan(
        StudentConfig().layers, DistilConfig(strategy="D2", alpha=0.5, beta=2, gamma=3))
    student.model.set_loss_terms(stage.terms, LOSSES)
    transfer, labelled = one_batch()
    ((inputs, targets),) = joint_batches(transfer, lambda number: labelled, 1)
    joint = student.model.compute_loss(inputs, targets, student.model(inputs))
    (above, soft), (below, hard) = next(iter(transfer)), next(iter(labelled))
    out, labels = student.model(above), student.model(below)["logits"]
    parts = (0.5 * LOSSES["cross_entropy"](labels, hard["labels"], hard["mask"])
             + 3 * LOSSES["mse"](out["logits"], soft["logits"], soft["mask"])
             + 2 * LOSSES["mse"](out["representation"], soft["representation"], soft["mask"]))
    assert float(joint) == pytest.approx(float(parts), rel=1e-5)


def test_labelled_epochs_follow_one_another_for_as_long_as_there_is_transfer_text():
    transfer, _ = one_batch()
    labelled = {number: rows(1, 3, 3, labels=np.full([1, 3], number, np.int32))
                for number in range(3)}
    joined = joint_batches(transfer.repeat(3), lambda number: labelled[number], 3)
    assert [int(targets["labels"][-1, 0]) for _, targets in joined] == [0, 1, 2]
