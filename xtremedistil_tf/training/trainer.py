"""Runs the stages of a plan. No other code trains."""

import contextlib
import dataclasses
import logging
import math
import pathlib
import shutil
import time
from typing import Any, Dict, List, Optional, Sequence

from xtremedistil_tf.compat import create_slots
from xtremedistil_tf.distribution import agree, by_chief, is_chief
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.atomic import atomic_folder, atomic_path
from xtremedistil_tf.files.contents import write_json
from xtremedistil_tf.files.fingerprints import derive_seed, fingerprint, sha256_of
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.distillation_model import StageModel, reseed, traced_for_cpu
from xtremedistil_tf.models.registry import LayerRegistry
from xtremedistil_tf.models.weights import load_weights, save_weights
from xtremedistil_tf.progress import Progress
from xtremedistil_tf.training.addons import build_optimizer
from xtremedistil_tf.training.loss_table import LOSSES
from xtremedistil_tf.training.schedules import Plateau, build_schedule, rates_of
from xtremedistil_tf.training.stage_feed import StageFeed
from xtremedistil_tf.training.stage_state import (
    WEIGHTS_FILE,
    StageState,
    remove_weights,
    weights_of,
)
from xtremedistil_tf.training.stages import Stage
from xtremedistil_tf.training.weight_average import WeightAverage
from xtremedistil_tf.validation.manifest import (
    MANIFEST_FILE,
    check_manifest,
    drop_manifest,
    write_manifest,
)
from xtremedistil_tf.validation.records import Field, read_record, settings_of
from xtremedistil_tf.validation.run_files import read_done

log = logging.getLogger("absl")

_DONE_FILE = "done.json"
_PROGRESS = "progress"
_STATE = {"fingerprint": Field(str), "state": Field(dict), "best_sha256": Field(str, needed=False)}
_WAY_OUT = "remove the stage's folder, and those of later stages, to have them made anew"


def is_done(folder: pathlib.Path, stage: Stage) -> bool:
    """Returns True if a stage is finished in a folder of stages."""
    return (folder / stage.name / _DONE_FILE).is_file()


def _remove_progress(folder: pathlib.Path) -> None:
    """Removes the files that only a running stage needs."""
    shutil.rmtree(folder / _PROGRESS, ignore_errors=True)
    remove_weights(folder)


class _AfterStep(tf.keras.callbacks.Callback):
    """Updates progress and the running mean of the weights after each step."""

    def __init__(self, progress: Progress, average: Optional[WeightAverage]):
        super().__init__()
        self._progress, self._average = progress, average

    def on_train_batch_end(self, batch, logs=None):
        if self._average is not None:
            self._average.update()
        self._progress.advance()


