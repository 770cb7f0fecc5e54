"""The target store: the teacher's outputs on disk in shards, with checks."""

import dataclasses
import pathlib
import shutil
from typing import Dict, List, Optional, Sequence, Tuple

import numpy as np

from xtremedistil_tf.data.pipelines.buckets import bucket_bounds, bucket_of
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.contents import write_json
from xtremedistil_tf.files.fingerprints import sha256_of
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.progress import Progress
from xtremedistil_tf.targets.spec import KINDS, StoreSpec
from xtremedistil_tf.validation.records import Field, check_record, read_record

SHARD_RECORD = "shard.json"
_RECORD = {"shard": Field(int, needed=False), "bytes": Field(dict, each=Field(int)),
           "sha256": Field(dict, needed=False, each=Field(str))}


def check_disk(folder: pathlib.Path, needed: int) -> None:
    """Checks that the disk has enough free space.

    Args:
      folder: target folder. It may not exist yet.
      needed: bytes.

    Raises:
      UserError: if less space is free.
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
    """The teacher's outputs on disk: one folder a shard, with one file a kind and length bucket.

    A record in "logits-*.tfrecord" holds a sequence's subword token ids (int32) and logits
    (float32); one in "representation-*.tfrecord" holds its representation (float16). Padding is not
    stored. "hidden_states" are stored like the representation. "attention" has, for every token and
    matched layer, one float16 for each token of the bucket's longest sequence. See
    `targets.records` for the format.

    Each kind has its own files, since stage 1 alone needs about 90 % of the bytes. Each bucket of
    similar lengths has its own files, so that whole batches are read and decoded at once. Sequences
    are stored in random order. So each shard is a sample of the whole transfer set, even if that is
    sorted by language or source.

    Attributes:
      folder: folder of the store.
      lengths: int32 [rows], subword tokens of each sequence, in the order of the store.
      spec: sizes of targets and shards.
      own: folder of the sequences of a student with its own tokenizer, see `targets.own_tokens`;
        None if the student reads the teacher's subword tokens.
    """

    folder: pathlib.Path
    lengths: np.ndarray
    spec: StoreSpec
    own: Optional[pathlib.Path] = None

    @property
    def longest(self) -> int:
        """Subword tokens of the longest sequence."""
        return int(self.lengths.max())

    def needs(self, shards: Sequence[int], kinds: Sequence[str]) -> int:
        """Estimates the bytes of some kinds in some shards; see `StoreSpec.size`."""
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
        """Returns (first row of a shard, row after its last one)."""
        rows = self.spec.shard_rows
        return index * rows, min((index + 1) * rows, len(self))

    def rows(self, shards: Sequence[int]) -> int:
        """Returns the number of rows of some shards."""
        return sum(end - begin for begin, end in map(self.bounds, shards))

    def buckets(self, begin: int, end: int) -> np.ndarray:
        """Returns the bucket (longest length) of each row from `begin` to `end`; int [rows]."""
        bounds = bucket_bounds(self.longest)
        return np.array(bounds)[bucket_of(self.lengths[begin:end], bounds)]

    def bucket_rows(self) -> Dict[int, int]:
        """Returns the number of rows in each bucket that is not empty."""
        buckets, counts = np.unique(self.buckets(0, len(self)), return_counts=True)
        return {int(bucket): int(count) for bucket, count in zip(buckets, counts)}

    def shard_folder(self, index: int) -> pathlib.Path:
        """Returns the folder of a shard."""
        return self.folder / f"shard-{index:05d}"

    def files(self, kind: str, bucket: int, shards: Sequence[int]) -> List[str]:
        """Returns the files of a kind and bucket in some shards, in their order."""
        paths = [self.shard_folder(index) / file_name(kind, bucket) for index in shards]
        return [str(path) for path in paths if path.is_file()]

    def is_whole(self, index: int, kinds: Sequence[str]) -> bool:
        """Returns True if a shard has all files of some kinds with their recorded sizes."""
        sizes = self._recorded(index)[0]
        names = {file_name(kind, bucket) for kind in kinds
                 for bucket in np.unique(self.buckets(*self.bounds(index)))}
        folder = self.shard_folder(index)
        return names <= set(sizes) and all(
            (folder / name).is_file() and (folder / name).stat().st_size == sizes[name]
            for name in names
        )

    def record(self, folder: pathlib.Path, index: int) -> None:
        """Writes the record of a shard's files: sizes and checksums.

        Args:
          folder: where the files are; not yet the shard's folder.
          index: number of the shard.
        """
        names = sorted(path.name for path in folder.iterdir())
        write_json(folder / SHARD_RECORD, {
            "shard": index, "bytes": {name: (folder / name).stat().st_size for name in names},
            "sha256": {name: sha256_of(folder / name) for name in names}})

    def _recorded(self, index: int) -> Tuple[Dict[str, int], Dict[str, str]]:
        """Returns the recorded sizes and checksums of a shard's files; before 0.2 only sizes."""
        path = self.shard_folder(index) / SHARD_RECORD
        if not path.is_file():
            return {}, {}
        try:
            record = read_record(path, {})
            if "bytes" not in record:
                return check_record(path, {"bytes": record}, _RECORD)["bytes"], {}
            check_record(path, record, _RECORD)
        except UserError:  # A damaged shard is written anew.
            return {}, {}
        digests = record.get("sha256") or {}
        if record.get("shard") != index or digests and set(digests) != set(record["bytes"]):
            return {}, {}
        return record["bytes"], digests

    def damage(self, index: int, kinds: Sequence[str]) -> List[str]:
        """Returns the files of a shard that are not as they were written."""
        buckets, counts = np.unique(self.buckets(*self.bounds(index)), return_counts=True)
        digests = self._recorded(index)[1]
        return [
            path
            for kind in kinds
            for bucket, count in zip(buckets, counts)
            for path in self.files(kind, int(bucket), [index])
            if not is_sound(path, int(count), digests)
        ]

    def verify(self, kinds: Sequence[str] = KINDS) -> None:
        """Checks the checksum of every file.

        Raises:
          UserError: if a file is damaged. The message names the first one.
        """
        for index in range(self.shards):
            for path in self.damage(index, kinds):
                raise UserError(f"target shard {path} is damaged; run the same command again: "
                                "only this shard is made again")

    def sound_shards(self, kinds: Sequence[str]) -> List[int]:
        """Returns the numbers of the shards that are complete and undamaged."""
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
        """Removes the files of a kind when no stage needs them any more."""
        for index in range(self.shards):
            sizes, digests = self._recorded(index)
            kept = {name: size for name, size in sizes.items() if not name.startswith(kind)}
            if kept != sizes:
                # The record first, so that it never names a missing file.
                write_json(self.shard_folder(index) / SHARD_RECORD, {
                    "shard": index, "bytes": kept,
                    "sha256": {name: digests[name] for name in kept if name in digests}})
            for path in self.shard_folder(index).glob(f"{kind}-*"):
                path.unlink()


def file_name(kind: str, bucket: int) -> str:
    """Returns the name of the file of a kind and bucket in a shard's folder."""
    return f"{kind}-{bucket:04d}.tfrecord"


def is_sound(path: str, count: int, digests: Dict[str, str]) -> bool:
    """Returns True if a file has its checksum; without one, if all its records are readable.

    Args:
      path: a file of records.
      count: number of its records.
      digests: SHA-256 by file name; stores of earlier versions have none.
    """
    file = pathlib.Path(path)
    if not file.is_file():
        return False
    if file.name in digests:
        return sha256_of(file) == digests[file.name]
    return _readable_records(path) == count


def _readable_records(path: str) -> int:
    """Returns the number of records of a file; -1 if one is damaged."""
    total = 0
    try:
        for count in tf.data.TFRecordDataset(path).batch(4096).map(tf.size):
            total += int(count)
    except tf.errors.OpError:
        return -1
    return total
