"""Recognises files that are not text by their first bytes."""

from typing import Optional, Tuple

from xtremedistil_tf.data.lines import BYTE_ORDER_MARK, UTF8

NoText = Tuple[str, str]  # (format, what to do), for messages.

AS_TEXT = "save it as text, CSV or JSON"
_ARROW = ("an Arrow file", "xtremedistil-prepare --format=datasets reads folders of them")
_DOC_BIN = ("compressed data, such as spaCy's DocBin", "write its documents with doc.to_json()")
_PAGE = ("an HTML page", "save its text, or download the data themselves")
# A text may begin with PAR1, a protein: behind its mark, Parquet has a control character.
PARQUET = tuple(b"PAR1" + bytes([code]) for code in range(32) if chr(code) not in "\t\r\n")
_BINARY = {
    b"\x1f\x8b": ("compressed by gzip", "unpack it with gunzip"),
    b"BZh": ("compressed by bzip2", "unpack it with bunzip2"),
    b"\xfd7zXZ": ("compressed by xz", "unpack it with unxz"),
    b"(\xb5/\xfd": ("compressed by Zstandard", "unpack it with unzstd"),
    b"\x04\x22M\x18": ("compressed by LZ4", "unpack it with unlz4"),
    b"\x1f\x9d": ("compressed by compress", "unpack it with uncompress"),
    b"PK\x03\x04": ("a zip archive", "unpack it first"),
    b"7z\xbc\xaf": ("a 7z archive", "unpack it, or pack it as zip or tar"),
    b"Rar!": ("a RAR archive", "unpack it, or pack it as zip or tar"),
    b"%PDF-": ("a PDF", AS_TEXT),
    b"{\\rtf": ("an RTF document", AS_TEXT),
    b"\xd0\xcf\x11\xe0": ("an Office file", AS_TEXT),
    b"ARROW1\0": _ARROW,
    b"\xff\xff\xff\xff": _ARROW,
    b"\x89HDF": ("an HDF5 file", AS_TEXT),
    b"SQLite format 3\0": ("an SQLite database", AS_TEXT),
    b"x\x9c": _DOC_BIN,
    b"x\xda": _DOC_BIN,
    b"\x80\x04\x95": ("a Python pickle, which is never opened", AS_TEXT),
    b"version https://git-lfs": ("a pointer of Git LFS", "git lfs pull fetches the file"),
    b"\x89PNG": ("an image", AS_TEXT),
    b"\xff\xd8\xff": ("an image", AS_TEXT),
    **dict.fromkeys(PARQUET, ("a Parquet file", AS_TEXT)),
}
_PAGES = {"<!doctype html": _PAGE, "<html": _PAGE, "<?xml": ("XML", AS_TEXT)}


def page_of(text: str) -> Optional[NoText]:
    """`no_text` of the start of a page of HTML or XML; None for another text."""
    first = text.lstrip().lower()
    return next((told for begin, told in _PAGES.items() if first.startswith(begin)), None)


def no_text(head: bytes) -> Optional[NoText]:
    """Names a file that is not text by its first bytes; None for a file that may be text.

    Example:
      >>> no_text(b"%PDF-1.7")
      ('a PDF', 'save it as text, CSV or JSON')
    """
    return next((told for begin, told in _BINARY.items() if head.startswith(begin)), None) or (
        page_of(head.decode(UTF8, "replace").lstrip(BYTE_ORDER_MARK)))
