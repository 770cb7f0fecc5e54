"""Runs one stage after another: the only code that calls compile and fit."""

import contextlib
import dataclasses
import logging
import math
import pathlib
import shutil
import time
from typing import Any, Callable, Dict, List, Optional, Sequence

from xtremedistil_tf.compat import create_slots
from xtremedistil_tf.distribution import agree, by_chief, is_chief
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.distillation_model import StageModel, reseed, traced_for_cpu
from xtremedistil_tf.models.registry import LayerRegistry
from xtremedistil_tf.models.weights import load_weights, save_weights
from xtremedistil_tf.progress import Progress
from xtremedistil_tf.runs import (
    atomic_folder,
    atomic_path,
    derive_seed,
    fingerprint,
    write_json,
)
from xtremedistil_tf.training.addons import LazyAdam
from xtremedistil_tf.training.loss_table import LOSSES
from xtremedistil_tf.training.schedules import build_schedule
from xtremedistil_tf.training.stage_state import (
    WEIGHTS_FILE,
    StageState,
    remove_weights,
    weights_of,
)
from xtremedistil_tf.training.stages import Stage
from xtremedistil_tf.training.weight_average import WeightAverage
from xtremedistil_tf.validation.manifest import (
    check_manifest,
    drop_manifest,
    sha256_of,
    write_manifest,
)
from xtremedistil_tf.validation.records import Field, read_record, settings_of
from xtremedistil_tf.validation.run_files import read_done

log = logging.getLogger("absl")

_DONE_FILE = "done.json"
_STATE = {"fingerprint": Field(str), "state": Field(dict), "best_sha256": Field(str, needed=False)}
_WAY_OUT = "remove the stage's folder, and those of later stages, to have them made anew"


def is_done(folder: pathlib.Path, stage: Stage) -> bool:
    """Whether a stage was finished in a folder of stages."""
    return (folder / stage.name / _DONE_FILE).is_file()


@dataclasses.dataclass(frozen=True)
class StageFeed:
    """What the trainer needs to know about the data.

    Attributes:
      batches: (stage, seed) -> one shuffled epoch as a dataset of (inputs, targets).
      steps: stage -> optimizer steps an epoch.
      measure: stage -> the stage's dev measure with the present weights.
      score: () -> the dev scores with the present weights, for the record.
      done: is told the stages that are left, after each one.
      fingerprint: of everything above and of the weights that the first stage starts from.
      measured: the measure that these weights were chosen by, if any.
    """

    batches: Callable[[Stage, int], tf.data.Dataset]
    steps: Callable[[Stage], int]
    measure: Callable[[Stage], float]
    score: Callable[[], Dict[str, Any]]
    fingerprint: str
    done: Callable[[Sequence[Stage]], None] = lambda left: None
    measured: Optional[str] = None


class _AfterStep(tf.keras.callbacks.Callback):
    """Progress and the running mean of the weights, step by step."""

    def __init__(self, progress: Progress, average: Optional[WeightAverage]):
        super().__init__()
        self._progress, self._average = progress, average

    def on_train_batch_end(self, batch, logs=None):
        if self._average is not None:
            self._average.update()
        self._progress.advance()


def _build_optimizer(
    name: str, schedule: tf.keras.optimizers.schedules.LearningRateSchedule
) -> tf.keras.optimizers.legacy.Optimizer:
    if name == "lazy_adam":
        return LazyAdam(schedule)
    # The legacy class: the same family as TensorFlow Addons' optimizers, and no XLA on a GPU.
    return tf.keras.optimizers.legacy.Adam(schedule)


