"""The processes of a study: each runs a command with its share of the cores, and logs to a file."""

import os
import pathlib
import queue
import subprocess
import sys
from typing import Any, Dict, List, Mapping, Sequence, Set

from xtremedistil_tf.environment import CHILD, named_gpus
from xtremedistil_tf.errors import UserError

_TOLD_LINES = 8
# Environment variables that limit the threads of an operation.
_THREADS = ("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS")


def arguments(flags: Mapping[str, Any]) -> List[str]:
    """Formats flags as command-line arguments.

    Example:
      arguments({"seed": 1})  # ["--seed=1"]
    """
    return [f"--{name}={value}" for name, value in flags.items()]


def environments(jobs: int) -> List[Dict[str, str]]:
    """Environment variables for each of `jobs` parallel processes, which end with this one.

    They share the cores equally; if CUDA_VISIBLE_DEVICES names several GPUs, each gets one.
    """
    if jobs == 1:
        return [{**os.environ, CHILD: str(os.getpid())}]
    threads = str(max(1, (os.cpu_count() or 1) // jobs))
    shared = {**os.environ, CHILD: str(os.getpid()), **dict.fromkeys(_THREADS, threads)}
    owned = [{"CUDA_VISIBLE_DEVICES": name} for name in named_gpus()] or [{}]
    return [{**shared, **owned[job % len(owned)]} for job in range(jobs)]


def _with_all_cores(environment: Mapping[str, str]) -> Dict[str, str]:
    """One of `environments` with the threads that this process has."""
    free = {name: value for name, value in environment.items() if name not in _THREADS}
    return {**free, **{name: os.environ[name] for name in _THREADS if name in os.environ}}


def all_workers(rows: int, *, given: Mapping[str, Any], jobs: int) -> Dict[str, int]:
    """Flags of a run that writes a teacher's outputs with all cores, before others run beside it.

    Args:
      rows: number of transfer sentences.
      given: values of all flags.
      jobs: number of commands at a time.
    """
    workers = max(jobs, given.get("target_workers") or 1)
    # If GPUs are named, each run has one of them.
    if workers == 1 or named_gpus():
        return {}
    # A process writes whole shards.
    shard = min(given.get("distil_chunk_size") or rows, -(-rows // workers))
    return {"target_workers": workers, "distil_chunk_size": max(1, shard)}


class Processes:
    """Runs commands of this package, each in a process of its own.

    Args:
      base: command-line arguments of all of them.
      jobs: number of commands at a time; another call waits.
    """

    def __init__(self, base: Sequence[str], jobs: int):
        self._base = list(base)
        self._free: "queue.Queue[Dict[str, str]]" = queue.Queue()
        for environment in environments(jobs):
            self._free.put(environment)
        self._running: Set["subprocess.Popen[bytes]"] = set()

    def call(
        self, command: str, folder: pathlib.Path, flags: Mapping[str, Any], *,
        all_cores: bool = False,
    ) -> None:
        """Runs a command to its end, and writes its output to log.txt in a folder.

        Args:
          command: name of a module of `xtremedistil_tf.cli`.
          folder: the command's --model_dir.
          flags: more flags, which win over those of all commands.
          all_cores: True to run it with all cores, although others may run beside it.

        Raises:
          UserError: if it fails, with the last lines of its log.
        """
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "log.txt"
        # All runs of a study share what their flags do not name, whatever data a line reads.
        line = [sys.executable, "-m", f"xtremedistil_tf.cli.{command}", "--defaults=paper",
                *self._base, *arguments({**flags, "model_dir": folder})]
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

    def terminate(self) -> None:
        """Ends all commands that run."""
        for process in list(self._running):
            process.terminate()

    def _status(self, process: "subprocess.Popen[bytes]") -> int:
        self._running.add(process)
        try:
            return process.wait()
        except BaseException:
            process.terminate()
            raise
        finally:
            self._running.discard(process)
