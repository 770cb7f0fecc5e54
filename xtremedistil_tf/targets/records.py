"""A row of the teacher's outputs as the records of a store."""

from typing import Dict, Sequence

import numpy as np

from xtremedistil_tf.keras2 import tf


def _example(**arrays: np.ndarray) -> bytes:
    features = {
        name: tf.train.Feature(bytes_list=tf.train.BytesList(value=[array.tobytes()]))
        for name, array in arrays.items()
    }
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def records_of(
    kinds: Sequence[str], ids: np.ndarray, outputs: Dict[str, np.ndarray], bound: int
) -> Dict[str, bytes]:
    """A row's records by kind, see `TargetStore`.

    Args:
      kinds: which.
      ids: piece ids [time].
      outputs: by kind [time, ...], or [1, ...] where a row has one target; with "known" (uint8
        [time]) only some positions have one.
      bound: longest row of its bucket.
    """
    made = {}
    if "logits" in kinds:
        known = {"known": outputs["known"]} if "known" in outputs else {}
        made["logits"] = _example(ids=ids.astype("<i4"), logits=outputs["logits"].astype("<f4"),
                                  **known)
    for kind in set(kinds) & {"representation", "hidden_states"}:
        made[kind] = _example(**{kind: outputs[kind].astype("<f2")})
    if "attention" in kinds:
        time, layers, _ = outputs["attention"].shape
        wide = np.zeros((time, layers, bound), "<f2")
        wide[:, :, :time] = outputs["attention"][:, :, :time]
        made["attention"] = _example(attention=wide)
    return made


def replaced(outputs: Dict[str, np.ndarray], places: np.ndarray) -> Dict[str, np.ndarray]:
    """A row's outputs [time, ...] at the pieces of another tokenizer, see `inputs.realign`."""
    known = places >= 0
    moved = {name: np.where(known[:, None], values[np.maximum(places, 0)], 0)
             for name, values in outputs.items()}
    return {**moved, "known": known.astype(np.uint8)}
