"""Lines of text files: encodings, byte order marks, line ends."""

import codecs
import itertools
import pathlib
import re
from typing import Iterable, Iterator, Optional, Tuple, Union

from xtremedistil_tf.errors import UserError

UTF8 = "utf-8"
BYTE_ORDER_MARK = "\ufeff"
_MOST_DIGITS = 18
# Python's encodings of host names and of source text.
_NO_FILES = ("idna", "punycode", "unicode-escape", "raw-unicode-escape")
# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS = ((codecs.BOM_UTF8, UTF8), (codecs.BOM_UTF32_LE, "utf-32-le"),
          (codecs.BOM_UTF32_BE, "utf-32-be"), (codecs.BOM_UTF16_LE, "utf-16-le"),
          (codecs.BOM_UTF16_BE, "utf-16-be"))
# Escapes that change the character set, in Japanese and Korean files that look like ASCII.
_SHIFT = re.compile(r"\x1b(?:\$[@B]|\$\([A-DOPQ]|\([JI]|\$\)C)")
ISO_2022 = "not UTF-8 but an encoding of ISO 2022, by its escapes"


class RowError(UserError):
    """A row that cannot be used.

    Attributes:
      problems: (kind, text) of each problem of the row.
    """

    def __init__(self, *problems: Tuple[str, str]):
        super().__init__("; ".join(text for _, text in problems))
        self.problems = problems


Line = Tuple[int, Union[str, RowError]]


def is_iso_2022(text: str) -> bool:
    """True if a text that was read as UTF-8 has the escapes of ISO 2022."""
    return "\x1b" in text and bool(_SHIFT.search(text))


def is_count(text: str) -> bool:
    """True if a text is a whole number that int reads: no ², and not of thousands of digits."""
    return text.isdecimal() and len(text) <= _MOST_DIGITS


def check_encoding(name: str) -> None:
    """Refuses an unknown --encoding.

    Raises:
      UserError: if no encoding of text has this name.
    """
    try:
        "".encode(name)  # Also refuses codecs that are not for text, such as hex.
        if codecs.lookup(name).name in _NO_FILES:
            raise ValueError(name)
    except (LookupError, ValueError):
        raise UserError(f"--encoding is {name!r}; allowed: names that Python knows, such as "
                        "utf-8, latin-1, cp1252 or utf-16-le") from None


def encoding_of(head: bytes) -> Tuple[Optional[str], int]:
    """Detects the encoding of a file from its first bytes.

    Returns:
      (name, length of the byte order mark). UTF-16 without a mark is detected by its zero bytes.
      (None, 0) if nothing is detected.
    """
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name, len(mark)
    zeros = [head[at:200:2].count(0) for at in (0, 1)]
    half = min(len(head), 200) // 2
    for at, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        if half > 3 and zeros[at] > 0.5 * half and not zeros[1 - at]:
            return name, 0
    return None, 0


def _transcoded(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Converts lines of another encoding to lines of UTF-8.

    Raises:
      UnicodeError: for bytes that are invalid in that encoding.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    rest = ""
    for chunk in itertools.chain(chunks, [b""]):
        *lines, rest = (rest + decoder.decode(chunk, final=not chunk)).split("\n")
        for line in lines:
            yield (line + "\n").encode(UTF8, "surrogatepass")
    if rest:
        yield rest.encode(UTF8, "surrogatepass")


def cut_lines(chunks: Iterable[bytes], *, every_cr: bool) -> Iterator[bytes]:
    """Yields lines without their ends.

    Args:
      chunks: bytes, cut behind line feeds.
      every_cr: True if a lone carriage return ends a line, too.
    """
    for chunk in chunks:
        raw = chunk.rstrip(b"\r\n")
        yield from raw.split(b"\r") if every_cr and b"\r" in raw else (raw,)


def ends_with_cr(first: bytes) -> bool:
    """True if lone carriage returns end the lines of a file: its first chunk has no line feed."""
    return not first.endswith(b"\n")


def decode_lines(file: Iterable[bytes], *, encoding: str = UTF8, every_cr: bool = False
                 ) -> Iterator[Line]:
    """Decodes the lines of a file.

    Args:
      file: its bytes, cut behind line feeds.
      encoding: encoding of a file without a byte order mark.
      every_cr: True if every lone CR ends a line; False if only in files without a line feed.

    Yields:
      (line number, text without line end), or the error that makes the line unusable.
    """
    chunks = iter(file)
    first = next(chunks, b"")
    told, mark = encoding_of(first)
    encoding = told or encoding
    every_cr = every_cr or ends_with_cr(first)
    lines: Iterator[bytes] = itertools.chain([first[mark:]] if first else [], chunks)
    number = 0
    try:
        for raw in cut_lines(lines if encoding == UTF8 else _transcoded(lines, encoding),
                             every_cr=every_cr):
            number += 1
            yield number, _decode(raw)
    except UnicodeError as error:  # UTF-16 without its mark has no place, so it is the plain class.
        told = getattr(error, "reason", None) or str(error)
        yield number + 1, RowError(("encoding", f"not {encoding}: {told}"))


def _decode(raw: bytes) -> Union[str, RowError]:
    if b"\0" in raw:
        return RowError(("nul", "holds a NUL byte; allowed: text in UTF-8, or in UTF-16 or UTF-32 "
                         "with its byte order mark"))
    try:
        text = raw.decode(UTF8)
    except UnicodeDecodeError as error:
        return RowError(("not_utf8", f"not UTF-8 at byte {error.start + 1} of the line"))
    return RowError(("iso_2022", ISO_2022)) if is_iso_2022(text) else text


def read_lines(path: pathlib.Path) -> Iterator[Line]:
    """Reads the lines of a file; see `decode_lines`.

    Raises:
      UserError: if it cannot be read.
    """
    try:
        file = open(path, "rb")
    except FileNotFoundError:
        raise UserError(f"file not found: {path}") from None
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None
    with file:
        yield from decode_lines(file)
