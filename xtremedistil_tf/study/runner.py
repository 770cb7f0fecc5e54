"""Runs a study: first the teachers, then all unfinished runs, each in its own process."""

import collections
import concurrent.futures
import functools
import logging
import pathlib
import threading
import time
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from xtremedistil_tf.config import DataConfig, Resources, RunConfig
from xtremedistil_tf.environment import named_gpus
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.contents import read_json
from xtremedistil_tf.files.locks import locked
from xtremedistil_tf.planning.together import forecast_runs
from xtremedistil_tf.progress import Progress, duration, redrawing
from xtremedistil_tf.study.claim import claim
from xtremedistil_tf.study.clock import Clock
from xtremedistil_tf.study.facts import labels_by_language, read_facts
from xtremedistil_tf.study.grids import Facts, Study, Variant
from xtremedistil_tf.study.planned import (
    Run,
    chosen,
    distinct,
    one_of_each,
    plan_runs,
    teacher_flags,
    teacher_name,
)
from xtremedistil_tf.study.processes import Processes, all_workers
from xtremedistil_tf.validation.run_files import read_metrics

log = logging.getLogger("absl")

_POLL_SECONDS = 0.2


def _writer(runs: Sequence[Run], seed: int) -> Optional[Run]:
    """The run of a seed that writes all targets; None if no run has this seed.

    Some lines write none (D0 reads no transfer text) or the logits alone; the last ones write all.
    """
    return next((run for run in reversed(runs) if run.seed == seed), None)