class Trainer:
    """Trains one model through a plan of stages, each in a folder of its own.

    Every epoch depends only on the weights, the optimizer's state and the epoch's number: its
    seeds are derived from the run's. A run that is killed goes on after its last finished epoch.

    Tried and left out, by what it cost (docs/explanation/architecture.md):
      Keras' own training step: it lays out gradients down to the lowest layer, frozen or not.
      AutoGraph: it translated every layer below anew in each process, half the time of a short run.
      Optimizer slots made by the first step: the step is then traced twice.
      cuDNN's variant of LSTMs in graphs for a CPU: tracing both doubles the start of a stage.
      A tenth of the transfer set to choose epochs by: dev is held out anyway, and has labels.
      Keras' newer optimizers: no TensorFlow Addons, and compiled by XLA on a GPU.

    Args:
      model, registry: what is trained.
      feed: data and measures.
      folder: holds a folder a stage.
      seed: the run's.
      optimizer: "adam" or "lazy_adam".
      tensorboard: folder for curves, or None.
    """

    def __init__(
        self, model: StageModel, registry: LayerRegistry, feed: StageFeed, folder: pathlib.Path,
        seed: int, *, optimizer: str = "adam", tensorboard: Optional[pathlib.Path] = None,
    ):
        self._model, self._registry, self._feed = model, registry, feed
        self._folder, self._seed, self._optimizer = folder, seed, optimizer
        self._tensorboard = tensorboard
        self._average: Optional[WeightAverage] = None

    def run_plan(self, stages: Sequence[Stage]) -> List[Dict[str, Any]]:
        """Runs all stages; each starts from the best weights of the one before.

        Returns:
          A record for each stage: what metrics.json holds of it, and its history.

        Raises:
          UserError: if a stage folder was made by other inputs, or the loss is not finite.
        """
        records, chain, measured = [], self._feed.fingerprint, self._feed.measured
        for position, stage in enumerate(stages, 1):
            chain = fingerprint(chain, stage.to_dict(), self._seed, self._optimizer)
            title = f"{position}/{len(stages)} {stage.name}"
            # Weights that were trained for the same measure compete with what comes of them; the
            # chance F1 of a head that was never trained does not.
            competes = stage.monitor == measured
            with traced_for_cpu(self._model):
                records.append(self._run_stage(stage, chain, title, competes))
            measured = stage.monitor
            self._feed.done(stages[position:])
        self._model.clear_loss_terms()
        return records

    def _run_stage(self, stage: Stage, chain: str, title: str, competes: bool) -> Dict[str, Any]:
        folder = self._folder / stage.name
        if is_done(self._folder, stage):
            check_manifest(folder, reads=(WEIGHTS_FILE,), way_out=_WAY_OUT)
            done = read_done(folder / _DONE_FILE)
            if done["fingerprint"] != chain:
                raise UserError(
                    f"{folder} was made by other settings or data; use another --model_dir, "
                    "or --overwrite"
                )
            load_weights(self._model, folder / WEIGHTS_FILE)
            return done["record"]
        state = self._train(stage, chain, folder, title, competes)
        best = weights_of(state, folder)
        load_weights(self._model, best)
        record = {
            "name": stage.name,
            "data": stage.data,
            "losses": stage.losses(),
            "trainable": list(stage.trainable),
            "trainable_parameters": self._registry.parameters(stage.trainable),
            "epochs": state.epoch,
            "best_epoch": state.best_epoch,
            "seconds": state.seconds,
            "monitor": stage.monitor,
            "dev": self._feed.score(),
        }

        def finish() -> None:
            if best.name != WEIGHTS_FILE:
                # A copy: a kill before the stage is done still finds what its state speaks of.
                with atomic_path(folder / WEIGHTS_FILE) as temporary:
                    shutil.copyfile(best, temporary)
            drop_manifest(folder)  # Of a stage that was done before.
            write_json(folder / "history.json", state.history)
            write_json(folder / _DONE_FILE, {"fingerprint": chain, "record": record})
            write_manifest(folder, names=(WEIGHTS_FILE, "history.json", _DONE_FILE))
            shutil.rmtree(folder / "progress", ignore_errors=True)
            remove_weights(folder)

        by_chief(finish)
        return record

    def _train(
        self, stage: Stage, chain: str, folder: pathlib.Path, title: str, competes: bool
    ) -> StageState:
        """Trains until the budget or patience ends; leaves the best weights, see `weights_of`."""
        steps = self._feed.steps(stage)
        self._registry.set_trainable(stage.trainable)
        frozen = [name for name in self._registry.names if name not in stage.trainable]
        log.debug("%s: %s parameters are trained in %s; frozen: %s", stage.name,
                  f"{self._registry.parameters(stage.trainable):,}", ", ".join(stage.trainable),
                  ", ".join(frozen) or "none")
        self._model.set_loss_terms(stage.terms, LOSSES)
        schedule = build_schedule(stage.schedule, stage.epochs, steps)
        # A fresh optimizer and compile: Keras ignores changed `trainable` flags otherwise.
        self._model.compile(optimizer=_build_optimizer(self._optimizer, schedule))
        # Its slots now, not in the first step: a step that makes variables is traced twice.
        create_slots(self._model.optimizer, self._model.trainable_variables)
        self._average = WeightAverage(self._model.trainable_variables, stage.average) \
            if stage.average else None
        state = self._resume(folder, chain)
        if state is None:
            state = StageState(best=agree(self._feed.measure(stage)) if competes else None)
            if competes:
                self._save(state.best_file(folder))
        bar = Progress(steps * stage.epochs, title, "steps", steps * state.epoch)
        with self._curves(stage).as_default(), bar as progress:
            while not state.ended(stage):
                self._epoch(stage, schedule, state, progress, folder)
                if not state.ended(stage):
                    by_chief(lambda: self._keep(folder, chain, state))
        return state

    def _save(self, path: pathlib.Path) -> None:
        by_chief(lambda: save_weights(self._model, path))

    def _epoch(
        self, stage: Stage, schedule: tf.keras.optimizers.schedules.LearningRateSchedule,
        state: StageState, progress: Progress, folder: pathlib.Path,
    ) -> None:
        began = time.monotonic()
        seed = derive_seed(self._seed, stage.name, state.epoch)
        reseed(self._model, seed)
        logs = self._model.fit(
            self._feed.batches(stage, seed), epochs=1, verbose=0,
            steps_per_epoch=self._feed.steps(stage),
            callbacks=[_AfterStep(progress, self._average)],
        ).history
        loss = float(logs["loss"][0])
        if not math.isfinite(loss):
            raise UserError(
                f"{stage.name}: the loss is {loss} in epoch {state.epoch + 1}; "
                "try a lower learning rate"
            )
        state.epoch += 1
        with self._average.in_place() if self._average else contextlib.nullcontext():
            value = agree(self._feed.measure(stage))
            if state.take(value, stage):
                self._save(state.best_file(folder))
        seconds = time.monotonic() - began
        state.seconds += seconds
        rate = float(schedule(self._model.optimizer.iterations))
        state.history.append({"epoch": state.epoch, "loss": loss, "learning_rate": rate,
                              "monitor": value, "seconds": seconds})
        progress.note(f"loss {loss:.4f}, dev {stage.monitor} {value:.4g}, best {state.best:.4g}")
        for name in ("loss", "learning_rate", "monitor"):
            curve = f"dev_{stage.monitor}" if name == "monitor" else name
            tf.summary.scalar(curve, state.history[-1][name], step=state.epoch)

    def _curves(self, stage: Stage) -> tf.summary.SummaryWriter:
        """A TensorBoard writer for the stage; one that writes nothing where none is wanted."""
        if self._tensorboard is None or not is_chief():
            return tf.summary.create_noop_writer()
        return tf.summary.create_file_writer(str(self._tensorboard / stage.name))

    def _checkpoint(self) -> tf.train.Checkpoint:
        average = {} if self._average is None else {"average": self._average}
        return tf.train.Checkpoint(model=self._model, optimizer=self._model.optimizer, **average)

    def _keep(self, folder: pathlib.Path, chain: str, state: StageState) -> None:
        """Writes weights, optimizer and state, so that at most one epoch is ever repeated."""
        best = state.best_file(folder)
        with atomic_folder(folder / "progress") as temporary:
            self._checkpoint().write(str(temporary / "checkpoint"))
            write_json(
                temporary / "state.json",
                {"fingerprint": chain, "state": dataclasses.asdict(state),
                 "best_sha256": sha256_of(best) if best.is_file() else None},
            )
            write_manifest(temporary)
        remove_weights(folder, but=state.best_file(folder))

    def _resume(self, folder: pathlib.Path, chain: str) -> Optional[StageState]:
        """Reads what `_keep` wrote for the very same stage; None where there is nothing."""
        path = folder / "progress"
        if not (path / "state.json").is_file():
            return None
        check_manifest(path, reads=("state.json",), way_out=_WAY_OUT)
        stored = read_record(path / "state.json", _STATE)
        if stored["fingerprint"] != chain:
            return None
        state = settings_of(path / "state.json", "state", StageState, stored["state"], most=1 << 53)
        best = weights_of(state, folder)
        if stored.get("best_sha256") is not None and not (
                best.is_file() and sha256_of(best) == stored["best_sha256"]):
            raise UserError(f"{best} is not the file that this stage's state speaks of; {_WAY_OUT}")
        self._checkpoint().read(str(path / "checkpoint")).expect_partial()
        return state
