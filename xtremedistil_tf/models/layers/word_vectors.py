"""Initial word embeddings from a text file of word vectors (GloVe, fastText, MUSE)."""

import pathlib
from typing import Dict, Iterator, Optional, Sequence, Tuple

import numpy as np

from xtremedistil_tf.errors import UserError
from xtremedistil_tf.models.layers.embeddings import random_embeddings


def _is_header(fields: Sequence[str]) -> bool:
    """Returns True if a first line is fastText's header: two integers, words and width."""
    return len(fields) == 2 and all(field.isdecimal() for field in fields)


def _split(line: str, width: int) -> Tuple[str, Sequence[str]]:
    """Returns (word, numbers). Some GloVe words contain spaces, so it splits from the end."""
    word, *numbers = line.rsplit(" ", width)
    return word, numbers


def _vectors(path: pathlib.Path, width: int) -> Iterator[Tuple[int, str, Sequence[str]]]:
    """Yields (line number, word, `width` numbers as text)."""
    try:
        file = open(path, encoding="utf-8", errors="replace", newline="\n")
    except OSError as error:
        raise UserError(f"--word_emb_file {path}: {error.strerror}") from None
    with file:
        for number, line in enumerate(file, 1):
            line = line.rstrip()
            if number == 1 and _is_header(line.split(" ")):
                found = int(line.split(" ")[1])
                if found != width:
                    raise UserError(f"{path}:1: vectors of {found} numbers; --word_emb_dim is "
                                    f"{width}, allowed: {found}")
                continue
            word, numbers = _split(line, width)
            found = len(numbers)
            if number == 1:
                # In the first line, further fields are numbers: the file's vectors are wider.
                found += len(word.split(" ")) - 1
            if found != width:
                raise UserError(f"{path}:{number}: a vector of {found} numbers; --word_emb_dim is "
                                f"{width}, allowed: {found}")
            yield number, word, numbers


def read_word_vectors(
    path: pathlib.Path, pieces: Sequence[Optional[str]], width: int, seed: int
) -> Tuple[np.ndarray, Dict[str, int]]:
    """Reads the embedding rows of known subword tokens from a file; the others are random.

    The first line tells GloVe's format (word and numbers) from that of fastText and MUSE (the same
    after a header with two counts). A subword token is looked up as it is, then in lower case, and
    last, for tokens inside words ("##ing"), without "##".

    Args:
      path: UTF-8 text.
      pieces: the subword token of each row of the student's vocabulary; None for a row without one.
      width: E, which must equal the width of the file.
      seed: seed of the random rows.

    Returns:
      (float32 [len(pieces), width] with row 0 zero, counts of "vectors" in the file, rows "found",
      and "rows").

    Raises:
      UserError: for a file of another width or format. The message names the line.
    """
    wanted: Dict[str, list] = {}
    for row, piece in enumerate(pieces):
        if piece is not None:
            plain = piece[2:] if piece.startswith("##") and len(piece) > 2 else piece
            for rank, form in enumerate(dict.fromkeys((piece, piece.lower(), plain))):
                wanted.setdefault(form, []).append((row, rank))
    rows = random_embeddings(len(pieces), width, seed)
    best: Dict[int, int] = {}
    count = 0
    for number, word, numbers in _vectors(pathlib.Path(path), width):
        count += 1
        for row, rank in wanted.get(word, ()):
            # The first of equal words counts: such files list frequent words first.
            if row and rank < best.get(row, 3):
                try:
                    rows[row] = np.array(numbers, np.float32)
                except ValueError:
                    raise UserError(f"{path}:{number}: the vector of {word!r} holds something that "
                                    "is not a number") from None
                best[row] = rank
    if not count:
        raise UserError(f"{path}: no vector in it")
    return rows, {"vectors": count, "found": len(best), "rows": len(pieces)}
