"""The sequences of a student with its own tokenizer, beside the stored outputs of its teacher.

Targets depend on teacher and text alone, so any number of students share them. A student whose
tokenizer splits text differently has its own files beside them: for each file of logits one file
with the student's subword tokens of the same sequences, in the same order. Each token has the
position of its counterpart in the teacher's sequence.
"""

import collections
import dataclasses
import pathlib
from typing import Dict, List, NamedTuple

import numpy as np

from xtremedistil_tf.data.tokenization.ragged import Ragged
from xtremedistil_tf.data.tokenization.realign import Realigned
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.atomic import atomic_folder
from xtremedistil_tf.files.contents import write_json
from xtremedistil_tf.files.fingerprints import sha256_of
from xtremedistil_tf.files.leftovers import sweep_beside
from xtremedistil_tf.files.locks import one_at_a_time
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.progress import Progress
from xtremedistil_tf.targets.manifest import store_order
from xtremedistil_tf.targets.records import decode_values, example_of, parse_records
from xtremedistil_tf.targets.spec import Place
from xtremedistil_tf.targets.store import TargetStore, is_sound
from xtremedistil_tf.validation.records import Field, read_record

_RECORD = "own_tokens.json"
_FIELDS = {"fingerprint": Field(str), "files": Field(dict, each=Field(int, least=1)),
           "sha256": Field(dict, needed=False, each=Field(str))}
# Records that are parsed at the same time.
_BATCH = 1024


class OwnTokens(NamedTuple):
    """A batch of a student's sequences.

    Attributes:
      ids: int32 [batch, time], ids of the student's tokenizer; 0 at padding.
      real: bool [batch, time], False at padding.
      places: int32 [batch, time], position of each token's counterpart in the teacher's sequence;
        negative without one.
    """

    ids: tf.Tensor
    real: tf.Tensor
    places: tf.Tensor

    def moved(self, targets: tf.Tensor) -> tf.Tensor:
        """Moves a teacher's targets to the student's tokens; 0 for tokens without a counterpart.

        Args:
          targets: [batch, teacher's time, values].
        """
        found = tf.gather(targets, tf.maximum(self.places, 0), batch_dims=1)
        return tf.where(self.places[:, :, None] >= 0, found, tf.zeros([], found.dtype))

    def marked(self, positions: tf.Tensor) -> tf.Tensor:
        """Moves marks of a teacher's tokens, bool [batch, teacher's time]; False without one."""
        found = tf.gather(positions, tf.maximum(self.places, 0), batch_dims=1)
        return found & (self.places >= 0)


def decode_own_tokens(records: tf.Tensor) -> OwnTokens:
    """Decodes records that `with_own_tokens` wrote, string [batch]."""
    parsed = parse_records(records, "ids", "places")
    lengths = tf.strings.length(parsed["ids"]) // 4
    time = tf.reduce_max(lengths)
    ids, places = (decode_values(parsed[name], tf.int32, time, 1)[:, :, 0]
                   for name in ("ids", "places"))
    real = tf.range(time)[None, :] < lengths[:, None]
    return OwnTokens(ids, real, tf.where(real, places, -1))


def own_tokens_file(logits: str, own: pathlib.Path) -> str:
    """Returns the file with the student's tokens of the sequences in a file of logits."""
    path = pathlib.Path(logits)
    return str(own / f"{path.parent.name}-{path.name}")


def with_own_tokens(
    store: TargetStore, input_ids: Ragged, own: Realigned, place: Place
) -> TargetStore:
    """Writes a student's sequences beside a store, unless they are there; returns the store.

    Args:
      store: the complete store.
      input_ids: the sequences of the store in the order of the text, as the teacher reads them.
      own: the same sequences as the student reads them.
      place: folder for the student's sequences, which is replaced completely, and the fingerprint
        of the store's inputs and the student's tokenizer.
    """
    folder, fingerprint = place.folder, place.fingerprint
    order = store_order(len(input_ids))
    files: Dict[str, np.ndarray] = {}
    for index in range(store.shards):
        begin, end = store.bounds(index)
        buckets = store.buckets(begin, end)
        for bucket in np.unique(buckets):
            (logits,) = store.files("logits", int(bucket), [index])
            files[logits] = order[begin:end][buckets == bucket]
    names = {pathlib.Path(own_tokens_file(logits, folder)).name: len(rows)
             for logits, rows in files.items()}
    folder.parent.mkdir(parents=True, exist_ok=True)
    with one_at_a_time(folder.with_name(".own_tokens.lock")):
        # A store that was made anew may have other shards.
        if not has_own_tokens(folder, fingerprint) or read_record(
                folder / _RECORD, _FIELDS)["files"] != names:
            sweep_beside(folder)
            with atomic_folder(folder) as temporary, \
                    Progress(len(order), "aligning subword tokens", "sentences") as progress:
                for logits, rows in files.items():
                    _write_file(logits, rows, input_ids, own, own_tokens_file(logits, temporary))
                    progress.advance(len(rows))
                write_json(temporary / _RECORD, {
                    "fingerprint": fingerprint, "files": names,
                    "sha256": {name: sha256_of(temporary / name) for name in names}})
    return dataclasses.replace(store, own=folder)


def has_own_tokens(folder: pathlib.Path, fingerprint: str) -> bool:
    """Returns True if a folder has the files for a fingerprint, undamaged."""
    try:
        record = read_record(folder / _RECORD, _FIELDS)
    except UserError:  # Missing or damaged: the files are written anew.
        return False
    digests = record.get("sha256") or {}
    return record["fingerprint"] == fingerprint and all(
        is_sound(str(folder / name), rows, digests) for name, rows in record["files"].items())


def _write_file(
    logits: str, rows: np.ndarray, input_ids: Ragged, own: Realigned, path: str
) -> None:
    """Writes the student's sequences in the order of a file of logits.

    The order inside a file is that of the teacher's batches. Sequences are recognised by the
    teacher's tokens, which the file holds. Two sentences with equal ones have equal targets, so it
    does not matter which of them comes first.
    """
    waiting: Dict[bytes, List[int]] = collections.defaultdict(list)
    for row in rows[::-1].tolist():
        waiting[input_ids[row].astype("<i4").tobytes()].append(row)
    with tf.io.TFRecordWriter(path) as writer:
        for records in tf.data.TFRecordDataset(logits).batch(_BATCH):
            for ids in parse_records(records, "ids")["ids"].numpy():
                row = waiting[ids].pop()
                tokens = own.input_ids[row]
                places = np.zeros(len(tokens)) if own.places is None else own.places[row]
                writer.write(example_of(ids=tokens.astype("<i4"), places=places.astype("<i4")))
