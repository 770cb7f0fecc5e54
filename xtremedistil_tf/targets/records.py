"""The record format of a store: encodes a sequence's targets, and decodes batches of them.

A record is a tf.train.Example of byte strings, little-endian, without padding.
"""

from typing import Dict, NamedTuple, Optional, Sequence

import numpy as np

from xtremedistil_tf.data.tokenization.realign import HAS_ALL, HAS_LOGITS, HAS_STATES
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.targets.spec import StoreSpec


def example_of(**arrays: np.ndarray) -> bytes:
    """Encodes arrays by name as a record."""
    features = {
        name: tf.train.Feature(bytes_list=tf.train.BytesList(value=[array.tobytes()]))
        for name, array in arrays.items()
    }
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def records_of(
    kinds: Sequence[str], ids: np.ndarray, outputs: Dict[str, np.ndarray], bound: int
) -> Dict[str, bytes]:
    """Encodes a sequence's targets; returns a record for each kind.

    Args:
      kinds: kinds of targets to encode.
      ids: subword token ids, int [time].
      outputs: by kind float [time, ...], or [1, ...] if a sequence has one target. "known" (uint8
        [time], see `realigned_outputs`) marks the positions with targets, if some have none.
      bound: longest sequence of its bucket.
    """
    made = {}
    if "logits" in kinds:
        known = {"known": outputs["known"]} if "known" in outputs else {}
        made["logits"] = example_of(ids=ids.astype("<i4"), logits=outputs["logits"].astype("<f4"),
                                  **known)
    for kind in set(kinds) & {"representation", "hidden_states"}:
        made[kind] = example_of(**{kind: outputs[kind].astype("<f2")})
    if "attention" in kinds:
        time, layers, _ = outputs["attention"].shape
        wide = np.zeros((time, layers, bound), "<f2")
        wide[:, :, :time] = outputs["attention"][:, :, :time]
        made["attention"] = example_of(attention=wide)
    return made


def realigned_outputs(
    outputs: Dict[str, np.ndarray], places: np.ndarray
) -> Dict[str, np.ndarray]:
    """Moves a sequence's outputs to the subword tokens of another tokenizer.

    Args:
      outputs: by kind float [time, ...].
      places: int [tokens], position of each token in `outputs`; see `Realigned`.

    Returns:
      The outputs, and "known": HAS_ALL, HAS_STATES (no logits) or 0 (nothing) for each token.
    """
    states = places <= -2
    at = np.where(states, -2 - places, np.maximum(places, 0))
    known = np.where(places >= 0, HAS_ALL, np.where(states, HAS_STATES, 0))
    if "known" in outputs:
        theirs = outputs["known"][at]
        known = np.where(states, np.isin(theirs, (HAS_ALL, HAS_STATES)) * HAS_STATES,
                         np.where(places >= 0, theirs, 0))
        outputs = {name: values for name, values in outputs.items() if name != "known"}
    known = known.astype(np.uint8)
    moved = {name: np.where((known > 0).reshape(-1, *[1] * (values.ndim - 1)), values[at], 0)
             for name, values in outputs.items()}
    return {**moved, "known": known}


class Sequences(NamedTuple):
    """A batch of records of "logits".

    Attributes:
      ids: int32 [batch, time], ids of the teacher's tokenizer; 0 at padding.
      lengths: int32 [batch].
      known: bool [batch, positions], True where there are logits. Positions are those of tokens; a
        sequence with one target has one.
      logits: float32 [batch, positions, classes].
      has_states: bool [batch, positions], True where there are hidden states; None if that is
        `known`.
    """

    ids: tf.Tensor
    lengths: tf.Tensor
    known: tf.Tensor
    logits: tf.Tensor
    has_states: Optional[tf.Tensor] = None

    @property
    def real(self) -> tf.Tensor:
        """bool [batch, time], False at padding."""
        return tf.range(tf.shape(self.ids)[1])[None, :] < self.lengths[:, None]

    @property
    def positions(self) -> tf.Tensor:
        """Number of positions of the longest sequence in the batch; int32 scalar."""
        return tf.shape(self.logits)[1]


def parse_records(records: tf.Tensor, *names: str) -> Dict[str, tf.Tensor]:
    """Parses records, string [batch], into byte strings [batch] by name."""
    return tf.io.parse_example(
        records, {name: tf.io.FixedLenFeature([], tf.string) for name in names})


def decode_values(raw: tf.Tensor, dtype: tf.DType, time: tf.Tensor, width: int) -> tf.Tensor:
    """Decodes byte strings [batch] of sequences of different lengths into [batch, time, width]."""
    flat = tf.io.decode_raw(raw, dtype, fixed_length=time * width * dtype.size)
    return tf.reshape(flat, [-1, time, width])


def decode_logits(records: tf.Tensor, spec: StoreSpec) -> Sequences:
    """Decodes records of "logits".

    Args:
      records: string [batch].
      spec: sizes of their store.
    """
    parsed = parse_records(records, "ids", "logits", *(("known",) if spec.partial else ()))
    lengths = tf.strings.length(parsed["ids"]) // 4
    time = tf.reduce_max(lengths)
    ids = decode_values(parsed["ids"], tf.int32, time, 1)[:, :, 0]
    real = tf.range(time)[None, :] < lengths[:, None]
    known, positions = (real[:, :1], 1) if spec.pooled else (real, time)
    states = None
    if spec.partial:
        marks = decode_values(parsed["known"], tf.uint8, positions, 1)[:, :, 0]
        states = known & ((marks == HAS_ALL) | (marks == HAS_STATES))
        known &= (marks == HAS_ALL) | (marks == HAS_LOGITS)
    logits = decode_values(parsed["logits"], tf.float32, positions, spec.classes)
    return Sequences(ids, lengths, known, logits, states)


def decode_outputs(
    kind: str, records: tf.Tensor, spec: StoreSpec, sequences: Sequences
) -> tf.Tensor:
    """Decodes records of another kind.

    Args:
      kind: "representation", "hidden_states" or "attention".
      records: string [batch].
      spec: sizes of their store.
      sequences: the decoded "logits" records of the same sequences.

    Returns:
      float16 [batch, positions, values]; for "attention" [batch, query, layers, key].
    """
    raw = parse_records(records, kind)[kind]
    # TensorFlow cannot pad float16 while decoding, so the bits are read as int16.
    if kind != "attention":
        bits = decode_values(raw, tf.int16, sequences.positions, spec.values(kind, 0))
        return tf.bitcast(bits, tf.float16)
    time = tf.shape(sequences.ids)[1]
    # All sequences of a batch belong to one bucket, which fixes the number of keys in its files.
    bound = tf.strings.length(raw)[0] // (2 * spec.matched * sequences.lengths[0])
    wide = tf.reshape(decode_values(raw, tf.int16, time, spec.matched * bound),
                      [-1, time, spec.matched, bound])
    return tf.bitcast(wide[..., :time], tf.float16)
