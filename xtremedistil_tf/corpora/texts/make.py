"""Converts labelled texts, pairs or numbers into a task folder; every change is counted."""

import collections
import dataclasses
import pathlib
from typing import Any, Counter, Dict, Iterable, List, Sequence, Set, Tuple

from xtremedistil_tf.corpora.convert import HELD_OUT, RECORD_FILE, TRANSFER_FILE, claim_folder
from xtremedistil_tf.corpora.sources.sources import Source
from xtremedistil_tf.corpora.texts.labels import (
    are_fractions,
    count_labels,
    labels_in,
    one_spelling,
    parted_at_hash,
    suspicious_labels,
    suspicious_numbers,
    without_kept_back,
)
from xtremedistil_tf.corpora.texts.rows import Text, TextReader, TextsOptions
from xtremedistil_tf.corpora.texts.splits import divide
from xtremedistil_tf.corpora.texts.transfer import transfer_texts
from xtremedistil_tf.data.labels import ClassSet
from xtremedistil_tf.data.several_labels import check_no_lists
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.atomic import atomic_folder
from xtremedistil_tf.files.contents import write_json


@dataclasses.dataclass(frozen=True)
class MakeOptions:
    """Settings of a conversion.

    Attributes:
      read: settings of reading.
      kind: name of the kind of task.
      shares: fractions of dev and test, if they are taken out of the training rows.
      seed: seed of that division.
      keep_leaks: True to keep transfer texts that stand in dev or test.
    """

    read: TextsOptions = TextsOptions()
    kind: str = "classification"
    shares: Tuple[float, float] = (0.1, 0.1)
    seed: int = 42
    keep_leaks: bool = False


@dataclasses.dataclass
class _Labelled:
    """Labelled rows, and what the user should know of them.

    Attributes:
      rows: rows by split.
      divided: splits that were taken out of train.
      told: lines that tell what was changed.
      suspicious: lines that tell what looks wrong.
    """

    rows: Dict[str, List[Text]]
    divided: List[str] = dataclasses.field(default_factory=list)
    told: List[str] = dataclasses.field(default_factory=list)
    suspicious: List[str] = dataclasses.field(default_factory=list)


def _read(reader: TextReader, sources: Sequence[Source]) -> _Labelled:
    """The rows of all sources, in the splits that the files name, or else the rows."""
    found = _Labelled({split: [] for split in ("train", *HELD_OUT)})
    for source in sources:
        if source.split == "transfer":
            continue
        others = 0
        for row in reader.rows(source):
            found.rows[source.split or row.split or "train"].append(row)
            others += None not in (source.split, row.split) and source.split != row.split
        if others:
            found.suspicious.append(f"{source.name}: {others:,} rows name another split; they are "
                                    f"read as {source.split}, since the file is")
    return found


def _labelled(reader: TextReader, sources: Sequence[Source], options: MakeOptions) -> _Labelled:
    """The rows by split; dev and test are taken out of train if they are missing."""
    found = _read(reader, sources)
    if not options.read.numbers:
        parted = (parted_at_hash,) if options.read.several and not options.read.whole_labels \
            else ()
        for change in (*parted, one_spelling, without_kept_back):
            found.rows, told = change(found.rows)
            found.told += told
    rows = found.rows
    found.divided = [split for split in HELD_OUT if not rows[split]]
    numbers = are_fractions(list(labels_in(rows["train"])))
    if found.divided:
        rows.update(divide(rows["train"], found.divided, options.shares, options.seed,
                           stratified=not options.read.numbers))
    for split, own in rows.items():
        if not own:
            different = len({row.key for each in rows.values() for row in each})
            hint = ", or say --kind=regression, since the labels are numbers" \
                if numbers and not options.read.numbers else ""
            raise UserError(f"no text for {split}.tsv in what was given" + (
                "" if split not in found.divided else f"; the {different:,} different texts are "
                f"too few to divide: name files for the splits{hint}"))
    found.suspicious += (suspicious_numbers if options.read.numbers else suspicious_labels)(rows)
    return found


