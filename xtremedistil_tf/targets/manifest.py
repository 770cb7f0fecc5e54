"""The manifest of a target store, and the order of its sequences."""

import dataclasses
import pathlib
from typing import Any, Dict, Tuple

import numpy as np

from xtremedistil_tf.data.tokenization.realign import Realigned
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.runs import read_json, write_json
from xtremedistil_tf.targets.spec import StoreSpec
from xtremedistil_tf.targets.store import TargetStore
from xtremedistil_tf.validation.records import read_record

_MANIFEST = "manifest.json"


def store_order(rows: int) -> np.ndarray:
    """Returns the random order of sequences in a store; int64 [rows].

    It depends on their number alone. A fingerprint as seed would differ between equal runs, since
    it contains the seconds of the teacher's training.
    """
    return np.random.default_rng(rows).permutation(rows)


def _other_outputs(stored: Dict[str, Any], manifest: Dict[str, Any]) -> str:
    """Describes how a stored target store differs from the one that is needed, with advice.

    Args:
      stored: manifest of the store in the folder.
      manifest: manifest of the needed store.
    """
    found = stored.get("shard_rows")
    if {**stored, "shard_rows": manifest["shard_rows"]} == manifest and isinstance(found, int):
        # Runs with the same --targets_dir share a folder even if their shard sizes differ.
        return (f"holds shards of {found} rows, and --distil_chunk_size is "
                f"{manifest['shard_rows']}; use --distil_chunk_size={found}, or another "
                "--targets_dir or --model_dir")
    return ("holds the outputs of another teacher, transfer set, seq_len or layer; use another "
            "--model_dir or --targets_dir, or --overwrite")


def open_store(
    rows: Realigned, folder: pathlib.Path, fingerprint: str, spec: StoreSpec
) -> Tuple[TargetStore, np.ndarray]:
    """Opens a store, or creates an empty one.

    Args:
      rows: the transfer sequences.
      folder: folder of the store.
      fingerprint: fingerprint of teacher, tokenizer, data, seq_len, layer and precision.
      spec: sizes. `partial` is set if some of `rows` have no counterpart.

    Returns:
      (the store, int64 [rows] its order, see `store_order`).

    Raises:
      UserError: if the folder has targets of another teacher or data, or other shards.
    """
    folder.mkdir(parents=True, exist_ok=True)
    order = store_order(len(rows.input_ids))
    lengths = rows.input_ids.lengths[order].astype(np.int32)
    spec = dataclasses.replace(spec, partial=spec.partial or rows.places is not None)
    manifest = {"fingerprint": fingerprint, "rows": len(lengths), "pieces": int(lengths.sum()),
                **dataclasses.asdict(spec)}
    path = folder / _MANIFEST
    if path.is_file():
        try:
            stored = read_record(path, {})
        except UserError as error:
            raise UserError(f"{error}; remove {folder} to have the teacher's outputs made "
                            "anew") from None
        stored.pop("shards", None)
        if stored != manifest:
            raise UserError(f"{folder} {_other_outputs(stored, manifest)}")
    else:
        write_json(path, manifest)
    return TargetStore(folder, lengths, spec), order


def reopen_store(rows: Realigned, folder: pathlib.Path) -> Tuple[TargetStore, np.ndarray]:
    """Opens a store that another process has created; see `open_store`."""
    manifest = read_json(folder / _MANIFEST)
    spec = StoreSpec(**{field.name: manifest[field.name]
                        for field in dataclasses.fields(StoreSpec)})
    return open_store(rows, folder, manifest["fingerprint"], spec)


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
    names = [store.shard_folder(index).name for index in range(store.shards)]
    write_json(path, {**read_json(path), "shards": names})
