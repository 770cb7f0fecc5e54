"""Teachers that ran elsewhere and are known by a file of their outputs alone."""

import functools
import pathlib
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple, Union

import numpy as np

from xtremedistil_tf.config import DataConfig, SquadConfig
from xtremedistil_tf.data.label_map import LabelMap, make_label_map
from xtremedistil_tf.data.labels import label_set
from xtremedistil_tf.data.outputs.answers import AnswersFile, read_answers, window_logits
from xtremedistil_tf.data.outputs.reader import (
    VECTORS,
    Outputs,
    average_logits,
    is_outputs,
    read_outputs,
)
from xtremedistil_tf.data.tokenization.alignment import encode_words, first_pieces
from xtremedistil_tf.data.tokenization.ragged import Ragged
from xtremedistil_tf.data.tokenization.realign import HAS_ALL, HAS_LOGITS, HAS_STATES
from xtremedistil_tf.data.tokenization.windows import WindowCutter
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.fingerprints import file_fingerprint, fingerprint
from xtremedistil_tf.models.tokenizers import load_tokenizer, train_wordpiece
from xtremedistil_tf.tasks import task_kind
from xtremedistil_tf.teachers.base import Sizes, TeacherKind, Wanted, sequence_key

# Subword tokens of a tokenizer that is trained on the file's words.
VOCABULARY = 30000
# Width of the student's projection if there are no vectors to learn.
_NO_VECTORS = 384
_CHUNK = 1024
# A row's outputs by position of its tokens.
_Row = Tuple[np.ndarray, Dict[str, np.ndarray]]


class OutputsForward:
    """Looks the outputs of sequences up by their subword token ids.

    Sequences of the same ids are one to the student, so their outputs are averaged.

    Args:
      rows: for each sequence of ids, as bytes, its outputs by position.
      classes: number of logits.
      width: width of the vectors; 1 without vectors.
      pooled: True if a sequence has one target.
      outputs: names of the outputs.
    """

    def __init__(self, rows: Dict[bytes, Dict[str, np.ndarray]], classes: int, width: int, *,
                 pooled: bool, outputs: Sequence[str]):
        self._rows, self._pooled = rows, pooled
        self._sizes = {name: classes if name == "logits" else width for name in outputs}

    def batches(
        self, input_ids: Ragged, *, on_rows: Optional[Callable[[int], None]] = None
    ) -> Iterator[Tuple[np.ndarray, np.ndarray, Dict[str, np.ndarray]]]:
        """As `models.inference.Forward.batches`; "known" marks positions with outputs."""
        lengths = input_ids.lengths
        order = np.argsort(lengths, kind="stable")
        for at in range(0, len(order), _CHUNK):
            rows = order[at:at + _CHUNK]
            longest = 1 if self._pooled else int(lengths[rows].max())
            found = {name: np.zeros((len(rows), longest, size), np.float32)
                     for name, size in self._sizes.items()}
            found["known"] = np.zeros((len(rows), longest), np.uint8)
            for place, row in enumerate(rows):
                own = self._rows.get(sequence_key(input_ids[row]), {})
                for name in own.keys() & found.keys():
                    values = own[name][:longest]
                    found[name][place, :len(values)] = values
            yield rows, lengths[rows], found
            if on_rows:
                on_rows(len(rows))


class OutputsTeacher:
    """One file of outputs, or several annotators' files averaged; see `teachers.base.Teaches`.

    Args:
      files: the files' contents, of `Outputs` or `AnswersFile`.
      maps: for each, the map of its labels.
      weights: for each, its weight.
      wanted: the outputs that the run asks for.
    """

    # It can say nothing about other text, such as dev.tsv.
    answers_any = False
    parameters = None
    matched = 0

    def __init__(self, files: Sequence[Any], maps: Sequence[LabelMap],
                 weights: Sequence[float], wanted: Wanted):
        self._files, self._maps, self._weights = files, maps, weights
        kind = task_kind(wanted.kind)
        self.pooled, self.pairs, self._windows = kind.pooled, wanted.pairs, kind.windows
        self._squad = wanted.squad or SquadConfig()
        self.layer, self._seq_len = wanted.layer, wanted.seq_len
        self.width = max(one.width for one in files) or _NO_VECTORS
        self.classes, self.words_only = maps[0].size, kind.tags_words
        self.partial = True
        self.tokenizer = _tokenizer(files, wanted.tokenizer)

    @property
    def vocabulary(self) -> int:
        """Number of ids of its tokenizer."""
        return len(self.tokenizer)

    def word_embeddings(self) -> None:
        """Returns None: there is no model."""

    def forward(self, outputs: Sequence[str] = ("logits",)) -> OutputsForward:
        """Returns a look-up of the outputs."""
        return OutputsForward(self._rows, self.classes, self.width, pooled=self.pooled,
                              outputs=outputs)

    @functools.cached_property
    def _rows(self) -> Dict[bytes, Dict[str, np.ndarray]]:
        """All outputs by the ids of their sequences; read once."""
        if self._windows:
            cutter = WindowCutter(self.tokenizer.backend_tokenizer, self._seq_len, self._squad)
            return {sequence_key(ids): {"logits": logits, "known": np.full(
                        len(logits), HAS_LOGITS, np.uint8)}
                    for ids, logits in window_logits(self._files, self._weights, cutter)}
        found: Dict[bytes, List[Tuple[float, _Row]]] = {}
        for outputs, mapped, weight in zip(self._files, self._maps, self._weights):
            for at in range(0, len(outputs.examples), _CHUNK):
                chunk = outputs.examples[at:at + _CHUNK]
                encoded = encode_words(self.tokenizer, chunk, self._seq_len)
                for place, (ids, encoding) in enumerate(
                        zip(encoded["input_ids"], encoded.encodings)):
                    row = self._placed(outputs, at + place, mapped, encoding, len(ids))
                    found.setdefault(sequence_key(ids), []).append((weight, row))
        return {ids: _merged(rows) for ids, rows in found.items()}

    def _placed(self, outputs: Outputs, row: int, mapped: LabelMap, encoding: Any, length: int
                ) -> Tuple[np.ndarray, Dict[str, np.ndarray]]:
        """(logits by position, NaN where there are none; vectors likewise, if there are any)."""
        logits = outputs.logits[row]
        said = np.isfinite(logits).all(axis=1)
        # In IOB1 a word of which nothing is said ends an entity, as O does.
        outside = np.zeros(logits.shape[1], np.float32)
        outside[[at for at, kind in enumerate(mapped.types) if kind < 0]] = 1.0
        scores = mapped(np.where(said[:, None], logits, outside), np.arange(len(logits)))
        scores[~said] = np.nan
        if self.pooled:
            starts, words = np.zeros(1, int), np.zeros(1, int)
        else:
            starts = np.array(first_pieces(encoding.word_ids, len(logits)))
            words = np.flatnonzero(starts >= 0)
            starts = starts[words]
        placed = np.full((1 if self.pooled else length, self.classes), np.nan, np.float32)
        placed[starts] = scores[words]
        if not any(one.width for one in self._files):
            return placed, {}
        vectors = np.full((len(placed), self.width), np.nan, np.float32)
        if outputs.vectors is not None:
            vectors[starts] = outputs.vectors[row][words]
        return placed, {"representation": vectors}


