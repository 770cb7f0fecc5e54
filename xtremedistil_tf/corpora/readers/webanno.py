"""Reads WebAnno TSV 3, an export of WebAnno and INCEpTION: a token a line, a column a feature."""

import dataclasses
import itertools
import re
from typing import Dict, Iterable, Iterator, List, Optional, Sequence, Tuple

from xtremedistil_tf.corpora.annotations.letters import Letters, find_letters, join_by_letters
from xtremedistil_tf.corpora.annotations.spans import Span, tag_words
from xtremedistil_tf.corpora.readers.base import SAMPLE, ReadOptions, Row, Tally
from xtremedistil_tf.data.lines import Line, RowError
from xtremedistil_tf.data.readers.rows import DEFAULT_LANGUAGE, Example
from xtremedistil_tf.data.words import Word
from xtremedistil_tf.errors import UserError

# A header line of a layer: of spans, chains or relations; then its features.
_LAYER = re.compile(r"#T_(SP|CH|RL)=([^|]*)\|?(.*)")
# Id of a token in its sentence, and of a part of a token: 2-7, 2-7.1.
_TOKEN = re.compile(r"(\d+)-\d+(\.\d+)?")
_PLACES = re.compile(r"([0-9]{1,9})-([0-9]{1,9})")
# Columns before those of the features: id, offsets, token.
_BEFORE = 3
# Stacked annotations of a cell, each with its number if it has several tokens: PER[1]|LOC.
_STACKED = re.compile(r"(?<!\\)\|")
_NUMBERED = re.compile(r"(.*?)(?<!\\)\[(\d+)\]", re.DOTALL)
_ESCAPED = re.compile(r"\\(->|.)", re.DOTALL)
# Layers and features that hold no types of entities.
_NO_ENTITIES = frozenset({"pos", "lemma", "morphologicalfeatures", "stem", "surfaceform"})
_NO_TYPES = frozenset({"identifier"})


@dataclasses.dataclass(frozen=True)
class _Feature:
    """A column of a layer of spans: its index in a line, and its names."""

    at: int
    layer: str
    feature: str

    @property
    def name(self) -> str:
        return f"{self.layer}.{self.feature}" if self.feature else self.layer


def _features(head: Sequence[str]) -> List[_Feature]:
    """The columns of all layers of spans, from the file's header."""
    found, at = [], _BEFORE
    for match in filter(None, map(_LAYER.fullmatch, head)):
        kind, layer, features = match.groups()
        for feature in features.split("|"):
            if kind == "SP":
                found.append(_Feature(at, layer.rpartition(".")[2], feature))
            at += 1
    return found


def _chosen(features: Sequence[_Feature], head: Sequence[str], wanted: Optional[str]) -> _Feature:
    """The column of the entities' types.

    Raises:
      UserError: if the wanted one does not exist, or several or none may be it.
    """
    allowed = " or ".join(one.name for one in features)
    if wanted is not None:
        for one in features:
            if wanted.lower() in (one.name.lower(), one.feature.lower(), str(one.at + 1)):
                return one
        raise UserError(f"--tag_column is {wanted!r}; allowed: {allowed or 'none of this file'}")
    lines = [line.split("\t") for line in head if _TOKEN.match(line)]
    if not features:
        raise UserError("this WebAnno file has no layer of spans; export the layer that holds the "
                        "entities")
    used = [one for one in features if one.feature not in _NO_TYPES
            and one.layer.lower() not in _NO_ENTITIES
            and any(len(fields) > one.at and fields[one.at] not in ("_", "*", "")
                    for fields in lines)]
    used = [one for one in used if one.layer == "NamedEntity"] or used
    if len(used) != 1:
        which = " or ".join(one.name for one in used) or allowed
        raise UserError(f"{len(used)} columns of this WebAnno file hold types of entities; choose "
                        f"one with --tag_column={which}")
    return used[0]


def _plain(value: str) -> str:
    return _ESCAPED.sub(r"\1", value)


def _types(head: Sequence[str], at: int) -> Iterator[str]:
    """The types in a column of a file's first lines."""
    for line in head:
        fields = line.split("\t") if _TOKEN.match(line) else []
        for value in _STACKED.split(fields[at]) if len(fields) > at else ():
            if value not in ("_", "*", ""):
                numbered = _NUMBERED.fullmatch(value)
                yield _plain(numbered.group(1) if numbered else value)


