"""Buckets of sequences of similar length, their batches and the number of steps."""

from typing import List, Tuple

import numpy as np

from xtremedistil_tf.config import BatchSize


def bucket_bounds(longest: int) -> List[int]:
    """Upper length of each bucket; the last is at least `longest`.

    Widths are 4 subword tokens up to 32, 8 up to 64, and so on: little padding, few buckets.
    """
    bounds, step = [4], 4
    while bounds[-1] < longest:
        if bounds[-1] >= 8 * step:
            step *= 2
        bounds.append(bounds[-1] + step)
    return bounds


def bucket_of(lengths: np.ndarray, bounds: List[int]) -> np.ndarray:
    """Bucket number of each length: int64 like `lengths`; see `bucket_bounds`."""
    return np.searchsorted(bounds, lengths)


def bucket_numbers(lengths: np.ndarray) -> np.ndarray:
    """Bucket number of each sequence, for bounds that fit the longest."""
    return bucket_of(lengths, bucket_bounds(int(lengths.max())))


def _rows_by_bucket(lengths: np.ndarray) -> List[Tuple[int, np.ndarray]]:
    """(upper length, indices of the sequences) of each bucket that is not empty."""
    bounds = bucket_bounds(int(lengths.max()))
    buckets = bucket_of(lengths, bounds)
    return [(bounds[bucket], np.flatnonzero(buckets == bucket)) for bucket in np.unique(buckets)]


def count_steps(lengths: np.ndarray, size: BatchSize, *, replicas: int = 1) -> int:
    """Optimizer steps of an epoch: each bucket's full batches and a last smaller one.

    Args:
      lengths: int [sequences], length of each in subword tokens.
      size: batch size of each replica.
      replicas: number of replicas, each of which gets a batch in every step.
    """
    bounds = bucket_bounds(int(lengths.max()))
    rows = np.bincount(bucket_of(lengths, bounds), minlength=len(bounds))
    return sum(-(-int(count) // (size.of(bound) * replicas))
               for bound, count in zip(bounds, rows))


def plan_batches(
    lengths: np.ndarray, size: BatchSize, seed: int, *, replicas: int = 1
) -> List[np.ndarray]:
    """Divides a shuffled epoch into batches, each of one bucket.

    Args:
      lengths: int [sequences], length of each in subword tokens.
      size: batch size of each replica.
      seed: seed of the order; equal seeds give equal epochs.
      replicas: number of replicas; a batch is for all of them.

    Returns:
      For each batch int64 [batch], the indices of its sequences in `lengths`.
    """
    generator = np.random.default_rng(seed)
    batches: List[np.ndarray] = []
    for bound, members in _rows_by_bucket(lengths):
        rows, most = generator.permutation(members), size.of(bound) * replicas
        batches += [rows[at : at + most] for at in range(0, len(rows), most)]
    generator.shuffle(batches)
    return batches