def _merged(rows: Sequence[Tuple[float, _Row]]) -> Dict[str, np.ndarray]:
    """Averages the outputs of one sequence of ids, and marks what is known."""
    logits = average_logits(np.stack([found for _, (found, _) in rows]),
                            [weight for weight, _ in rows])
    has_logits = np.isfinite(logits).all(axis=1)
    found = {"logits": np.nan_to_num(logits)}
    if not rows[0][1][1]:
        return {**found, "known": np.where(has_logits, HAS_LOGITS, 0).astype(np.uint8)}
    # Vectors of different models do not correspond: the first that is known is taken.
    vectors = rows[0][1][1]["representation"]
    for _, (_, more) in rows[1:]:
        vectors = np.where(np.isnan(vectors), more["representation"], vectors)
    has_states = np.isfinite(vectors).all(axis=1)
    known = np.where(has_logits, np.where(has_states, HAS_ALL, HAS_LOGITS),
                     np.where(has_states, HAS_STATES, 0))
    return {**found, "representation": np.nan_to_num(vectors), "known": known.astype(np.uint8)}


def _tokenizer(files: Sequence[Any], named: Optional[str]) -> Any:
    """The student's tokenizer: a named one, or one trained on the files' words."""
    if named is not None:
        return load_tokenizer(named)
    words = [text for one in files for row in one.examples for text in row.texts]
    return train_wordpiece(words, VOCABULARY, False)


def read_file(path: pathlib.Path, kind: str, pairs: bool) -> Union[Outputs, AnswersFile]:
    """Reads a file of outputs.

    Args:
      path: the file.
      kind: name of the kind of task.
      pairs: True if a row has two texts.

    Raises:
      UserError: for an unusable row, or a file in which nothing is said.
    """
    if task_kind(kind).windows:
        answers = read_answers(path)
        if not any(answers.candidates):
            raise UserError(f"{path}: no answer in it; needed is `answer`, a text, or `answers`, a "
                            "list of them")
        return answers
    return read_outputs(path, pooled=task_kind(kind).pooled, pairs=pairs)


def load_outputs(paths: Sequence[pathlib.Path], wanted: Wanted) -> OutputsTeacher:
    """Loads files of outputs as one teacher.

    Args:
      paths: the files.
      wanted: the outputs that the run asks for.

    Raises:
      UserError: for an unusable file.
    """
    files = [read_file(path, wanted.kind, wanted.pairs) for path in paths]
    labels = label_set(wanted.kind, wanted.tags)
    widths = {one.width for one in files if one.width}
    if len(widths) > 1:
        raise UserError(f"the vectors of {', '.join(map(str, paths))} have the widths "
                        f"{', '.join(map(str, sorted(widths)))}; allowed: one")
    maps = [make_label_map(one.names, labels, renames=dict(wanted.label_map),
                           scheme=wanted.scheme, partial=True) for one in files]
    return OutputsTeacher(files, maps, wanted.weights or [1.0] * len(files), wanted)


def _sizes(path: pathlib.Path, data: DataConfig, layer: int) -> Sizes:
    width = read_file(path, data.kind, data.pairs).width
    return Sizes(width or _NO_VECTORS, 0, None, states=bool(width))


def _labels(path: pathlib.Path, data: DataConfig) -> Tuple[str, Tuple[str, ...]]:
    return data.kind, read_file(path, data.kind, data.pairs).names


def _fingerprint(path: pathlib.Path) -> str:
    beside = [path.with_suffix(ending) for ending in VECTORS]
    return fingerprint([file_fingerprint(one) for one in (path, *beside) if one.is_file()])


OUTPUTS = TeacherKind(
    "outputs", is_outputs, _sizes, _labels, lambda path: path.name,
    lambda path, wanted: load_outputs([path], wanted), _fingerprint, says_all=False)
