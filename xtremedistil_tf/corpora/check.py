"""Checks a task folder and reports all problems at once, with file and line."""

import array
import pathlib
import re
from typing import Dict, List, Optional, Sequence, Tuple

import numpy as np

from xtremedistil_tf.corpora.convert import HELD_OUT, SPLITS
from xtremedistil_tf.corpora.problems import Problem, ProblemFile
from xtremedistil_tf.corpora.source_rows import digest
from xtremedistil_tf.corpora.suspicious import layout_hint, only_tags, suspicious_text, tag_hint
from xtremedistil_tf.data.labels import SYNTACTIC, LabelSet, read_labels
from xtremedistil_tf.data.lines import RowError
from xtremedistil_tf.data.readers.recognise import why_no_text
from xtremedistil_tf.data.readers.rows import DEFAULT_LANGUAGE, Example, parse_ner
from xtremedistil_tf.data.readers.sentences import MOST_WORDS
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.tasks import task_kind

# With fewer words, nothing is suspicious.
_FEWEST_WORDS = 20


def _check_labels(path: pathlib.Path, problems: List[Problem], kind: str
                  ) -> Tuple[Optional[LabelSet], Dict]:
    """Checks labels.tsv; returns the usable labels and the line of each."""
    file = ProblemFile(path, problems)
    if kind != LabelSet.kind:  # Their label sets tell all that can be wrong.
        try:
            found = read_labels(path, kind=kind)
        except UserError as error:
            file.error(0, "labels", str(error))
            return None, {}
        return found, {tag: number for number, tag in enumerate(found.tags, 1)}
    lines: Dict[str, int] = {}
    before = len(problems)
    for number, text in file.lines():
        if isinstance(text, RowError):
            file.error(number, *text.problems[0])
            continue
        tag = text.strip()
        if tag != text:
            file.warn(number, "spaces", f"spaces around {tag!r}; they are taken off")
        if tag in lines:
            file.error(number, "repeated_label", f"label {tag!r} stands on line {lines[tag]} too")
        elif tag in SYNTACTIC or f"[{tag}]" in SYNTACTIC:
            file.error(number, "reserved_label", f"label {tag!r} is added by the program itself")
        elif tag != "O" and not re.fullmatch(r"[BI]-.+", tag):
            file.error(number, "label_scheme",
                       f"label {tag!r} is not IOB2; allowed: O, B-<type>, I-<type>")
        else:
            lines[tag] = number
    for tag, number in lines.items():
        if tag.startswith("I-") and f"B-{tag[2:]}" not in lines:
            file.error(number, "label_without_b", f"label {tag} has no B-{tag[2:]} beside it")
    if lines and "O" not in lines:
        file.error(0, "no_o", "label O is missing")
    if not any(problem.is_error for problem in problems[before:]):
        try:
            return read_labels(path), lines
        except UserError as error:
            file.error(0, "labels", str(error))
    # The rows are checked against the usable labels.
    usable = {"O": 0, **{tag: 0 for tag in lines if f"B-{tag[2:]}" in lines}}
    return (LabelSet(list(usable)) if len(usable) > 1 else None), lines


def _row_errors(file: ProblemFile, number: int, text: str, error: RowError,
                labels: LabelSet) -> None:
    """Notes all errors of a row; if it looks like another format, only this."""
    hint = layout_hint(text, number)
    if hint:
        file.error(number, hint[0], f"{error.problems[0][1]}; {hint[1]}")
        return
    for kind, told in error.problems:
        match = re.match(r"tag \d+ is '(.*?)'[; ]", told) if kind == "unknown_tag" else None
        better = tag_hint(match.group(1), labels) if match else None
        file.error(number, better[0] if better else kind, "; ".join(
            [told, *([better[1]] if better else [])]))


class _Seen:
    """Record of the rows read so far: sentences by split, languages and tags of train."""

    def __init__(self):
        self.lines: Dict[str, Dict[int, Tuple[int, Tuple[str, ...]]]] = {}
        self.languages: Dict[str, Dict[str, int]] = {}
        self.tags = set()

    def compare(self, file: ProblemFile, split: str, number: int, example: Example) -> None:
        """Notes duplicates, contradictory labels, and sentences that leak between splits."""
        key = digest(example.words)
        own = self.lines.setdefault(split, {})
        if key in own:
            line, tags = own[key]
            if tags == example.tags:
                file.warn(number, "duplicate", f"the same row as line {line}")
            else:
                file.warn(number, "conflict", f"the same words as line {line}, with other tags")
        else:
            own[key] = number, example.tags
        for other in SPLITS[:SPLITS.index(split)]:
            if key in self.lines.get(other, {}):
                file.warn(number, f"leak_{other}",
                          f"stands in {other}.tsv too, line {self.lines[other][key][0]}")


def _check_languages(file: ProblemFile, split: str, seen: _Seen, bare: Sequence[int]) -> None:
    """Notes languages with two spellings, missing languages, and languages absent from train."""
    own = seen.languages[split]
    known: Dict[str, str] = {}
    for language, line in own.items():
        plain = language.lower().replace("_", "-")
        if plain in known:
            file.warn(line, "language_spelling",
                      f"language {language!r} (its first row) beside {known[plain]!r}")
        known.setdefault(plain, language)
        if split != "train" and seen.languages.get("train") and (
                language not in seen.languages["train"]):
            file.warn(line, "new_language",
                      f"language {language!r} (its first row) is not in train")
    if own:
        for line in bare:
            file.warn(line, "no_language", "no language, but other rows name theirs")


