"""A task folder, read and checked as a whole before any hour is spent on it."""

import collections
import dataclasses
import pathlib
from typing import Any, Dict, List, Mapping, Optional, Tuple

from xtremedistil_tf.config import DataConfig, require
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.inputs.alignment import Features, align
from xtremedistil_tf.inputs.examples import Example, ReadReport, TextFile, read_ner
from xtremedistil_tf.inputs.labels import LabelSet, read_labels
from xtremedistil_tf.runs import file_fingerprint

SPLITS = ("train", "dev", "test")


@dataclasses.dataclass(frozen=True)
class Task:
    """What a task folder holds.

    Attributes:
      labels: the label set.
      examples: by split: train, dev, test.
      transfer: the transfer text, where it was asked for; it stays on disk.
      transfer_rows: sentences in it.
      transfer_words: words in it, those beyond seq_len not counted.
      fingerprints: by split, of the files' bytes; also "labels".
      warnings: what was repaired, left out or looks wrong, a line each.
    """

    labels: LabelSet
    examples: Dict[str, List[Example]]
    fingerprints: Dict[str, str]
    warnings: Tuple[str, ...]
    transfer: Optional[TextFile] = None
    transfer_rows: int = 0
    transfer_words: int = 0


def read_task(config: DataConfig, with_transfer: bool = True) -> Task:
    """Reads all files of a task.

    The test split is parsed here, so that a broken row is found before training and not after;
    it is scored once, at the end of a run.

    Args:
      config: where the files are.
      with_transfer: whether the transfer file is needed.

    Raises:
      UserError: for the first file or row that cannot be used.
    """
    folder = pathlib.Path(config.task)
    if not folder.is_dir():
        raise UserError(f"--task {folder} is not a folder")
    labels = read_labels(folder / "labels.tsv")
    paths = {split: folder / f"{split}.tsv" for split in SPLITS}
    examples, warnings = {}, []
    for split, path in paths.items():
        examples[split], report = read_ner(path, labels, config.on_bad_row)
        warnings += report.warnings()
    transfer, report, words = None, ReadReport(folder), 0
    if with_transfer:
        paths["transfer"] = find_transfer_file(config)
        transfer = TextFile(paths["transfer"], config.on_bad_row)
        report = ReadReport(transfer.path)
        words, shared = _scan(transfer, report, examples, config.seq_len)
        warnings += report.warnings()
        for split, count in shared.items():
            if count:
                warnings.append(
                    f"{transfer.path}: {count} of {report.counts['rows']} sentences also stand in "
                    f"{split}.tsv; scores on {split} may be too good"
                )
    fingerprints = {name: file_fingerprint(path) for name, path in paths.items()}
    fingerprints["labels"] = file_fingerprint(folder / "labels.tsv")
    return Task(labels, examples, fingerprints, tuple(warnings), transfer, report.counts["rows"],
                words)


def find_transfer_file(data: DataConfig) -> pathlib.Path:
    """Finds the transfer file in the task folder or the current one, as the authors' scripts do.

    Raises:
      UserError: if none is named or it is in neither place.
    """
    require(
        bool(data.transfer_file),
        "--transfer_file is not given: distillation needs unlabelled text, one sentence a line",
    )
    tried = [pathlib.Path(data.task) / data.transfer_file, pathlib.Path(data.transfer_file)]
    for path in tried:
        if path.is_file():
            return path
    raise UserError(f"transfer file not found; tried {tried[0]} and {tried[1]}")


def _scan(
    transfer: TextFile, report: ReadReport, examples: Mapping[str, List[Example]], seq_len: int
) -> Tuple[int, Dict[str, int]]:
    """Reads the transfer text once: its words, and its sentences that stand in dev and test."""
    known = {split: {row.words for row in examples[split]} for split in ("dev", "test")}
    words, shared = 0, dict.fromkeys(known, 0)
    for example in transfer.read(report):
        words += min(len(example.words), seq_len - 2)
        for split, sentences in known.items():
            shared[split] += example.words in sentences
    return words, shared


def align_task(task: Task, tokenizer: Any, seq_len: int) -> Dict[str, Features]:
    """Tokenises the labelled splits."""
    return {
        split: align(tokenizer, rows, seq_len, task.labels)
        for split, rows in task.examples.items()
    }


def describe(
    task: Task, counts: Optional[Mapping[str, Mapping[str, int]]] = None
) -> Dict[str, Any]:
    """Counts by split, for metrics.json and the report.

    Args:
      task: what was read.
      counts: by split, what tokenising counted (see `alignment.Features`).
    """
    described: Dict[str, Any] = {}
    for split, rows in task.examples.items():
        languages = collections.Counter(row.language for row in rows)
        described[split] = {"sentences": len(rows), **(counts or {}).get(split, {}),
                            "languages": dict(sorted(languages.items()))}
    if task.transfer is not None:
        described["transfer"] = {"sentences": task.transfer_rows,
                                 **(counts or {}).get("transfer", {})}
    warnings = list(task.warnings)
    for split, found in described.items():
        if found.get("cut_words"):
            fate = "are not used" if split == "transfer" else "are scored as O"
            warnings.append(f"{split}: {found['cut_words']} words of {found['cut_sentences']} "
                            f"sentences lie beyond seq_len and {fate}")
        if found.get("empty_words"):
            warnings.append(f"{split}: {found['empty_words']} words yield no piece")
    return {**described, "warnings": warnings}
