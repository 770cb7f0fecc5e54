"""A task folder, read and checked completely before training starts."""

import collections
import dataclasses
import functools
import pathlib
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from xtremedistil_tf.config import DECODINGS, DataConfig, require
from xtremedistil_tf.data.folders.labelled import LABELS_FILE
from xtremedistil_tf.data.folders.splits import read_labelled
from xtremedistil_tf.data.folders.transfer import find_transfer_file, has_labels
from xtremedistil_tf.data.folders.trouble import copy_trouble, label_trouble, writing_trouble
from xtremedistil_tf.data.labels import Labels
from xtremedistil_tf.data.readers.rows import Example, ReadReport, TextFile
from xtremedistil_tf.data.readers.subset import TextSample, hold_out
from xtremedistil_tf.data.readers.swaps import LongerText, swap_entities, swap_words
from xtremedistil_tf.data.words import segmentation_of
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.fingerprints import file_fingerprint, fingerprint
from xtremedistil_tf.tasks import task_kind

# Name of the held-out part of a transfer set in metrics and files.
HELD_OUT = "held_out"


@dataclasses.dataclass(frozen=True)
class Task:
    """Contents of a task folder.

    Attributes:
      labels: the label set.
      examples: examples by split: train, dev, test and further splits of a GLUE task. For SQuAD
        these are questions (`data.readers.squad.Question`); the test split may be missing.
      transfer: the transfer set on disk; None if not requested.
      transfer_rows: number of sentences in the transfer set.
      transfer_words: number of words in it, at most seq_len for each sentence.
      fingerprints: hash of each split's bytes; also "labels".
      warnings: one line for each repair, omission or suspicion.
      left_out: by split, the indices of skipped rows among all rows of the file.
      held: sentences of the transfer set that are held out for lack of a dev split. The teacher's
        answers are then their labels, and "dev" measures agreement with the teacher.
    """

    labels: Labels
    examples: Dict[str, List[Any]]
    fingerprints: Dict[str, str]
    warnings: Tuple[str, ...]
    transfer: Optional[TextFile] = None
    transfer_rows: int = 0
    transfer_words: int = 0
    left_out: Mapping[str, Sequence[int]] = dataclasses.field(default_factory=dict)
    held: Tuple[Example, ...] = ()

    @property
    def agreement(self) -> bool:
        """True if "dev" has the teacher's answers for lack of labels."""
        return bool(self.held)

    @property
    def labelled(self) -> bool:
        """True if there is a training split."""
        return "train" in self.examples

    @property
    def held_out(self) -> Tuple[str, ...]:
        """Splits that are not used for training."""
        return tuple(split for split in self.examples if split != "train")

    @functools.cached_property
    def segmentation(self) -> Optional[str]:
        """Word segmentation of a tagger's training set in scripts without spaces, else None."""
        if not task_kind(self.labels.kind).tags_words:
            return None
        return segmentation_of(row.words for row in self.examples.get("train", self.held))

    @property
    def scored(self) -> Tuple[str, ...]:
        """Held-out splits that have labels of people, not the teacher's answers."""
        all_labelled = task_kind(self.labels.kind).empty_labels
        return tuple(split for split in self.held_out if not (self.held and split == "dev")
                     and (all_labelled or self.examples[split][0].tags))


def read_task(
    config: DataConfig, *, with_transfer: bool = True, names: Optional[Sequence[str]] = None
) -> Task:
    """Reads all files of a task.

    The test split is parsed here as well, so that a broken row is found before training. It is
    scored once, at the end of a run.

    Args:
      config: paths and reading options.
      with_transfer: True to read the transfer file, too.
      names: labels of a teacher that needs no fine-tuning. Every labelled split may then be
        missing, and labels.tsv; without dev a part of the transfer set is held out.

    Raises:
      UserError: for the first unusable file or row.
    """
    folder = pathlib.Path(config.task)
    if not folder.is_dir() and (names is None or config.task != config.transfer_file):
        raise UserError(f"--task {folder} is not a folder")
    labels, paths, examples, reports = read_labelled(config, names=names)
    warnings = [line for split in reports for line in reports[split].warnings()]
    warnings += task_kind(config.kind).warn(config, examples)
    warnings += [*label_trouble(config.kind, examples), *writing_trouble(examples),
                 *copy_trouble(examples)]
    transfer, report, words = None, ReadReport(folder), 0
    running: Optional[str] = None
    held: Tuple[Example, ...] = ()
    if with_transfer:
        paths["transfer"] = find_transfer_file(config)
        transfer, running = task_kind(config.kind).transfer.open(
            config, paths["transfer"], examples, warnings)
        transfer, held = _transfer_set(transfer, config, examples)
        report = ReadReport(transfer.path)
        words, shared = _scan(transfer, report, examples, config.seq_len)
        warnings += report.warnings()
        warnings += [
            f"{transfer.path}: {count} of {report.counts['rows']} sentences also stand in "
            f"{config.files[split]}; scores on {split} may be too good"
            for split, count in shared.items() if count]
    fingerprints = {**_fingerprints(config, paths, running, len(held)),
                    "labels": _labels_fingerprint(folder, labels)}
    return Task(
        labels, examples, fingerprints, tuple(warnings), transfer=transfer,
        transfer_rows=report.counts["rows"], transfer_words=words, held=held,
        left_out={split: tuple(found.left_out) for split, found in reports.items()})


