"""Converts sources into a task folder: one pass for each split, and every change is counted."""

import collections
import contextlib
import pathlib
from typing import Any, Counter, Dict, Iterator, List, Optional, Sequence, Set, TextIO, Tuple

from xtremedistil_tf.config.checks import check_output
from xtremedistil_tf.corpora.conversion_record import changes
from xtremedistil_tf.corpora.copies import Repeats, find_twins, leave_out_copies
from xtremedistil_tf.corpora.readers import schemes
from xtremedistil_tf.corpora.source_rows import ConvertOptions, SourceReader, digest
from xtremedistil_tf.corpora.sources.sources import Source
from xtremedistil_tf.corpora.suspicious import told_alike, told_untrained
from xtremedistil_tf.data.readers.rows import Example, language_prefix
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.atomic import atomic_folder
from xtremedistil_tf.files.contents import write_json
from xtremedistil_tf.tasks import TaskKind, task_kind
from xtremedistil_tf.tasks.parts import Lazy

RECORD_FILE = "conversion.json"
TRANSFER_FILE = "transfer.txt"
SPLITS = ("train", "dev", "test")
HELD_OUT = ("dev", "test")
# Cell of a column that is not annotated, as in CoNLL-U.
_NO_TAGS = frozenset({"_", "-"})


class _Splitter:
    """Divides rows into train, dev and test by a hash of their words, so duplicates stay together.

    Args:
      rows: all rows to divide.
      missing: the splits to take out of them.
      shares: fractions of dev and test.
      seed: seed of the hash.
    """

    def __init__(self, rows: Iterator[Example], missing: Sequence[str],
                 shares: Tuple[float, float], seed: int):
        self._seed, self._bounds = seed, {}
        numbers: Dict[str, Set[int]] = collections.defaultdict(set)
        for row in rows:
            numbers[row.language].add(digest(row.words, seed))
        for language, found in numbers.items():
            ranked, bounds, begin = sorted(found), [], 0
            for split, share in zip(HELD_OUT, shares):
                if split in missing:
                    begin += max(1, round(share * len(ranked)))
                    bounds.append((ranked[begin] if begin < len(ranked) else 1 << 64, split))
            if begin >= len(ranked):
                raise UserError(
                    f"language {language!r} has {len(ranked)} different sentences; too few to take "
                    f"{' and '.join(missing)} out of them: name files for these splits")
            self._bounds[language] = bounds

    def __call__(self, row: Example) -> str:
        """The split of a row."""
        number = digest(row.words, self._seed)
        return next((split for bound, split in self._bounds[row.language] if number < bound),
                    "train")


class _Writer:
    """Writer of the new folder's files, with counts of the written rows."""

    def __init__(self, folder: pathlib.Path, stack: contextlib.ExitStack, kind: TaskKind):
        self._folder, self._stack, self._kind = folder, stack, kind
        written = kind.from_iob2
        # Found once, not for each row.
        self._from_iob2 = written.load() if isinstance(written, Lazy) else written
        self._files: Dict[str, TextIO] = {}
        self.languages: Dict[str, Counter[str]] = collections.defaultdict(collections.Counter)
        self.types: Dict[str, Set[str]] = {split: set() for split in SPLITS}
        self.held_out: Dict[str, Set[int]] = {split: set() for split in HELD_OUT}
        self._in_train: Dict[str, Set[int]] = {split: set() for split in HELD_OUT}
        self.repeats = Repeats()

    def write(self, split: str, row: Example) -> None:
        """Appends a row to a split's file."""
        if split not in self._files:
            name = TRANSFER_FILE if split == "transfer" else f"{split}.tsv"
            self._files[split] = self._stack.enter_context(
                open(self._folder / name, "w", encoding="utf-8", newline="\n"))
        text = " ".join(row.words)
        if split != "transfer":
            prefix = language_prefix(row.language)
            text += "\t" + " ".join(prefix + tag for tag in self._from_iob2(row.tags))
            self.types[split].update(
                schemes.entity_types(row.tags) if self._kind.entities else row.tags)
            number = digest(row.words)
            self.repeats.add(split, row, number)
            if split in HELD_OUT:
                self.held_out[split].add(number)
            for other in HELD_OUT if split == "train" else ():
                if number in self.held_out[other]:
                    self._in_train[other].add(number)
        self._files[split].write(text + "\n")
        self.languages[split][row.language] += 1

    @property
    def all_types(self) -> Set[str]:
        """Types of the entities, or the tags, of all splits."""
        return set().union(*self.types.values())

    def type_doubts(self) -> List[str]:
        """Lines on types that differ by case only, and on those of dev and test without train."""
        told = told_alike(self.all_types, "types")
        for split in HELD_OUT:
            lost = sorted(self.types[split] - self.types["train"])
            if lost:
                told.append(told_untrained(lost, split, "types"))
        return told

    @property
    def in_train(self) -> Dict[str, int]:
        """Number of different sentences of dev and test that were written to train later."""
        return {split: len(found) for split, found in self._in_train.items() if found}

    def no_gold(self, divided: Sequence[str]) -> List[str]:
        """The splits of their own files in which every tag stands for nothing, unlike in train."""
        nothing = set() if self._kind.entities else _NO_TAGS
        return [split for split in HELD_OUT
                if split not in divided and self.types[split] <= nothing]


def _of_languages(sources: Sequence[Source], languages: Sequence[str]) -> Tuple[List[Source], int]:
    """Leaves out folders and archives of other languages, if folders are named by language."""
    groups = {source.group for source in sources if source.group in languages}
    if not groups:
        return list(sources), 0
    kept = [source for source in sources if source.group in groups]
    return kept, len(sources) - len(kept)


