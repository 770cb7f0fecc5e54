"""Label sets: tags with the paper's syntactic classes, classes of texts, numbers, answer spans."""

import copy
import math
import pathlib
from typing import Any, Iterable, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from xtremedistil_tf.config import DECODINGS
from xtremedistil_tf.data.lines import BYTE_ORDER_MARK, UTF8, encoding_of
from xtremedistil_tf.data.transitions import Transitions, transitions_of
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.tasks import task_kind

# The paper's extra classes (section 6): padding, later tokens of a word, two special tokens.
SYNTACTIC = ("[PAD]", "X", "[SEP]", "[CLS]")


class Labels:
    """A label set: the meaning of a model's outputs.

    Subclasses set `kind` and `tags`. A label set for texts also has `encode`, and `label in labels`
    is True for an allowed label.

    Attributes:
      kind: name of the kind of task.
      tags: names of the labels, in the order of the outputs.
      dtype: dtype of encoded labels.
    """

    kind: str
    tags: Tuple[str, ...]
    dtype: Any = np.int32

    @property
    def names(self) -> Tuple[str, ...]:
        """Names of all outputs."""
        return self.tags

    @property
    def size(self) -> int:
        """Number of outputs."""
        return len(self.tags)

    def adjusted(self, record: Mapping[str, Any]) -> "Labels":
        """Returns the set with what a student's record says of it: thresholds, transitions."""
        return self

    @property
    def pooled(self) -> bool:
        """True if a sequence has one target, False if each token has one."""
        return task_kind(self.kind).pooled

    @property
    def competing(self) -> bool:
        """True if the softmax runs over positions (spans), False if over classes."""
        return task_kind(self.kind).competing


class LabelSet(Labels):
    """The classes of a tagger: real tags first, then the syntactic ones.

    A class is known by its index, never by its name, so a real tag may be called "X". This is the
    set of IOB2 tags; `data.tags` has those of other schemes.

    Args:
      tags: IOB2 tags in the order of labels.tsv.
      decoding: one of DECODINGS; every runtime of a student uses it.

    Raises:
      UserError: if a tag is repeated, is not IOB2, lacks its B- form, or O is missing.

    Attributes:
      outside_id: number of the tag of words without a subword token.
      transitions: trained transition scores; None without them.
    """

    kind = "tagging"
    transitions: Optional[Transitions] = None

    def __init__(self, tags: Sequence[str], decoding: str = DECODINGS[0]):
        self.tags = tuple(tags)
        self.decoding = decoding
        self._ids = {tag: index for index, tag in enumerate(self.tags)}
        if len(self._ids) != len(self.tags):
            raise UserError(f"labels repeat: {', '.join(self.tags)}")
        self._check_names()
        self.pad_id, self.x_id, self.sep_id, self.cls_id = range(
            len(self.tags), len(self.tags) + len(SYNTACTIC)
        )
        self.outside_id = self._ids.get("O", 0)

    def _check_names(self) -> None:
        """Refuses tags that are none of the scheme."""
        if "O" not in self._ids:
            raise UserError(f"label O is missing; the labels are: {', '.join(self.tags)}. "
                            "--tag_scheme=none takes any tags")
        for tag in self.tags:
            if tag != "O" and (tag[:2] not in ("B-", "I-") or len(tag) < 3):
                raise UserError(f"label {tag!r} is not IOB2; allowed: O, B-<type>, I-<type>; "
                                "--tag_scheme=bioes and --tag_scheme=none take others")
            if tag.startswith("I-") and f"B-{tag[2:]}" not in self._ids:
                raise UserError(f"label {tag} has no B-{tag[2:]} beside it")

    @property
    def names(self) -> Tuple[str, ...]:
        """Names of all classes, by class number."""
        return self.tags + SYNTACTIC

    @property
    def size(self) -> int:
        """Number of classes (11 for the paper's seven tags)."""
        return len(self.tags) + len(SYNTACTIC)

    @property
    def types(self) -> Tuple[str, ...]:
        """Names of the entity types, in the order of the tags."""
        return tuple(dict.fromkeys(tag[2:] for tag in self.tags if tag != "O"))

    def __contains__(self, tag: str) -> bool:
        return tag in self._ids

    def adjusted(self, record: Mapping[str, Any]) -> "LabelSet":
        """Returns the set with the transition scores of a student's record; see the base class."""
        found = copy.copy(self)
        if self.decoding == "trained":
            found.transitions = transitions_of(record, len(self.tags))
        return found

    def encode(self, tags: Sequence[str]) -> List[int]:
        """Class numbers of real tags."""
        return [self._ids[tag] for tag in tags]

    def allowed_transitions(self) -> Tuple[np.ndarray, np.ndarray]:
        """Allowed transitions between real tags: IOB2's, or all if each word is decoded alone.

        Returns:
          (first, follows): bool [tags], True if the tag may open a sentence; bool [tags, tags],
          True if the column's tag may follow the row's.
        """
        if self.decoding == "independent":
            count = len(self.tags)
            return np.ones(count, bool), np.ones((count, count), bool)
        inside = np.array([tag.startswith("I-") for tag in self.tags])
        types = [tag[2:] for tag in self.tags]
        same = np.array(
            [[a == b and self.tags[i] != "O" for b in types] for i, a in enumerate(types)]
        )
        return ~inside, ~inside[None, :] | same

    def allowed_ends(self) -> np.ndarray:
        """Bool [tags], True if the tag may end a sentence."""
        return np.ones(len(self.tags), bool)

    def repair(self, tags: Sequence[str]) -> Tuple[Tuple[str, ...], int]:
        """Turns an I- tag that continues no entity into B-.

        Returns:
          (tags, number of changed tags).
        """
        repaired, changed, previous = [], 0, "O"
        for tag in tags:
            if tag.startswith("I-") and (previous == "O" or previous[2:] != tag[2:]):
                tag, changed = f"B-{tag[2:]}", changed + 1
            repaired.append(tag)
            previous = tag
        return tuple(repaired), changed


