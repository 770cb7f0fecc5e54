"""Opens tables of any form. Every row is a dict; see the neighbours for the forms."""

import codecs
import contextlib
import csv
import itertools
from typing import Iterable, Iterator, Optional

from xtremedistil_tf.corpora.readers.base import Tally
from xtremedistil_tf.corpora.sources.archives import DAMAGED
from xtremedistil_tf.corpora.sources.files import OF_ISO_2022
from xtremedistil_tf.corpora.sources.sources import Source
from xtremedistil_tf.corpora.texts.tables.delimited import read_delimited
from xtremedistil_tf.corpora.texts.tables.objects import (
    of_records,
    read_fasttext,
    read_json,
)
from xtremedistil_tf.corpora.texts.tables.table import Table, TableOptions
from xtremedistil_tf.data.lines import (
    BYTE_ORDER_MARK,
    ISO_2022,
    RowError,
    encoding_of,
    is_iso_2022,
)
from xtremedistil_tf.errors import UserError, first_line


def _decoded(chunks: Iterable[bytes], encoding: str, name: str, counts: Optional[Tally] = None
             ) -> Iterator[str]:
    """Decodes a file; lines keep their ends, since a quoted cell may hold some.

    Byte order marks that begin lines, as in joined files, are left out and counted.

    Raises:
      UserError: for bytes that are not of the encoding.
    """
    chunks = iter(chunks)
    first = next(chunks, b"")
    told, mark = encoding_of(first)
    decoder = codecs.getincrementaldecoder(told or encoding)()
    rest = ""
    number = 0

    def clean(line: str) -> str:
        if "\0" in line:
            raise UserError(f"{name}:{number}: holds a NUL byte: it is binary, or UTF-16 "
                            "without its mark (--encoding=utf-16-le)")
        if is_iso_2022(line):
            raise UserError(f"{name}:{number}: {ISO_2022}; {OF_ISO_2022}")
        if not line.startswith(BYTE_ORDER_MARK):
            return line
        if counts is not None:
            counts["byte_order_marks"] += 1
        return line.lstrip(BYTE_ORDER_MARK)

    try:
        for chunk in itertools.chain([first[mark:]], chunks, [b""]):
            *lines, rest = (rest + decoder.decode(chunk, final=not chunk)).split("\n")
            for line in lines:
                number += 1
                yield clean(line) + "\n"
    except UnicodeError as error:
        raise UserError(
            f"{name}:{number + 1}: not {told or encoding} ({getattr(error, 'reason', error)}); "
            "--encoding names another encoding, such as latin-1 or cp1252") from None
    # A file without a line feed may end its lines with CR, as old Macs did.
    for line in rest.split("\r") if not number else [rest]:
        number += 1
        if line:
            yield clean(line) + ("\n" if line != rest else "")


def _chunks(source: Source, stack: contextlib.ExitStack) -> Iterator[bytes]:
    """Yields the bytes of a source's file.

    Raises:
      UserError: if it is damaged.
    """
    assert source.opener is not None, "sources of files have one"
    try:
        yield from source.opener(stack)
    except DAMAGED as error:
        raise UserError(f"{source.name} is damaged: {first_line(error)}") from None


@contextlib.contextmanager
def open_table(source: Source, options: TableOptions, counts: Optional[Tally] = None
               ) -> Iterator[Table]:
    """Opens the table of a source; each opening reads from the beginning.

    Args:
      source: the source.
      options: information that the file does not contain.
      counts: tally to which changes are added.

    Raises:
      UserError: if it is no table.
    """
    name = source.name
    with contextlib.ExitStack() as stack:
        if source.records is not None:  # A data set of Hugging Face.
            yield of_records("datasets", ((f"row {number}", row) for number, row in
                                          enumerate(source.records(), 1)))
            return
        lines = _decoded(_chunks(source, stack), options.encoding, name, counts)
        begin = []
        for line in lines:
            begin.append(line)
            if line.strip():
                break
        head = begin[-1].lstrip() if begin else ""
        lines = itertools.chain(begin, lines)
        try:
            if head.startswith(("{", "[")):
                yield read_json(lines, options, Tally() if counts is None else counts)
            elif head.startswith("__label__"):
                yield read_fasttext(lines)
            elif not head:
                raise UserError("nothing in it")
            else:
                yield read_delimited(lines, options, Tally() if counts is None else counts)
        except (UserError, csv.Error) as error:
            if isinstance(error, RowError) or name in str(error):
                raise
            raise UserError(f"{name}: {error}") from None


def open_lines(source: Source, encoding: str, counts: Optional[Tally] = None) -> Iterator[str]:
    """Yields the decoded lines of a source of files, with their ends; see `open_table`."""
    with contextlib.ExitStack() as stack:
        yield from _decoded(_chunks(source, stack), encoding, source.name, counts)
