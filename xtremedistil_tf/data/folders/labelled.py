"""Labels and labelled rows of a task folder, for each kind of task."""

import pathlib
from typing import Any, List, Mapping, Optional, Tuple

from xtremedistil_tf.config import DataConfig
from xtremedistil_tf.data.labels import ClassSet, LabelSet, Numbers, Spans, read_labels
from xtremedistil_tf.data.readers.glue import read_glue
from xtremedistil_tf.data.readers.recognise import is_tag
from xtremedistil_tf.data.readers.rows import (
    Example,
    ReadReport,
    read_ner,
    read_rows,
    split_prefix,
)
from xtremedistil_tf.data.readers.squad import Question, read_squad
from xtremedistil_tf.data.readers.texts import (
    NO_GOLDS,
    TextLabels,
    parse_several,
    prefix_warnings,
    read_texts,
)
from xtremedistil_tf.data.several_labels import SeveralLabels, check_no_lists
from xtremedistil_tf.errors import UserError

# Header names of a label column, in lower case.
_HEADERS = frozenset({"label", "labels", "class", "classes", "category", "target", "gold_label",
                      "sentiment", "topic", "intent", "tag", "y"})
LABELS_FILE = "labels.tsv"


def read_tags(config: DataConfig, folder: pathlib.Path) -> LabelSet:
    """The tags of labels.tsv."""
    return read_labels(folder / LABELS_FILE, kind=config.kind, decoding=config.decoding)


def read_sentences(
    path: pathlib.Path, labels: LabelSet, config: DataConfig
) -> Tuple[List[Example], ReadReport]:
    """Reads tagged sentences; see `read_ner`."""
    return read_ner(path, labels, on_bad_row=config.on_bad_row)


def read_spans(config: DataConfig, folder: pathlib.Path) -> Spans:
    """The two outputs of each token: begin and end of an answer. No file lists them."""
    return Spans()


def read_questions(
    path: pathlib.Path, labels: Spans, config: DataConfig
) -> Tuple[List[Question], ReadReport]:
    """Reads questions; see `read_squad`."""
    return read_squad(path, on_bad_row=config.on_bad_row)


def read_numbers(config: DataConfig, folder: pathlib.Path) -> Numbers:
    """The one output of a text: its number. No file lists it."""
    return Numbers()


def read_classes(config: DataConfig, folder: pathlib.Path) -> ClassSet:
    """The classes of labels.tsv or, without that file, the classes that occur in train.tsv.

    Raises:
      UserError: if the task or the measure does not allow these classes.
    """
    if (folder / LABELS_FILE).is_file():
        classes = read_labels(folder / LABELS_FILE, kind=config.kind)
        if config.glue is not None and classes.size == 2 and classes.tags[0] == "1":
            raise UserError(f"{folder / LABELS_FILE}: the labels are {', '.join(classes.tags)}; "
                            "GLUE's F1 is of the label 1, so it must stand last (or leave the "
                            "file out)")
        return classes
    return seen_classes(folder / config.files["train"], config)


def _has_tags(row: Example) -> bool:
    tags = [split_prefix(tag)[1] for tag in row.tags[0].split()]
    return len(tags) == len(row.words) > 1 and all(map(is_tag, tags))


def seen_classes(path: pathlib.Path, config: DataConfig) -> ClassSet:
    """The classes that occur in a labelled file.

    Raises:
      UserError: if there are fewer than two, or the file cannot be read.
    """
    rows, _ = read_labelled_texts(path, None, config)
    tagged = sum(_has_tags(row) for row in rows)
    if 2 * tagged > len(rows):
        raise UserError(f"{path}: {tagged:,} of {len(rows):,} rows have a tag for each word; "
                        "--do_NER reads tagged words")
    check_no_lists({row.tags[0] for row in rows}, str(path), way_out="--do_multilabel gives a text "
                   "several labels, and a labels.tsv that names it makes it one class")
    tags = {row.tags[0] for row in rows}
    # Beside words -1 is no class of pairs; beside 0 and 1 it is one.
    if config.pairs and any(tag not in Numbers() for tag in tags - NO_GOLDS):
        tags -= NO_GOLDS
    try:
        return ClassSet.seen(tags)
    except UserError as error:
        raise UserError(f"{path}: {error}") from None


def read_several_classes(config: DataConfig, folder: pathlib.Path) -> SeveralLabels:
    """The labels of labels.tsv or, without that file, those that occur in train.tsv."""
    if (folder / LABELS_FILE).is_file():
        return read_labels(folder / LABELS_FILE, kind=config.kind)
    rows, _ = read_texts_of_several(folder / config.files["train"], None, config)
    return SeveralLabels(sorted({label for row in rows for label in row.tags}))


def read_texts_of_several(
    path: pathlib.Path, labels: Optional[SeveralLabels], config: DataConfig
) -> Tuple[List[Example], ReadReport]:
    """Reads texts or pairs with several labels; see `parse_several`."""
    return read_rows(path, lambda text: parse_several(text, labels, pairs=config.pairs),
                     on_bad_row=config.on_bad_row)


def read_labelled_texts(
    path: pathlib.Path, labels: Optional[TextLabels], config: DataConfig
) -> Tuple[List[Example], ReadReport]:
    """Reads labelled texts or pairs, in the project's format or GLUE's.

    Args:
      path: the file.
      labels: the label set; None takes any labels.
      config: GLUE task, pairs, handling of bad rows.

    Raises:
      UserError: for an unusable file or row. Only GLUE's test files may lack labels.
    """
    task = config.glue
    if task is None:
        return read_texts(path, labels, on_bad_row=config.on_bad_row, pairs=config.pairs)
    rows, report = read_glue(path, task, labels, on_bad_row=config.on_bad_row)
    tests = [name for split, name in task.files if split.startswith("test")]
    if not rows[0].tags and path.name not in tests:
        raise UserError(f"{path}: no labels in it; needed is the column {task.label} (only test "
                        "files may be without)")
    return rows, report


def header_warnings(config: DataConfig, examples: Mapping[str, List[Any]]) -> List[str]:
    """Warns of prefixes read as languages and of likely headers, in a task without labels.tsv.

    A class that occurs only in first rows is a likely header.

    Raises:
      UserError: if this class also has a usual name of a label column.
    """
    listed = (pathlib.Path(config.task) / LABELS_FILE).is_file()
    if "train" not in examples or config.glue is not None or listed:
        return []
    warnings = prefix_warnings(config.task, examples["train"])
    label = examples["train"][0].tags[0]
    rows = [(place, row) for split in examples.values() for place, row in enumerate(split)]
    if any(place and row.tags[0] == label for place, row in rows):
        return warnings
    if label.lower() in _HEADERS:
        raise UserError(f"{pathlib.Path(config.task) / config.files['train']}:1: looks like a "
                        f"header, whose label is {label!r}; take the line out, or name all labels "
                        "in labels.tsv if this is one")
    return [*warnings,
            f"{config.task}: the label {label!r} stands in first rows only; if they are headers, "
            "take them out: files have none"]
