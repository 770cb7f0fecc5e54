"""Label sets of taggers whose tags are not IOB2: BIOES, and any tags of words."""

from typing import List, Sequence, Tuple

import numpy as np

from xtremedistil_tf.data.labels import LabelSet
from xtremedistil_tf.errors import UserError

_CONTINUES, _CLOSES = "IE", "ES"


class BioesSet(LabelSet):
    """BIOES tags: S- for an entity of one word, else B- first, I- inside, E- last.

    Args:
      tags: tags in the order of labels.tsv; each type needs all four letters.
      decoding: see `LabelSet`.

    Raises:
      UserError: if a tag is repeated, is not BIOES, or a form of it or O is missing.
    """

    kind = "bioes_tagging"

    def _check_names(self) -> None:
        if "O" not in self._ids:
            raise UserError(f"label O is missing; the labels are: {', '.join(self.tags)}")
        for tag in self.tags:
            if tag != "O" and (tag[0] not in "BIES" or tag[1:2] != "-" or len(tag) < 3):
                raise UserError(f"label {tag!r} is not BIOES; allowed: O, and B-, I-, E-, S- with "
                                "a type")
            for letter in "BIES" if tag != "O" else "":
                if f"{letter}-{tag[2:]}" not in self._ids:
                    raise UserError(f"label {tag} has no {letter}-{tag[2:]} beside it; BIOES has "
                                    "B-, I-, E- and S- of each type")

    def allowed_transitions(self) -> Tuple[np.ndarray, np.ndarray]:
        """Allowed transitions, see `LabelSet`: BIOES', or all if each word is decoded alone."""
        if self.decoding == "independent":
            return super().allowed_transitions()
        inside = np.array([tag[0] in _CONTINUES for tag in self.tags])
        ended = self.allowed_ends()
        same = np.array([[one[1:] == other[1:] for other in self.tags] for one in self.tags])
        # Where an entity is open, it continues; elsewhere nothing does.
        return ~inside, np.where(ended[:, None], ~inside[None], inside[None] & same)

    def allowed_ends(self) -> np.ndarray:
        """Bool [tags], True if no entity is open behind the tag."""
        if self.decoding == "independent":
            return super().allowed_ends()
        return np.array([tag == "O" or tag[0] in _CLOSES for tag in self.tags])

    def repair(self, tags: Sequence[str]) -> Tuple[Tuple[str, ...], int]:
        """Rewrites the letters of entities that are not closed, or continue nothing.

        Returns:
          (tags, number of changed tags).
        """
        repaired = list(tags)
        for first, last in _runs(tags):
            letters = "S" if first == last else f"B{'I' * (last - first - 1)}E"
            for at, letter in zip(range(first, last + 1), letters):
                repaired[at] = letter + tags[at][1:]
        return tuple(repaired), sum(old != new for old, new in zip(tags, repaired))


def _runs(tags: Sequence[str]) -> Sequence[Tuple[int, int]]:
    """First and last word of each entity, broken ones included."""
    runs: List[Tuple[int, int]] = []
    for at, tag in enumerate(tags):
        if tag == "O":
            continue
        before = tags[at - 1] if at else "O"
        goes_on = before != "O" and before[0] not in _CLOSES and before[1:] == tag[1:]
        if goes_on and tag[0] in _CONTINUES:
            runs[-1] = (runs[-1][0], at)
        else:
            runs.append((at, at))
    return runs


class WordTags(LabelSet):
    """Any tags, one a word: parts of speech, punctuation, chunks without a scheme.

    Tags have no order, so each word is decoded alone. A word without a subword token gets O, or the
    first tag if there is no O.

    Args:
      tags: names in the order of labels.tsv.
      decoding: ignored.

    Raises:
      UserError: if a tag is repeated, or there are fewer than two.
    """

    kind = "word_tagging"

    def __init__(self, tags: Sequence[str], decoding: str = "independent"):
        super().__init__(tags, "independent")

    @property
    def types(self) -> Tuple[str, ...]:
        """The tags themselves."""
        return self.tags

    def _check_names(self) -> None:
        if len(self.tags) < 2:
            raise UserError(f"only the label {', '.join(self.tags)}; at least two are needed")

    def repair(self, tags: Sequence[str]) -> Tuple[Tuple[str, ...], int]:
        """Returns the tags as they are."""
        return tuple(tags), 0
