"""Finds and opens the transfer set of a task: a text of sentences, or questions on texts."""

import pathlib
from typing import Any, List, Mapping, Optional, Tuple

from xtremedistil_tf.config import DataConfig
from xtremedistil_tf.data.folders.running import running_text
from xtremedistil_tf.data.outputs.answers import AnswersText
from xtremedistil_tf.data.outputs.objects import count_objects
from xtremedistil_tf.data.outputs.reader import OutputsText, is_outputs
from xtremedistil_tf.data.readers.glue import glue_texts
from xtremedistil_tf.data.readers.pair_columns import doubts_of_pairs, first_pairs, why_no_pairs
from xtremedistil_tf.data.readers.recognise import doubts_of_file, why_no_text
from xtremedistil_tf.data.readers.rows import Example, TextFile, parse_line
from xtremedistil_tf.data.readers.squad import QuestionFile
from xtremedistil_tf.data.readers.texts import parse_pair_line
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.tasks import task_kind


def find_transfer_file(data: DataConfig) -> pathlib.Path:
    """Finds the transfer file in the task folder or in the current one, as the authors' code does.

    If none is named, it is the one that the task folder has under the usual name; or, if the kind
    of task can learn from a labelled split without its labels, that split's file (questions of
    train).

    Raises:
      UserError: if there is none, or neither folder holds it.
    """
    name = data.transfer_file
    if not name:
        usual = task_kind(data.kind).transfer.files
        own = [one for one in usual
               if pathlib.Path(data.task, one).is_file() or one in data.files.values()]
        if not own:
            raise UserError("--transfer_file is not given, and the task folder has no "
                            f"{usual[0]}: distillation needs unlabelled text, one sentence a line; "
                            f"--transfer_file={data.files['train']} takes that of the labels")
        name = own[0]
    tried = [pathlib.Path(data.task) / name, pathlib.Path(name)]
    for path in tried:
        if path.is_file():
            return path
    raise UserError(f"transfer file not found; tried {tried[0]} and {tried[1]}")


def open_transfer(
    config: DataConfig, path: pathlib.Path, examples: Mapping[str, List[Example]],
    warnings: List[str],
) -> Tuple[TextFile, Optional[str]]:
    """Opens the transfer text; may add warnings.

    Args:
      config: the kind of task, its files, and what to do with bad rows.
      path: the file.
      examples: the labelled splits.
      warnings: lines for the user; they get more.

    Returns:
      (the text, how it is split into words if it is a tagger's running text, else None).

    Raises:
      UserError: if the file does not hold text, or cannot be split.
    """
    transfer = _transfer_text(config, path, examples, warnings)
    if not task_kind(config.kind).tags_words or type(transfer) is not TextFile or (
            transfer.parse is not parse_line):
        return transfer, None
    running = running_text(transfer, examples)
    if running is None:
        return transfer, None
    warnings.append(f"{path}: {running.told}")
    return running.open(path, on_bad_row=config.on_bad_row), running.part


def open_questions(
    config: DataConfig, path: pathlib.Path, examples: Mapping[str, List[Any]],
    warnings: List[str],
) -> Tuple[TextFile, Optional[str]]:
    """Opens a transfer file of questions: SQuAD's JSON, in which answers may be missing.

    A file of answers that a teacher gave elsewhere is one, too.

    Arguments as for `open_transfer`.

    Returns:
      (the questions, None).

    Raises:
      UserError: if the file is no JSON by its name.
    """
    del examples, warnings
    if is_outputs(path):
        return AnswersText(path), None
    if path.suffix != ".json":
        raise UserError(f"--transfer_file {path} is no JSON by its name; needed are questions with "
                        "their contexts in SQuAD's JSON, with or without answers")
    return QuestionFile(path, on_bad_row=config.on_bad_row), None


def count_lines(config: DataConfig, path: pathlib.Path) -> int:
    """Number of rows of a transfer file: its lines, or the rows of a teacher's outputs."""
    return count_objects(path)


def count_questions(config: DataConfig, path: pathlib.Path) -> int:
    """Number of questions of a transfer file."""
    return sum(1 for _ in open_questions(config, path, {}, [])[0])


def _transfer_text(
    config: DataConfig, path: pathlib.Path, examples: Mapping[str, List[Example]],
    warnings: List[str],
) -> TextFile:
    """Opens the transfer text; a GLUE file is read by its column names; may add a warning.

    Raises:
      UserError: if the file does not hold text.
    """
    if config.glue is not None and path.name in config.files.values():
        return glue_texts(path, config.glue, on_bad_row=config.on_bad_row)
    if is_outputs(path):
        return OutputsText(path, pooled=task_kind(config.kind).pooled, pairs=config.pairs)
    parse, read_as = parse_line, "running text"
    pairs = first_pairs(path) if config.pairs else []
    if config.pairs:
        labels = {tag for row in examples.get("train", ()) for tag in row.tags}
        parse, read_as = parse_pair_line, "it is"
        problem = why_no_pairs(pairs, labels)
    elif has_labels(config, path):
        return TextFile(path, on_bad_row=config.on_bad_row, parse=_parse_labelled)
    else:
        problem = why_no_text(path)
    if problem and config.on_bad_row == "skip":
        warnings.append(f"--transfer_file {path} {problem}; it is read as {read_as} "
                        "(--on_bad_row=skip)")
    elif problem:
        raise UserError(f"--transfer_file {path} {problem}; --on_bad_row=skip reads it as it is")
    doubts = doubts_of_pairs(pairs) if config.pairs else doubts_of_file(path)
    warnings += (f"--transfer_file {path}: {told}" for told in doubts)
    return TextFile(path, on_bad_row=config.on_bad_row, parse=parse)


def _parse_labelled(line: str) -> Optional[Example]:
    """Parses a labelled row as unlabelled text; otherwise labels would become words."""
    return parse_line(line.partition("\t")[0])


def has_labels(config: DataConfig, path: pathlib.Path) -> bool:
    """True if the transfer file has the task's own format, a text and its labels a row."""
    own = [pathlib.Path(config.task) / name for name in config.files.values()]
    return not config.pairs and config.glue is None and any(
        one.is_file() and one.samefile(path) for one in own)
