"""The teacher's one pass over the transfer set, shard by shard, by one process or several."""

import contextlib
import dataclasses
import pathlib
import time
from typing import (
    Any,
    Callable,
    ContextManager,
    Dict,
    Iterator,
    List,
    Optional,
    Protocol,
    Sequence,
    Tuple,
)

import filelock
import numpy as np

from xtremedistil_tf.config.checks import require
from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.data.tokenization.ragged import Ragged
from xtremedistil_tf.data.tokenization.realign import Realigned, word_starts_of
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.progress import TARGETS, Progress
from xtremedistil_tf.runs import atomic_folder, sweep_beside
from xtremedistil_tf.targets.manifest import finish, open_store
from xtremedistil_tf.targets.records import realigned_outputs, records_of
from xtremedistil_tf.targets.spec import KINDS, StoreSpec
from xtremedistil_tf.targets.store import SHARD_RECORD, TargetStore, check_disk, file_name
from xtremedistil_tf.teachers.base import Teaches

_CLAIMS = "claims"
# Output of teachers that say nothing of some positions; see `realigned_outputs`.
_KNOWN = ("known",)
# Sequences whose targets are in memory at the same time.
_BLOCK = 2048


class Rows(Protocol):
    """Rows of words by their index, such as a list or a `text_store.TextStore`."""

    def __getitem__(self, row: int) -> Example:
        """Returns a row."""


@dataclasses.dataclass(frozen=True)
class Part:
    """The shards that a process may write: those with index % of == number.

    Each machine takes one part if they share a folder without working file locks.
    """

    number: int = 0
    of: int = 1

    def __post_init__(self):
        require(0 <= self.number < self.of,
                f"part {self.number} of {self.of}; allowed: parts counted from 0")


class _ShardWriter:
    """Writes the records of a shard to its files, one a kind and bucket."""

    def __init__(self, folder: pathlib.Path, stack: contextlib.ExitStack):
        self._folder, self._stack = folder, stack
        self._writers: Dict[str, tf.io.TFRecordWriter] = {}

    def write(self, kind: str, bucket: int, record: bytes) -> None:
        """Appends a record to its file."""
        name = file_name(kind, bucket)
        if name not in self._writers:
            path = str(self._folder / name)
            self._writers[name] = self._stack.enter_context(tf.io.TFRecordWriter(path))
        self._writers[name].write(record)


class Filler:
    """Runs the teacher over shards of a store and writes them.

    Args:
      teacher: the teacher, of any kind.
      input_ids: the transfer sequences in the order of the text.
      order: int [rows], index in `input_ids` of each sequence of the store.
      store: the store.
      kinds: kinds of targets to write.
      realigned: the same sequences with the positions that have logits, of a teacher that has them
        for words only; None if all positions have.
      texts: the words of the sequences, for a teacher with several tokenizers (`wants_texts`).
    """

    def __init__(
        self, teacher: Teaches, input_ids: Ragged, order: np.ndarray, store: TargetStore, *,
        kinds: Sequence[str], realigned: Optional[Realigned] = None,
        texts: Optional[Rows] = None,
    ):
        self._input_ids, self._order, self._store = input_ids, order, store
        self._own = realigned or Realigned(input_ids)
        self._kinds = tuple(kinds)
        self._forward, self._texts = teacher.forward(self._kinds), texts

    def write_shard(self, index: int, progress: Progress) -> None:
        """Writes one shard, atomically."""
        begin, end = self._store.bounds(index)
        buckets = self._store.buckets(begin, end)
        with atomic_folder(self._store.shard_folder(index)) as temporary:
            with contextlib.ExitStack() as stack:
                writer = _ShardWriter(temporary, stack)
                for at in range(begin, end, _BLOCK):
                    order = self._order[at : min(at + _BLOCK, end)]
                    block = Ragged.of([self._input_ids[row] for row in order])
                    for rows, lengths, outputs in self._forward.batches(
                            block, on_rows=progress.advance, **self._asked(order)):
                        for position, (row, length) in enumerate(zip(rows, lengths)):
                            real = {kind: outputs[kind][position, :length]
                                    for kind in (*self._kinds, *_KNOWN) if kind in outputs}
                            bucket = int(buckets[at - begin + row])
                            records = self._row(int(order[row]), real, bucket)
                            for kind, record in records.items():
                                writer.write(kind, bucket, record)
            self._store.record(temporary, index)

    def _asked(self, order: np.ndarray) -> Dict[str, Any]:
        """Returns the arguments that only some teachers' forward passes take, for some rows."""
        if getattr(self._forward, "wants_texts", False):
            assert self._texts is not None, "such a teacher has several tokenizers"
            return {"texts": [self._texts[row] for row in order]}
        if not getattr(self._forward, "wants_starts", False):
            return {}
        assert self._own.places is not None, "such a teacher has logits for words only"
        return {"starts": [word_starts_of(self._own.places[row]) for row in order]}

    def _row(self, row: int, outputs: Dict[str, np.ndarray], bound: int) -> Dict[str, bytes]:
        """Encodes the targets of one sequence."""
        if self._own.places is not None:
            outputs = realigned_outputs(outputs, self._own.places[row])
        return records_of(self._kinds, self._own.input_ids[row], outputs, bound)

    def fill(self, missing: Sequence[int], progress: Progress, wait: bool) -> None:
        """Writes the missing shards that no other process has claimed.

        Args:
          missing: numbers of the missing shards.
          progress: counts the finished sequences of all processes.
          wait: wait until all shards are written; take over shards whose process has died.
        """
        left = list(missing)
        while left:
            for index in left:
                with _claimed(self._store, index) as free:
                    if free and not self._store.is_whole(index, self._kinds):
                        self.write_shard(index, progress)
                        left = [other for other in left if other != index]
            ready = [index for index in left if self._store.is_whole(index, self._kinds)]
            progress.advance(self._store.rows(ready))
            left = [index for index in left if index not in ready]
            if not wait:
                return
            if left:
                time.sleep(1)


