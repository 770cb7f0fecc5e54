"""Signs that a file of teacher outputs says something else than it seems to."""

import collections
import re
from typing import Any, Counter, Dict, List, Mapping

from xtremedistil_tf.data.outputs.rows import OutputRow, annotators_of, labels_said
from xtremedistil_tf.data.outputs.spans import NAMES, SCORES, parts_word

# With fewer rows or spans, nothing is doubtful.
_FEWEST = 20
# Share of spans whose ends lie inside words; teachers' own ends do, too.
_INSIDE = 0.3
# Share of the labels that stand in one row each, and of the rows that have one of these.
_ONCE, _ROWS = 0.5, 0.1
# What a language model writes around a label, and what may stand between its words.
_AROUND, _BETWEEN = " .,:;!*\"'`", re.compile(r"(?<=\w)[\s_-]+(?=\w)")


class Doubts:
    """Counts doubtful signs in rows that were read.

    Args:
      pooled: True if a text has one label, False if each word has one.
    """

    def __init__(self, *, pooled: bool):
        self._pooled = pooled
        self._labels: Counter[str] = collections.Counter()
        self._scores: List[Any] = []
        self._rows = self._spans = self._inside = 0

    def add(self, row: Mapping[str, Any], parsed: OutputRow) -> None:
        """Counts a row, as it stands in the file and as it was parsed."""
        self._rows += 1
        if self._pooled:
            self._labels.update(list(labels_said(parsed)))
        for part in annotators_of(row):
            if not self._pooled:
                self._add_spans(part, row.get("text"))
            elif part.get("probabilities") is None and part.get("logits") is None:
                scores = [part[name] for name in SCORES if part.get(name) is not None]
                self._scores += [one for one in scores[:1] if not (
                    isinstance(one, (int, float)) and 0 < one <= 1)]

    def _add_spans(self, part: Mapping[str, Any], text: Any) -> None:
        spans = next((part[name] for name in NAMES if part.get(name) is not None), ())
        for span in spans if isinstance(text, str) else ():
            # A pipeline, which gives scores, gives parts of words; its own text shows its place.
            if not any(span.get(name) is not None for name in (*SCORES, "text")):
                self._spans += 1
                self._inside += parts_word(text, span["start"]) or parts_word(text, span["end"])

    def told(self) -> List[str]:
        """Returns what is doubtful, one line each."""
        found = []
        if self._scores:
            found.append(f"{len(self._scores):,} labels with a score that is no probability above "
                         f"0 and up to 1, such as {self._scores[0]!r:.40}: it is not read")
        if self._spans >= _FEWEST and self._inside > _INSIDE * self._spans:
            found.append(f"{self._inside:,} of {self._spans:,} spans begin or end inside a word, "
                         "and were widened to whole words; an end stands behind the last character")
        once = sum(count == 1 for count in self._labels.values())
        if self._rows >= _FEWEST and once > max(
                2, _ONCE * len(self._labels), _ROWS * self._rows):
            found.append(f"{once:,} of {len(self._labels):,} labels stand in one row each, such as "
                         f"{min(self._labels, key=self._labels.__getitem__)!r:.60}; are they names "
                         "of classes?")
        spellings: Dict[str, List[str]] = collections.defaultdict(list)
        for label in self._labels:
            spellings[_BETWEEN.sub(" ", label).strip(_AROUND).casefold()].append(label)
        alike = [labels for plain, labels in spellings.items() if plain and len(labels) > 1]
        if alike:
            found.append(f"the labels {', '.join(map(repr, alike[0][:4]))} look alike, but are "
                         "different classes")
        return found