class _Sentence:
    """The tokens and entities of a sentence, with offsets in a text that is laid out again."""

    def __init__(self) -> None:
        self.line = 0
        self.text = ""
        self.words: List[Word] = []
        self._spans: Dict[str, Span] = {}
        self._begin = self._end = 0

    def add(self, number: int, fields: Sequence[str], at: int) -> None:
        """Adds a line of a token or of a part of a token; `at` is the types' column, 0 for none.

        Raises:
          RowError: for a line of another form.
        """
        self.line = self.line or number
        name = _TOKEN.fullmatch(fields[0])
        needed = max(_BEFORE, at + 1)
        places = _PLACES.fullmatch(fields[1]) if len(fields) >= needed else None
        if name is None or places is None:
            raise RowError(("columns", f"{' '.join(fields)!r:.60}; needed are {needed} columns: a "
                            "token's id, its offsets, its text and the layers"))
        begin, end = map(int, places.groups())
        if name.group(2) and self.words:
            # Offsets are in UTF-16 units, as in Java.
            word, first, _ = self.words[-1]
            units = word.encode("utf-16-le")[:2 * (begin - self._begin)]
            first += len(units.decode("utf-16-le", "ignore"))
            last = first + len(fields[2])
        else:
            self.text += " " if self.words and begin > self._end else ""
            first, last = len(self.text), len(self.text) + len(fields[2])
            self.text += fields[2]
            self.words.append((fields[2], first, last))
            self._begin, self._end = begin, end
        for value in _STACKED.split(fields[at]) if at else ():
            self._annotate(value, first, last)

    def _annotate(self, value: str, begin: int, end: int) -> None:
        if value in ("_", ""):
            return
        if value == "*":
            raise RowError(("span_label", f"entity {begin} to {end} has no type (*)"))
        numbered = _NUMBERED.fullmatch(value)
        if numbered is None:
            self._spans[f"{begin} {end} {value}"] = Span(begin, end, _plain(value))
            return
        label, number = numbered.groups()
        before = self._spans.get(number)
        self._spans[number] = Span(before.begin if before else begin, end, _plain(label))

    def example(self, options: ReadOptions, counts: Tally, letters: Letters) -> Example:
        """The sentence with its tags; `letters` are those before the types, as in B-PER.

        Raises:
          RowError: for entities that cannot be written as tags.
        """
        spans = join_by_letters(list(self._spans.values()), letters, counts,
                                lambda end, begin: not self.text[end:begin].strip())
        words, tags, _ = tag_words(self.text, spans, self.words, counts, nested=options.nested)
        return Example(tuple(word for word, _, _ in words), tuple(tags) if options.labelled else (),
                       options.language or DEFAULT_LANGUAGE)


def read_webanno(lines: Iterable[Line], options: ReadOptions, counts: Tally) -> Iterator[Row]:
    """Reads WebAnno TSV 3; --tag_column names the feature of the entities' types."""
    lines = iter(lines)
    begun = list(itertools.islice(lines, SAMPLE))
    head = [text for _, text in begun if isinstance(text, str)]
    features = _features(head)
    at, letters = 0, Letters()
    if options.labelled:
        chosen = _chosen(features, head, options.tag_column)
        counts.note(f"entities from {chosen.name}")
        at = chosen.at
        letters = find_letters(_types(head, at))
    sentence, problem = _Sentence(), None
    for number, text in itertools.chain(begun, lines, [(0, "")]):
        if isinstance(text, str) and text.strip() and not text.startswith("#"):
            try:
                sentence.add(number, text.split("\t"), at)
            except RowError as error:
                problem = problem or (number, error)
        elif isinstance(text, RowError):
            problem = problem or (number, text)
        elif sentence.words or problem:
            yield from _finished(sentence, problem, options, counts, letters)
            sentence, problem = _Sentence(), None


def _finished(sentence: _Sentence, problem: Optional[Tuple[int, RowError]], options: ReadOptions,
              counts: Tally, letters: Letters) -> Iterator[Row]:
    if problem is not None:
        yield problem
        return
    try:
        yield sentence.line, sentence.example(options, counts, letters)
    except RowError as error:
        yield sentence.line, error
