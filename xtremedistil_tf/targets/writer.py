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
from xtremedistil_tf.files.atomic import atomic_folder
from xtremedistil_tf.files.leftovers import sweep_beside
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.progress import TARGETS, Progress
from xtremedistil_tf.targets.manifest import finish, open_store
from xtremedistil_tf.targets.records import realigned_outputs, records_of
from xtremedistil_tf.targets.spec import KINDS, Place, StoreSpec
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
class TeacherInput:
    """The transfer set as the teacher reads it.

    Attributes:
      sequences: the sequences in the order of the text. If the teacher has logits for words only,
        their `places` are the positions that have logits.
      texts: the words of the sequences, for a teacher with several tokenizers (`wants_texts`).
    """

    sequences: Realigned
    texts: Optional[Rows] = None


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
      rows: what it reads.
      order: int [rows], index in `rows` of each sequence of the store.
      store: the store.
      kinds: kinds of targets to write.
    """

    def __init__(
        self, teacher: Teaches, rows: TeacherInput, order: np.ndarray, store: TargetStore, *,
        kinds: Sequence[str],
    ):
        self._input_ids, self._places = rows.sequences.input_ids, rows.sequences.places
        self._texts, self._order, self._store = rows.texts, order, store
        self._kinds = tuple(kinds)
        self._forward = teacher.forward(self._kinds)

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
        assert self._places is not None, "such a teacher has logits for words only"
        return {"starts": [word_starts_of(self._places[row]) for row in order]}

    def _row(self, row: int, outputs: Dict[str, np.ndarray], bound: int) -> Dict[str, bytes]:
        """Encodes the targets of one sequence."""
        if self._places is not None:
            outputs = realigned_outputs(outputs, self._places[row])
        return records_of(self._kinds, self._input_ids[row], outputs, bound)

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


def _open(
    teacher: Teaches, rows: TeacherInput, place: Place, shard_rows: int
) -> Tuple[TargetStore, np.ndarray]:
    """Opens the store of a teacher's outputs; see `manifest.open_store`."""
    spec = StoreSpec(teacher.width, teacher.classes, shard_rows, pooled=teacher.pooled,
                     partial=teacher.partial, matched=teacher.matched)
    return open_store(rows.sequences, place, spec)


def _fill(filler: Filler, missing: Sequence[int], rows: int, *, wait: bool) -> None:
    """Writes missing shards of so many sequences under a progress bar; see `Filler.fill`."""
    with Progress(rows, "teacher over the rows", "sentences", part=TARGETS) as progress:
        filler.fill(missing, progress, wait=wait)


def write_targets(
    teacher: Teaches, rows: TeacherInput, place: Place, shard_rows: int, *,
    kinds: Sequence[str] = KINDS,
    helpers: Callable[[], ContextManager[None]] = contextlib.nullcontext,
) -> Tuple[TargetStore, int]:
    """Runs the teacher once over the transfer set and stores its outputs.

    It writes shard by shard. Finished shards of a killed run are kept; missing or damaged shards
    are written again. Several processes may run this at the same time: each shard is written by the
    process that locks it, and all wait for the last shard.

    Args:
      teacher: the teacher, of any kind.
      rows: the transfer set.
      place: folder of the store, and the fingerprint of teacher, tokenizer, data, seq_len and
        layer.
      shard_rows: sequences of a shard.
      kinds: kinds of targets to store.
      helpers: returns a context manager that runs helper processes.

    Returns:
      (the store, number of sequences in the shards that were missing).

    Raises:
      UserError: if the folder has targets of another teacher or data, or the disk is too small.
    """
    store, order = _open(teacher, rows, place, shard_rows)
    missing = missing_shards(store, kinds)
    count = store.rows(missing)
    if missing:
        filler = Filler(teacher, rows, order, store, kinds=kinds)
        with helpers():
            _fill(filler, missing, count, wait=True)
    finish(store)
    return store, count


def write_part_of_targets(
    teacher: Teaches, rows: TeacherInput, place: Place, shard_rows: int, *,
    kinds: Sequence[str] = KINDS, part: Part,
) -> Tuple[TargetStore, int]:
    """Writes one part of a store's shards and does not wait for the others; see `write_targets`.

    Args:
      teacher, rows, place, shard_rows, kinds: see `write_targets`.
      part: the shards to write.

    Returns:
      (the store, number of sequences in the part's shards that were missing).

    Raises:
      UserError: see `write_targets`.
    """
    store, order = _open(teacher, rows, place, shard_rows)
    missing = missing_shards(store, kinds, part=part)
    count = store.rows(missing)
    if missing:
        _fill(Filler(teacher, rows, order, store, kinds=kinds), missing, count, wait=False)
    return store, count
