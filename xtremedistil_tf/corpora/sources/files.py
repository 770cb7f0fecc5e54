"""A file of a folder or archive, its lines, and several files as one of JSON lines."""

import contextlib
import dataclasses
import pathlib
from typing import Any, Callable, Dict, Iterable, Iterator, Optional, Union

from xtremedistil_tf.corpora.sources.archives import DAMAGED, Opener
from xtremedistil_tf.corpora.sources.names import is_no_data, split_of_path
from xtremedistil_tf.data.json_rows import marked_lines
from xtremedistil_tf.data.lines import RowError, decode_lines
from xtremedistil_tf.errors import UserError, first_line

# Told of bytes of another encoding.
OTHER_ENCODING = "--encoding names another encoding, such as latin-1"
OF_ISO_2022 = "--encoding names it, such as iso2022_jp or iso2022_kr"


@dataclasses.dataclass(frozen=True)
class File:
    """A file: its path below the input, and its opener.

    Attributes:
      name: name for messages.
      path: its path below the input.
      group: name of its folder or archive.
      opener: opens it.
      own: its split, if its path does not show it.
      joined: True for several files that were joined to one.
    """

    name: str
    path: pathlib.PurePath
    group: str
    opener: Opener
    own: Optional[str] = None
    joined: bool = False

    @property
    def split(self) -> Optional[str]:
        """The split that its path shows, or None."""
        return self.own or (None if is_no_data(self.path) else split_of_path(self.path))


def text_lines(file: File, encoding: str) -> Iterator[str]:
    """Yields a file's lines without their ends.

    Raises:
      UserError: with file and line, for bytes that are not of the encoding.
    """
    try:
        with contextlib.ExitStack() as stack:
            for number, line in decode_lines(file.opener(stack), encoding=encoding):
                if isinstance(line, RowError):
                    raise UserError(f"{file.name}:{number}: {line}; {OTHER_ENCODING}")
                yield line
    except DAMAGED as error:
        raise UserError(f"{file.name} is damaged: {first_line(error)}") from None


def json_lines(records: Callable[[], Iterable[Union[Dict[str, Any], bytes, None]]]) -> Opener:
    """Opens records as JSON lines, in UTF-8 by their mark whatever --encoding says.

    Args:
      records: yields the records, or lines that are JSON already; None for an empty line.
    """

    def read(_: contextlib.ExitStack) -> Iterator[bytes]:
        yield from marked_lines(records())

    return read
