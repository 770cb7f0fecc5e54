"""Raw text as subword token ids of the student's tokenizer, which may be cut to the text."""

import dataclasses
import functools
import logging
import pathlib
from typing import Any, Dict, Iterator, List

import numpy as np
import transformers

from xtremedistil_tf.config import DataConfig, PretrainingConfig, require
from xtremedistil_tf.data.folders.transfer import open_transfer
from xtremedistil_tf.data.readers.rows import ReadReport, TextFile
from xtremedistil_tf.data.readers.subset import ROWS_SEED, TextSample
from xtremedistil_tf.data.tokenization.alignment import pieces_of
from xtremedistil_tf.data.tokenization.cut import check_cuttable, count_pieces, fit_tokenizer
from xtremedistil_tf.data.tokenization.ragged import Ragged
from xtremedistil_tf.data.tokenization.token_store import open_pieces, tokenise_texts
from xtremedistil_tf.files.atomic import atomic_folder
from xtremedistil_tf.files.locks import one_at_a_time
from xtremedistil_tf.progress import Progress

log = logging.getLogger("absl")

# Sequences that are never trained on; the loss on them chooses the weights.
_HELD_OUT, _MOST_HELD_OUT = 0.05, 500


@dataclasses.dataclass(frozen=True)
class RawText:
    """The text of a task-agnostic distillation.

    Attributes:
      tokenizer: the student's tokenizer.
      ids: its sequences, mapped into memory from disk.
      counts: counts of tokenization, see `alignment.Features.counts`.
      teacher_ids: int32 [tokenizer's ids], the teacher's id of each.
    """

    tokenizer: Any
    ids: Ragged
    counts: Dict[str, int]
    teacher_ids: np.ndarray

    @property
    def held_out(self) -> np.ndarray:
        """Numbers of the sequences that are held out, at random."""
        return self._shuffled[:self._held]

    @property
    def trained(self) -> np.ndarray:
        """Numbers of all other sequences."""
        return np.sort(self._shuffled[self._held:])

    @property
    def _held(self) -> int:
        return min(_MOST_HELD_OUT, max(1, round(_HELD_OUT * len(self.ids))))

    @functools.cached_property
    def _shuffled(self) -> np.ndarray:
        return np.random.default_rng(ROWS_SEED + 1).permutation(len(self.ids))


def text_file(config: PretrainingConfig) -> pathlib.Path:
    """Returns the path of the text.

    Raises:
      UserError: if the file is missing.
    """
    path = pathlib.Path(config.text)
    require(path.is_file(), f"--transfer_file {path}: file not found")
    return path


def open_text(config: PretrainingConfig) -> TextFile:
    """Opens the text; warns of what is no text.

    Raises:
      UserError: if the file is missing or holds no running text, or has too few sentences.
    """
    path = text_file(config)
    warnings: List[str] = []
    data = DataConfig(task=config.text, transfer_file=config.text, seq_len=config.seq_len,
                      on_bad_row=config.on_bad_row)
    text, _ = open_transfer(data, path, {}, warnings)
    for line in warnings:
        log.warning("%s", line)
    return text if config.text_size is None else TextSample(text, config.text_size)


def _count_rows(text: TextFile) -> int:
    """Reads the text once and counts its sentences; warns of lines that were left out."""
    report = ReadReport(text.path)
    rows = sum(1 for _ in text.read(report))
    for line in report.warnings():
        log.warning("%s", line)
    require(rows > 1, f"{text.path} has {rows} sentences; a part is held out to measure on, so "
            "needed are two at least")
    return rows


def _cut(config: PretrainingConfig, text: TextFile, rows: int, tokenizer: Any) -> Any:
    """Returns the teacher's tokenizer, cut to the subword tokens that the text needs."""
    def counted(one: Any) -> np.ndarray:
        def arrays() -> Iterator[np.ndarray]:
            with Progress(rows, "counting subword tokens", "sentences") as progress:
                for ids, counts in pieces_of(one, text, config.seq_len):
                    progress.advance(counts["sentences"])
                    yield ids.values

        return count_pieces(arrays(), len(one))

    cut = fit_tokenizer(tokenizer, counted(tokenizer), counted,
                        min_count=config.vocabulary_min_count)
    log.info("the tokenizer is cut to %d of the teacher's %d subword tokens", len(cut),
             len(tokenizer))
    return cut


def read_text(config: PretrainingConfig, tokenizer: Any, folder: pathlib.Path, made: str
              ) -> RawText:
    """Tokenizes the text into a folder, unless that is done already.

    The cut tokenizer's subword tokens are some of the teacher's, so the teacher reads the same
    sequences by its own ids, and the attention of both has the same size.

    Args:
      config: the settings.
      tokenizer: the teacher's tokenizer.
      folder: folder of tokenizer and ids.
      made: fingerprint of the settings, the text and the teacher.

    Raises:
      UserError: if the text cannot be used, or the tokenizer cannot be cut.
    """
    own, cut = tokenizer, folder / "tokenizer"
    if config.vocabulary == "cut":
        check_cuttable(tokenizer)
    text = open_text(config)
    rows, ids = _count_rows(text), folder / "ids"
    folder.mkdir(parents=True, exist_ok=True)
    # Several workers may start here at the same time.
    with one_at_a_time(folder / ".text.lock"):
        if config.vocabulary == "cut":
            if not cut.is_dir():
                with atomic_folder(cut) as temporary:
                    _cut(config, text, rows, tokenizer).save_pretrained(temporary)
            own = transformers.AutoTokenizer.from_pretrained(cut)
        counts = tokenise_texts(pieces_of(own, text, config.seq_len), rows=rows, folder=ids,
                                fingerprint=made)
    if counts.get("cut_words"):
        log.warning("%d words of %d sentences lie beyond --seq_len=%d and are not read",
                    counts["cut_words"], counts["cut_sentences"], config.seq_len)
    teacher_ids = list(range(len(own)))
    if own is not tokenizer:
        teacher_ids = tokenizer.convert_tokens_to_ids(own.convert_ids_to_tokens(teacher_ids))
    return RawText(own, open_pieces(ids), counts, np.array(teacher_ids, np.int32))