def _check_split(folder: pathlib.Path, split: str, labels: Optional[LabelSet], seen: _Seen,
                 problems: List[Problem]) -> None:
    file, bare = ProblemFile(folder / f"{split}.tsv", problems), array.array("Q")
    languages = seen.languages.setdefault(split, {})
    entities = words = numbers = 0
    for number, text in file.lines():
        if isinstance(text, RowError):
            file.error(number, *text.problems[0])
            continue
        for kind, told in suspicious_text(text.split("\t")[0]):
            file.warn(number, kind, told)
        if labels is None:
            continue
        try:
            example, changed = parse_ner(text, labels)
        except RowError as error:
            _row_errors(file, number, text, error, labels)
            continue
        repaired = changed["repaired_tags"]
        if repaired:
            file.warn(number, "repaired_tag",
                      f"{repaired} I- tag{'s' if repaired > 1 else ''} that continue"
                      f"{'' if repaired > 1 else 's'} nothing, read as B-")
        if len(example.words) > MOST_WORDS:
            file.warn(number, "long_row", f"{len(example.words)} words; no encoder reads over 512 "
                      "subword tokens; the rest is scored as O")
        if example.language == DEFAULT_LANGUAGE:
            bare.append(number)
        else:
            languages.setdefault(example.language, number)
        entities += sum(tag != "O" for tag in example.tags)
        words += len(example.words)
        numbers += sum(map(str.isdecimal, example.words))
        if split == "train":
            seen.tags.update(example.tags)
        seen.compare(file, split, number, example)
    if file.rows and labels is not None and not entities and task_kind(labels.kind).entities:
        file.warn(0, "no_entity", "no entity in it; every tag is O")
    if words >= _FEWEST_WORDS and numbers > 0.5 * words:
        file.warn(0, "numbers", f"{numbers:,} of {words:,} words are numbers; another column holds "
                  "the words, perhaps (xtremedistil-prepare --word_column)")
    _check_languages(file, split, seen, bare)


def _check_transfer(path: pathlib.Path, seen: _Seen, problems: List[Problem]) -> None:
    """Checks the transfer text; needs 16 bytes of memory for each sentence."""
    file, digests, lines = ProblemFile(path, problems), array.array("Q"), array.array("Q")
    problem = why_no_text(path) if path.is_file() else None
    if problem:
        file.error(0, "no_text", problem)
    for number, text in file.lines():
        if isinstance(text, RowError):
            file.error(number, *text.problems[0])
            continue
        if "\t" in text:
            labelled = only_tags(text.split("\t")[-1])
            file.warn(number, "tab", "a tab, read as a space" + (
                "; labelled rows do not belong here" if labelled else ""))
        for kind, told in suspicious_text(text):
            file.warn(number, kind, told)
        words = [word for word in text.replace("\t", " ").split(" ") if word]
        if len(words) > MOST_WORDS:
            file.warn(number, "long_row", f"{len(words)} words; what lies beyond seq_len is not "
                      "used: one sentence a line is needed")
        key = digest(words)
        digests.append(key)
        lines.append(number)
        for split in HELD_OUT:
            if key in seen.lines.get(split, {}):
                file.warn(number, f"leak_{split}", f"stands in {split}.tsv too, line "
                          f"{seen.lines[split][key][0]}; scores on {split} may be too good")
    _, first, inverse = np.unique(
        np.frombuffer(digests, np.uint64), return_index=True, return_inverse=True)
    for at in np.flatnonzero(first[inverse] != np.arange(len(digests))):
        file.warn(lines[int(at)], "duplicate", f"the same text as line {lines[first[inverse[at]]]}")


def check_task(folder: pathlib.Path, *, transfer_file: str = "transfer.txt",
               kind: str = LabelSet.kind) -> List[Problem]:
    """Finds all problems of a task folder.

    Args:
      folder: holds train.tsv, dev.tsv, test.tsv and labels.tsv.
      transfer_file: its unlabelled text.
      kind: name of the kind of task.

    Returns:
      The problems, by file and line.

    Raises:
      UserError: if the folder does not exist.
    """
    folder = pathlib.Path(folder)
    if not folder.is_dir():
        raise UserError(f"--check {folder} is not a folder")
    problems: List[Problem] = []
    labels, label_lines = _check_labels(folder / "labels.tsv", problems, kind)
    seen = _Seen()
    for split in SPLITS:
        _check_split(folder, split, labels, seen, problems)
    for tag, line in label_lines.items():
        if seen.tags and tag not in seen.tags:
            problems.append(Problem(folder / "labels.tsv", line, "unused_label",
                                    f"label {tag} stands nowhere in train.tsv"))
    _check_transfer(folder / transfer_file, seen, problems)
    order = {"labels.tsv": 0, "train.tsv": 1, "dev.tsv": 2, "test.tsv": 3}
    return sorted(problems, key=lambda found: (order.get(found.path.name, 4), found.line))