@contextlib.contextmanager
def _claimed(store: TargetStore, index: int) -> Iterator[bool]:
    """Tries to lock a shard for writing; yields success. The system unlocks it on a crash."""
    claims = store.folder / _CLAIMS
    claims.mkdir(exist_ok=True)
    lock = filelock.FileLock(claims / f"{index:05d}.lock")
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        yield False
        return
    try:
        sweep_beside(store.shard_folder(index))
        yield True
    finally:
        lock.release()


def missing_shards(
    store: TargetStore, kinds: Sequence[str], *, part: Part = Part()
) -> List[int]:
    """Returns the numbers of the missing shards; checks the free disk space.

    Args:
      store: the store.
      kinds: kinds of targets that a shard must have.
      part: the shards to look at; all by default.

    Raises:
      UserError: if the disk is too small for them.
    """
    # Before the files are read: another run may finish shards meanwhile, and those are whole.
    recorded = {index: store.shard_folder(index) / SHARD_RECORD for index in range(store.shards)
                if (store.shard_folder(index) / SHARD_RECORD).is_file()}
    sound = set(store.sound_shards(kinds))
    missing = [index for index in range(store.shards)
               if index % part.of == part.number and index not in sound]
    for index in recorded.keys() & missing:
        # Without its record, a damaged shard does not look complete to the process that writes it.
        recorded[index].unlink(missing_ok=True)
    check_disk(store.folder, store.needs(missing, kinds))
    return missing


def write_targets(
    teacher: Teaches, input_ids: Ragged, folder: pathlib.Path, fingerprint: str, shard_rows: int,
    *, kinds: Sequence[str] = KINDS, part: Optional[Part] = None,
    helpers: Callable[[], ContextManager[None]] = contextlib.nullcontext,
    realigned: Optional[Realigned] = None, texts: Optional[Rows] = None,
) -> Tuple[TargetStore, int]:
    """Runs the teacher once over the transfer set and stores its outputs.

    It writes shard by shard. Finished shards of a killed run are kept; missing or damaged shards
    are written again. Several processes may run this at the same time: each shard is written by the
    process that locks it, and all wait for the last shard.

    Args:
      teacher: the teacher, of any kind.
      input_ids: the transfer sequences.
      folder: folder of the store.
      fingerprint: fingerprint of teacher, tokenizer, data, seq_len and layer.
      shard_rows: sequences of a shard.
      kinds: kinds of targets to store.
      part: write only these shards and do not wait for the others; None for all.
      helpers: returns a context manager that runs helper processes.
      realigned: the same sequences with the positions that have logits, of a teacher that has them
        for words only; None if all positions have.
      texts: see `Filler`.

    Returns:
      (the store, number of sequences in the shards that were missing).

    Raises:
      UserError: if the folder has targets of another teacher or data, or the disk is too small.
    """
    spec = StoreSpec(teacher.width, teacher.classes, shard_rows, pooled=teacher.pooled,
                     partial=teacher.partial, matched=teacher.matched)
    store, order = open_store(realigned or Realigned(input_ids), folder, fingerprint, spec)
    missing = missing_shards(store, kinds, part=part or Part())
    rows = store.rows(missing)
    if missing:
        filler = Filler(teacher, input_ids, order, store, kinds=kinds, realigned=realigned,
                        texts=texts)
        with helpers(), Progress(rows, "teacher over the rows", "sentences",
                                 part=TARGETS) as progress:
            filler.fill(missing, progress, wait=part is None)
    if part is None:
        finish(store)
    return store, rows
