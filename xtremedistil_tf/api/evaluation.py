"""Scores of a student as deployed: its predictions on text against gold labels."""

import pathlib
from typing import Any, Dict, NamedTuple, Optional, Union

from xtremedistil_tf.config import DECODINGS, DataConfig
from xtremedistil_tf.data.labels import Labels
from xtremedistil_tf.errors import UserError, not_allowed
from xtremedistil_tf.inference.assets import RECORD_FILE, form_path, labels_of, student_path
from xtremedistil_tf.inference.runtimes.load import load
from xtremedistil_tf.inference.student_record import read_student_record
from xtremedistil_tf.inference.text_model import TextModel
from xtremedistil_tf.runs import read_json
from xtremedistil_tf.tasks import task_kind

Folder = Union[str, pathlib.Path]
_TEACHER = "teacher.json"


class _Subject(NamedTuple):
    """The model to score.

    Attributes:
      model: the student or teacher.
      labels: its label set.
      pairs: True if it reads pairs of texts.
      glue_task: the GLUE task that it was made for; None for other tasks.
    """

    model: TextModel
    labels: Labels
    pairs: bool
    glue_task: Optional[str]


def _teacher(folder: pathlib.Path) -> _Subject:
    labels = labels_of(read_json(folder / _TEACHER))
    if not task_kind(labels.kind).tags_words:
        raise UserError(f"{folder} holds a teacher for {labels.kind}; allowed: teachers of "
                        "taggers, and students of any kind")
    from xtremedistil_tf.inference.runtimes.teacher import load_teacher_tagger

    return _Subject(load_teacher_tagger(folder), labels, False, None)


def _from_folder(folder: pathlib.Path, runtime: Optional[str]) -> _Subject:
    if (folder / _TEACHER).is_file():
        return _teacher(folder)
    model = load(folder, runtime)
    own = next((place for place in (student_path(folder), form_path(folder, "onnx", RECORD_FILE),
                                    form_path(folder, "tflite", RECORD_FILE))
                if (place / RECORD_FILE).is_file()), None)
    if own is None:
        raise UserError(f"{folder} does not say which labels its student has; give the run folder, "
                        "and runtime='savedmodel'")
    record = read_student_record(own)
    return _Subject(model, labels_of(record), record.get("separator") is not None,
                    record.get("glue_task"))


def _loaded(model: TextModel) -> _Subject:
    if not model.labels:
        raise UserError("this student does not know its labels; give the run folder instead, and "
                        "runtime='savedmodel'")
    labels = task_kind(model.kind).label_set(model.labels, DECODINGS[0])
    return _Subject(model, labels, model.pairs, None)


def evaluate(
    student: Union[TextModel, Folder], data: Folder, *, split: str = "test",
    runtime: Optional[str] = None, glue_task: Optional[str] = None, on_bad_row: str = "error",
) -> Dict[str, Any]:
    """Scores a student on labelled examples as deployed: the runtime reads the text.

    The scores have the same names as in metrics.json, but may differ a little. A tagger reads long
    sentences whole here, while metrics.json counts words beyond `seq_len` as O; int8 runtimes
    round.

    Args:
      student: a run folder, the folder of one of its exports, the folder of a fine-tuned teacher
        for tagging, or a result of `xtremedistil_tf.load`.
      data: a labelled file or a task folder.
      split: the split to read from a task folder.
      runtime: the runtime for a folder; see `xtremedistil_tf.load`.
      glue_task: the GLUE task of the files; default: the one that the student was made for.
      on_bad_row: "error" stops at the first unusable row, "skip" ignores it.

    Returns:
      Scores from 0 to 100; under "languages" the scores and support of each language.

    Raises:
      UserError: if the folder holds no student, or a file or row cannot be used.

    Example:
      xtremedistil_tf.evaluate("runs/demo", "data/ner", runtime="onnx_int8")["macro_f1"]
      xtremedistil_tf.evaluate("runs/demo", "data/ner/dev.tsv")["languages"]["de"]["f1"]
    """
    subject = (_from_folder(pathlib.Path(student), runtime)
               if isinstance(student, (str, pathlib.Path)) else _loaded(student))
    labels, path = subject.labels, pathlib.Path(data)
    kind, glue = task_kind(labels.kind), glue_task or subject.glue_task
    config = DataConfig.of_kind(
        labels.kind, str(path), glue_task=glue, on_bad_row=on_bad_row,
        do_pairwise=subject.pairs and glue is None and not kind.pairs)
    if path.is_dir():
        if split not in config.files:
            raise not_allowed("split", split, config.files)
        path = path / config.files[split]
    rows = kind.read_rows(path, labels, config)[0]
    gold = [row.tags for row in rows]
    if not (gold[0] or kind.empty_labels):
        raise UserError(f"{path}: no labels in it; needed are labelled rows")
    answers = subject.model.predict(rows)
    languages = [row.language for row in rows]
    return {**kind.score(gold, answers, languages, labels.tags),
            **kind.details(gold, answers, languages, labels)}
