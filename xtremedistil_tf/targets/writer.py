"""The teacher's one pass over the transfer set, shard by shard, by one process or several."""

import contextlib
import dataclasses
import pathlib
import time
from typing import Any, Callable, ContextManager, Dict, Iterator, List, Optional, Sequence, Tuple

import filelock
import numpy as np

from xtremedistil_tf.config.checks import require
from xtremedistil_tf.data.tokenization.ragged import Ragged
from xtremedistil_tf.data.tokenization.realign import Realigned
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.inference import Forward
from xtremedistil_tf.models.teacher import Teacher
from xtremedistil_tf.progress import Progress
from xtremedistil_tf.runs import atomic_folder, read_json, sweep_beside, write_json
from xtremedistil_tf.targets.records import records_of, replaced
from xtremedistil_tf.targets.spec import KINDS, StoreSpec
from xtremedistil_tf.targets.store import SHARD_RECORD, TargetStore, check_disk, file_name
from xtremedistil_tf.validation.records import read_record

_MANIFEST = "manifest.json"
_CLAIMS = "claims"
# Rows whose teacher outputs are in memory at a time while a shard is written.
_BLOCK = 2048


@dataclasses.dataclass(frozen=True)
class Part:
    """Which shards a process may write: those whose number leaves `number` when divided by `of`.

    Machines that share a folder whose locks do not hold across them take one part each.
    """

    number: int = 0
    of: int = 1

    def __post_init__(self):
        require(0 <= self.number < self.of,
                f"part {self.number} of {self.of}; allowed: parts counted from 0")


class _ShardWriter:
    """Writes the rows of a shard into its files, one a kind and bucket."""

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
      teacher: the fine-tuned teacher.
      input_ids: the transfer rows in the order of the text.
      order: for each row of the store its row in `input_ids`.
      store: what is filled.
      kinds: which outputs are kept.
      realigned: the student's rows, if it has a tokenizer of its own.
    """

    def __init__(
        self, teacher: Teacher, input_ids: Ragged, order: np.ndarray, store: TargetStore, *,
        kinds: Sequence[str], realigned: Optional[Realigned] = None,
    ):
        self._input_ids, self._order, self._store = input_ids, order, store
        self._own = realigned or Realigned(input_ids)
        self._kinds = tuple(kinds)
        self._forward = Forward(teacher.model, outputs=self._kinds,
                                pad_id=teacher.tokenizer.pad_token_id)

    def write_shard(self, index: int, progress: Progress) -> None:
        """Writes one shard; it appears under its name when it is whole."""
        begin, end = self._store.bounds(index)
        buckets = self._store.buckets(begin, end)
        with atomic_folder(self._store.shard_folder(index)) as temporary:
            with contextlib.ExitStack() as stack:
                writer = _ShardWriter(temporary, stack)
                for at in range(begin, end, _BLOCK):
                    order = self._order[at : min(at + _BLOCK, end)]
                    block = Ragged.of([self._input_ids[row] for row in order])
                    for rows, lengths, outputs in self._forward.batches(block, progress.advance):
                        for position, (row, length) in enumerate(zip(rows, lengths)):
                            real = {kind: outputs[kind][position, :length]
                                    for kind in self._kinds}
                            bucket = int(buckets[at - begin + row])
                            records = self._row(int(order[row]), real, bucket)
                            for kind, record in records.items():
                                writer.write(kind, bucket, record)
            sizes = {path.name: path.stat().st_size for path in sorted(temporary.iterdir())}
            write_json(temporary / SHARD_RECORD, sizes)

    def _row(self, row: int, outputs: Dict[str, np.ndarray], bound: int) -> Dict[str, bytes]:
        """The records of a row of the text."""
        if self._own.places is not None:
            outputs = replaced(outputs, self._own.places[row])
        return records_of(self._kinds, self._own.input_ids[row], outputs, bound)

    def fill(self, missing: Sequence[int], progress: Progress, wait: bool) -> None:
        """Writes the shards that no other process has claimed.

        Args:
          missing: their numbers.
          progress: is told of the rows that are done, whoever did them.
          wait: whether to stay until the last is whole; one whose writer died is taken over.
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
    """Tries to be the one process that writes a shard; the system frees it if the process dies."""
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


def store_order(rows: int) -> np.ndarray:
    """The random order in which rows lie in a store; int64 [rows].

    It depends on nothing else: a fingerprint, say, holds the seconds that a teacher took.
    """
    return np.random.default_rng(rows).permutation(rows)


def _other_outputs(stored: Dict[str, Any], manifest: Dict[str, Any]) -> str:
    """What distinguishes the store that a folder holds from the one that is needed, and a way out.

    Args:
      stored, manifest: manifests of the two, which differ.
    """
    found = stored.get("shard_rows")
    if {**stored, "shard_rows": manifest["shard_rows"]} == manifest and isinstance(found, int):
        # Runs that share a --targets_dir meet in the same folder whatever their shards' size.
        return (f"holds shards of {found} rows, and --distil_chunk_size is "
                f"{manifest['shard_rows']}; use --distil_chunk_size={found}, or another "
                "--targets_dir or --model_dir")
    return ("holds the outputs of another teacher, transfer set, seq_len or layer; use another "
            "--model_dir or --targets_dir, or --overwrite")