def _check_result(writer: _Writer, options: ConvertOptions, sources: Sequence[Source],
                  records: Sequence[Dict[str, Any]]) -> None:
    if options.languages and not any(
            writer.languages[split] for split in SPLITS):
        found = sorted({source.language or source.group for source in sources
                        if source.split != "transfer"} - {""})
        raise UserError(f"--languages={','.join(options.languages)} leaves no sentence; the data "
                        f"have: {', '.join(found) or 'no named language'}")
    for split in SPLITS:
        if not writer.languages[split]:
            told = "; ".join(f"{record['source']}: {', '.join(found)}" for record in records
                             if record["split"] in (split, None) and (found := changes(record)))
            raise UserError(f"no sentence for {split}.tsv in what was given"
                            + (f" ({told:.300})" if told else ""))
    absent = [code for code in options.languages if not writer.languages["train"][code]]
    if absent:
        raise UserError(
            f"--languages names {', '.join(absent)}, of which there is no training sentence; "
            f"there are: {', '.join(sorted(writer.languages['train'])) or 'none'}")
    if not writer.all_types:
        raise UserError("no entity in the labelled sentences; every tag is O")
    if not task_kind(options.kind).entities and writer.all_types <= _NO_TAGS:
        raise UserError(f"every tag is {' or '.join(sorted(writer.all_types))}: the column holds "
                        "no tags (--tag_column=NUMBER names another)")


def claim_folder(output: pathlib.Path, overwrite: bool) -> None:
    """Refuses an output folder with files that an earlier conversion did not write.

    Raises:
      UserError: for it, for this folder, and without `overwrite` for an earlier conversion's.
    """
    check_output(output, folder=True)
    if output.name in ("", ".."):
        raise UserError(f"--output {output} is this folder or one above it, which cannot be "
                        "replaced; allowed: a new or empty folder")
    if output.is_dir() and any(output.iterdir()):
        if not (output / RECORD_FILE).is_file():
            raise UserError(f"--output {output} holds other files; allowed: a new or empty folder")
        if not overwrite:
            raise UserError(f"--output {output} was made before; add --overwrite to replace it")


def _write_labelled(reader: SourceReader, writer: _Writer, named: Dict[Optional[str], List[Source]],
                    options: ConvertOptions) -> List[str]:
    """Writes train, dev and test; returns the splits taken out of the training rows."""
    missing = [split for split in HELD_OUT if not named[split]]
    for split in HELD_OUT:
        for source in named[split]:
            for row in reader.rows(source, True):
                writer.write(split, row)
    pool = named["train"] + named[None]
    # Counts and log lines come from the second reading only.
    splitter = None
    if missing:
        first = SourceReader(options, tells=False)
        splitter = _Splitter((row for source in pool for row in first.rows(source, True)),
                             missing, options.shares, options.seed)
    for source in pool:
        for row in reader.rows(source, True):
            writer.write(splitter(row) if splitter else "train", row)
    return missing


def convert(sources: Sequence[Source], output: pathlib.Path, options: ConvertOptions,
            *, not_read: Sequence[str] = (), overwrite: bool = False) -> Dict[str, Any]:
    """Writes a task folder.

    The labelled splits and the transfer text are streamed. Memory holds hashes of each labelled
    sentence, of 16 bytes, and one more of dev, test and each row to divide.

    Args:
      sources: the sources; rows without a split are divided into the missing splits.
      output: the task folder; written completely or not at all.
      options: settings of the conversion.
      not_read: names of files that were skipped, for the record.
      overwrite: True to replace the folder of an earlier conversion.

    Returns:
      The record, as written to conversion.json.

    Raises:
      UserError: for unusable rows or files, or an unusable output folder.
    """
    output = pathlib.Path(output)
    claim_folder(output, overwrite)
    sources, passed = _of_languages(sources, options.languages)
    sources, copies = leave_out_copies(sources, options)
    named: Dict[Optional[str], List[Source]] = collections.defaultdict(list)
    for source in sources:
        named[source.split].append(source)
    reader, kind = SourceReader(options), task_kind(options.kind)
    removed: Counter[str] = collections.Counter()
    with atomic_folder(output) as folder:
        with contextlib.ExitStack() as stack:
            writer = _Writer(folder, stack, kind)
            divided = _write_labelled(reader, writer, named, options)
            _check_result(writer, options, sources, reader.records)
            for source in named["transfer"]:
                for row in reader.rows(source, False):
                    number = digest(row.words)
                    stands = [split for split in HELD_OUT if number in writer.held_out[split]]
                    removed.update(stands)
                    if options.keep_leaks or not stands:
                        writer.write("transfer", row)
        labels = kind.tags_of_types(writer.all_types)
        (folder / "labels.tsv").write_text("\n".join(labels) + "\n", "utf-8")
        record = {
            "kind": options.kind,
            "splits": {split: dict(sorted(found.items()))
                       for split, found in writer.languages.items()},
            "labels": labels,
            "divided": {"splits": divided, "shares": list(options.shares), "seed": options.seed},
            "leaks": {"kept" if options.keep_leaks else "removed": dict(removed)},
            "in_train": writer.in_train, "found": writer.repeats.found(),
            "types": writer.type_doubts(),
            "no_gold": writer.no_gold(divided),
            "sources": reader.records,
            "sources_of_other_languages": passed,
            "copies": copies,
            "twins": find_twins(sources),
            "not_read": list(not_read),
        }
        write_json(folder / RECORD_FILE, record)
    return record