def _transfer_set(
    transfer: Any, config: DataConfig, examples: Mapping[str, List[Example]]
) -> Tuple[Any, Tuple[Example, ...]]:
    """(transfer set, sentences held out for lack of dev): a sample, with swapped words added."""
    held: Tuple[Example, ...] = ()
    if config.transfer_size is not None:
        transfer = TextSample(transfer, config.transfer_size)
    if "dev" not in examples:
        transfer, held = hold_out(transfer)
    if config.word_swaps:
        transfer = LongerText(transfer, swap_words(transfer, config.word_swaps))
    if config.entity_swaps:
        require("train" in examples, "--entity_swaps takes entities from train.tsv, and "
                f"{config.task} has none")
        made = swap_entities(examples["train"], config.entity_swaps)
        transfer = LongerText(transfer, lambda: made)
    return transfer, held


def _fingerprints(
    config: DataConfig, paths: Mapping[str, pathlib.Path], running: Optional[str], held: int
) -> Dict[str, str]:
    """Hash of each file, of the part of it that is read, and of what is made of it.

    Args:
      config: reading options.
      paths: files by split.
      running: how running text is split; None for a text with one sentence a line.
      held: number of sentences that are held out of the transfer set.
    """
    found = {name: file_fingerprint(path) for name, path in paths.items()}

    def add(name: str, *parts: Any) -> None:
        found[name] = fingerprint(found[name], *parts)

    for name, path in paths.items():
        part = _part(config, name, path)
        if part is not None:
            add(name, part)
    if "transfer" in paths:
        if running:
            add("transfer", running)
        if config.word_swaps:
            add("transfer", "word swaps", config.word_swaps)
        if config.entity_swaps:
            add("transfer", found["train"], config.entity_swaps)
    if held:
        found["dev"] = fingerprint(found["transfer"], "held out", held)
        add("transfer", "the rest", held)
    return found


def _part(config: DataConfig, name: str, path: pathlib.Path) -> Optional[Any]:
    """The used part of a file and its format; None for a whole file in the project's format."""
    if name == "transfer":
        part: Optional[Any] = config.transfer_size
        if has_labels(config, path):
            part = part, "labels not read"
    else:
        most = config.labels_per_language if name == "train" else None
        part = (config.languages, most) if config.languages or most else None
    if config.squad is not None:
        return part, dataclasses.asdict(config.squad)
    plain = config.glue_task is None and not config.pairs
    return part if plain else (part, config.glue_task, config.pairs)


def _labels_fingerprint(folder: pathlib.Path, labels: Any) -> str:
    path = folder / LABELS_FILE
    found = file_fingerprint(path) if path.is_file() else fingerprint(list(labels.tags))
    # Decoding changes the dev scores, and these choose the epoch. Transitions come after it.
    if task_kind(labels.kind).tags_words and labels.decoding not in (DECODINGS[0], "trained"):
        return fingerprint(found, labels.decoding)
    return found


def _scan(
    transfer: TextFile, report: ReadReport, examples: Mapping[str, List[Example]], seq_len: int
) -> Tuple[int, Dict[str, int]]:
    """Reads the transfer text once; counts its words and its sentences from held-out splits."""
    # Hashes, since texts may be long.
    known = {split: {hash(row.texts) for row in rows} for split, rows in examples.items()
             if split != "train"}
    words, shared = 0, dict.fromkeys(known, 0)
    for example in transfer.read(report):
        words += min(sum(map(len, example.texts)), seq_len - 2)
        for split, sentences in known.items():
            shared[split] += hash(example.texts) in sentences
    return words, shared


def missing_splits(task: Task) -> List[str]:
    """Says what a run cannot do, for lack of labelled splits."""
    lines = []
    if not task.labelled:
        lines.append("no training labels: the plan ends after the teacher's outputs")
    if task.agreement:
        lines.append(f"no dev labels: agreement with the teacher on {len(task.held)} held-out "
                     "sentences of the transfer set chooses epochs; it is no score")
    if lines and not any(split.startswith("test") for split in task.scored):
        lines.append("no test labels: neither teacher nor student is scored on test")
    return lines


def describe(
    task: Task, *, counts: Optional[Mapping[str, Mapping[str, int]]] = None
) -> Dict[str, Any]:
    """Returns counts by split, for metrics.json and the report.

    Args:
      task: the task.
      counts: counts of tokenisation by split, see `alignment.Features`.
    """
    described: Dict[str, Any] = {}
    for split, rows in task.examples.items():
        name = HELD_OUT if task.agreement and split == "dev" else split
        languages = collections.Counter(row.language for row in rows)
        described[name] = {"sentences": len(rows), **(counts or {}).get(split, {}),
                            "languages": dict(sorted(languages.items()))}
    if task.transfer is not None:
        described["transfer"] = {"sentences": task.transfer_rows,
                                 **(counts or {}).get("transfer", {})}
    warnings = [*task.warnings, *missing_splits(task)]
    for split, found in described.items():
        if found.get("cut_words"):
            scored = split not in ("train", "transfer", HELD_OUT)
            fate = task_kind(task.labels.kind).card.cut_words if scored else "are not used"
            warnings.append(f"{split}: {found['cut_words']} words of {found['cut_sentences']} "
                            f"sentences lie beyond seq_len and {fate}")
        if found.get("lost_answers"):
            warnings.append(f"{split}: {found['lost_answers']} answers lie whole in no window; "
                            "a larger --doc_stride would hold them")
        if found.get("empty_words"):
            warnings.append(f"{split}: {found['empty_words']} words yield no subword token")
    return {**described, "warnings": warnings}
