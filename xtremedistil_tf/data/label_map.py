"""Maps the labels of a finished model to a task's: other names, other orders, other tag schemes."""

import dataclasses
import re
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from xtremedistil_tf.data.labels import Labels, LabelSet
from xtremedistil_tf.data.tags import BioesSet
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.tasks import task_kind

# Least distance of the logits of labels that a model lacks from its best logit: a thousandth of its
# probability.
FAR = 7.0
_OPENS, _CONTINUES = frozenset("BSU"), frozenset("IMEL")
# The letters of BILOU and BMES in BIOES.
_BIOES = {"U": "S", "L": "E", "M": "I"}
_TAG = re.compile(r"([BIESLUM])[-_](.+)", re.DOTALL)


def parse_label_map(items: Optional[Sequence[str]]) -> Dict[str, str]:
    """Parses "theirs=ours" items of --label_map.

    Raises:
      UserError: for an item in another format, or a label that is given twice.
    """
    found: Dict[str, str] = {}
    for item in items or ():
        theirs, equals, ours = item.rpartition("=")
        if not (theirs and equals and ours):
            raise UserError(f"--label_map has {item!r}; allowed: the teacher's label=the task's, "
                            "commas between; tagging takes types (PERSON=PER, MISC=O)")
        if found.setdefault(theirs, ours) != ours:
            raise UserError(f"--label_map names {theirs} twice, as {found[theirs]} and {ours}")
    return found


def split_tag(tag: str) -> Tuple[str, str]:
    """Splits a tag of any scheme into its letter and its type; a plain type has no letter."""
    match = _TAG.fullmatch(tag)
    if match:
        return match.group(1), match.group(2)
    return ("", "") if tag == "O" else ("", tag)


def _renamed(names: Sequence[str], renames: Mapping[str, str]) -> List[str]:
    """Applies --label_map: whole labels first, then the types of tags."""
    left = set(renames)
    result = []
    for name in names:
        letter, kind = split_tag(name)
        key = name if name in renames else kind
        if key not in renames:
            result.append(name)
            continue
        left.discard(key)
        ours = renames[key]
        whole = key == name or ours == "O" or not letter
        result.append(ours if whole else f"{letter}-{ours}")
    if left:
        raise UserError(f"--label_map names {', '.join(sorted(left))}; the teacher's labels are "
                        f"{', '.join(names)}")
    return result


def task_labels(kind: str, names: Sequence[str], renames: Mapping[str, str]) -> Tuple[str, ...]:
    """Returns the labels of a task that has no labels.tsv: those of its finished teacher.

    Args:
      kind: name of the kind of task.
      names: the model's labels, in the order of its outputs.
      renames: --label_map.

    Returns:
      For tagging O, then B- and I- of each type in the order of the outputs; else the names.
    """
    names = _renamed(names, renames)
    letters = {LabelSet.kind: "BI", BioesSet.kind: "BIES"}.get(kind)
    if letters is None:
        return tuple(dict.fromkeys(names))
    types = dict.fromkeys(split_tag(name)[1] for name in names if name != "O")
    return ("O", *(f"{letter}-{one}" for one in types for letter in letters))


@dataclasses.dataclass(frozen=True)
class LabelMap:
    """Converts logits over a model's labels to logits over a task's label set.

    A label without a counterpart of its own, such as the classes of special tokens, gets the
    smallest logit of its word, or a smaller one (`FAR`). If several of the model's labels mean one
    label of the task (B- and S- of BIOES), their probabilities are added. In IOB1, and for types
    without a scheme, the word before decides between B- and I-.

    Attributes:
      size: number of the task's outputs.
      fixed: for each label of the task the model's labels that mean it.
      by_context: (model's label, B- label of the task, I- label) of labels that mean either.
      types: for each label of the model the number of its type, -1 for O.
    """

    size: int
    fixed: Tuple[Tuple[int, ...], ...]
    by_context: Tuple[Tuple[int, int, int], ...] = ()
    types: Tuple[int, ...] = ()

    @property
    def in_context(self) -> bool:
        """True if a word's tag depends on the word before it."""
        return bool(self.by_context)

    def __call__(self, logits: np.ndarray, starts: Optional[np.ndarray] = None) -> np.ndarray:
        """Converts the logits of a sequence.

        Args:
          logits: float [time, model's labels].
          starts: int [words], positions of the words' first subword tokens, -1 for none. Only
            needed `in_context`.

        Returns:
          float32 [time, size].
        """
        logits = logits.astype(np.float32, copy=False)
        found = np.full((len(logits), self.size), -np.inf, np.float32)
        for label, sources in enumerate(self.fixed):
            if sources:
                found[:, label] = np.logaddexp.reduce(logits[:, list(sources)], axis=1)
        if self.by_context:
            assert starts is not None, "the caller asks `in_context` first"
            types = np.array(self.types)
            best = types[logits.argmax(axis=1)]
            before = np.full(len(logits), -1)
            words = starts[starts >= 0]
            before[words[1:]] = best[words[:-1]]
            for source, begins, inside in self.by_context:
                goes_on = before == types[source]
                for label, rows in ((begins, ~goes_on), (inside, goes_on)):
                    found[rows, label] = np.logaddexp(found[rows, label], logits[rows, source])
        there = np.isfinite(found)
        least = np.minimum(np.where(there, found, np.inf).min(axis=1, keepdims=True),
                           found.max(axis=1, keepdims=True) - FAR)
        return np.where(there, found, least)


