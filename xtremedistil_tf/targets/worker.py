"""Helper processes that write targets in parallel with the main process."""

import contextlib
import dataclasses
import json
import os
import pathlib
import subprocess
import sys
from typing import Any, Dict, Iterator, Mapping, Optional, Sequence, Tuple

from xtremedistil_tf.data.tokenization.text_store import TextStore
from xtremedistil_tf.data.tokenization.token_store import open_realigned
from xtremedistil_tf.environment import end_with_parent, named_gpus
from xtremedistil_tf.errors import UserError, user_mistake
from xtremedistil_tf.progress import Progress

# Program of a helper process. Ctrl-C ends it without a message, since it reaches the main process
# too, which has one; this is set before the slow imports.
_HELPER = ("import json, signal, sys\nsignal.signal(signal.SIGINT, signal.SIG_DFL)\n"
           "from xtremedistil_tf.targets.worker import run\nrun(json.loads(sys.argv[1]))")


def _environment(number: int, devices: Sequence[str]) -> Dict[str, str]:
    """Returns a helper's environment: its own GPU if there are several, and no cluster."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment.pop("TF_CONFIG", None)
    if devices:
        environment["CUDA_VISIBLE_DEVICES"] = devices[number % len(devices)]
    return environment


@dataclasses.dataclass(frozen=True)
class HelperJob:
    """The settings of a helper process. It writes exactly the shards that the main process would.

    Attributes:
      store, sequences: folders of the store and of what the teacher reads; see `open_realigned`.
      teachers: folder of the teacher, or of each teacher of an ensemble.
      wanted: the outputs asked of the teacher, a `teachers.Wanted` as JSON values.
      kinds: kinds of targets to write.
      texts: folder of the sequences' words, for teachers with several tokenizers; None without it.
      seed, deterministic, opt_policy: TensorFlow's settings in the main process, see
        `runtime.prepare`. With another precision, shards would depend on the process.
    """

    store: str
    sequences: str
    teachers: Tuple[str, ...]
    wanted: Dict[str, Any]
    kinds: Tuple[str, ...]
    seed: int = 0
    deterministic: bool = False
    opt_policy: Optional[str] = None
    texts: Optional[str] = None


@contextlib.contextmanager
def helping_processes(count: int, job: HelperJob, *, gpus: int = 0) -> Iterator[None]:
    """Starts helper processes and ends them with the block.

    If one dies, another process takes over its shard.

    Args:
      count: number of processes.
      job: their settings.
      gpus: number of GPUs of this machine. The main process uses the first.
    """
    told = json.dumps({"job": dataclasses.asdict(job), "parent": os.getpid(),
                       "processes": count + 1})
    command = [sys.executable, "-c", _HELPER, told]
    names = named_gpus()[:gpus] or [str(index) for index in range(gpus)]
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


def work(job: HelperJob, processes: int) -> None:
    """Writes missing shards of a store until no unclaimed shard is left.

    Args:
      job: the settings.
      processes: number of processes on this machine, the main process included.
    """
    from xtremedistil_tf.keras2 import tf
    from xtremedistil_tf.runtime import prepare
    from xtremedistil_tf.targets.manifest import reopen_store
    from xtremedistil_tf.targets.writer import Filler, TeacherInput
    from xtremedistil_tf.teachers import Wanted, load_ready

    # Without this, every process would start one thread for each core.
    threads = max(1, (os.cpu_count() or 1) // processes)
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    # Before building the teacher, since its layers take the precision policy of that moment.
    prepare(job.seed, job.deterministic, opt_policy=job.opt_policy)
    folder = pathlib.Path(job.store)
    sequences = open_realigned(pathlib.Path(job.sequences))
    store, order = reopen_store(sequences, folder)
    teacher = load_ready([pathlib.Path(folder) for folder in job.teachers],
                         Wanted.of(job.wanted))
    missing = [index for index in range(store.shards) if not store.is_whole(index, job.kinds)]
    if missing:
        texts = TextStore(pathlib.Path(job.texts)) if job.texts else None
        filler = Filler(teacher, TeacherInput(sequences, texts), order, store, kinds=job.kinds)
        with Progress(store.rows(missing), "helper", "sentences") as progress:
            filler.fill(missing, progress, wait=False)


def run(told: Mapping[str, Any]) -> None:
    """Runs a helper process; what the user can fix takes one line, as in the main process.

    Args:
      told: job, parent and processes, see `helping_processes`.
    """
    end_with_parent(told["parent"])
    try:
        work(HelperJob(**told["job"]), told["processes"])
    except Exception as error:
        why = str(error) if isinstance(error, UserError) else user_mistake(
            error, (told["job"]["store"], told["job"]["sequences"], *told["job"]["teachers"]))
        if why is None:
            raise
        print(f"warning: a helper process ended: {why}", file=sys.stderr)
        sys.exit(2)
