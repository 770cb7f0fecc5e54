"""Scores of whole texts, overall and by language."""

import collections
from typing import Any, Callable, Dict, List, Sequence

import numpy as np


def rows_by_language(languages: Sequence[str]) -> Dict[str, List[int]]:
    """Returns the indices of each language's rows; languages are sorted by name."""
    rows: Dict[str, List[int]] = collections.defaultdict(list)
    for row, language in enumerate(languages):
        rows[language].append(row)
    return dict(sorted(rows.items()))


def scored_by_language(
    score: Callable[[np.ndarray, np.ndarray], Dict[str, float]], gold: np.ndarray,
    predicted: np.ndarray, languages: Sequence[str],
) -> Dict[str, Any]:
    """Scores all rows together, and the rows of each language.

    Args:
      score: (gold, predicted) -> scores.
      gold, predicted: [rows] or [rows, labels].
      languages: language of each row.

    Returns:
      The overall scores, and "languages": {name: scores and support, its number of rows}.
    """
    by_language = {
        name: {**score(gold[rows], predicted[rows]), "support": len(rows)}
        for name, rows in rows_by_language(languages).items()
    }
    return {**score(gold, predicted), "languages": by_language}
