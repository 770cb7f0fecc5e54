"""The label set and the labelled splits of a task folder."""

import pathlib
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from xtremedistil_tf.config import (
    BINARY_MEASURES,
    CLASSIFICATION,
    GLUE,
    REGRESSION,
    SQUAD_FILES,
    DataConfig,
    GlueTask,
)
from xtremedistil_tf.data.labels import ClassSet, LabelSet, Numbers, Spans, read_labels
from xtremedistil_tf.data.readers.glue import read_glue
from xtremedistil_tf.data.readers.rows import ReadReport, read_ner
from xtremedistil_tf.data.readers.squad import read_squad
from xtremedistil_tf.data.readers.subset import first_of_languages, of_languages
from xtremedistil_tf.data.readers.texts import TextLabels, prefix_warnings, read_texts
from xtremedistil_tf.data.tokenization.alignment import Labels
from xtremedistil_tf.errors import UserError

LABELS_FILE = "labels.tsv"

# What reads a split: its path in, rows (examples, or questions) and what was found of them out.
Reader = Callable[[pathlib.Path], Tuple[List[Any], ReadReport]]


def read_labelled(
    config: DataConfig, splits: Optional[Sequence[str]] = None
) -> Tuple[Labels, Dict[str, pathlib.Path], Dict[str, List[Any]], Dict[str, ReadReport]]:
    """Reads labels and labelled splits; see `read_task`.

    Returns:
      (labels, the splits' paths, their examples, what was changed or left out in them).
    """
    folder = pathlib.Path(config.task)
    paths = {split: folder / config.files[split] for split in splits or config.files}
    paths = {split: path for split, path in paths.items()
             if split not in config.may_lack or path.is_file()}
    examples: Dict[str, List[Any]] = {}
    reports: Dict[str, ReadReport] = {}
    labels, read = _labels_and_reader(config, folder)
    if config.kind == CLASSIFICATION and config.measure in BINARY_MEASURES and labels.size != 2:
        raise UserError(f"--dev_measure={config.measure} is of two classes; the labels are "
                        f"{', '.join(labels.tags)}")
    for split, path in paths.items():
        rows, reports[split] = read(path)
        if config.languages:
            rows = of_languages(rows, config.languages, str(path))
        if split == "train" and config.labels_per_language is not None:
            rows = first_of_languages(rows, config.labels_per_language)
        examples[split] = rows
    return labels, paths, examples, reports


def _labels_and_reader(config: DataConfig, folder: pathlib.Path) -> Tuple[Labels, Reader]:
    """The label set of the kind of task, and what reads a split with it."""
    if config.do_ner:
        tags = read_labels(folder / LABELS_FILE, decoding=config.decoding)
        return tags, lambda path: read_ner(path, tags, config.on_bad_row)
    if config.squad is not None:
        return Spans(), lambda path: read_squad(path, config.on_bad_row)
    labels = Numbers() if config.kind == REGRESSION else _class_set(config, folder)
    return labels, _text_reader(config, labels)


def read_dev(
    folder: pathlib.Path, labels: Labels, pairs: bool, glue_task: Optional[str],
    on_bad_row: str = "error",
) -> List[Any]:
    """Reads the dev split of a task that a student was distilled for.

    Args:
      folder: the task folder.
      labels: the student's.
      pairs: whether a row has two texts.
      glue_task, on_bad_row: see `DataConfig`.

    Raises:
      UserError: for a file or row that cannot be used.
    """
    if isinstance(labels, LabelSet):
        return read_ner(folder / "dev.tsv", labels, on_bad_row)[0]
    if isinstance(labels, Spans):
        return read_squad(folder / SQUAD_FILES["dev"], on_bad_row)[0]
    glue = GLUE[glue_task] if glue_task else None
    config = DataConfig(str(folder), glue_task=glue_task, on_bad_row=on_bad_row,
                        do_pairwise=pairs and glue is None,
                        do_regression=labels.kind == REGRESSION)
    return _text_reader(config, labels)(folder / config.files["dev"])[0]


def _text_reader(config: DataConfig, labels: Optional[TextLabels]) -> Reader:
    """What reads a split of texts; None takes any labels."""
    glue = config.glue
    if glue is not None:
        return lambda path: _read_glue(path, glue, labels, config.on_bad_row)
    return lambda path: read_texts(path, labels, config.on_bad_row, config.pairs)


def _read_glue(
    path: pathlib.Path, task: GlueTask, labels: Optional[TextLabels], on_bad_row: str
) -> Tuple[List[Any], ReadReport]:
    """Reads one of a GLUE task's files; only test files may be without labels."""
    rows, report = read_glue(path, task, labels, on_bad_row)
    tests = [name for split, name in task.files if split.startswith("test")]
    if not rows[0].tags and path.name not in tests:
        raise UserError(f"{path}: no labels in it; needed is the column {task.label} (only test "
                        "files may be without)")
    return rows, report


def _class_set(config: DataConfig, folder: pathlib.Path) -> ClassSet:
    """The classes of labels.tsv or, where there is none, those that stand in train.tsv."""
    if (folder / LABELS_FILE).is_file():
        classes = read_labels(folder / LABELS_FILE, CLASSIFICATION)
        if config.glue is not None and classes.size == 2 and classes.tags[0] == "1":
            raise UserError(f"{folder / LABELS_FILE}: the labels are {', '.join(classes.tags)}; "
                            "GLUE's F1 is of the label 1, so it must stand last (or leave the "
                            "file out)")
        return classes
    rows, _ = _text_reader(config, None)(folder / "train.tsv")
    try:
        return ClassSet.seen(row.tags[0] for row in rows)
    except UserError as error:
        raise UserError(f"{folder / 'train.tsv'}: {error}") from None


def header_warnings(config: DataConfig, examples: Mapping[str, List[Any]]) -> List[str]:
    """Warns of labels that no file names: of prefixes read as languages, and of likely headers.

    A class that stands in first rows alone is one.
    """
    named = (pathlib.Path(config.task) / LABELS_FILE).is_file()
    if config.kind != CLASSIFICATION or config.glue is not None or named:
        return []
    warnings = prefix_warnings(config.task, examples["train"])
    label = examples["train"][0].tags[0]
    rows = [(place, row) for split in examples.values() for place, row in enumerate(split)]
    if any(place and row.tags[0] == label for place, row in rows):
        return warnings
    return [*warnings,
            f"{config.task}: the label {label!r} stands in first rows only; if they are headers, "
            "take them out: files have none"]