def open_store(
    rows: Realigned, folder: pathlib.Path, fingerprint: str, spec: StoreSpec
) -> Tuple[TargetStore, np.ndarray]:
    """Opens a store, or begins an empty one.

    Args:
      rows: the student's transfer sequences; those of the teacher where it has no tokenizer of its
        own.
      folder: where the shards are or go.
      fingerprint: of teacher, tokenizer, data, seq_len, layer and precision.
      spec: sizes; whether it is partial follows from `rows`.

    Returns:
      The store, and int64 [rows] its order (see `store_order`).

    Raises:
      UserError: if the folder holds targets of another teacher or data, or in other shards.
    """
    folder.mkdir(parents=True, exist_ok=True)
    order = store_order(len(rows.input_ids))
    lengths = rows.input_ids.lengths[order].astype(np.int32)
    spec = dataclasses.replace(spec, partial=rows.places is not None)
    manifest = {"fingerprint": fingerprint, "rows": len(lengths), "pieces": int(lengths.sum()),
                **dataclasses.asdict(spec)}
    path = folder / _MANIFEST
    if path.is_file():
        stored = read_record(path, {})
        stored.pop("shards", None)
        if stored != manifest:
            raise UserError(f"{folder} {_other_outputs(stored, manifest)}")
    else:
        write_json(path, manifest)
    return TargetStore(folder, lengths, spec), order


def reopen_store(rows: Realigned, folder: pathlib.Path) -> Tuple[TargetStore, np.ndarray]:
    """Opens a store that another process began; see `open_store`."""
    manifest = read_json(folder / _MANIFEST)
    spec = StoreSpec(**{field.name: manifest[field.name]
                        for field in dataclasses.fields(StoreSpec)})
    return open_store(rows, folder, manifest["fingerprint"], spec)


def _finish(store: TargetStore) -> None:
    """Lists the shards in the manifest, now that all are there."""
    path = store.folder / _MANIFEST
    names = [store.shard_folder(index).name for index in range(store.shards)]
    write_json(path, {**read_json(path), "shards": names})


def missing_shards(
    store: TargetStore, kinds: Sequence[str], *, part: Part = Part()
) -> List[int]:
    """Numbers of a part's shards that must be written; checks the disk for them.

    Raises:
      UserError: if the disk is too small for them.
    """
    sound = set(store.sound_shards(kinds))
    missing = [index for index in range(store.shards)
               if index % part.of == part.number and index not in sound]
    for index in missing:
        # A damaged one must not look whole to the process that comes to write it.
        (store.shard_folder(index) / SHARD_RECORD).unlink(missing_ok=True)
    check_disk(store.folder, store.needs(missing, kinds))
    return missing


def write_targets(
    teacher: Teacher, input_ids: Ragged, folder: pathlib.Path, fingerprint: str, shard_rows: int,
    *, kinds: Sequence[str] = KINDS, part: Optional[Part] = None,
    helpers: Callable[[], ContextManager[None]] = contextlib.nullcontext,
    realigned: Optional[Realigned] = None,
) -> Tuple[TargetStore, int]:
    """Runs the teacher once over the transfer set and stores its outputs.

    Shard by shard: what a killed run finished is kept; a shard that is missing, truncated or
    altered is made anew. Several processes may do this at the same time: each shard is written by
    the one that claims it, and all wait for the last.

    Args:
      teacher: the fine-tuned teacher.
      input_ids: the transfer rows.
      folder: where the shards go.
      fingerprint: of teacher, tokenizer, data, seq_len and layer.
      shard_rows: rows a shard.
      kinds: which outputs are stored.
      part: writes only these shards and does not wait for the others.
      helpers: starts processes that help, where there is something to do.
      realigned: the same rows for a student with a tokenizer of its own.

    Returns:
      The store, and the number of rows that its missing shards had (0 if all was there).

    Raises:
      UserError: if the folder holds targets of another teacher or data, or the disk is too small.
    """
    spec = StoreSpec(teacher.width, int(teacher.model.output_shape["logits"][-1]), shard_rows,
                     pooled=teacher.pooled, matched=teacher.matched)
    store, order = open_store(realigned or Realigned(input_ids), folder, fingerprint, spec)
    missing = missing_shards(store, kinds, part=part or Part())
    rows = store.rows(missing)
    if missing:
        filler = Filler(teacher, input_ids, order, store, kinds=kinds, realigned=realigned)
        with helpers(), Progress(rows, "teacher over the rows", "sentences") as progress:
            filler.fill(missing, progress, wait=part is None)
    if part is None:
        _finish(store)
    return store, rows
