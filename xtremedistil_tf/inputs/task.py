"""A task folder, read and checked as a whole before any hour is spent on it."""

import collections
import dataclasses
import pathlib
from typing import Any, Dict, List, Optional, Tuple

from xtremedistil_tf.config import DataConfig, find_transfer_file
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.inputs.alignment import Features, align
from xtremedistil_tf.inputs.examples import Example, count_overlap, read_ner, read_texts
from xtremedistil_tf.inputs.labels import LabelSet, read_labels
from xtremedistil_tf.runs import file_fingerprint

SPLITS = ("train", "dev", "test")


@dataclasses.dataclass(frozen=True)
class Task:
    """What a task folder holds.

    Attributes:
      labels: the label set.
      examples: by split: train, dev, test, and transfer where it was asked for.
      fingerprints: by split, of the files' bytes; also "labels".
      warnings: what was repaired, left out or looks wrong, a line each.
    """

    labels: LabelSet
    examples: Dict[str, List[Example]]
    fingerprints: Dict[str, str]
    warnings: Tuple[str, ...]


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
    if with_transfer:
        paths["transfer"] = find_transfer_file(config)
        examples["transfer"], report = read_texts(paths["transfer"], config.on_bad_row)
        warnings += report.warnings()
        for split in ("dev", "test"):
            shared = count_overlap(examples["transfer"], examples[split])
            if shared:
                warnings.append(
                    f"{paths['transfer']}: {shared} of {len(examples['transfer'])} sentences "
                    f"also stand in {split}.tsv; scores on {split} may be too good"
                )
    fingerprints = {name: file_fingerprint(path) for name, path in paths.items()}
    fingerprints["labels"] = file_fingerprint(folder / "labels.tsv")
    return Task(labels, examples, fingerprints, tuple(warnings))


def align_task(task: Task, tokenizer: Any, seq_len: int) -> Dict[str, Features]:
    """Tokenises every split; transfer rows carry no labels."""
    return {
        split: align(tokenizer, rows, seq_len, None if split == "transfer" else task.labels)
        for split, rows in task.examples.items()
    }


def describe(task: Task, features: Optional[Dict[str, Features]] = None) -> Dict[str, Any]:
    """Counts by split, for metrics.json and the report."""
    described: Dict[str, Any] = {}
    for split, rows in task.examples.items():
        counts = dict(features[split].counts) if features else {"sentences": len(rows)}
        languages = collections.Counter(row.language for row in rows)
        described[split] = {**counts, "languages": dict(sorted(languages.items()))}
    warnings = list(task.warnings)
    for split, counts in described.items():
        if counts.get("cut_words"):
            warnings.append(
                f"{split}: {counts['cut_words']} words of {counts['cut_sentences']} sentences lie "
                "beyond seq_len; they are scored as O"
                if split != "transfer" else
                f"transfer: {counts['cut_words']} words of {counts['cut_sentences']} sentences "
                "lie beyond seq_len and are not used"
            )
        if counts.get("empty_words"):
            warnings.append(f"{split}: {counts['empty_words']} words yield no piece")
    return {**described, "warnings": warnings}
