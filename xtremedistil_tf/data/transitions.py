"""The trained transition scores of a tagger's label set, as its student's record has them."""

from typing import Any, Mapping, NamedTuple, Optional

import numpy as np

from xtremedistil_tf.errors import UserError


class Transitions(NamedTuple):
    """Scores of a tag after another, beside the log-probabilities of each word's tags.

    Attributes:
      table: float32 [tags, tags], score of the column's tag after the row's. A sentence is read as
        if O stood before and behind it, so padding with O changes no tags.
      temperature: temperature of the log-probabilities to which the scores belong.
    """

    table: np.ndarray
    temperature: float


def transitions_of(record: Mapping[str, Any], tags: int) -> Optional[Transitions]:
    """Returns the transition scores of a student's record; None without them.

    Args:
      record: the record, or what was fitted on dev.
      tags: number of tags.

    Raises:
      UserError: if they are no table of numbers, one for each pair of tags.
    """
    rows = record.get("transitions")
    if rows is None:
        return None
    if len(rows) != tags or any(len(row) != tags for row in rows):
        raise UserError(f"transitions is no table of {tags} rows with {tags} numbers, one for each "
                        "pair of tags")
    return Transitions(np.array(rows, np.float32), float(record.get("temperature") or 1.0))
