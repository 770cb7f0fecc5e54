"""Reads JSON: tokens and tags, texts and entities, and the exports of annotation tools."""

import bisect
import collections
import dataclasses
import itertools
import operator
from typing import Any, Dict, Iterable, Iterator, List, Sequence, Set, Tuple, Union

from xtremedistil_tf.corpora.annotations.answers import is_rejected, is_unannotated
from xtremedistil_tf.corpora.annotations.letters import Letters, find_letters, join_by_letters
from xtremedistil_tf.corpora.annotations.offsets import (
    CHARACTERS,
    Offsets,
    counts_tokens,
    ends_inside,
    find_offsets,
)
from xtremedistil_tf.corpora.annotations.spans import Span, tag_tokens, tag_words
from xtremedistil_tf.corpora.readers.base import (
    SAMPLE,
    Place,
    ReadOptions,
    Row,
    Tally,
    corpus_words,
)
from xtremedistil_tf.corpora.readers.exports import json_values, unpack
from xtremedistil_tf.corpora.readers.parts import Parts, read_parts
from xtremedistil_tf.data.lines import Line, RowError
from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.data.readers.sentences import sentence_bounds
from xtremedistil_tf.data.words import Word, count_marks, has_unspaced
from xtremedistil_tf.errors import UserError

# Maximum size of the sample in characters; a file may consist of few large documents.
_SAMPLE_CHARACTERS = 20_000_000
# Size of the sample if no earlier record has entities, as in a sorted file.
_MOST_UNLABELLED = 200_000
# Share of the texts in rows of one entity that stand several times.
_OFTEN = 0.1
_Found = Tuple[Place, Union[Parts, RowError]]


@dataclasses.dataclass(frozen=True)
class Profile:
    """Properties of a file that only many of its records show.

    Attributes:
      labelled: True if any record has entities or an annotator's answer; a record without entities
        is then a sentence without entities.
      offsets: convention of the offsets.
      ends_inside: True if the ends of entities that count tokens are inclusive.
      by_token: True if offsets count tokens although texts are given.
      letters: letters of a scheme before the types, as in B-PER.
    """

    labelled: bool = False
    offsets: Offsets = CHARACTERS
    ends_inside: bool = False
    by_token: bool = False
    letters: Letters = Letters()


def _head(records: Iterator[_Found], options: ReadOptions) -> List[_Found]:
    """The first records: a sample for the profile."""
    head: List[_Found] = []
    characters, labelled = 0, not options.labelled
    for place, one in records:
        head.append((place, one))
        if isinstance(one, Parts):
            characters += len(one.text or "")
            labelled = labelled or one.labelled or one.tags is not None
        enough = len(head) >= SAMPLE or characters > _SAMPLE_CHARACTERS
        if enough and (labelled or len(head) >= _MOST_UNLABELLED):
            break
    return head


def without_text(parts: Parts) -> Parts:
    """The record without its text, which becomes words if it has none."""
    words = (parts.text or "").split() if parts.words is None else parts.words
    return dataclasses.replace(parts, words=words, text=None)


def _counts_words(parts: Sequence[Parts]) -> bool:
    """True if offsets count the words of texts that are tokenized.

    Raises:
      UserError: if they do, but punctuation is attached to words.
    """
    both = [(one.text, len(one.text.split()), one.spans) for one in parts
            if one.text and one.words is None and one.spans and not has_unspaced(one.text)
            and all(span.surface is None for span in one.spans)]
    if not counts_tokens(both):
        return False
    attached, alone = count_marks(text.split() for text, _, _ in both)
    if attached > alone:
        raise UserError("the offsets of entities count words, it seems, but the texts are not "
                        "tokenized; needed are the words, as a list under tokens")
    return True


def _profile(sample: Iterable[Parts]) -> Profile:
    """Derives the profile from a file's first records."""
    parts = list(sample)
    both = [(one.text, len(one.words), one.spans) for one in parts
            if one.text is not None and one.words is not None and one.spans]
    by_token = counts_tokens(both) if both else _counts_words(parts)
    if by_token:
        parts = [without_text(one) for one in parts]
    in_text = [(one.text, one.spans) for one in parts if one.text is not None and one.spans]
    in_words = [(len(one.words), one.spans) for one in parts
                if one.text is None and one.words is not None and one.spans]
    otherwise = any(one.by_token for one in parts)
    return Profile(any(one.labelled for one in parts), find_offsets(in_text),
                   ends_inside(in_words, otherwise), by_token,
                   find_letters(span.label for one in parts for span in one.spans or ()))


