"""Store of the transfer set's subword token ids on disk: tokenised once, memory-mapped."""

import collections
import contextlib
import pathlib
from typing import Any, Dict, Iterable, Tuple

import numpy as np

from xtremedistil_tf.data.tokenization.ragged import Ragged
from xtremedistil_tf.data.tokenization.realign import Realigned
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.atomic import atomic_folder
from xtremedistil_tf.files.contents import read_json, write_array, write_json
from xtremedistil_tf.files.fingerprints import sha256_of
from xtremedistil_tf.files.leftovers import sweep_beside
from xtremedistil_tf.progress import Progress
from xtremedistil_tf.validation.records import Field, read_record

_RECORD, _STARTS = "pieces.json", "starts.npy"
_IDS, _PLACES = "values.i32", "places.i32"
_FIELDS = {"fingerprint": Field(str), "bytes": Field(dict, each=Field(int)),
           "sha256": Field(dict, needed=False, each=Field(str)),
           "counts": Field(dict, each=Field(int, least=0))}


def _column(folder: pathlib.Path, name: str) -> Ragged:
    record = read_json(folder / _RECORD)
    # An empty file cannot be mapped. Even an empty text has its two special tokens.
    values = np.memmap(folder / name, "<i4", "r", shape=(record["counts"]["pieces"],))
    return Ragged(values, np.load(folder / _STARTS, allow_pickle=False))


def open_pieces(folder: pathlib.Path) -> Ragged:
    """Memory-maps the sequences that `tokenise_texts` wrote."""
    return _column(folder, _IDS)


def open_realigned(folder: pathlib.Path) -> Realigned:
    """Memory-maps the sequences that `realign_texts` wrote, with their `places` if stored."""
    places = _column(folder, _PLACES) if (folder / _PLACES).is_file() else None
    return Realigned(_column(folder, _IDS), places)


def tokenised_counts(folder: pathlib.Path, fingerprint: str) -> Dict[str, int]:
    """Stored counts of tokenisation if the fingerprint matches, else an empty dict."""
    try:
        record = read_record(folder / _RECORD, _FIELDS)
    except UserError:  # Missing or damaged: the rows are tokenised anew.
        return {}
    whole = record["fingerprint"] == fingerprint and record["bytes"] == _sizes(folder)
    # Stores of earlier versions have no checksums.
    digests = record.get("sha256") or {}
    whole = whole and all(sha256_of(folder / name) == digest for name, digest in digests.items()
                          if name in record["bytes"])
    return record["counts"] if whole else {}


def _sizes(folder: pathlib.Path) -> Dict[str, int]:
    return {path.name: path.stat().st_size for path in sorted(folder.iterdir())
            if path.name in (_IDS, _PLACES, _STARTS)}


# Arrays of a chunk by file name, all with the same row lengths, and its counts.
_Chunk = Tuple[Dict[str, Ragged], Dict[str, int]]


def _write(chunks: Iterable[_Chunk], rows: int, folder: pathlib.Path, fingerprint: str
           ) -> Dict[str, int]:
    """Writes tokenised chunks into a folder unless it is current; returns the counts."""
    known = tokenised_counts(folder, fingerprint)
    if known:
        return known
    counts: Dict[str, int] = collections.Counter()
    lengths = []
    sweep_beside(folder)
    with atomic_folder(folder) as temporary:
        with contextlib.ExitStack() as stack, Progress(rows, "tokenising", "sentences") as progress:
            files: Dict[str, Any] = {}
            for columns, found in chunks:
                for name, column in columns.items():
                    if name not in files:
                        files[name] = stack.enter_context(open(temporary / name, "wb"))
                    files[name].write(column.values.astype("<i4").tobytes())
                lengths.append(columns[_IDS].lengths.astype(np.int32))
                counts.update(found)
                progress.advance(found["sentences"])
        starts = np.cumsum(np.concatenate([[0], *lengths]), dtype=np.int64)
        write_array(temporary / _STARTS, starts)
        write_json(temporary / _RECORD, {"fingerprint": fingerprint, "bytes": _sizes(temporary),
                                         "sha256": {name: sha256_of(temporary / name)
                                                    for name in _sizes(temporary)},
                                         "counts": dict(counts)})
    return dict(counts)


def tokenise_texts(
    pieces: Iterable[Tuple[Ragged, Dict[str, int]]], *, rows: int, folder: pathlib.Path,
    fingerprint: str,
) -> Dict[str, int]:
    """Writes tokenised unlabelled text into a folder, unless the folder is current.

    Args:
      pieces: (sequences, counts) chunk by chunk, such as those of `alignment.pieces_of`. Nothing is
        tokenised if the folder is current.
      rows: number of sequences, for the progress bar.
      folder: the store's folder; it is replaced completely.
      fingerprint: hash of text, tokenizer and seq_len.

    Returns:
      The counts, see `alignment.Features.counts`.
    """
    return _write((({_IDS: ids}, counts) for ids, counts in pieces), rows, folder, fingerprint)


def realign_texts(
    pieces: Iterable[Tuple[Ragged, Ragged, Dict[str, int]]], *, rows: int, folder: pathlib.Path,
    fingerprint: str,
) -> None:
    """Writes unlabelled text as a student with its own tokenizer reads it.

    Args:
      pieces: (sequences, places, counts) chunk by chunk, such as those of `realign.realigned_of`.
      rows, folder: see `tokenise_texts`.
      fingerprint: hash of text, both tokenizers and seq_len.
    """
    chunks = (({_IDS: ids, _PLACES: places}, counts) for ids, places, counts in pieces)
    _write(chunks, rows, folder, fingerprint)
