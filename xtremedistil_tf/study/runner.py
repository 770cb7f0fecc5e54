"""Runs a study: first the teachers, then all unfinished runs, each in its own process."""

import collections
import concurrent.futures
import functools
import os
import pathlib
import queue
import subprocess
import sys
import threading
import time
from typing import Any, Dict, List, Mapping, Optional, Sequence, Set, Tuple

from xtremedistil_tf.config import DataConfig
from xtremedistil_tf.data.folders.splits import read_labelled
from xtremedistil_tf.data.folders.transfer import find_transfer_file
from xtremedistil_tf.environment import CHILD
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.progress import Progress
from xtremedistil_tf.runs import content_fingerprint, locked, read_json, write_json
from xtremedistil_tf.study.grids import Facts, Study, Variant
from xtremedistil_tf.study.planned import (
    Run,
    chosen,
    distinct,
    plan_runs,
    teacher_flags,
    teacher_name,
)
from xtremedistil_tf.tasks import task_kind
from xtremedistil_tf.validation.run_files import find_teacher, read_metrics

_TOLD_LINES = 8
# Flags that name a model or file from which all runs start.
_STARTS = ("pt_teacher_checkpoint", "teacher_config", "pt_student_checkpoint", "word_emb_file")
# Environment variables that limit the threads of an operation.
_THREADS = ("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS")
_POLL_SECONDS = 0.2


def arguments(flags: Mapping[str, Any]) -> List[str]:
    """Formats flags as command-line arguments."""
    return [f"--{name}={value}" for name, value in flags.items()]


