"""The transfer text as piece ids on disk: tokenised once, mapped into memory."""

import collections
import json
import pathlib
from typing import Any, Dict, Iterable

import numpy as np

from xtremedistil_tf.inputs.alignment import Ragged, pieces_of
from xtremedistil_tf.inputs.examples import Example
from xtremedistil_tf.progress import Progress
from xtremedistil_tf.runs import atomic_folder, read_json, sweep_beside, write_json

_RECORD = "pieces.json"


def open_pieces(folder: pathlib.Path) -> Ragged:
    """Maps the rows that `tokenise_texts` wrote; pages are read when they are needed."""
    record = read_json(folder / _RECORD)
    # An empty file cannot be mapped, but a text without any piece still has its two markers.
    values = np.memmap(folder / "values.i32", "<i4", "r", shape=(record["counts"]["pieces"],))
    return Ragged(values, np.load(folder / "starts.npy", allow_pickle=False))


def tokenised_counts(folder: pathlib.Path, fingerprint: str) -> Dict[str, int]:
    """What tokenising counted, if the folder holds just these rows; else an empty dict."""
    try:
        record = json.loads((folder / _RECORD).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    sizes = [(folder / name).stat().st_size for name in ("values.i32", "starts.npy")
             if (folder / name).is_file()]
    whole = record["fingerprint"] == fingerprint and record["bytes"] == sizes
    return record["counts"] if whole else {}


def tokenise_texts(
    tokenizer: Any, texts: Iterable[Example], rows: int, seq_len: int, folder: pathlib.Path,
    fingerprint: str,
) -> Dict[str, int]:
    """Tokenises unlabelled text into a folder, unless it is there already.

    Args:
      tokenizer: a fast Hugging Face tokenizer.
      texts: the sentences; read once.
      rows: how many there are, for the progress bar.
      seq_len: longest row in pieces, markers included.
      folder: is replaced as a whole.
      fingerprint: of text, tokenizer and seq_len.

    Returns:
      What was counted (see `alignment.Features.counts`).
    """
    known = tokenised_counts(folder, fingerprint)
    if known:
        return known
    counts: Dict[str, int] = collections.Counter()
    lengths = []
    sweep_beside(folder)
    with atomic_folder(folder) as temporary:
        with open(temporary / "values.i32", "wb") as file, \
                Progress(rows, "tokenising", "sentences") as progress:
            for chunk, found in pieces_of(tokenizer, texts, seq_len):
                file.write(chunk.values.astype("<i4").tobytes())
                lengths.append(chunk.lengths.astype(np.int32))
                counts.update(found)
                progress.advance(len(chunk))
        starts = np.zeros(counts["sentences"] + 1, np.int64)
        np.cumsum(np.concatenate(lengths), out=starts[1:])
        np.save(temporary / "starts.npy", starts)
        sizes = [(temporary / name).stat().st_size for name in ("values.i32", "starts.npy")]
        write_json(temporary / _RECORD,
                   {"fingerprint": fingerprint, "bytes": sizes, "counts": dict(counts)})
    return dict(counts)
