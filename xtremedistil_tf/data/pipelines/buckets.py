"""Buckets of rows of similar length, and how many steps they make."""

from typing import List, Tuple

import numpy as np

from xtremedistil_tf.config import BatchSize


def bucket_bounds(longest: int) -> List[int]:
    """Longest row of each length bucket, the last one at least `longest`.

    Steps of 4 subword tokens up to 32, of 8 up to 64, and so on: little padding, and few buckets.
    """
    bounds, step = [4], 4
    while bounds[-1] < longest:
        if bounds[-1] >= 8 * step:
            step *= 2
        bounds.append(bounds[-1] + step)
    return bounds


def bucket_of(lengths: np.ndarray, bounds: List[int]) -> np.ndarray:
    """Bucket number of each length."""
    return np.searchsorted(bounds, lengths)


def bucket_numbers(lengths: np.ndarray) -> np.ndarray:
    """Bucket number of each row of a set."""
    return bucket_of(lengths, bucket_bounds(int(lengths.max())))


def _rows_by_bucket(lengths: np.ndarray) -> List[Tuple[int, np.ndarray]]:
    """(longest row allowed, row numbers) of each bucket that has rows."""
    bounds = bucket_bounds(int(lengths.max()))
    buckets = bucket_of(lengths, bounds)
    return [(bounds[bucket], np.flatnonzero(buckets == bucket)) for bucket in np.unique(buckets)]


def count_steps(lengths: np.ndarray, size: BatchSize, *, replicas: int = 1) -> int:
    """Optimizer steps of an epoch: full batches of each bucket and its remainder."""
    bounds = bucket_bounds(int(lengths.max()))
    rows = np.bincount(bucket_of(lengths, bounds), minlength=len(bounds))
    return sum(-(-int(count) // (size.of(bound) * replicas))
               for bound, count in zip(bounds, rows))


def plan_batches(
    lengths: np.ndarray, size: BatchSize, seed: int, *, replicas: int = 1
) -> List[np.ndarray]:
    """Row numbers of the batches of a shuffled epoch, each within one bucket."""
    generator = np.random.default_rng(seed)
    batches: List[np.ndarray] = []
    for bound, members in _rows_by_bucket(lengths):
        rows, most = generator.permutation(members), size.of(bound) * replicas
        batches += [rows[at : at + most] for at in range(0, len(rows), most)]
    generator.shuffle(batches)
    return batches