def environments(jobs: int) -> List[Dict[str, str]]:
    """Environment variables for each of `jobs` parallel processes, which end with this one.

    They share the cores equally; if CUDA_VISIBLE_DEVICES names several GPUs, each gets one.
    """
    if jobs == 1:
        return [{**os.environ, CHILD: str(os.getpid())}]
    threads = str(max(1, (os.cpu_count() or 1) // jobs))
    shared = {**os.environ, CHILD: str(os.getpid()), **dict.fromkeys(_THREADS, threads)}
    gpus = [name for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name]
    owned = [{"CUDA_VISIBLE_DEVICES": name} for name in gpus] or [{}]
    return [{**shared, **owned[job % len(owned)]} for job in range(jobs)]


def _with_all_cores(environment: Mapping[str, str]) -> Dict[str, str]:
    """One of `environments` with the threads that this process has."""
    free = {name: value for name, value in environment.items() if name not in _THREADS}
    return {**free, **{name: os.environ[name] for name in _THREADS if name in os.environ}}


def _only_in(flags: Sequence[str], others: Sequence[str]) -> str:
    """Formats the command-line arguments that others lack, for a message."""
    return " ".join(item for item in flags if item not in others) or "none"


class Runner:
    """Runs a study in a folder; finished runs are not repeated.

    Args:
      folder: folder of teachers/, targets/, runs/ and study.json.
      base: command-line arguments of all runs.
      given: values of all flags from `base` and from their defaults.
      data: data settings of the runs.
      sizes: requested transfer sizes.
      jobs: number of parallel runs.
    """

    def __init__(
        self, folder: pathlib.Path, *, base: Sequence[str], given: Mapping[str, Any],
        data: DataConfig, sizes: Sequence[int], jobs: int = 1,
    ):
        self._folder, self._base, self._given = folder, list(base), dict(given)
        self._named = {item.lstrip("-").partition("=")[0] for item in base}
        self._data, self._sizes, self._jobs = data, tuple(sizes), jobs
        self._free: "queue.Queue[Dict[str, str]]" = queue.Queue()
        for environment in environments(jobs):
            self._free.put(environment)
        self._teachers = threading.Lock()
        self._running: Set["subprocess.Popen[bytes]"] = set()

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
            facts = self._facts(seeds[0])
            variants = study.variants(facts)
            if not variants:
                raise UserError(f"no line of this study fits a teacher whose embeddings are "
                                f"{facts.width} wide")
            variants = distinct(chosen(variants, lines), self._given)
            runs = plan_runs(variants, seeds, facts.languages, self._given)
            alone = [{"languages": name} for name in facts.languages if study.teachers_alone]
            # One run first: it writes the targets that the others share. Some lines write none
            # (D0 reads no transfer text) or the logits alone; the last lines write all. If a run
            # is finished already, the targets exist.
            first = None if any(map(self._finished, runs)) else [
                run for run in runs if run.seed == seeds[0]][-1]
            if first is not None:
                self._fine_tune(first.flags, seeds[0], all_cores=True)
            with Progress(len(runs) + len(alone), "study", "runs") as progress:
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

    def _train(self) -> Dict[str, List[Any]]:
        _, _, examples, _ = read_labelled(self._data, splits=["train"])
        return examples

    def labels_by_language(self) -> Dict[str, int]:
        """Training rows of each language."""
        return dict(collections.Counter(row.language for row in self._train()["train"]))

    def _claim(self) -> None:
        path, files = self._folder / "study.json", self._files()
        # A study that was refused, such as for an unknown line, has made nothing to keep apart.
        made = any((self._folder / name).is_dir() for name in ("runs", "teachers"))
        before: Dict[str, Any] = read_json(path) if made and path.is_file() else {
            "flags": self._base}
        if before["flags"] != self._base:
            raise UserError(f"{self._folder} was made with other flags: "
                            f"{_only_in(before['flags'], self._base)}; the command has instead: "
                            f"{_only_in(self._base, before['flags'])}; use another --model_dir")
        # Studies of earlier versions noted no files.
        changed = [name for name, made in before.get("files", files).items()
                   if files.get(name) != made]
        if changed:
            raise UserError(f"{self._folder} was made with other data: {', '.join(changed)} "
                            "changed; use another --model_dir")
        write_json(path, {"flags": self._base, "files": files})

    def _files(self) -> Dict[str, str]:
        """Fingerprints of data and models by name; all runs of a study read the same."""
        task = pathlib.Path(self._data.task)
        paths = {**{split: task / name for split, name in self._data.files.items()},
                 "transfer": find_transfer_file(self._data)}
        # Models and files that all runs start from, as far as they are named and here.
        paths.update((name, pathlib.Path(str(self._given[name]))) for name in _STARTS
                     if self._given.get(name))
        for name in filter(None, (self._given.get("teacher_model_dir") or "").split(",")):
            # One that is fine-tuned there in the first run has nothing to compare yet.
            place = find_teacher(pathlib.Path(name)) or pathlib.Path(name)
            if place.is_file() or (place / "config.json").is_file():
                paths[f"teacher {name}"] = place
        return {name: content_fingerprint(path) for name, path in paths.items() if path.exists()}

    def _teacher_flags(self, flags: Mapping[str, Any]) -> Dict[str, Any]:
        return teacher_flags(flags, self._given, self._named)

    def _teacher(self, flags: Mapping[str, Any]) -> pathlib.Path:
        return self._folder / "teachers" / teacher_name(self._teacher_flags(flags))

    def _tuned_here(self, flags: Mapping[str, Any]) -> bool:
        """True if the study fine-tuned the teacher; a finished one stays where it is."""
        return (self._teacher(flags) / "teacher").is_dir()

    def _classes(self) -> int:
        """Number of classes of whole texts; 0 for taggers."""
        kind = task_kind(self._data.kind)
        if not (kind.pooled and kind.classes):
            return 0
        return len(kind.read_labels(self._data, pathlib.Path(self._data.task)).tags)

    def _encoder(self, seed: int) -> Tuple[int, int]:
        """Fine-tunes the teacher without flags of its own if it is missing; see `Facts.encoder`.

        Raises:
          UserError: if it is known by its outputs alone, or as ONNX.
        """
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

    def _facts(self, seed: int) -> Facts:
        examples = self._train()
        # Opened as the runs open it: train tells how running text is split into words.
        text, _ = task_kind(self._data.kind).transfer.open(
            self._data, find_transfer_file(self._data), examples, [])
        languages = {row.language for row in examples["train"]}
        return Facts(tuple(sorted(languages)), sum(1 for _ in text),
                     functools.partial(self._encoder, seed), self._sizes, self._classes())

    def _fine_tune(self, flags: Mapping[str, Any], seed: int, *, all_cores: bool = False) -> None:
        folder = self._teacher(flags)
        with self._teachers:
            if not (folder / "teacher_metrics.json").is_file():
                self._call("teacher", folder, seed, self._teacher_flags(flags), all_cores=all_cores)

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
                    begun = pool.submit(self._distil, first, first_seed, self._all_workers(rows))
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
                for process in [] if isinstance(error, UserError) else list(self._running):
                    process.terminate()
                raise

    def _metrics(self, run: Run) -> pathlib.Path:
        return self._folder / "runs" / run.name / "metrics.json"

    def _finished(self, run: Run) -> bool:
        return self._metrics(run).is_file()

    def _all_workers(self, rows: int) -> Dict[str, int]:
        """Flags of a run that writes the targets of these rows with all cores."""
        workers = max(self._jobs, self._given.get("target_workers") or 1)
        # If GPUs are named, each run has one of them; "" and "-1" name none.
        if workers == 1 or os.environ.get("CUDA_VISIBLE_DEVICES", "-1") not in ("", "-1"):
            return {}
        # A process writes whole shards.
        shard = min(self._given.get("distil_chunk_size") or rows, -(-rows // workers))
        return {"target_workers": workers, "distil_chunk_size": max(1, shard)}

    def _distil(self, run: Run, first_seed: int, more: Optional[Mapping[str, Any]] = None) -> None:
        if self._finished(run):
            return
        # Students of single languages are compared with one for all, so they share its teacher.
        self._fine_tune(run.flags, first_seed)
        shared = {"export": "false", "targets_dir": self._folder / "targets"}
        if self._tuned_here(run.flags):
            shared["teacher_model_dir"] = self._teacher(run.flags)
        self._call("distill", self._metrics(run).parent, run.seed,
                   {**run.arguments, **shared, **(more or {})})

    def _call(
        self, command: str, folder: pathlib.Path, seed: int, flags: Mapping[str, Any], *,
        all_cores: bool = False,
    ) -> None:
        """Runs a command with its share of the cores, or with all; writes its output to a log."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "log.txt"
        # All runs of a study share what their flags do not name, whatever data a line reads.
        line = [sys.executable, "-m", f"xtremedistil_tf.cli.{command}", "--defaults=paper",
                *self._base, f"--seed={seed}", *arguments({**flags, "model_dir": folder})]
        environment = self._free.get()
        try:
            with open(path, "ab") as output:
                status = self._status(subprocess.Popen(
                    line, stdout=output, stderr=output,
                    env=_with_all_cores(environment) if all_cores else environment))
        finally:
            self._free.put(environment)
        if status:
            told = path.read_text("utf-8", "replace").splitlines()[-_TOLD_LINES:]
            raise UserError(f"{folder} failed; the end of {path}:\n" + "\n".join(told))

    def _status(self, process: "subprocess.Popen[bytes]") -> int:
        self._running.add(process)
        try:
            return process.wait()
        except BaseException:
            process.terminate()
            raise
        finally:
            self._running.discard(process)

    def _record(self, run: Run) -> Dict[str, Any]:
        return {"variant": run.variant.name, "seed": run.seed, "language": run.language,
                "metrics": read_metrics(self._metrics(run).parent)}