def _refuse_single_entities(sample: Iterable[Parts]) -> None:
    """Refuses rows of one entity each, of which several have the same text.

    Each would say that the entities of the others are none.

    Raises:
      UserError: with such a text.
    """
    found: Dict[str, Set[Tuple[Tuple[int, int, str], ...]]] = collections.defaultdict(set)
    for one in sample:
        if one.text is not None and one.spans is not None:
            found[one.text].add(tuple((span.begin, span.end, span.label) for span in one.spans))
    several = [text for text, own in found.items() if len(own - {()}) > 1]
    if several and len(several) >= _OFTEN * len(found) and all(
            len(spans) < 2 for own in found.values() for spans in own):
        raise UserError(f"texts such as {several[0]!r:.60} ({len(several):,} of the first) stand "
                        "in several rows, each with another single entity (a row an entity, or "
                        "Prodigy's binary answers); needed is a row a text with all its entities")


def _sentences(text: str, words: List[Word], tags: List[str], spans: List[Span],
               options: ReadOptions) -> Iterator[Tuple[List[str], List[str]]]:
    """Yields the words and tags of a text's sentences; no entity is split.

    The entities stand in their order and do not overlap.
    """
    whole = [word for word, _, _ in words]
    if options.whitespace_words:
        yield whole, tags
        return
    begin = 0
    bounds = [end for _, end in sentence_bounds(text)]
    begins = [span.begin for span in spans]
    for end in bounds[:-1]:
        before = bisect.bisect_left(begins, end)
        if before and end < spans[before - 1].end:
            continue
        at = begin
        while at < len(words) and words[at][2] <= end:
            at += 1
        if at > begin:
            yield whole[begin:at], tags[begin:at]
        begin = at
    if begin < len(words) or not words:
        yield whole[begin:], tags[begin:]


def examples_of(parts: Parts, profile: Profile, options: ReadOptions, counts: Tally
                ) -> Iterator[Example]:
    """Yields the sentences of a record.

    Raises:
      RowError: for entities that cannot be written as tags.
    """
    if parts.tags is not None:
        yield Example(tuple(parts.words or ()), parts.tags, parts.language)
        return
    if profile.by_token:
        parts = without_text(parts)
    counts["rejected_entities"] += parts.rejected
    spans = parts.spans
    if spans is None and profile.labelled:
        spans = []
        counts["rows_without_entities_key"] += 1
    if parts.text is None:
        words = parts.words or []
        if spans is not None and profile.ends_inside:
            spans = [dataclasses.replace(span, end=span.end + 1) for span in spans]
        if spans is not None:
            spans = join_by_letters(spans, profile.letters, counts, operator.eq)
        tags = () if spans is None else tag_tokens(
            words, spans, counts, nested=options.nested)
        yield Example(tuple(words), tags, parts.language)
        return
    text = parts.text
    spans_in = [profile.offsets.convert(text, span) for span in spans or ()]
    spans_in = join_by_letters(
        spans_in, profile.letters, counts, lambda end, begin: not text[end:begin].strip())
    found = parts.offsets or corpus_words(text, options, counts)
    found, tagged, spans_in = tag_words(text, spans_in, found, counts,
                                         nested=options.nested)
    sentences = list(_sentences(text, found, tagged, spans_in, options))
    counts["split_rows"] += len(sentences) > 1
    for words, tags_of in sentences:
        yield Example(tuple(words), tuple(tags_of) if spans is not None else (), parts.language)


def read_records(records: Iterable[Tuple[Place, Any]], options: ReadOptions, counts: Tally
                 ) -> Iterator[Row]:
    """Reads JSON values; a RowError in place of a value is passed on.

    Args:
      records: (place, value) of each record.
      options: see `ReadOptions`.
      counts: tally to which changes are added.
    """
    def parts() -> Iterator[_Found]:
        for place, value in records:
            try:
                for record in unpack(value, options, counts):
                    if is_rejected(record):
                        counts["rejected_rows"] += 1
                        continue
                    if options.labelled and is_unannotated(record):
                        counts["unannotated_rows"] += 1
                        continue
                    yield place, read_parts(record, options)
            except RowError as error:
                yield place, error

    found = parts()
    head = _head(found, options)
    if options.labelled:
        _refuse_single_entities(one for _, one in head if isinstance(one, Parts))
    profile = _profile(one for _, one in head if isinstance(one, Parts))
    if profile.offsets != CHARACTERS:
        counts.note(f"offsets count {profile.offsets.told}: converted")
    if any(isinstance(one, Parts) and one.spans and (one.text is None or profile.by_token)
           for _, one in head):
        counts.note("offsets count tokens, the end " + (
            "inside" if profile.ends_inside else "outside"))
    for place, one in itertools.chain(head, found):
        try:
            if isinstance(one, RowError):
                raise one
            for example in examples_of(one, profile, options, counts):
                yield place, example
        except RowError as error:
            yield place, error


def read_json(lines: Iterable[Line], options: ReadOptions, counts: Tally) -> Iterator[Row]:
    """Reads one JSON value a line, or a file that is one array or object."""
    return read_records(json_values(lines, counts), options, counts)
