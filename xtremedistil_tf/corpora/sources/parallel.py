"""Joins files of one split that run in parallel: a text a line, its label or tags in another."""

import collections
import functools
import itertools
import pathlib
import re
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

from xtremedistil_tf.corpora.sources.files import File, json_lines, text_lines
from xtremedistil_tf.errors import UserError

# The role of a file's lines by its name: seq.in, train_text.txt, train.input0, x.words.
_ROLES = {"seq.in": "text", "sentence": "text", "sentences": "text", "words": "text",
          "text": "text", "texts": "text", "input0": "text", "input1": "second",
          "seq.out": "tags", "tags": "tags", "slots": "tags", "label": "label", "labels": "label"}
_NAME = re.compile(rf"(?:(.+?)(?:\.raw)?[._-])?({'|'.join(map(re.escape, _ROLES))})(?:\.txt)?")
_ORDER = ("text", "second", "tags", "label")
# Names of numbered classes, as TweetEval gives them.
_MAPPING = "mapping.txt"
_SAMPLE = 200
_Found = Dict[str, File]


def _groups(files: Sequence[File]) -> List[_Found]:
    """Files of one folder and stem by what their lines are; each has texts, and labels or tags."""
    found: Dict[Tuple[pathlib.PurePath, str], _Found] = collections.defaultdict(dict)
    for file in files:
        match = _NAME.fullmatch(file.path.name.lower())
        if match:
            found[file.path.parent, match.group(1) or ""].setdefault(
                _ROLES[match.group(2)], file)
    for file in files:
        if file.path.suffix.lower() == ".txt":
            own = found.get((file.path.parent, file.path.stem.lower()), {})
            own.setdefault("text", file)
    return [own for own in found.values() if "text" in own and {"label", "tags"} & set(own)]


def _zipped(files: Sequence[File], encoding: str) -> Iterator[Tuple[str, ...]]:
    """Yields the lines of files side by side.

    Raises:
      UserError: if they have not equally many lines.
    """
    counts = [0] * len(files)
    for lines in itertools.zip_longest(*(text_lines(file, encoding) for file in files)):
        for at, line in enumerate(lines):
            counts[at] += line is not None
        # Empty lines at the end of one file are no rows.
        if None not in lines or not any(map(str.strip, filter(None, lines))):
            yield tuple(line or "" for line in lines)
            continue
        break
    else:
        return
    counts = [sum(1 for _ in text_lines(file, encoding)) for file in files]
    raise UserError("; ".join(f"{file.name} has {count:,} lines"
                              for file, count in zip(files, counts))
                    + ": needed are equally many, since they belong together line by line")


def _are_tags(rows: Sequence[Tuple[str, ...]]) -> bool:
    """True if the last of each row's lines has an item for each word of the first."""
    sizes = [(len(row[0].split()), len(row[-1].split())) for row in rows]
    return all(words == items for words, items in sizes) and any(words > 1 for words, _ in sizes)


def _records(own: _Found, names: Optional[File], encoding: str
             ) -> Iterator[Optional[Dict[str, Any]]]:
    roles = [role for role in _ORDER if role in own]
    rows = _zipped([own[role] for role in roles], encoding)
    head = list(itertools.islice(rows, _SAMPLE))
    if roles == ["text", "label"] and _are_tags(head):
        roles = ["text", "tags"]
    classes = {} if names is None else {
        number: name.split("\t")[0].strip() for number, _, name in (
            line.partition("\t") for line in text_lines(names, encoding))}
    for row in itertools.chain(head, rows):
        cells = dict(zip(roles, row))
        if not any(map(str.strip, row)):
            yield None
            continue
        record: Dict[str, Any] = {"text": cells["text"]}
        if "second" in cells:
            record = {"sentence1": cells["text"], "sentence2": cells["second"]}
        if "tags" in cells:
            record.update(tokens=cells["text"].split(), ner_tags=cells["tags"].split())
        if "label" in cells:
            label = cells["label"].strip()
            record["label"] = classes.get(label, label)
        yield record


def join_parallel(files: Sequence[File], encoding: str) -> List[File]:
    """Joins files whose lines belong together, such as seq.in, seq.out and label.

    Args:
      files: all files of an input.
      encoding: encoding of those without a byte order mark.

    Returns:
      One file of JSON lines in place of those that belong together, and the other files.
    """
    joined = list(files)
    for own in _groups(files):
        members = [own[role] for role in _ORDER if role in own]
        first = members[0]
        names = next((file for file in files if file.path.name.lower() == _MAPPING
                      and file.path.parent == first.path.parent), None)
        told = " + ".join([first.name, *(file.path.name for file in members[1:])])
        joined = [file for file in joined if file not in members]
        joined.append(File(told, first.path, first.group, json_lines(
            functools.partial(_records, own, names if "label" in own else None, encoding)),
            joined=True))
    return joined
