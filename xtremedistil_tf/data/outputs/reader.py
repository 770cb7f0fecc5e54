"""Reads and checks a file of teacher outputs: JSON lines or Parquet, vectors beside it."""

import dataclasses
import functools
import logging
import pathlib
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

import numpy as np

from xtremedistil_tf.config import OUTPUTS_ENDINGS
from xtremedistil_tf.data.lines import RowError
from xtremedistil_tf.data.outputs.doubts import Doubts
from xtremedistil_tf.data.outputs.objects import Problems, read_objects
from xtremedistil_tf.data.outputs.rows import (
    Given,
    OutputRow,
    label_name,
    labels_said,
    log_scores,
    parse_outputs,
    refuse_other_names,
    tag_name,
)
from xtremedistil_tf.data.piece_marks import count_pieces, told_pieces
from xtremedistil_tf.data.readers.rows import Example, ReadReport, TextFile
from xtremedistil_tf.errors import UserError, first_line
from xtremedistil_tf.files.fingerprints import stamp_of

log = logging.getLogger("absl")

VECTORS = (".npy", ".safetensors")


@dataclasses.dataclass(frozen=True)
class Outputs:
    """A file of teacher outputs.

    Attributes:
      path: the file.
      names: the labels, in the order of the logits.
      examples: the sentences or texts, each once.
      logits: for each, float32 [words or 1, labels]; NaN where nothing is said.
      vectors: for each, float32 [words or 1, width], NaN where there is none; None without vectors.
    """

    path: pathlib.Path
    names: Tuple[str, ...]
    examples: List[Example]
    logits: List[np.ndarray]
    vectors: Optional[List[np.ndarray]] = None

    @property
    def width(self) -> int:
        """Width of the vectors; 0 without vectors."""
        return int(self.vectors[0].shape[1]) if self.vectors else 0


def is_outputs(path: pathlib.Path) -> bool:
    """Returns True if the path is a file of teacher outputs, by its ending."""
    return pathlib.Path(path).suffix in OUTPUTS_ENDINGS and pathlib.Path(path).is_file()


def _is_header(row: Any) -> bool:
    return isinstance(row, dict) and set(row) == {"labels"} and isinstance(row["labels"], list)


def _parsed(
    path: pathlib.Path, *, pooled: bool, pairs: bool, problems: Problems,
    doubts: Optional[Doubts] = None,
) -> Tuple[Optional[List[str]], List[Tuple[int, OutputRow]]]:
    """(labels of the header, rows with their line numbers); `doubts` if outputs are needed."""
    header: Optional[List[str]] = None
    rows: List[Tuple[int, OutputRow]] = []
    for number, row in read_objects(path):
        if header is None and not rows and _is_header(row):
            header = [(label_name if pooled else tag_name)(str(name)) for name in row["labels"]]
            continue
        try:
            if isinstance(row, RowError):
                raise row
            if doubts is not None:
                refuse_other_names(row, pooled=pooled)
            parsed = parse_outputs(row, pooled=pooled, pairs=pairs)
            rows.append((number, parsed))
            if doubts is not None:
                doubts.add(row, parsed)
        except RowError as error:
            problems.add(number, error)
    return header, rows


def _average(given: Sequence[Given], numbers: Dict[str, int]) -> np.ndarray:
    """Logits of a row, float32 [words or 1, labels]; several annotators' probabilities averaged."""
    found = np.full((len(given), len(given[0].said), len(numbers)), np.nan, np.float32)
    for place, one in enumerate(given):
        for at, said in enumerate(one.said):
            scores = log_scores(said, one.form, numbers)
            if scores is not None:
                found[place, at] = scores
    return average_logits(found, [one.weight for one in given])


