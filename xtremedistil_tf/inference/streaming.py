"""Streams any number of lines through a student, in order and in constant memory."""

import collections
import concurrent.futures
import functools
import itertools
import multiprocessing
import os
import signal
import threading
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Callable, Deque, Iterable, Iterator, List, Sequence, TypeVar

from xtremedistil_tf.data.lines import BYTE_ORDER_MARK, UTF8
from xtremedistil_tf.environment import end_with_parent
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.inference.lines import Line
from xtremedistil_tf.inference.text_model import TextModel

Item = TypeVar("Item")
Result = TypeVar("Result")

# Largest number of lines and characters of a block that is read at once.
_LINES, _CHARACTERS = 2048, 1 << 20

_here = threading.local()


def cores() -> int:
    """Returns the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # Linux only.
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def shares_cores() -> bool:
    """Returns True in a thread of `in_threads`: the others keep the other cores busy."""
    return getattr(_here, "shares", False)


def _share() -> None:
    _here.shares = True


def _in_order(
    pool: concurrent.futures.Executor, function: Callable[[Item], Result], items: Iterable[Item],
    ahead: int,
) -> Iterator[Result]:
    waiting: Deque[Any] = collections.deque()
    try:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:  # After an error or Ctrl-C, or if nobody wants the rest.
        for one in waiting:
            one.cancel()


def in_threads(
    function: Callable[[Item], Result], items: Iterable[Item], *, threads: int
) -> Iterator[Result]:
    """Calls a function with each item, like `map`.

    Args:
      function: several threads call it at once.
      items: read lazily, at most `threads` + 1 items ahead of the results.
      threads: number of threads. With one, and for a single item, the calling thread does the work.

    Yields:
      The results, in the order of the items.
    """
    items = iter(items)
    head = list(itertools.islice(items, 2)) if threads > 1 else []
    if len(head) < 2:
        yield from map(function, itertools.chain(head, items))
        return
    with concurrent.futures.ThreadPoolExecutor(threads, initializer=_share) as pool:
        yield from _in_order(pool, function, itertools.chain(head, items), threads)


def _begin_process(parent: int, make: Callable[[], Callable[[Any], Any]]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, which ends this.
    end_with_parent(parent)
    _share()
    _here.function = make()


def _call(item: Any) -> Any:
    return _here.function(item)


def in_processes(
    make: Callable[[], Callable[[Item], Result]], items: Iterable[Item], *, processes: int
) -> Iterator[Result]:
    """Calls a function with each item in processes of their own: threads share Python's lock.

    Args:
      make: makes the function, once in each process. It is pickled, as are items and results.
      items: read lazily, at most `processes` + 1 items ahead of the results.
      processes: number of processes.

    Yields:
      The results, in the order of the items.

    Raises:
      UserError: if a process is killed.
    """
    with concurrent.futures.ProcessPoolExecutor(
        processes, mp_context=multiprocessing.get_context("spawn"), initializer=_begin_process,
        initargs=(os.getpid(), make),
    ) as pool:
        try:
            yield from _in_order(pool, _call, items, processes)
        except BrokenProcessPool:
            raise UserError(f"one of {processes} processes was killed, perhaps for want of memory; "
                            "--processes=1 starts none") from None


def decode_line(raw: bytes) -> str:
    """Decodes a line without its line end and byte order marks.

    Invalid bytes become U+FFFD. A mark stands before the first line, and inside a file that was
    joined of several.

    Args:
      raw: the line, with or without its line end.
    """
    return raw.decode(UTF8, errors="replace").rstrip("\r\n").replace(BYTE_ORDER_MARK, "")


def blocks(lines: Iterable[Any]) -> Iterator[List[Any]]:
    """Divides lines or texts into blocks that are read at once."""
    block: List[Any] = []
    characters = 0
    for line in lines:
        block.append(line)
        characters += len(line)
        if len(block) == _LINES or characters >= _CHARACTERS:
            yield block
            block, characters = [], 0
    if block:
        yield block


def _read_one(model: TextModel, line: str) -> Line:
    try:
        return model.read_lines([line])[0]
    except Exception as error:  # Any error affects this line only.
        kind = "" if isinstance(error, UserError) else f"{type(error).__name__}: "
        return model.failed_line(line, f"{kind}{error}".splitlines()[0])


def read_block(model: TextModel, block: Sequence[str]) -> List[Line]:
    """Reads lines; an error in one of them does not affect the others."""
    try:
        return model.read_lines(block)
    except Exception:
        return [_read_one(model, line) for line in block]


def tag_lines(model: TextModel, lines: Iterable[str]) -> Iterator[Line]:
    """Tags, classifies or answers lines; an error in one line does not affect the others.

    Blocks of lines are read in `model.threads` threads: while one tokenizes, the model computes in
    another.

    Args:
      model: the student, in any runtime.
      lines: the texts, read lazily.

    Yields:
      One result a line, in the order of the lines.
    """
    for read in in_threads(functools.partial(read_block, model), blocks(lines),
                           threads=model.threads):
        yield from read


def in_blocks(
    model: TextModel, read: Callable[[Sequence[Any]], List[Any]], texts: Sequence[Any]
) -> List[Any]:
    """Reads a list of texts as `tag_lines` does, if the model takes several threads."""
    if model.threads == 1:
        return read(texts)
    return [one for found in in_threads(read, blocks(texts), threads=model.threads)
            for one in found]
