"""Helping processes that fill a target store beside the one that started them."""

import contextlib
import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import threading
import time
from typing import Dict, Iterator, List, Optional, Sequence, Tuple

from xtremedistil_tf.data.tokenization.realign import Realigned
from xtremedistil_tf.data.tokenization.token_store import open_pieces, open_realigned
from xtremedistil_tf.progress import Progress


def _environment(number: int, devices: Sequence[str]) -> Dict[str, str]:
    """A helper's variables: a GPU of its own where there are several, and no cluster."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment.pop("TF_CONFIG", None)
    if devices:
        environment["CUDA_VISIBLE_DEVICES"] = devices[number % len(devices)]
    return environment


def visible_gpus(count: int) -> List[str]:
    """Names of this process' GPUs for CUDA_VISIBLE_DEVICES, which may hold a choice already."""
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    return chosen.split(",")[:count] if chosen else [str(index) for index in range(count)]


@dataclasses.dataclass(frozen=True)
class HelperJob:
    """What a helping process must know to write the very shards that its starter would write.

    Attributes:
      store, pieces: folders of the store and of its sequences.
      teachers: the teacher's folder, or those of the several that it is made of.
      layer, kinds: which representation, and which outputs are stored.
      own: folder of the rows of a student with a tokenizer of its own.
      seed, deterministic, opt_policy: TensorFlow's settings in the starter, see `runtime.prepare`.
        In another precision a shard would depend on which process came first.
    """

    store: str
    pieces: str
    teachers: Tuple[str, ...]
    layer: int
    kinds: Tuple[str, ...]
    own: Optional[str] = None
    seed: int = 0
    deterministic: bool = False
    opt_policy: Optional[str] = None


@contextlib.contextmanager
def helping_processes(count: int, job: HelperJob, *, gpus: int = 0) -> Iterator[None]:
    """Starts processes that fill a store, and ends them with the block.

    One that dies is not missed: its shard is taken over by another.

    Args:
      count: how many.
      job: what they do.
      gpus: devices of this machine, of which the starting process uses the first.
    """
    told = json.dumps({"job": dataclasses.asdict(job), "parent": os.getpid(),
                       "processes": count + 1})
    command = [sys.executable, "-m", "xtremedistil_tf.targets.worker", told]
    names = visible_gpus(gpus)
    processes = [
        subprocess.Popen(command, env=_environment(number, names), stdout=subprocess.DEVNULL)
        for number in range(1, count + 1)
    ]
    try:
        yield
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait()


def _die_with(parent: int) -> None:
    """Ends this process when the one that started it is gone, killed or not."""
    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def work(job: HelperJob, processes: int) -> None:
    """Fills the missing shards of a store until nothing is left to claim.

    Args:
      job: which store, and how.
      processes: that share this machine's cores, the starting one included.
    """
    from xtremedistil_tf.keras2 import tf
    from xtremedistil_tf.models.teacher_ensemble import load_teachers
    from xtremedistil_tf.runtime import prepare
    from xtremedistil_tf.targets.writer import Filler, reopen_store

    # Else every process would start a thread for every core.
    threads = max(1, (os.cpu_count() or 1) // processes)
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    # Before the teacher is built: its layers take the precision that holds then.
    prepare(job.seed, job.deterministic, job.opt_policy)
    folder = pathlib.Path(job.store)
    input_ids = open_pieces(pathlib.Path(job.pieces))
    realigned = open_realigned(pathlib.Path(job.own)) if job.own else None
    store, order = reopen_store(realigned or Realigned(input_ids), folder)
    teacher = load_teachers([pathlib.Path(folder) for folder in job.teachers], job.layer,
                            matched=store.spec.matched)
    missing = [index for index in range(store.shards) if not store.is_whole(index, job.kinds)]
    if missing:
        filler = Filler(teacher, input_ids, order, store, kinds=job.kinds, realigned=realigned)
        with Progress(store.rows(missing), "helper", "sentences") as progress:
            filler.fill(missing, progress, wait=False)


if __name__ == "__main__":
    told = json.loads(sys.argv[1])
    _die_with(told["parent"])
    work(HelperJob(**told["job"]), told["processes"])