class Trainer:
    """Trains one model through a plan of stages, each in a folder of its own.

    An epoch depends only on its number, the weights and the optimizer's state, since its seeds are
    derived from the run's seed. A killed run resumes after its last finished epoch.

    Tried and rejected because of their cost (docs/explanation/architecture.md):
      Keras' own training step: it computes gradients down to the lowest layer, even if frozen.
      AutoGraph: it translates every layer in each process, half the time of a short run.
      Optimizer slots created in the first step: the step is then traced twice.
      cuDNN's variant of LSTMs on a CPU: tracing both variants doubles the start of a stage.
      A tenth of the transfer set for choosing epochs: dev is held out anyway and has labels.
      Keras' newer optimizers: they exclude TensorFlow Addons and compile with XLA on a GPU.

    Args:
      model, registry: the model to train.
      feed: data and measures.
      folder: folder with one subfolder a stage.
      seed: seed of the run.
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
        """Runs all stages; each starts from the best weights of the previous one.

        Returns:
          A record of each stage for metrics.json.

        Raises:
          UserError: if a stage folder was made with other inputs, or the loss is not finite.
        """
        records, chain, measured = [], self._feed.fingerprint, self._feed.measured
        for position, stage in enumerate(stages, 1):
            chain = fingerprint(chain, stage.to_dict(), self._seed, self._optimizer)
            title = f"{position}/{len(stages)} {stage.name}"
            # If the same measure chose the previous weights, they count as epoch 0. The chance F1
            # of an untrained logits layer does not.
            competes = stage.monitor == measured and not stage.fresh
            with traced_for_cpu(self._model):
                records.append(self._run_stage(stage, chain, title, competes))
            measured = stage.monitor
            self._feed.done(stages[position:])
        self._model.clear_loss_terms()
        return records

    def _run_stage(self, stage: Stage, chain: str, title: str, competes: bool) -> Dict[str, Any]:
        """Trains a stage, or loads the weights of one that is done.

        Args:
          stage: the stage.
          chain: fingerprint of this stage and of everything before it.
          title: its name for the progress bar.
          competes: True if the weights at its start may be its best ones.

        Returns:
          Its record for metrics.json.

        Raises:
          UserError: if its folder was made with other inputs, or the loss is not finite.
        """
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
            by_chief(lambda: self._close(folder))  # If a run was killed after done.json.
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
            **rates_of(stage, state.epoch, self._feed.steps(stage)),
        }

        def finish() -> None:
            if best.name != WEIGHTS_FILE:
                # A copy, since the state still names `best` if the run is killed here.
                with atomic_path(folder / WEIGHTS_FILE) as temporary:
                    shutil.copyfile(best, temporary)
            drop_manifest(folder)  # Of a stage that was done before.
            write_json(folder / "history.json", state.history)
            write_json(folder / _DONE_FILE, {"fingerprint": chain, "record": record})

        by_chief(finish)
        # After the wait in `by_chief`: until then another process may still be loading `best`.
        by_chief(lambda: self._close(folder))
        return record

    def _close(self, folder: pathlib.Path) -> None:
        """Writes the manifest of a finished stage, and removes the files to resume it from."""
        if not (folder / MANIFEST_FILE).is_file():
            write_manifest(folder, names=(WEIGHTS_FILE, "history.json", _DONE_FILE))
        _remove_progress(folder)

    def _train(
        self, stage: Stage, chain: str, folder: pathlib.Path, title: str, competes: bool
    ) -> StageState:
        """Trains until the epoch budget or patience is used up; arguments as in `_run_stage`.

        Returns:
          The last state; `weights_of` finds the best weights by it.
        """
        steps = self._feed.steps(stage)
        if stage.fresh:
            self._registry.renew(stage.fresh, derive_seed(self._seed, stage.name, 0))
        self._registry.set_trainable(stage.trainable)
        frozen = [name for name in self._registry.names if name not in stage.trainable]
        log.debug("%s: %s parameters are trained in %s; frozen: %s", stage.name,
                  f"{self._registry.parameters(stage.trainable):,}", ", ".join(stage.trainable),
                  ", ".join(frozen) or "none")
        self._model.set_loss_terms(stage.terms, LOSSES)
        schedule = build_schedule(stage.schedule, stage.epochs, steps)
        # A new optimizer and compile, since Keras ignores changed `trainable` flags otherwise.
        self._model.compile(
            optimizer=build_optimizer(self._optimizer, schedule, used=self._feed.used))
        # Creates slots before the first step: a step that creates variables is traced twice.
        create_slots(self._model.optimizer, self._model.trainable_variables)
        self._average = WeightAverage(self._model.trainable_variables, stage.average) \
            if stage.average else None
        # With other used rows the optimizer's moments would have another shape on disk.
        state_print = chain if self._feed.used is None else fingerprint(
            chain, len(self._feed.used.rows))
        state = self._resume(folder, state_print)
        if state is None:
            state = StageState(best=agree(self._feed.measure(stage)) if competes else None)
            if competes:
                self._save(state.best_file(folder))
        bar = Progress(steps * stage.epochs, title, "steps", done=steps * state.epoch,
                       part=stage.name)
        with self._curves(stage).as_default(), bar as progress:
            while not state.ended(stage):
                self._epoch(stage, schedule, state, progress, folder)
                if not state.ended(stage):
                    by_chief(lambda: self._keep(folder, state_print, state))
        return state

    def _save(self, path: pathlib.Path) -> None:
        by_chief(lambda: save_weights(self._model, path))

    def _epoch(
        self, stage: Stage, schedule: tf.keras.optimizers.schedules.LearningRateSchedule,
        state: StageState, progress: Progress, folder: pathlib.Path,
    ) -> None:
        """Trains one epoch, measures dev, and updates the state and its best weights.

        Raises:
          UserError: if the loss is not finite.
        """
        began = time.monotonic()
        if state.begin_fall(stage) and isinstance(schedule, Plateau):
            schedule.fall(state.epoch)
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
        """Returns a TensorBoard writer of the stage; without a folder it writes nothing."""
        if self._tensorboard is None or not is_chief():
            return tf.summary.create_noop_writer()
        return tf.summary.create_file_writer(str(self._tensorboard / stage.name))

    def _checkpoint(self) -> tf.train.Checkpoint:
        average = {} if self._average is None else {"average": self._average}
        return tf.train.Checkpoint(model=self._model, optimizer=self._model.optimizer, **average)

    def _keep(self, folder: pathlib.Path, state_print: str, state: StageState) -> None:
        """Saves weights, optimizer and state, so that a kill costs at most one epoch."""
        best = state.best_file(folder)
        with atomic_folder(folder / _PROGRESS) as temporary:
            self._checkpoint().write(str(temporary / "checkpoint"))
            write_json(
                temporary / "state.json",
                {"fingerprint": state_print, "state": dataclasses.asdict(state),
                 "best_sha256": sha256_of(best) if best.is_file() else None},
            )
            write_manifest(temporary)
        remove_weights(folder, but=state.best_file(folder))

    def _resume(self, folder: pathlib.Path, state_print: str) -> Optional[StageState]:
        """Loads the state that `_keep` saved for the same stage; None without one.

        Raises:
          UserError: if its files are damaged.
        """
        path = folder / _PROGRESS
        if not (path / "state.json").is_file():
            return None
        try:
            stored = read_record(path / "state.json", _STATE)
        except UserError as error:
            raise UserError(f"{error}; {_WAY_OUT}") from None
        if stored["fingerprint"] != state_print:
            log.warning("%s is of other settings or data; the stage starts anew", path)
            return None
        check_manifest(path, reads=("state.json",), way_out=_WAY_OUT)
        state = settings_of(path / "state.json", "state", StageState, stored["state"], most=1 << 53)
        best = weights_of(state, folder)
        if stored.get("best_sha256") is not None and not (
                best.is_file() and sha256_of(best) == stored["best_sha256"]):
            raise UserError(f"{best} is not the file that this stage's state speaks of; {_WAY_OUT}")
        self._checkpoint().read(str(path / "checkpoint")).expect_partial()
        return state
