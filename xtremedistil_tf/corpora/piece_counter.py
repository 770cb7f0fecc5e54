"""Counts a row's subword tokens, and its unknown ones, with a teacher's tokenizer."""

import pathlib
from typing import Any, List, Sequence, Tuple

from tokenizers import BertWordPieceTokenizer, Tokenizer

from xtremedistil_tf.errors import UserError, first_line

_UNKNOWN = ("[UNK]", "<unk>")


def _from_vocabulary(path: pathlib.Path) -> Any:
    """Builds a WordPiece tokenizer from vocab.txt; uncased if no subword token has a capital."""
    try:
        pieces = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"--tokenizer {path} cannot be read: {error}") from None
    if "[UNK]" not in pieces:
        raise UserError(f"--tokenizer {path} is no vocabulary: it has no line [UNK]")
    cased = any(piece != piece.lower() for piece in pieces if not piece.startswith("["))
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    return BertWordPieceTokenizer(vocabulary, lowercase=not cased, strip_accents=not cased)


class PieceCounter:
    """Counts the subword tokens of rows.

    Args:
      name: a vocabulary file (WordPiece, one subword token a line), a tokenizer.json, a folder with
        tokenizer files, or a hub name.

    Raises:
      UserError: if the tokenizer does not exist.
    """

    def __init__(self, name: str):
        path = pathlib.Path(name)
        if path.is_file() and path.suffix == ".json":
            try:
                self._tokenizer = Tokenizer.from_file(str(path))
            except Exception as error:  # The library raises a bare Exception.
                raise UserError(f"--tokenizer {path} cannot be read: {first_line(error)}") from None
        elif path.is_file():
            self._tokenizer = _from_vocabulary(path)
        else:
            # Importing transformers takes half a second.
            from xtremedistil_tf.models.tokenizers import load_tokenizer

            self._tokenizer = load_tokenizer(name).backend_tokenizer
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        ids = [self._tokenizer.token_to_id(piece) for piece in _UNKNOWN]
        self._unknown = next((found for found in ids if found is not None), -1)

    def __call__(self, rows: Sequence[Sequence[str]]) -> Tuple[List[int], List[int]]:
        """(subword tokens, unknown tokens) of each row; special tokens are not counted."""
        encoded = self._tokenizer.encode_batch(
            [list(row) for row in rows], is_pretokenized=True, add_special_tokens=False)
        return ([len(row) for row in encoded], [row.ids.count(self._unknown) for row in encoded])
