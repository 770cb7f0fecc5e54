"""Scores of whole texts, overall and by language."""

import collections
from typing import Any, Callable, Dict, List, Sequence

import numpy as np


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
    rows: Dict[str, List[int]] = collections.defaultdict(list)
    for row, language in enumerate(languages):
        rows[language].append(row)
    by_language = {
        name: {**score(gold[rows[name]], predicted[rows[name]]), "support": len(rows[name])}
        for name in sorted(rows)
    }
    return {**score(gold, predicted), "languages": by_language}