class Runner:
    """Runs a study in a folder; finished runs are not repeated.

    Args:
      folder: folder of teachers/, targets/, runs/ and study.json.
      base: command-line arguments of all runs.
      given: values of all flags from `base` and from their defaults.
      data: data settings of the runs.
      sizes: requested transfer sizes.
      jobs: number of parallel runs.
      config_of: builds a run's settings from the flags that differ from those of all runs; None to
        forecast no time.
    """

    def __init__(
        self, folder: pathlib.Path, *, base: Sequence[str], given: Mapping[str, Any],
        data: DataConfig, sizes: Sequence[int], jobs: int = 1,
        config_of: Optional[Callable[[Mapping[str, Any]], RunConfig]] = None,
    ):
        self._folder, self._given = folder, dict(given)
        self._named = {item.lstrip("-").partition("=")[0] for item in base}
        self._data, self._sizes, self._jobs = data, tuple(sizes), jobs
        self._config_of = config_of
        self._claim = functools.partial(claim, folder, base=base, given=given, data=data)
        self._processes = Processes(base, jobs)
        self._teachers = threading.Lock()
        self._clock = Clock()

    def run(
        self, study: Study, seeds: Sequence[int], *, lines: Sequence[str] = ()
    ) -> Tuple[List[Variant], List[Dict[str, Any]]]:
        """Runs a study's missing runs.

        Args:
          study: the study.
          seeds: seeds of every line.
          lines: names of the lines to run; empty for all.

        Returns:
          (distinct lines of the study, a record for each run: its line, seed, language, metrics).

        Raises:
          UserError: if the folder was made with other flags, a line is unknown, or a run fails.
        """
        with locked(self._folder):
            self._claim()
            facts = read_facts(self._data, sizes=self._sizes,
                               encoder=functools.partial(self._encoder, seeds[0]))
            variants, runs, alone = self._runs(study, seeds, lines, facts)
            # One run first: it writes the targets that the others share. If a run is finished
            # already, the targets exist.
            first = None if any(map(self._finished, runs)) else _writer(runs, seeds[0])
            self._clock = self._forecast(runs, alone, seeds[0])
            for line in self._clock.lines():
                log.info("%s", line)
            with Progress(len(runs) + len(alone), "study", "runs") as progress, \
                    redrawing(progress, self._clock.text):
                if first is not None:
                    self._fine_tune(first.flags, seeds[0], all_cores=True)
                for flags in alone:
                    progress.note(teacher_name(flags))
                    self._fine_tune(flags, seeds[0], all_cores=True)
                    if not self._tuned_here(flags):
                        raise UserError("this study fine-tunes a teacher on each language, and the "
                                        "teacher is finished; --teacher_epochs fine-tunes it")
                    progress.advance()
                self._distil_all(first, [run for run in runs if run is not first], seeds[0],
                                 progress, rows=facts.transfer_rows)
        return variants, [self._record(run) for run in runs]

    def plan(self, study: Study, seeds: Sequence[int], *, lines: Sequence[str] = ()) -> str:
        """Returns what `run` would do, as text: its runs and their time. Writes nothing.

        Args:
          study, seeds, lines: as for `run`.

        Raises:
          UserError: for everything that `run` or a line would refuse at its start, and if the
            lines depend on a teacher that is still to be fine-tuned.
        """
        def encoder() -> Tuple[int, int]:
            if not self._is_scored({}):
                raise UserError("--dry_run: the lines of this study depend on the teacher's layers,"
                                " and it is fine-tuned by the study; allowed: other studies")
            return self._encoder(seeds[0])

        self._claim(writes=False)
        facts = read_facts(self._data, sizes=self._sizes, encoder=encoder)
        variants, runs, alone = self._runs(study, seeds, lines, facts)
        clock = self._forecast(runs, alone, seeds[0])
        told = []
        for variant in variants:
            own = [run for run in runs if run.variant is variant]
            left = [run for run in own if not self._finished(run)]
            each = sum(clock.seconds_of(run.name) for run in left) / max(1, len(left))
            time_each = f", about {duration(each)} each" if each else ""
            told.append(f"{variant.name}: {len(own)} runs, {len(own) - len(left)} finished"
                        + time_each)
        return "\n".join([*told, *clock.lines()])

    def _runs(
        self, study: Study, seeds: Sequence[int], lines: Sequence[str], facts: Facts
    ) -> Tuple[List[Variant], List[Run], List[Dict[str, Any]]]:
        """Lists the work of a study.

        Returns:
          (its distinct lines, or those of these names; all their runs; the flags of the teachers
          that teach no run).

        Raises:
          UserError: if a line is unknown, or none fits the teacher.
        """
        variants = study.variants(facts)
        if not variants:
            raise UserError(f"no line of this study fits a teacher whose embeddings are "
                            f"{facts.width} wide")
        variants = distinct(chosen(variants, lines), self._given)
        alone: List[Dict[str, Any]] = [
            {"languages": name} for name in facts.languages if study.teachers_alone]
        return variants, plan_runs(variants, seeds, facts.languages, self._given), alone

    def lines(
        self, variants: Sequence[Variant], seeds: Sequence[int]
    ) -> Dict[str, List[pathlib.Path]]:
        """Run folders of each line by name, one for each seed; only lines with one student."""
        students: Dict[str, List[pathlib.Path]] = collections.defaultdict(list)
        alone = [line for line in variants if not line.by_language]
        for run in plan_runs(alone, seeds, (), self._given):
            students[run.variant.name].append(self._folder / "runs" / run.name)
        return students

    def teacher_metrics(self, flags: Mapping[str, Any]) -> Dict[str, Any]:
        """Scores of one of the study's teachers."""
        return read_json(self._teacher(flags) / "teacher_metrics.json")

    def labels_by_language(self) -> Dict[str, int]:
        """Training rows of each language."""
        return labels_by_language(self._data)

    def _teacher_flags(self, flags: Mapping[str, Any]) -> Dict[str, Any]:
        return teacher_flags(flags, self._given, self._named)

    def _teacher(self, flags: Mapping[str, Any]) -> pathlib.Path:
        return self._folder / "teachers" / teacher_name(self._teacher_flags(flags))

    def _tuned_here(self, flags: Mapping[str, Any]) -> bool:
        """True if the study fine-tuned the teacher; a finished one stays where it is."""
        return (self._teacher(flags) / "teacher").is_dir()

    def _encoder(self, seed: int) -> Tuple[int, int]:
        """Fine-tunes the teacher without flags of its own if it is missing; see `Facts.encoder`.

        Raises:
          UserError: if it is known by its outputs alone, or as ONNX.
        """
        if not self._is_scored({}):
            log.info("the lines of this study depend on the teacher's layers: it is fine-tuned "
                     "first, before the time is known; its log: %s", self._teacher({}) / "log.txt")
        self._fine_tune({}, seed, all_cores=True)
        if not self._tuned_here({}):
            known = self.teacher_metrics({})
            if known.get("embedding") is None:
                raise UserError("this study depends on the teacher's layers and word embedding, "
                                "which this teacher does not show; allowed: other studies")
            return known["layers"], known["embedding"]
        config = read_json(self._teacher({}) / "teacher" / "config.json")
        hidden = config.get("hidden_size") or config["dim"]
        return (config.get("num_hidden_layers") or config["n_layers"],
                config.get("embedding_size") or hidden)

    def _forecast(
        self, runs: Sequence[Run], alone: Sequence[Mapping[str, Any]], first_seed: int
    ) -> Clock:
        """Forecasts the time of what is missing.

        Args:
          runs: all runs of the study.
          alone: flags of teachers that teach no run.
          first_seed: the first seed.

        Raises:
          UserError: for everything that a line would refuse at its start.
        """
        missing = [run for run in runs if not self._finished(run)]
        log.info("%d runs, %d of them finished; the log of each is log.txt in its folder in %s",
                 len(runs), len(runs) - len(missing), self._folder / "runs")
        if self._config_of is None or not missing:
            return Clock()
        lines = one_of_each(missing, _writer(missing, first_seed) or missing[-1])
        needed, measured = forecast_runs(
            {run.name: self._config_of({**run.arguments, **self._ready_teacher(run.flags)})
             for run in lines},
            self._metrics(lines[0]).parent, measured=lines[0].name, resources=Resources(
                targets_dir=str(self._folder / "targets"), export=False))
        if not needed:
            log.warning("the time is not known: the process that measures a run ended")
            return Clock()
        of_line = {(run.variant.name, run.language): needed[run.name] for run in lines}
        of_run = [(run, of_line[run.variant.name, run.language]) for run in missing]
        teachers = {self._teacher(run.flags).name: one.teacher for run, one in of_run
                    if not self._is_scored(run.flags)}
        whole, rows = needed[lines[0].name].teacher, self.labels_by_language() if alone else {}
        teachers.update((self._teacher(flags).name,
                         whole * rows[flags["languages"]] / sum(rows.values()))
                        for flags in alone if not self._is_scored(flags))
        return Clock(teachers, {run.name: one.student for run, one in of_run},
                     targets={name: one.targets for name, one in needed.items()},
                     parallel=max(1, min(self._jobs, len(named_gpus()))), measured=measured)

    def _is_scored(self, flags: Mapping[str, Any]) -> bool:
        """True if the teacher of a line is ready, with its scores."""
        return (self._teacher(flags) / "teacher_metrics.json").is_file()

    def _fine_tune(self, flags: Mapping[str, Any], seed: int, *, all_cores: bool = False) -> None:
        folder = self._teacher(flags)
        with self._teachers:
            if not self._is_scored(flags):
                self._clock.begin(folder.name)
                self._processes.call("teacher", folder, all_cores=all_cores,
                                     flags={**self._teacher_flags(flags), "seed": seed})
                self._clock.end(folder.name)

    def _distil_all(
        self, first: Optional[Run], others: Sequence[Run], first_seed: int, progress: Progress, *,
        rows: int,
    ) -> None:
        """Runs all runs; the others begin when `first` has written the targets.

        Args:
          first: the run that has the machine to itself until then; None if there is none.
          others: the other runs.
          first_seed: the first seed, that of the teachers.
          progress: is told of each finished run.
          rows: number of transfer sentences.
        """
        with concurrent.futures.ThreadPoolExecutor(self._jobs) as pool:
            left = {}
            try:
                if first is not None:
                    begun = pool.submit(self._distil, first, first_seed, all_workers(
                        rows, given=self._given, jobs=self._jobs))
                    left[begun] = first
                    stages = self._metrics(first).parent / "stages"
                    while not (begun.done() or stages.is_dir()):
                        time.sleep(_POLL_SECONDS)
                    if begun.done():
                        begun.result()  # Raises what the run raised.
                left.update((pool.submit(self._distil, run, first_seed), run) for run in others)
                for done in concurrent.futures.as_completed(left):
                    done.result()
                    progress.note(left[done].name)
                    progress.advance()
            except BaseException as error:
                # Cancels waiting runs before a process ends and makes room for the next.
                pool.shutdown(wait=False, cancel_futures=True)
                # If a run failed, the parallel runs may finish; if the study is stopped, they end.
                if not isinstance(error, UserError):
                    self._processes.terminate()
                raise

    def _metrics(self, run: Run) -> pathlib.Path:
        return self._folder / "runs" / run.name / "metrics.json"

    def _finished(self, run: Run) -> bool:
        return self._metrics(run).is_file()

    def _distil(
        self, run: Run, first_seed: int, more: Optional[Mapping[str, Any]] = None
    ) -> None:
        if self._finished(run):
            return
        # Students of single languages are compared with one for all, so they share its teacher.
        self._fine_tune(run.flags, first_seed)
        shared = {"export": "false", "targets_dir": self._folder / "targets",
                  **self._ready_teacher(run.flags), "seed": run.seed}
        self._clock.begin(run.name)
        self._processes.call("distill", self._metrics(run).parent,
                             {**run.arguments, **shared, **(more or {})})
        self._clock.end(run.name)

    def _ready_teacher(self, flags: Mapping[str, Any]) -> Dict[str, Any]:
        """The flag that names the teacher of a line if the study has fine-tuned it."""
        ready = self._is_scored(flags) and self._tuned_here(flags)
        return {"teacher_model_dir": self._teacher(flags)} if ready else {}

    def _record(self, run: Run) -> Dict[str, Any]:
        return {"variant": run.variant.name, "seed": run.seed, "language": run.language,
                "metrics": read_metrics(self._metrics(run).parent)}
