"""Batches for joint training: each holds transfer sequences and labelled sequences."""

import functools
from typing import Callable

from xtremedistil_tf.data.pipelines.batches import Batch
from xtremedistil_tf.keras2 import tf


def _stack(above: tf.Tensor, below: tf.Tensor) -> tf.Tensor:
    """Puts [a, time, ...] on top of [b, time', ...]; the shorter one is padded with zeros."""
    time = tf.maximum(tf.shape(above)[1], tf.shape(below)[1])

    def padded(rows: tf.Tensor) -> tf.Tensor:
        more = [[0, 0], [0, time - tf.shape(rows)[1]]] + [[0, 0]] * (rows.shape.rank - 2)
        return tf.pad(rows, more)

    return tf.concat([padded(above), padded(below)], axis=0)


def _like(target: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """Zeros shaped like a target [rows, time, ...], for sequences without this target."""
    shape = tf.concat([tf.shape(mask), tf.shape(target)[2:]], axis=0)
    return tf.zeros(shape, target.dtype)


def _merge(transfer: Batch, labelled: Batch) -> Batch:
    (unlabelled_inputs, soft), (labelled_inputs, hard) = transfer, labelled
    ids, own_ids = unlabelled_inputs["input_ids"], labelled_inputs["input_ids"]
    targets = {"mask": _stack(soft["mask"], hard["mask"])}
    # A teacher of tokens has targets for each, even if a row's labels are two positions.
    of_tokens = tf.equal(tf.shape(soft["mask"])[1], tf.shape(ids)[1])
    time = tf.where(of_tokens, tf.shape(own_ids)[1], tf.shape(hard["mask"])[1])
    none = tf.zeros([tf.shape(own_ids)[0], time])
    for name, target in soft.items():
        if name != "mask":
            targets[name] = _stack(target, _like(target, none))
            targets[f"{name}_mask"] = _stack(soft["mask"], none)
    targets["labels"] = _stack(_like(hard["labels"], soft["mask"]), hard["labels"])
    targets["labels_mask"] = _stack(tf.zeros_like(soft["mask"]), hard["mask"])
    return {"input_ids": _stack(ids, own_ids)}, targets


def joint_batches(
    transfer: tf.data.Dataset, labelled: Callable[[int], tf.data.Dataset], epochs: int
) -> tf.data.Dataset:
    """Joins every transfer batch with a labelled batch.

    An epoch is one pass over the transfer set. Labelled sequences repeat, or some are left out, to
    match it.

    Args:
      transfer: see `targets.dataset.transfer_batches`.
      labelled: maps an epoch's number to its labelled batches, see `batches.labelled_batches`.
      epochs: number of labelled epochs, at least enough for all transfer batches.

    Returns:
      A dataset of (inputs, targets): the targets of both, zero for sequences without this target,
      with "labels_mask", "logits_mask"[, "representation_mask"] beside "mask".

    Source: paper section 5.1, Eq. 7.
    """
    rows = functools.reduce(
        lambda joined, number: joined.concatenate(labelled(number)), range(1, epochs), labelled(0))
    joined = tf.data.Dataset.zip((transfer, rows)).map(_merge, tf.data.AUTOTUNE)
    return joined.prefetch(tf.data.AUTOTUNE)
