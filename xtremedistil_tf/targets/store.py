"""Teacher outputs on disk: the shards of a transfer set, their reading and their checking."""

import dataclasses
import pathlib
import shutil
from typing import Dict, List, Sequence, Tuple

import numpy as np

from xtremedistil_tf.data.pipelines.buckets import bucket_bounds, bucket_of
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.progress import Progress
from xtremedistil_tf.runs import write_json
from xtremedistil_tf.targets.spec import KINDS, StoreSpec
from xtremedistil_tf.validation.records import read_record

SHARD_RECORD = "shard.json"


def check_disk(folder: pathlib.Path, needed: int) -> None:
    """Refuses to begin what the disk cannot hold.

    Args:
      folder: where the bytes will go; need not exist yet.
      needed: bytes.

    Raises:
      UserError: if less is free.
    """
    there = next(path for path in (folder, *folder.resolve().parents) if path.is_dir())
    free = shutil.disk_usage(there).free
    if needed > free:
        raise UserError(
            f"the teacher's outputs take {needed / 1e9:.1f} GB, but {there} has "
            f"{free / 1e9:.1f} GB free"
        )


@dataclasses.dataclass(frozen=True)
class TargetStore:
    """Teacher outputs on disk: a folder a shard, in it a file a kind and length bucket.

    A record of "logits-*.tfrecord" holds a sequence's subword token ids (int32) and its logits
    (float32); one of "representation-*.tfrecord" holds its representation (float16). Padding is
    not stored, and a sequence with one target has one. "hidden_states" are stored alike;
    "attention" has, for every token and matched layer, as many values (float16) as the bucket's
    longest sequence has tokens. `targets.records` knows the format.

    Kinds have files of their own because nine tenths of the bytes are needed by stage 1 alone;
    buckets of similar length have, so that a batch is read and decoded as a whole. The sequences
    lie in one random order, so that a shard of a text that is sorted by language or source is a
    sample of all of it.

    Attributes:
      folder: where they are.
      lengths: int32 [rows], subword tokens of each sequence, in the order of the store.
      spec: their sizes.
    """

    folder: pathlib.Path
    lengths: np.ndarray
    spec: StoreSpec

    @property
    def longest(self) -> int:
        """Subword tokens of the longest sequence."""
        return int(self.lengths.max())

    def needs(self, shards: Sequence[int], kinds: Sequence[str]) -> int:
        """Bytes of some kinds of some shards, see `StoreSpec.size`."""
        lengths = np.concatenate(
            [[0], *(self.lengths[slice(*self.bounds(index))] for index in shards)]).astype(np.int64)
        return self.spec.size(kinds, rows=self.rows(shards), tokens=int(lengths.sum()),
                              squares=int((lengths**2).sum()))

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def shards(self) -> int:
        """Number of shards."""
        return -(-len(self) // self.spec.shard_rows)

    def bounds(self, index: int) -> Tuple[int, int]:
        """First row of a shard and the one after its last."""
        rows = self.spec.shard_rows
        return index * rows, min((index + 1) * rows, len(self))

    def rows(self, shards: Sequence[int]) -> int:
        """Rows of some shards."""
        return sum(end - begin for begin, end in map(self.bounds, shards))

    def buckets(self, begin: int, end: int) -> np.ndarray:
        """Longest row of the bucket that each of some rows belongs to; int [rows]."""
        bounds = bucket_bounds(self.longest)
        return np.array(bounds)[bucket_of(self.lengths[begin:end], bounds)]

    def bucket_rows(self) -> Dict[int, int]:
        """Rows in each bucket that has any."""
        buckets, counts = np.unique(self.buckets(0, len(self)), return_counts=True)
        return {int(bucket): int(count) for bucket, count in zip(buckets, counts)}

    def shard_folder(self, index: int) -> pathlib.Path:
        """Folder of a shard."""
        return self.folder / f"shard-{index:05d}"

    def files(self, kind: str, bucket: int, shards: Sequence[int]) -> List[str]:
        """Files of a kind for a bucket, shard by shard."""
        paths = [self.shard_folder(index) / file_name(kind, bucket) for index in shards]
        return [str(path) for path in paths if path.is_file()]

    def is_whole(self, index: int, kinds: Sequence[str]) -> bool:
        """Whether a shard has its files of some kinds, each of the size it was written with."""
        sizes = self._sizes(index)
        names = {file_name(kind, bucket) for kind in kinds
                 for bucket in np.unique(self.buckets(*self.bounds(index)))}
        folder = self.shard_folder(index)
        return names <= set(sizes) and all(
            (folder / name).is_file() and (folder / name).stat().st_size == sizes[name]
            for name in names
        )

    def _sizes(self, index: int) -> Dict[str, int]:
        record = self.shard_folder(index) / SHARD_RECORD
        if not record.is_file():
            return {}
        try:
            return read_record(record, {})
        except UserError:  # A damaged shard is written anew.
            return {}

    def damage(self, index: int, kinds: Sequence[str]) -> List[str]:
        """Files of a whole shard in which a record differs from its checksum, or is missing."""
        buckets, counts = np.unique(self.buckets(*self.bounds(index)), return_counts=True)
        return [
            path
            for kind in kinds
            for bucket, count in zip(buckets, counts)
            for path in self.files(kind, int(bucket), [index])
            if _readable_records(path) != count
        ]

    def verify(self, kinds: Sequence[str] = KINDS) -> None:
        """Reads every record against its checksum.

        Raises:
          UserError: naming the first file that is damaged.
        """
        for index in range(self.shards):
            for path in self.damage(index, kinds):
                raise UserError(f"target shard {path} is damaged; run the same command again: "
                                "only this shard is made again")

    def sound_shards(self, kinds: Sequence[str]) -> List[int]:
        """Numbers of the shards that are there and whose every record can be read."""
        there = [index for index in range(self.shards) if self.is_whole(index, kinds)]
        if not there:
            return []
        sound = []
        with Progress(len(there), "checking stored targets", "shards") as progress:
            for index in there:
                if not self.damage(index, kinds):
                    sound.append(index)
                progress.advance()
        return sound

    def drop(self, kind: str) -> None:
        """Removes the files of a kind, which no stage needs any more."""
        for index in range(self.shards):
            sizes = self._sizes(index)
            kept = {name: size for name, size in sizes.items() if not name.startswith(kind)}
            if kept != sizes:
                # The record first: a shard never claims a file that is gone.
                write_json(self.shard_folder(index) / SHARD_RECORD, kept)
            for path in self.shard_folder(index).glob(f"{kind}-*"):
                path.unlink()


def file_name(kind: str, bucket: int) -> str:
    """Name of the file of a kind and length bucket inside a shard's folder."""
    return f"{kind}-{bucket:04d}.tfrecord"


def _readable_records(path: str) -> int:
    """Records of a file up to its first damaged one."""
    total = 0
    try:
        for count in tf.data.TFRecordDataset(path).batch(4096).map(tf.size):
            total += int(count)
    except tf.errors.OpError:
        return -1
    return total
