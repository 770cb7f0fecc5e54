"""Store of the transfer set's subword token ids on disk: tokenised once, memory-mapped."""

import collections
import contextlib
import pathlib
from typing import Any, Dict, Iterable, Optional, Tuple

import numpy as np

from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.data.tokenization.alignment import pieces_of
from xtremedistil_tf.data.tokenization.ragged import Ragged
from xtremedistil_tf.data.tokenization.realign import Realigned, realigned_of
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.progress import Progress
from xtremedistil_tf.runs import atomic_folder, read_json, sweep_beside, write_json
from xtremedistil_tf.validation.manifest import sha256_of
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
    # Stores of before have no checksums.
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
                progress.advance(len(lengths[-1]))
        starts = np.zeros(counts["sentences"] + 1, np.int64)
        np.cumsum(np.concatenate(lengths), out=starts[1:])
        np.save(temporary / _STARTS, starts)
        write_json(temporary / _RECORD, {"fingerprint": fingerprint, "bytes": _sizes(temporary),
                                         "sha256": {name: sha256_of(temporary / name)
                                                    for name in _sizes(temporary)},
                                         "counts": dict(counts)})
    return dict(counts)


def tokenise_texts(
    tokenizer: Any, texts: Iterable[Example], *, rows: int, seq_len: int, folder: pathlib.Path,
    fingerprint: str,
) -> Dict[str, int]:
    """Tokenises unlabelled text into a folder, unless the folder is current.

    Args:
      tokenizer: a fast Hugging Face tokenizer.
      texts: the sentences; read once.
      rows: number of sentences, for the progress bar.
      seq_len: maximum length in subword tokens, special tokens included.
      folder: the store's folder; it is replaced completely.
      fingerprint: hash of text, tokenizer and seq_len.

    Returns:
      The counts, see `alignment.Features.counts`.
    """
    chunks = (({_IDS: ids}, counts) for ids, counts in pieces_of(tokenizer, texts, seq_len))
    return _write(chunks, rows, folder, fingerprint)


def realign_texts(
    teacher: Any, student: Any, texts: Iterable[Example], *, rows: int, seq_len: int,
    folder: pathlib.Path, fingerprint: str, own_ids: Optional[np.ndarray] = None,
) -> None:
    """Tokenises unlabelled sentences for a student that has its own tokenizer.

    Args:
      teacher, student: their tokenizers.
      texts, rows, seq_len, folder: see `tokenise_texts`.
      fingerprint: hash of text, both tokenizers and seq_len.
      own_ids: see `realigned_of`.
    """
    chunks = (({_IDS: ids, _PLACES: places}, counts) for ids, places, counts in
              realigned_of(teacher, student, texts, seq_len, own_ids=own_ids))
    _write(chunks, rows, folder, fingerprint)
