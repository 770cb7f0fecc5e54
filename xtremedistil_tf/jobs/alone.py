"""The student alone: the same student on labels alone, to tell what distillation was worth."""

import dataclasses
import pathlib
from typing import Any, Dict, Optional, Sequence, Tuple

import numpy as np

from xtremedistil_tf.config import Resources, RunConfig
from xtremedistil_tf.data.folders.task import Task
from xtremedistil_tf.jobs.prepared import Prepared
from xtremedistil_tf.jobs.results import Alone, answers_of, fit_on_dev
from xtremedistil_tf.jobs.stage_feed import student_feed
from xtremedistil_tf.jobs.student_init import start_student
from xtremedistil_tf.metrics.significance import difference
from xtremedistil_tf.metrics.uncertainty.resampling import resample
from xtremedistil_tf.models.inference import Forward
from xtremedistil_tf.models.weights import load_weights
from xtremedistil_tf.progress import ALONE, reached
from xtremedistil_tf.tasks import task_kind
from xtremedistil_tf.teachers.base import Teaches
from xtremedistil_tf.training.plans import build_plan
from xtremedistil_tf.training.stage_state import WEIGHTS_FILE
from xtremedistil_tf.training.stages import Stage
from xtremedistil_tf.training.trainer import Trainer

# Folder of its stage in the run folder, and its name in metrics.json and in files of predictions.
FOLDER = NAME = "alone"
_SAMPLES = 2000


def trains_alone(task: Task, resources: Resources) -> bool:
    """True if a run also trains its student alone: if asked, with labels of train and dev."""
    return resources.baseline and task.labelled and not task.agreement


def plan_alone(config: RunConfig, plan: Sequence[Stage]) -> Tuple[Stage, ...]:
    """Returns the stages of D0-S with as many epochs on labels as a plan has.

    Args:
      config: the run.
      plan: its stages.

    Source: paper Table 3, D0-S.
    """
    epochs = sum(stage.epochs for stage in plan if stage.data == "train")
    distil = dataclasses.replace(
        config.distil, strategy="D0-S", epochs_per="step", stage_epochs=(), attention=False,
        multi_hidden_states=False, label_head="shared",
        ft_epochs=epochs or config.distil.ft_epochs)
    return build_plan(config.student.trained_layers, distil, measure=config.data.measure,
                      labels_loss=config.data.labels_loss)


def train_alone(
    config: RunConfig, prepared: Prepared, teacher: Teaches, plan: Sequence[Stage],
    model_dir: pathlib.Path,
) -> Alone:
    """Trains the run's student again, from the same start, on the labels alone.

    Args:
      config, prepared, teacher: the run. The teacher gives the start of the word embedding.
      plan: the run's stages.
      model_dir: the run folder.
    """
    reached(ALONE)
    student = start_student(config, prepared, teacher)
    feed = student_feed(prepared, student, language_exponent=config.distil.language_exponent)
    trainer = Trainer(student.trained, student.registry, feed, model_dir / FOLDER, config.seed,
                      optimizer=config.distil.optimizer)
    (record,) = trainer.run_plan(plan_alone(config, plan))
    load_weights(student.trained, model_dir / FOLDER / record["name"] / WEIGHTS_FILE)
    # Decoded as the distilled student is: with thresholds or transitions of its own.
    answers = answers_of(prepared.task, prepared.features,
                         Forward(student.model, table=prepared.vocabulary.table),
                         prepared.task.labels.adjusted(fit_on_dev(prepared, student)))
    return Alone({name: record[name] for name in ("epochs", "best_epoch", "seconds")}, answers)


def worth(
    prepared: Prepared, measure: str, alone: Dict[str, Any], student: Dict[str, Any]
) -> Optional[Dict[str, Any]]:
    """Returns the gain by distillation: the student's score minus that on labels alone.

    Args:
      prepared: the data.
      measure: the run's measure.
      alone, student: predictions by split.

    Returns:
      Split, both scores, difference, and its 95 % interval (paired bootstrap over rows); None
      without labels, and for measures that are not computed on samples.

    Source: Koehn (2004), paired bootstrap resampling.
    """
    task = prepared.task
    judging = task_kind(task.labels.kind).judging
    split = "test" if "test" in task.scored else "dev"
    if judging is None or split not in task.scored:
        return None
    features = prepared.features[split]
    scored = judging.resampled(features.tags, [alone[split], student[split]],
                               features.row_languages, task.labels)
    whole = scored(np.ones((1, len(features.row_languages))))
    if measure not in whole:
        return None
    first, second = (float(score) for score in whole[measure][0])
    apart = difference([first, second],
                       resample(scored, features.row_languages, _SAMPLES)[measure])
    return {"split": split, "alone": first, "student": second, "difference": apart["value"],
            "low": apart["low"], "high": apart["high"]}
