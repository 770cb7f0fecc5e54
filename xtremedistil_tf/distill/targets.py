"""Teacher outputs for the transfer set: computed in one pass, stored in shards, read by stages."""

import contextlib
import dataclasses
import pathlib
import shutil
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

from xtremedistil_tf.errors import UserError
from xtremedistil_tf.inputs.alignment import Ragged
from xtremedistil_tf.inputs.batches import bucket_bounds, bucket_of
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.forward import Forward
from xtremedistil_tf.models.teacher import Teacher
from xtremedistil_tf.progress import Progress
from xtremedistil_tf.runs import atomic_folder, read_json, write_json

_MANIFEST = "manifest.json"
# Rows whose teacher outputs are in memory at a time while a shard is written.
_BLOCK = 2048


@dataclasses.dataclass(frozen=True)
class TargetStore:
    """Teacher outputs on disk: a folder a shard, in it two files a length bucket.

    A record of "logits-*.tfrecord" holds a row's piece ids (int32) and logits (float32), one of
    "representation-*.tfrecord" its representation (float16); real positions only. They are kept
    apart because nine tenths of the bytes are needed by the first stage alone, and by length so
    that a batch is read and decoded as a whole.

    Attributes:
      folder: where they are.
      lengths: int64 [rows], pieces a row.
      width, classes: sizes of a representation and of a position's logits.
      shard_rows: rows a shard.
    """

    folder: pathlib.Path
    lengths: np.ndarray
    width: int
    classes: int
    shard_rows: int

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def shards(self) -> int:
        """Number of shards."""
        return -(-len(self) // self.shard_rows)

    def bounds(self, index: int) -> Tuple[int, int]:
        """First row of a shard and the one after its last."""
        return index * self.shard_rows, min((index + 1) * self.shard_rows, len(self))

    def buckets(self) -> np.ndarray:
        """Longest row of the bucket that each row belongs to; int [rows]."""
        bounds = bucket_bounds(int(self.lengths.max()))
        return np.array(bounds)[bucket_of(self.lengths, bounds)]

    def bucket_rows(self) -> Dict[int, int]:
        """Rows in each bucket that has any."""
        buckets, counts = np.unique(self.buckets(), return_counts=True)
        return {int(bucket): int(count) for bucket, count in zip(buckets, counts)}

    def files(self, kind: str, bucket: int, shards: Sequence[int]) -> List[str]:
        """Files of "logits" or "representation" for a bucket, shard by shard."""
        paths = [_file(self.folder, kind, index, bucket) for index in shards]
        return [str(path) for path in paths if path.is_file()]

    def verify(self) -> None:
        """Reads every record against its checksum.

        Raises:
          UserError: naming the first shard that is damaged.
        """
        for file in sorted(self.folder.glob("shard-*/*.tfrecord")):
            try:
                for _ in tf.data.TFRecordDataset(str(file)):
                    pass
            except tf.errors.OpError as error:
                raise UserError(
                    f"target shard {file} is damaged ({error.message}); delete it and run "
                    "again, its shard alone is made anew"
                ) from None


def _shard_folder(folder: pathlib.Path, index: int) -> pathlib.Path:
    return folder / f"shard-{index:05d}"


def _file(folder: pathlib.Path, kind: str, index: int, bucket: int) -> pathlib.Path:
    return _shard_folder(folder, index) / f"{kind}-{bucket:04d}.tfrecord"


def _example(**arrays: np.ndarray) -> bytes:
    features = {
        name: tf.train.Feature(bytes_list=tf.train.BytesList(value=[array.tobytes()]))
        for name, array in arrays.items()
    }
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def store_bytes(pieces: int, rows: int, width: int, classes: int) -> int:
    """Bytes that the targets of a transfer set take on disk, to within a few percent."""
    return pieces * (4 + 4 * classes + 2 * width) + 90 * rows


def _check_disk(folder: pathlib.Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise UserError(
            f"the teacher's outputs take {needed / 1e9:.1f} GB, but {folder} has "
            f"{free / 1e9:.1f} GB free"
        )


class _ShardWriter:
    """Writes the rows of a shard into its files, one pair a bucket."""

    def __init__(self, folder: pathlib.Path, stack: contextlib.ExitStack):
        self._folder, self._stack = folder, stack
        self._writers: Dict[str, Any] = {}

    def _writer(self, name: str) -> Any:
        if name not in self._writers:
            path = str(self._folder / name)
            self._writers[name] = self._stack.enter_context(tf.io.TFRecordWriter(path))
        return self._writers[name]

    def write(self, bucket: int, ids: Any, logits: Any, representation: Any) -> None:
        """Writes a row: int32 [time], float32 [time, classes], float16 [time, width]."""
        self._writer(f"logits-{bucket:04d}.tfrecord").write(_example(ids=ids, logits=logits))
        self._writer(f"representation-{bucket:04d}.tfrecord").write(
            _example(representation=representation)
        )


def _write_shard(
    forward: Forward, store: TargetStore, input_ids: Ragged, index: int, progress: Progress
) -> Dict[str, int]:
    """Runs the teacher over a shard's rows and writes them; returns its file sizes by name."""
    begin, end = store.bounds(index)
    buckets = store.buckets()
    with atomic_folder(_shard_folder(store.folder, index)) as temporary:
        with contextlib.ExitStack() as stack:
            writer = _ShardWriter(temporary, stack)
            for at in range(begin, end, _BLOCK):
                block = Ragged.of([input_ids[row] for row in range(at, min(at + _BLOCK, end))])
                for rows, lengths, outputs in forward.batches(block, progress.advance):
                    for position, (row, length) in enumerate(zip(rows, lengths)):
                        writer.write(
                            buckets[at + row],
                            block[row].astype("<i4"),
                            outputs["logits"][position, :length].astype("<f4"),
                            outputs["representation"][position, :length].astype("<f2"),
                        )
        return {path.name: path.stat().st_size for path in sorted(temporary.iterdir())}


def _is_whole(store: TargetStore, index: int, sizes: Optional[Dict[str, int]]) -> bool:
    folder = _shard_folder(store.folder, index)
    return sizes is not None and all(
        (folder / name).is_file() and (folder / name).stat().st_size == size
        for name, size in sizes.items()
    )


def write_targets(
    teacher: Teacher, input_ids: Ragged, folder: pathlib.Path, fingerprint: str, shard_rows: int,
) -> Tuple[TargetStore, int]:
    """Runs the teacher once over the transfer set and stores logits and representation.

    Shard by shard: what a killed run finished is kept, a shard with a file missing or of the wrong
    size is made anew.

    Args:
      teacher: the fine-tuned teacher.
      input_ids: the transfer rows.
      folder: where the shards go.
      fingerprint: of teacher, tokenizer, data, seq_len and layer.
      shard_rows: rows a shard.

    Returns:
      The store, and the number of rows that the teacher was run on (0 if all was there).

    Raises:
      UserError: if the folder holds targets of another teacher or data, or the disk is too small.
    """
    folder.mkdir(parents=True, exist_ok=True)
    classes = int(teacher.model.output_shape["logits"][-1])
    store = TargetStore(folder, input_ids.lengths, teacher.width, classes, shard_rows)
    manifest = {"fingerprint": fingerprint, "rows": len(store), "shard_rows": shard_rows,
                "width": teacher.width, "classes": classes, "shards": {}}
    if (folder / _MANIFEST).is_file():
        stored = read_json(folder / _MANIFEST)
        if {**stored, "shards": 0} != {**manifest, "shards": 0}:
            raise UserError(
                f"{folder} holds the outputs of another teacher, transfer set, seq_len or layer; "
                "use another --model_dir, or --overwrite"
            )
        manifest = stored
    missing = [index for index in range(store.shards)
               if not _is_whole(store, index, manifest["shards"].get(str(index)))]
    if not missing:
        return store, 0
    bounds = [store.bounds(index) for index in missing]
    rows = sum(end - begin for begin, end in bounds)
    pieces = sum(int(input_ids.starts[end] - input_ids.starts[begin]) for begin, end in bounds)
    _check_disk(folder, store_bytes(pieces, rows, teacher.width, classes))
    forward = Forward(
        teacher.model, ("logits", "representation"), pad_id=teacher.tokenizer.pad_token_id
    )
    with Progress(rows, "teacher over the rows", "sentences") as progress:
        for index in missing:
            sizes = _write_shard(forward, store, input_ids, index, progress)
            manifest["shards"][str(index)] = sizes
            write_json(folder / _MANIFEST, manifest)
    return store, rows
