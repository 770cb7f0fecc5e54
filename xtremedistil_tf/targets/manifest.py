"""The manifest of a target store, and the order of its sequences."""

import dataclasses
import logging
import pathlib
from typing import Tuple

import numpy as np

from xtremedistil_tf.data.tokenization.realign import Realigned
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.contents import read_json, write_json
from xtremedistil_tf.files.locks import sole_writer
from xtremedistil_tf.targets.spec import Place, StoreSpec
from xtremedistil_tf.targets.store import TargetStore
from xtremedistil_tf.validation.records import read_record

log = logging.getLogger("absl")

_MANIFEST = "manifest.json"


def store_order(rows: int) -> np.ndarray:
    """Returns the random order of sequences in a store; int64 [rows].

    It depends on their number alone. A fingerprint as seed would differ between equal runs, since
    it contains the seconds of the teacher's training.
    """
    return np.random.default_rng(rows).permutation(rows)


def open_store(rows: Realigned, place: Place, spec: StoreSpec) -> Tuple[TargetStore, np.ndarray]:
    """Opens a store, or creates an empty one.

    Args:
      rows: the transfer sequences.
      place: folder of the store, and the fingerprint of teacher, tokenizer, data, seq_len, layer
        and precision.
      spec: sizes. `partial` is set if some of `rows` have no counterpart. If there is a store
        already, its shards stay as large as they are.

    Returns:
      (the store, int64 [rows] its order, see `store_order`).

    Raises:
      UserError: if the folder has targets of another teacher or data.
    """
    folder = place.folder
    folder.mkdir(parents=True, exist_ok=True)
    order = store_order(len(rows.input_ids))
    lengths = rows.input_ids.lengths[order].astype(np.int32)
    spec = dataclasses.replace(spec, partial=spec.partial or rows.places is not None)
    manifest = {"fingerprint": place.fingerprint, "rows": len(lengths),
                "pieces": int(lengths.sum()), **dataclasses.asdict(spec)}
    path = folder / _MANIFEST
    with sole_writer(path):
        if not path.is_file():
            write_json(path, manifest)
            return TargetStore(folder, lengths, spec), order
    try:
        stored = read_record(path, {})
    except UserError as error:
        raise UserError(f"{error}; remove {folder} to have the teacher's outputs made "
                        "anew") from None
    stored.pop("shards", None)
    found = stored.get("shard_rows")
    if type(found) is int and found != spec.shard_rows:
        # The outputs are the same, so runs with the same --targets_dir share them.
        log.info("%s holds shards of %s sequences, whatever --distil_chunk_size says", folder,
                 f"{found:,}")
        spec = dataclasses.replace(spec, shard_rows=found)
        manifest["shard_rows"] = found
    if stored != manifest:
        raise UserError(
            f"{folder} holds the outputs of another teacher, transfer set, seq_len or layer; "
            "use another --model_dir or --targets_dir, or --overwrite")
    return TargetStore(folder, lengths, spec), order


def reopen_store(rows: Realigned, folder: pathlib.Path) -> Tuple[TargetStore, np.ndarray]:
    """Opens a store that another process has created; see `open_store`."""
    manifest = read_json(folder / _MANIFEST)
    spec = StoreSpec(**{field.name: manifest[field.name]
                        for field in dataclasses.fields(StoreSpec)})
    return open_store(rows, Place(folder, manifest["fingerprint"]), spec)


def is_finished(folder: pathlib.Path, fingerprint: str) -> bool:
    """Returns True if a folder holds a store of this fingerprint with all its shards listed."""
    try:
        stored = read_record(folder / _MANIFEST, {})
    except UserError:  # Missing or damaged.
        return False
    return stored.get("fingerprint") == fingerprint and "shards" in stored


def finish(store: TargetStore) -> None:
    """Lists the shards in the manifest after all are written."""
    path = store.folder / _MANIFEST
    manifest = read_json(path)
    finished = {**manifest, "shards": [
        store.shard_folder(index).name for index in range(store.shards)]}
    if finished != manifest:  # Others may share the folder without the right to write into it.
        with sole_writer(path):
            write_json(path, finished)