def average_logits(logits: np.ndarray, weights: Sequence[float]) -> np.ndarray:
    """Averages the probabilities of several annotators or teachers.

    Args:
      logits: float [annotators, words, labels], NaN where an annotator says nothing.
      weights: one for each annotator.

    Returns:
      float32 [words, labels]: the logarithms of the averages, NaN where nobody says anything. What
      one annotator alone says is kept as it is.
    """
    known = np.isfinite(logits).all(axis=-1)
    share = np.where(known, np.asarray(weights, np.float64)[:, None], 0.0)
    total = share.sum(axis=0)
    filled = np.where(known[..., None], logits, 0.0).astype(np.float64)
    shifted = filled - filled.max(axis=-1, keepdims=True)
    chances = np.exp(shifted) / np.exp(shifted).sum(axis=-1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.log((share[..., None] * chances).sum(axis=0) / total[:, None])
    alone = np.take_along_axis(filled, known.argmax(axis=0)[None, :, None], axis=0)[0]
    single = (known.sum(axis=0) == 1)[:, None]
    return np.where(total[:, None] > 0, np.where(single, alone, mean), np.nan).astype(np.float32)


def _beside(path: pathlib.Path) -> List[pathlib.Path]:
    """The files of vectors beside a file of outputs."""
    return [path.with_suffix(ending) for ending in VECTORS if path.with_suffix(ending).is_file()]


def _vectors(path: pathlib.Path, lengths: Sequence[int]) -> Optional[List[np.ndarray]]:
    """Reads the vectors beside a file: one for each word or text, in the file's order."""
    beside = _beside(path)
    if not beside:
        return None
    try:
        if beside[0].suffix == ".npy":
            table = np.load(beside[0], allow_pickle=False)
        else:
            from safetensors.numpy import load_file
            tensors = load_file(beside[0])
            table = tensors.get("vectors", next(iter(tensors.values())))
    except Exception as error:  # OSError, ValueError, SafetensorError.
        raise UserError(f"{beside[0]} cannot be read: {first_line(error)}") from error
    if table.ndim != 2 or len(table) != sum(lengths):
        raise UserError(f"{beside[0]} has the shape {list(table.shape)}; {path} has {sum(lengths)} "
                        "words or texts, and needed is one row for each, in its order")
    if np.isinf(table).any():
        raise UserError(f"{beside[0]} has infinite numbers; a missing vector is a row of NaN")
    ends = np.cumsum(lengths)
    return [np.asarray(table[end - length:end], np.float32) for end, length in zip(ends, lengths)]


def read_outputs(path: pathlib.Path, *, pooled: bool, pairs: bool = False) -> Outputs:
    """Reads a file of teacher outputs and checks all of it.

    Args:
      path: JSON lines (.jsonl) or Parquet; see `rows.parse_outputs`. A first line {"labels": [...]}
        gives the order of lists of probabilities or logits, for Parquet the schema's metadata.
        Vectors stand beside it, in a file of the same name that ends in .npy or .safetensors.
      pooled, pairs: see `rows.parse_outputs`.

    Raises:
      UserError: with file, line and problem of every unusable row.
    """
    path = pathlib.Path(path)
    return _read(path, pooled, pairs, tuple(map(stamp_of, (path, *_beside(path)))))


@functools.lru_cache(maxsize=4)
def _read(path: pathlib.Path, pooled: bool, pairs: bool, stamps: Tuple[Any, ...]) -> Outputs:
    problems, doubts = Problems(path), Doubts(pooled=pooled)
    header, rows = _parsed(path, pooled=pooled, pairs=pairs, problems=problems, doubts=doubts)
    problems.check()
    if not rows:
        raise UserError(f"{path}: no row in it")
    said: Dict[str, None] = dict.fromkeys(header or ())
    for _, row in rows:
        said.update(labels_said(row))
    unlisted = [name for name in said if header is not None and name not in header]
    if unlisted:
        raise UserError(f"{path}: the rows have {', '.join(unlisted)}, which the first line does "
                        f"not list; it has {', '.join(header or ())}")
    if not said:
        raise UserError(f"{path}: no labels in it; lists of numbers need a first line "
                        '{"labels": [...]}')
    numbers = {name: at for at, name in enumerate(said)}
    vectors = _vectors(path, [len(row.given[0].said) for _, row in rows])
    kept: Dict[Any, int] = {}
    found = Outputs(path, tuple(said), [], [], None if vectors is None else [])
    for at, (number, row) in enumerate(rows):
        try:
            logits = _average(row.given, numbers)
            first = kept.setdefault(row.example.texts, len(found.examples))
            if first < len(found.examples):
                _check_repeated(found.logits[first], logits)
                continue
        except RowError as error:
            problems.add(number, error)
            kept.setdefault(row.example.texts, -1)
            continue
        found.examples.append(row.example)
        found.logits.append(logits)
        if found.vectors is not None and vectors is not None:
            found.vectors.append(vectors[at])
    problems.check()
    texts = [text for row in found.examples for text in row.texts]
    told = told_pieces(sum(map(count_pieces, texts)), sum(map(len, texts)))
    if told:
        log.warning("%s: %s, as students read them", path, told)
    for told in doubts.told():
        log.warning("%s: %s", path, told)
    return found


def _check_repeated(first: np.ndarray, again: np.ndarray) -> None:
    if not np.allclose(first, again, equal_nan=True, atol=1e-4):
        raise RowError(("repeated", "repeats a sentence with other outputs; several annotators "
                        "stand in one row's `annotators`, or in files of their own"))


class OutputsText(TextFile):
    """The sentences of a file of teacher outputs, as a transfer set.

    Args:
      path: the file; its rows need no outputs here.
      pooled, pairs: see `rows.parse_outputs`.
    """

    def __init__(self, path: pathlib.Path, *, pooled: bool, pairs: bool = False):
        super().__init__(path)
        self._pooled, self._pairs = pooled, pairs

    def read(self, report: ReadReport) -> Iterator[Example]:
        """Yields the sentences, each once.

        Raises:
          UserError: for an unusable row, or no row.
        """
        problems, seen = Problems(self.path), set()
        _, rows = _parsed(self.path, pooled=self._pooled, pairs=self._pairs, problems=problems)
        problems.check()
        for _, row in rows:
            if row.example.texts not in seen:
                seen.add(row.example.texts)
                report.counts["rows"] += 1
                yield row.example
        if not seen:
            raise UserError(f"{self.path}: no row in it")
