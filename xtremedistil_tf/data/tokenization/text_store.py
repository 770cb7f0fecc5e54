"""Store of the transfer set's words on disk, for teachers with several tokenizers."""

import json
import pathlib
from typing import Dict, Iterable

import numpy as np

from xtremedistil_tf.data.readers.rows import Example
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.atomic import atomic_folder
from xtremedistil_tf.files.contents import write_array, write_json
from xtremedistil_tf.files.fingerprints import sha256_of
from xtremedistil_tf.files.leftovers import sweep_beside
from xtremedistil_tf.validation.records import Field, read_record

_RECORD, _TEXTS, _STARTS = "texts.json", "texts.u8", "starts.npy"
_FIELDS = {"fingerprint": Field(str), "sha256": Field(dict, each=Field(str))}


class TextStore:
    """Rows of words, read from disk one by one.

    Args:
      folder: a folder that `store_texts` wrote.
    """

    def __init__(self, folder: pathlib.Path):
        self._bytes = np.memmap(folder / _TEXTS, np.uint8, "r")
        self._starts = np.load(folder / _STARTS, allow_pickle=False)

    def __len__(self) -> int:
        return len(self._starts) - 1

    def __getitem__(self, row: int) -> Example:
        begin, end = self._starts[row], self._starts[row + 1]
        words, second, language = json.loads(self._bytes[begin:end].tobytes())
        return Example(tuple(words), (), language, tuple(second))


def has_texts(folder: pathlib.Path, fingerprint: str) -> bool:
    """Returns True if a folder holds the rows of this fingerprint, undamaged."""
    try:
        record = read_record(folder / _RECORD, _FIELDS)
        return record["fingerprint"] == fingerprint and record["sha256"] == _digests(folder)
    except (UserError, OSError):  # Missing or damaged: written anew.
        return False


def _digests(folder: pathlib.Path) -> Dict[str, str]:
    return {name: sha256_of(folder / name) for name in (_TEXTS, _STARTS)}


def store_texts(texts: Iterable[Example], folder: pathlib.Path, fingerprint: str) -> TextStore:
    """Writes rows into a folder, unless it is current, and opens it.

    Args:
      texts: the rows; read once.
      folder: the store's folder; it is replaced completely.
      fingerprint: hash of the text.
    """
    if has_texts(folder, fingerprint):
        return TextStore(folder)
    sweep_beside(folder)
    starts = [0]
    with atomic_folder(folder) as temporary:
        with open(temporary / _TEXTS, "wb") as file:
            for row in texts:
                line = json.dumps([row.words, row.second, row.language], ensure_ascii=False)
                starts.append(starts[-1] + file.write(line.encode("utf-8")))
        write_array(temporary / _STARTS, np.array(starts, np.int64))
        write_json(temporary / _RECORD, {"fingerprint": fingerprint,
                                         "sha256": _digests(temporary)})
    return TextStore(folder)
