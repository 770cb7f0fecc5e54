"""Word vectors from a text file (GloVe, fastText, MUSE) as the start of the student's embedding."""

import pathlib
from typing import Dict, Iterator, Optional, Sequence, Tuple

import numpy as np

from xtremedistil_tf.errors import UserError
from xtremedistil_tf.models.layers.embeddings import random_embeddings


def _is_header(fields: Sequence[str]) -> bool:
    """Whether a first line is fastText's "words width": two whole numbers, and no vector."""
    return len(fields) == 2 and all(field.isdecimal() for field in fields)


def _split(line: str, width: int) -> Tuple[str, Sequence[str]]:
    """(word, numbers); some GloVe words hold spaces, so the numbers are counted from the end."""
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
                # What a wider vector leaves over would pass as a word with spaces further down.
                found += len(word.split(" ")) - 1
            if found != width:
                raise UserError(f"{path}:{number}: a vector of {found} numbers; --word_emb_dim is "
                                f"{width}, allowed: {found}")
            yield number, word, numbers


def read_word_vectors(
    path: pathlib.Path, pieces: Sequence[Optional[str]], width: int, seed: int
) -> Tuple[np.ndarray, Dict[str, int]]:
    """Starts the rows of known pieces from a file of word vectors, the others at random.

    GloVe's form (word and numbers) and fastText's and MUSE's (the same after a line with two
    counts) are told apart by what stands in the first line. A piece is looked for as it is; if it
    is not there, in lower case. Pieces inside words ("##ing") are looked for without their mark
    last of all.

    Args:
      path: UTF-8 text.
      pieces: the piece of each row of the student's vocabulary; None where a row has none.
      width: E, which must be the file's.
      seed: of the random rows.

    Returns:
      (float32 [len(pieces), width], row 0 zero; counts: vectors in the file, rows found, rows).

    Raises:
      UserError: for a file of another width or form, with its line.
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
            # The first of equal words counts, as it is the more frequent one in these files.
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