def make_label_map(
    names: Sequence[str], labels: Labels, *, renames: Mapping[str, str] = {},
    scheme: Optional[str] = None, partial: bool = False,
) -> LabelMap:
    """Maps a model's labels to a task's.

    Args:
      names: the model's labels, in the order of its outputs.
      labels: the task's label set.
      renames: --label_map.
      scheme: "iob1" or "iob2"; None takes IOB1 if a type has an I- label and no B- label.
      partial: True if the model may lack some of the task's labels, as the file of a teacher's
        outputs may, in which a rare tag does not occur.

    Raises:
      UserError: if a label of either has no counterpart.
    """
    repeated = sorted({name for name in names if list(names).count(name) > 1})
    if repeated:
        raise UserError(f"the teacher's labels repeat: {', '.join(repeated)}")
    known = {tag: number for number, tag in enumerate(labels.tags)}
    renamed = _renamed(names, renames)
    kind = task_kind(labels.kind)
    if not kind.tags_words:
        _same_number(names, labels)
        # Outputs that are no classes have an order, but no names.
        renamed = renamed if kind.classes else list(labels.tags)
    if labels.kind != LabelSet.kind:
        return _same_scheme(names, renamed, labels, known, partial=partial)
    tags: Any = labels
    return _tag_map(names, renamed, tags, known, scheme=scheme, partial=partial)


def _same_number(names: Sequence[str], labels: Labels) -> None:
    if not task_kind(labels.kind).classes and len(names) != labels.size:
        raise UserError(f"the teacher has {len(names)} outputs ({', '.join(names)}); {labels.kind} "
                        f"needs {labels.size}")


def _same_scheme(
    names: Sequence[str], renamed: Sequence[str], labels: Labels, known: Mapping[str, int],
    *, partial: bool,
) -> LabelMap:
    """Maps labels, and tags of the task's own scheme: BIOES in any letters or none."""
    fixed: List[List[int]] = [[] for _ in range(labels.size)]
    lost: List[int] = []
    for number, name in enumerate(renamed):
        letter, kind = split_tag(name)
        if labels.kind == BioesSet.kind and letter:
            name = f"{_BIOES.get(letter, letter)}-{kind}"
        (fixed[known[name]] if name in known else lost).append(number)
    _check(names, labels, lost, [] if partial else fixed)
    return LabelMap(labels.size, tuple(map(tuple, fixed)))


def _tag_map(
    names: Sequence[str], renamed: Sequence[str], labels: LabelSet, known: Mapping[str, int],
    *, scheme: Optional[str], partial: bool,
) -> LabelMap:
    """Maps tags; see `make_label_map`."""
    split = [split_tag(name) for name in renamed]
    opened = {kind for letter, kind in split if letter in _OPENS}
    loose = scheme == "iob1" or scheme is None and any(
        letter in _CONTINUES and kind not in opened for letter, kind in split)
    numbers = {kind: number for number, kind in enumerate(sorted({k for _, k in split if k}))}
    fixed: List[List[int]] = [[] for _ in range(labels.size)]
    by_context: List[Tuple[int, int, int]] = []
    lost: List[int] = []
    for number, (letter, kind) in enumerate(split):
        begins = known.get(f"B-{kind}" if kind else "O")
        inside = known.get(f"I-{kind}", begins)
        if begins is None or inside is None:
            lost.append(number)
        elif not kind or letter in _OPENS:
            fixed[begins].append(number)
        elif letter in _CONTINUES and not loose:
            fixed[inside].append(number)
        else:
            by_context.append((number, begins, inside))
    _check(names, labels, lost, [] if partial else
           [[*own, *(one for one, *ours in by_context if at in ours)]
            for at, own in enumerate(fixed)])
    return LabelMap(labels.size, tuple(map(tuple, fixed)), tuple(by_context),
                    tuple(numbers.get(kind, -1) for _, kind in split))


def _check(
    names: Sequence[str], labels: Labels, lost: Sequence[int], found: Sequence[Sequence[int]]
) -> None:
    """Refuses labels without a counterpart on the other side."""
    own = ", ".join(labels.tags)
    if lost:
        raise UserError(
            f"the teacher's labels {', '.join(names[number] for number in lost)} are none of the "
            f"task's: {own}; name their counterparts with --label_map, as in PERSON=PER")
    never = [tag for tag, sources in zip(labels.tags, found) if not sources]
    if never:
        raise UserError(
            f"the teacher never says {', '.join(never)}; its labels are {', '.join(names)}; name "
            "the counterparts with --label_map, or take these labels out of labels.tsv")
