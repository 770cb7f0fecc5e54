"""What a run amounts to: final scores, predictions and metrics.json."""

import dataclasses
import pathlib
from typing import Any, Dict, List, Optional, Sequence

from xtremedistil_tf.config import RunConfig
from xtremedistil_tf.distill.targets import TargetStore
from xtremedistil_tf.evaluation.predictions import write_predictions, write_submission
from xtremedistil_tf.evaluation.scoring import scorer_of
from xtremedistil_tf.inputs.alignment import Features
from xtremedistil_tf.inputs.task import Task, describe
from xtremedistil_tf.inputs.vocabulary import StudentVocabulary
from xtremedistil_tf.models.forward import Forward
from xtremedistil_tf.models.student import Student
from xtremedistil_tf.models.teacher import Teacher
from xtremedistil_tf.runs import read_json
from xtremedistil_tf.version import __version__


@dataclasses.dataclass(frozen=True)
class Prepared:
    """What the stages train on.

    Attributes:
      task, features, vocabulary: the data; the transfer rows are in their store only.
      transfer, dev: the teacher's outputs.
      fingerprint: of all of it.
      counts: by split, what tokenising counted.
      teacher_features: the rows in the teacher's pieces; `features` where the student reads them,
        too.
      tokenizer: the student's.
      separator: the student's id of what parts the texts of a pair; None where a row has one.
    """

    task: Task
    features: Dict[str, Features]
    vocabulary: StudentVocabulary
    transfer: TargetStore
    dev: TargetStore
    fingerprint: str
    counts: Dict[str, Dict[str, int]]
    teacher_features: Dict[str, Features]
    tokenizer: Any
    separator: Optional[int] = None


def best_stage(records: List[Dict[str, Any]], measure: str) -> Dict[str, Any]:
    """The step whose student is kept: highest dev measure, the later one on a tie."""
    return max(reversed(records), key=lambda record: record["dev"][measure])


def _write_predictions(
    folder: pathlib.Path, task: Task, split: str, who: str, predicted: Sequence[Sequence[str]]
) -> None:
    line = scorer_of(task.labels).line
    write_predictions(folder / f"{split}.{who}.tsv",
                      [line(*pair) for pair in zip(task.examples[split], predicted)])


def final_scores(
    prepared: Prepared, teacher: Teacher, student: Student, model_dir: pathlib.Path,
    glue_task: Optional[str] = None,
) -> Dict[str, Dict[str, Any]]:
    """Scores teacher and student on dev and, this once, on test; keeps gold and predictions.

    A split without labels is predicted only; of one of GLUE's, the student's predictions are also
    written in the form that its server takes.

    Args:
      prepared: the data.
      teacher, student: the models.
      model_dir: the run folder.
      glue_task: where the data come from; None for another place.

    Returns:
      By "teacher" and "student", then by split.
    """
    forwards = {
        "teacher": (Forward(teacher.model, pad_id=teacher.tokenizer.pad_token_id),
                    prepared.teacher_features),
        "student": (Forward(student.model, table=prepared.vocabulary.table), prepared.features),
    }
    task = prepared.task
    scores: Dict[str, Dict[str, Any]] = {}
    scorer = scorer_of(task.labels)
    folder = model_dir / "predictions"
    for split in task.scored:
        gold = [row.tags for row in task.examples[split]]
        _write_predictions(folder, task, split, "gold", gold)
    for who, (forward, rows) in forwards.items():
        scores[who] = {}
        for split in task.held_out:
            features = rows[split]
            predicted = scorer.predict(forward, features, task.labels)
            _write_predictions(folder, task, split, who, predicted)
            if split in task.scored:
                scores[who][split] = {
                    **scorer.score(features.tags, predicted, features.languages,
                                   task.labels.tags),
                    **scorer.details(features.tags, predicted, task.labels)}
            elif glue_task is not None and who == "student":
                write_submission(folder / "glue", glue_task, split, predicted)
    return scores


def build_metrics(
    config: RunConfig, prepared: Prepared, teacher: Teacher, student: Student,
    records: List[Dict[str, Any]], scores: Dict[str, Dict[str, Any]], passes: float,
    seconds: Dict[str, float], teacher_record: Dict[str, Any],
) -> Dict[str, Any]:
    """What metrics.json holds.

    Args:
      config, prepared, teacher, student: the run.
      records: one for each stage.
      scores: by "teacher" and "student", then by split.
      passes: forward passes of the teacher over the transfer set in this process.
      seconds: by part of the job; this process only, but for the stages' own.
      teacher_record: what was saved with the teacher.
    """
    measure = config.data.measure
    split = "test" if "test" in scores["student"] else "dev"
    parameters = {"teacher": teacher.model.count_params(), "student": student.model.count_params()}
    return {
        "version": __version__,
        "task": pathlib.Path(config.data.task).resolve().name,
        "kind": config.data.kind,
        "measure": measure,
        "strategy": config.distil.strategy,
        "seed": config.seed,
        "teacher": {"name": teacher_record["name"], "parameters": parameters["teacher"],
                    "layer": teacher.layer, **scores["teacher"]},
        "student": {
            "parameters": parameters["student"],
            "embedding_parameters": len(prepared.vocabulary) * config.student.word_emb_dim,
            "vocabulary": len(prepared.vocabulary),
            "selected_stage": best_stage(records, measure)["name"],
            **scores["student"],
        },
        "retention": 100.0 * scores["student"][split][measure]
        / max(1e-9, scores["teacher"][split][measure]),
        "compression": {"parameters": parameters["teacher"] / parameters["student"]},
        "stages": records,
        "teacher_passes": passes,
        "seconds": seconds,
        "data": describe(prepared.task, prepared.counts),
    }


def finished_metrics(model_dir: pathlib.Path, export: bool) -> Optional[Dict[str, Any]]:
    """The metrics of a run that is whole; None where anything is still to be made.

    Args:
      model_dir: the run folder.
      export: whether the exports belong to it.
    """
    needed = ["metrics.json", "report.md", "student/student.json", "predictions/test.student.tsv"]
    if export:
        needed.append("export/1/saved_model.pb")
    if all((model_dir / name).is_file() for name in needed):
        return read_json(model_dir / "metrics.json")
    return None