class NamedLabels(Labels):
    """Labels that are names without a scheme.

    Args:
      names: label names in the order of labels.tsv.

    Raises:
      UserError: if a name is repeated.
    """

    def __init__(self, names: Sequence[str]):
        self.tags = tuple(names)
        self._ids = {name: index for index, name in enumerate(self.tags)}
        if len(self._ids) != len(self.tags):
            raise UserError(f"labels repeat: {', '.join(self.tags)}")

    def __contains__(self, name: str) -> bool:
        return name in self._ids

    @property
    def allowed(self) -> str:
        """The allowed labels, for messages."""
        return ", ".join(self.tags)


class ClassSet(NamedLabels):
    """The classes of a text classification, in a fixed order.

    Args:
      names: class names in the order of labels.tsv.

    Raises:
      UserError: if a name is repeated, or there are fewer than two.
    """

    kind = "classification"

    def __init__(self, names: Sequence[str]):
        super().__init__(names)
        if len(self.tags) < 2:
            raise UserError(f"only the label {', '.join(self.tags)}; at least two are needed")

    @classmethod
    def seen(cls, names: Iterable[str]) -> "ClassSet":
        """Builds the set from the labels of rows, sorted by value or, if not numbers, by name."""
        found = set(names)
        numbers = all(name.isdecimal() for name in found)
        return cls(sorted(found, key=lambda name: (int(name) if numbers else 0, name)))

    def encode(self, names: Sequence[str]) -> List[int]:
        """Class numbers of class names."""
        return [self._ids[name] for name in names]


class Numbers(Labels):
    """The labels of a regression: any finite number. The model has one output and no classes.

    Args:
      names: name of the output.
    """

    kind = "regression"
    dtype: Any = np.float32
    allowed = "a number"

    def __init__(self, names: Sequence[str] = ("score",)):
        self.tags = tuple(names)

    def __contains__(self, text: str) -> bool:
        try:
            return math.isfinite(float(text))
        except ValueError:
            return False

    def encode(self, texts: Sequence[str]) -> List[float]:
        """Parses labels as numbers."""
        return [float(text) for text in texts]


class Spans(Labels):
    """The two outputs for each subword token: logits that an answer begins, and ends, there.

    Args:
      names: names of the two outputs.
    """

    kind = "spans"

    def __init__(self, names: Sequence[str] = ("start", "end")):
        self.tags = tuple(names)


def number_text(number: float) -> str:
    """Formats an estimated number for files: the fewest digits that give the same float32."""
    return str(np.float32(number))


def class_set(names: Sequence[str], decoding: str) -> ClassSet:
    """The label set of a classification; `decoding` is ignored."""
    return ClassSet(names)


def number_set(names: Sequence[str], decoding: str) -> Numbers:
    """The label set of a regression; `decoding` is ignored."""
    return Numbers(names)


def span_set(names: Sequence[str], decoding: str) -> Spans:
    """The label set of question answering; `decoding` is ignored."""
    return Spans(names)


def label_set(kind: str, names: Sequence[str], decoding: str = DECODINGS[0]) -> Any:
    """Builds the label set of a kind of task.

    Args:
      kind: name of the kind.
      names: names of the labels.
      decoding: see `LabelSet`; other kinds ignore it.

    Raises:
      UserError: for an unknown kind, or names that it does not allow.
    """
    return task_kind(kind).label_set(names, decoding)


def read_labels(
    path: pathlib.Path, *, kind: str = LabelSet.kind, decoding: str = DECODINGS[0]
) -> Any:
    """Reads labels.tsv: one label a line, UTF-8.

    Args:
      path: the file.
      kind: kind of task.
      decoding: see `LabelSet`.

    Returns:
      The kind's label set.

    Raises:
      UserError: if the file is missing, empty or not a valid label set of this kind.
    """
    try:
        raw = pathlib.Path(path).read_bytes()
        encoding, mark = encoding_of(raw)
        # Also marks inside, where files were joined.
        text = raw[mark:].decode(encoding or UTF8).replace(BYTE_ORDER_MARK, "")
    except FileNotFoundError:
        raise UserError(f"file not found: {path} (one label a line)") from None
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not UTF-8 ({error})") from None
    tags = [line.strip() for line in text.splitlines() if line.strip()]
    if not tags:
        raise UserError(f"{path}: no labels in it; one label a line is needed")
    try:
        return label_set(kind, tags, decoding)
    except UserError as error:
        raise UserError(f"{path}: {error}") from None