def _classes(rows: Dict[str, List[Text]], options: TextsOptions) -> List[str]:
    counts = count_labels(rows)
    if options.several:
        return sorted(counts)
    if not options.whole_labels:
        check_no_lists(counts, "the label column", way_out="--kind=multilabel gives a text several "
                       "labels, and --whole_labels takes such a label as one class")
    return list(ClassSet.seen(counts).tags)


def _transfer(reader: TextReader, sources: Sequence[Source], rows: Dict[str, List[Text]],
              options: MakeOptions) -> Tuple[Iterable[str], Counter[str], Counter[str]]:
    """Returns the transfer lines, what leaked by split, and the rows by language."""
    held_out = {split: {row.key for row in rows[split]} for split in HELD_OUT}
    leaks: Counter[str] = collections.Counter()
    languages: Counter[str] = collections.Counter()
    lines: List[str] = []
    classes = set() if options.read.numbers else set(count_labels(rows))
    # A file that was named twice is one file.
    for source in {one.name: one for one in sources if one.split == "transfer"}.values():
        for row in transfer_texts(reader, source, options.read, classes):
            stands = [split for split in HELD_OUT if row.key in held_out[split]]
            leaks.update(stands)
            if options.keep_leaks or not stands:
                lines.append("\t".join(row.texts))
                languages[row.language] += 1
    return lines, leaks, languages


def _found(rows: Dict[str, List[Text]]) -> Dict[str, Any]:
    """Counts of duplicates, contradictions and leaks between the splits."""
    labels: Dict[str, Set[Tuple[str, ...]]] = collections.defaultdict(set)
    for own in rows.values():
        for row in own:
            labels[row.key].add(row.labels)
    keys = {split: [row.key for row in own] for split, own in rows.items()}
    pairs = [("train", "dev"), ("train", "test"), ("dev", "test")]
    return {
        "duplicates": {split: len(own) - len(set(own)) for split, own in keys.items()},
        "contradictions": sum(len(found) > 1 for found in labels.values()),
        "leaks": {f"{one} in {other}": sum(key in set_of for key in keys[one])
                  for one, other in pairs for set_of in [set(keys[other])]},
    }


def make_texts(
    sources: Sequence[Source], output: pathlib.Path, options: MakeOptions,
    *, not_read: Sequence[str] = (), overwrite: bool = False,
) -> Dict[str, Any]:
    """Writes a task folder of labelled texts.

    Args:
      sources: the sources; rows without a split are divided into the missing splits.
      output: the task folder; written completely or not at all.
      options: the settings.
      not_read: names of files that were skipped, for the record.
      overwrite: True to replace the folder of an earlier conversion.

    Returns:
      The record, as written to conversion.json.

    Raises:
      UserError: for unusable rows or files, or an unusable output folder.
    """
    output = pathlib.Path(output)
    claim_folder(output, overwrite)
    reader = TextReader(options.read)
    found = _labelled(reader, sources, options)
    rows, numbers = found.rows, options.read.numbers
    classes = [] if numbers else _classes(rows, options.read)
    lines, leaks, languages = _transfer(reader, sources, rows, options)
    with atomic_folder(output) as folder:
        for split, own in rows.items():
            (folder / f"{split}.tsv").write_text(
                "".join(f"{row.line()}\n" for row in own), "utf-8")
        if classes:
            (folder / "labels.tsv").write_text("\n".join(classes) + "\n", "utf-8")
        if lines:
            (folder / TRANSFER_FILE).write_text("".join(f"{line}\n" for line in lines), "utf-8")
        record = {
            "kind": options.kind, "pairs": options.read.wanted.pairs,
            "splits": {**{split: dict(sorted(collections.Counter(
                row.language for row in own).items())) for split, own in rows.items()},
                **({"transfer": dict(sorted(languages.items()))} if lines else {})},
            "labels": classes,
            "label_counts": {} if numbers else {
                split: dict(collections.Counter(labels_in(own))) for split, own in rows.items()},
            "divided": {"splits": found.divided, "shares": list(options.shares),
                        "seed": options.seed},
            "leaks": {"kept" if options.keep_leaks else "removed": dict(leaks)},
            "told": found.told, "suspicious": found.suspicious,
            "found": _found(rows), "sources": reader.records, "not_read": list(not_read),
        }
        write_json(folder / RECORD_FILE, record)
    return record
