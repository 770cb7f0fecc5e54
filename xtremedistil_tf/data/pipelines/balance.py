"""Resampling of languages: an epoch can have more, or less, of a language than the data."""

from typing import Dict, List, Sequence, Tuple

import numpy as np

from xtremedistil_tf.config.checks import require


def _shared_out(total: int, shares: np.ndarray) -> np.ndarray:
    """Integers that add up to `total`, in proportion to `shares` (largest remainders)."""
    exact = total * shares / shares.sum()
    whole = np.floor(exact).astype(int)
    # A stable sort gives ties to the first, so equal input gives equal numbers.
    for at in np.argsort(-(exact - whole), kind="stable")[: total - whole.sum()]:
        whole[at] += 1
    return whole


class LanguageBalance:
    """Draws an epoch's rows so that the share of a language is proportional to rows ** exponent.

    The number of rows stays the same, and so does the distribution of lengths in each language.
    Only the choice of repeated and omitted rows is random. All epochs therefore have equally many
    rows in each length bucket, and equally many steps.

    Args:
      languages: language of each row.
      buckets: length bucket of each row, int [rows].
      exponent: 1 keeps the proportions of the data, 0 gives all languages the same share.

    Source: exponentially smoothed sampling as in multilingual BERT and XLM-R.
    """

    def __init__(self, languages: Sequence[str], buckets: np.ndarray, exponent: float):
        require(0 <= exponent <= 1, f"a language exponent is {exponent}; allowed: 0 to 1")
        require(len(languages) == len(buckets),
                f"{len(languages)} languages for {len(buckets)} rows; needed is one each")
        self._rows = len(languages)
        # (Rows of one language and bucket, number of them in an epoch.)
        self._quotas: List[Tuple[np.ndarray, int]] = []
        if exponent == 1:
            return
        of_language: Dict[str, List[int]] = {}
        for row, name in enumerate(languages):
            of_language.setdefault(name, []).append(row)
        members = [np.array(of_language[name]) for name in sorted(of_language)]
        shares = _shared_out(
            self._rows, np.array([len(rows) for rows in members], float) ** exponent)
        for rows, share in zip(members, shares):
            found, counts = np.unique(buckets[rows], return_counts=True)
            for bucket, quota in zip(found, _shared_out(share, counts)):
                self._quotas.append((rows[buckets[rows] == bucket], int(quota)))

    def draw(self, seed: int) -> np.ndarray:
        """Draws the row numbers of an epoch, int [rows]; equal seeds give equal numbers.

        Within a language and bucket the repetitions of two rows differ by one at most.
        """
        if not self._quotas:
            return np.arange(self._rows)
        generator = np.random.default_rng(seed)
        drawn = []
        for rows, quota in self._quotas:
            drawn += [rows] * (quota // len(rows))
            drawn.append(generator.permutation(rows)[: quota % len(rows)])
        return np.concatenate(drawn)
