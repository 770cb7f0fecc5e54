"""Teacher outputs for the transfer set: computed in one pass, stored in shards, read by stages."""

import dataclasses
import pathlib
import shutil
from typing import Any, Dict, List

import numpy as np

from xtremedistil_tf.errors import UserError
from xtremedistil_tf.inputs.alignment import Ragged
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.models.forward import Forward
from xtremedistil_tf.models.teacher import Teacher
from xtremedistil_tf.progress import Progress
from xtremedistil_tf.runs import atomic_path, read_json, write_json

_MANIFEST = "manifest.json"
# Rows whose teacher outputs are in memory at a time while a shard is written.
_BLOCK = 2048


@dataclasses.dataclass(frozen=True)
class TargetStore:
    """Teacher outputs on disk, in the order of the transfer set.

    A row of "logits-*.tfrecord" holds its piece ids (int32) and logits (float32), a row of
    "representation-*.tfrecord" its representation (float16); real positions only. They are kept
    apart because nine tenths of the bytes are needed by the first stage alone.

    Attributes:
      folder: where they are.
      lengths: int64 [rows], pieces a row.
      width, classes: sizes of a representation and of a position's logits.
      shards: number of shards of each kind.
    """

    folder: pathlib.Path
    lengths: np.ndarray
    width: int
    classes: int
    shards: int

    def __len__(self) -> int:
        return len(self.lengths)

    def files(self, kind: str) -> List[str]:
        """Shard files of "logits" or "representation", in order."""
        return [str(_shard_path(self.folder, kind, index)) for index in range(self.shards)]

    def verify(self) -> None:
        """Reads every record against its checksum.

        Raises:
          UserError: naming the first shard that is damaged.
        """
        for kind in ("logits", "representation"):
            for file in self.files(kind):
                try:
                    for _ in tf.data.TFRecordDataset(file):
                        pass
                except tf.errors.OpError as error:
                    raise UserError(
                        f"target shard {file} is damaged ({error.message}); delete it and run "
                        "again, it alone is made anew"
                    ) from None


def _shard_path(folder: pathlib.Path, kind: str, index: int) -> pathlib.Path:
    return folder / f"{kind}-{index:05d}.tfrecord"


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


def _write_shard(
    forward: Forward, input_ids: Ragged, begin: int, end: int, folder: pathlib.Path, index: int,
    progress: Progress,
) -> Dict[str, Any]:
    """Writes rows [begin, end) to the two files of a shard; returns its manifest entry."""
    with atomic_path(_shard_path(folder, "logits", index)) as logits_file, \
            atomic_path(_shard_path(folder, "representation", index)) as representation_file:
        with tf.io.TFRecordWriter(str(logits_file)) as logits_writer, \
                tf.io.TFRecordWriter(str(representation_file)) as representation_writer:
            for at in range(begin, end, _BLOCK):
                block = Ragged.of([input_ids[row] for row in range(at, min(at + _BLOCK, end))])
                kept: List[Any] = [None] * len(block)
                for rows, lengths, outputs in forward.batches(block, progress.advance):
                    for position, (row, length) in enumerate(zip(rows, lengths)):
                        kept[row] = (
                            outputs["logits"][position, :length].astype("<f4"),
                            outputs["representation"][position, :length].astype("<f2"),
                        )
                for row, (logits, representation) in enumerate(kept):
                    logits_writer.write(_example(ids=block[row].astype("<i4"), logits=logits))
                    representation_writer.write(_example(representation=representation))
        sizes = [logits_file.stat().st_size, representation_file.stat().st_size]
    return {"rows": end - begin, "logits_bytes": sizes[0], "representation_bytes": sizes[1]}


def _shard_is_whole(folder: pathlib.Path, index: int, entry: Dict[str, Any]) -> bool:
    return all(
        _shard_path(folder, kind, index).is_file()
        and _shard_path(folder, kind, index).stat().st_size == entry[f"{kind}_bytes"]
        for kind in ("logits", "representation")
    )


def write_targets(
    teacher: Teacher, input_ids: Ragged, folder: pathlib.Path, fingerprint: str, shard_rows: int,
) -> "tuple[TargetStore, int]":
    """Runs the teacher once over the transfer set and stores logits and representation.

    Shard by shard: what a killed run finished is kept, a shard of the wrong size is made anew.

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
    manifest = {"fingerprint": fingerprint, "rows": len(input_ids), "shard_rows": shard_rows,
                "width": teacher.width, "classes": classes, "shards": {}}
    if (folder / _MANIFEST).is_file():
        stored = read_json(folder / _MANIFEST)
        if {**stored, "shards": 0} != {**manifest, "shards": 0}:
            raise UserError(
                f"{folder} holds the outputs of another teacher, transfer set, seq_len or layer; "
                "use another --model_dir, or --overwrite"
            )
        manifest = stored
    bounds = list(range(0, len(input_ids), shard_rows)) + [len(input_ids)]
    store = TargetStore(folder, input_ids.lengths, teacher.width, classes, len(bounds) - 1)
    missing = [
        index for index in range(store.shards)
        if not _shard_is_whole(folder, index, manifest["shards"].get(str(index)) or
                               {"logits_bytes": -1, "representation_bytes": -1})
    ]
    rows = sum(bounds[index + 1] - bounds[index] for index in missing)
    if not rows:
        return store, 0
    pieces = sum(int(input_ids.starts[bounds[i + 1]] - input_ids.starts[bounds[i]])
                 for i in missing)
    _check_disk(folder, store_bytes(pieces, rows, teacher.width, classes))
    forward = Forward(
        teacher.model, ("logits", "representation"), pad_id=teacher.tokenizer.pad_token_id
    )
    with Progress(rows, "teacher over the transfer set", "sentences") as progress:
        for index in missing:
            entry = _write_shard(
                forward, input_ids, bounds[index], bounds[index + 1], folder, index, progress
            )
            manifest["shards"][str(index)] = entry
            write_json(folder / _MANIFEST, manifest)
    return store, rows
