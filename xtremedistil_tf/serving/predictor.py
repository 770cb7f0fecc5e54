"""Tagging text with a student folder: no teacher, no hub, no training files."""

import pathlib
from typing import Any, Dict, List, Sequence, Tuple, Union

import numpy as np

from xtremedistil_tf.evaluation.decoding import decode
from xtremedistil_tf.inputs.alignment import Ragged, first_pieces
from xtremedistil_tf.models.forward import Forward, length_batches
from xtremedistil_tf.serving.entities import Word, join_entities, split_words
from xtremedistil_tf.serving.student_folder import StudentBundle, load_student

# A longer sentence is read in overlapping windows of this many pieces; each word's logits come from
# the window in which it has at least _CONTEXT pieces on both sides, where there are that many.
_LONGEST = 512
_CONTEXT = 64


def windows(pieces: int) -> List[Tuple[int, int, int, int]]:
    """Splits a row of pieces (without markers) into overlapping windows.

    Returns:
      (begin, end, first, last): the window's pieces, and those that it answers for.
    """
    longest = _LONGEST - 2
    if pieces <= longest:
        return [(0, pieces, 0, pieces)]
    step = longest - 2 * _CONTEXT
    return [
        (max(0, at - _CONTEXT), min(pieces, at + step + _CONTEXT), at, min(pieces, at + step))
        for at in range(0, pieces, step)
    ]


class Tagger:
    """A student, called on text.

    The BiLSTM has no position limit, so sentences longer than the training's seq_len are tagged
    whole, very long ones in overlapping windows; nothing is cut.

    Args:
      bundle: a loaded student folder.
      keep_whole: split running text at white space only.
    """

    def __init__(self, bundle: StudentBundle, keep_whole: bool = False):
        self._bundle = bundle
        self._keep_whole = keep_whole
        self._forward = Forward(bundle.student.model, table=bundle.vocabulary.table)

    @property
    def labels(self) -> Tuple[str, ...]:
        """The real tags."""
        return self._bundle.labels.tags

    def tag_words(
        self, sentences: Sequence[Sequence[str]]
    ) -> List[Tuple[List[str], np.ndarray]]:
        """Tags sentences that are split into words already.

        Args:
          sentences: words.

        Returns:
          For each its IOB2 tags and float32 [words] probabilities.
        """
        encodings = self._bundle.tokenizer.encode_batch(
            [list(words) for words in sentences], is_pretokenized=True
        )
        rows: List[Any] = []
        owners: List[Tuple[int, int, int, int]] = []
        for sentence, encoding in enumerate(encodings):
            opening, *inner, closing = encoding.ids
            for begin, end, first, last in windows(len(inner)):
                rows.append([opening, *inner[begin:end], closing])
                # In the window a piece stands one later than in `inner`, for the opening marker.
                owners.append((sentence, 1 - begin, first, last))
        starts = [
            np.array(first_pieces(encoding.word_ids, len(words)), np.int32) - 1
            for words, encoding in zip(sentences, encodings)
        ]
        classes = self._bundle.labels.size
        logits = [np.zeros((len(words), classes), np.float32) for words in sentences]
        for batch, _, outputs in self._forward.batches(Ragged.of(rows)):
            for position, row in enumerate(batch):
                sentence, shift, first, last = owners[row]
                words = np.flatnonzero(
                    (starts[sentence] >= first) & (starts[sentence] < last)
                )
                logits[sentence][words] = outputs["logits"][position][
                    starts[sentence][words] + shift
                ]
        return self._decode(logits, starts)

    def _decode(
        self, logits: List[np.ndarray], starts: List[np.ndarray]
    ) -> List[Tuple[List[str], np.ndarray]]:
        """Decodes words' logits, sentences of similar length together."""
        results: List[Any] = [None] * len(logits)
        for rows in length_batches(np.array([len(row) for row in logits])):
            longest = max(1, max(len(logits[row]) for row in rows))
            padded = np.zeros((len(rows), longest, self._bundle.labels.size), np.float32)
            for position, row in enumerate(rows):
                padded[position, : len(logits[row])] = logits[row]
            # A word without a piece keeps -1, and is O.
            at = [np.where(starts[row] >= 0, np.arange(len(starts[row])), -1) for row in rows]
            for row, result in zip(rows, decode(padded, at, self._bundle.labels)):
                results[row] = result
        return results

    def tag_text(self, texts: Sequence[str]) -> List[List[Tuple[Word, str, float]]]:
        """Splits texts into words and tags them.

        Returns:
          For each text a list of ((word, begin, end), tag, probability).
        """
        split = [split_words(text, self._keep_whole) for text in texts]
        tagged = self.tag_words([[word for word, _, _ in words] for words in split])
        return [
            [(word, tag, float(score)) for word, tag, score in zip(words, tags, scores)]
            for words, (tags, scores) in zip(split, tagged)
        ]

    def __call__(
        self, text: Union[str, Sequence[str]]
    ) -> Union[List[Dict[str, Any]], List[List[Dict[str, Any]]]]:
        """Finds the entities of a text or of several.

        Args:
          text: a string, or a list of strings.

        Returns:
          A list of dicts with entity_group, score, word, start and end for a string; a list of
          such lists for a list.
        """
        texts = [text] if isinstance(text, str) else list(text)
        found = []
        for one, tagged in zip(texts, self.tag_text(texts)):
            words = [word for word, _, _ in tagged]
            found.append(join_entities(one, words, [tag for _, tag, _ in tagged],
                                       [score for _, _, score in tagged]))
        return found[0] if isinstance(text, str) else found


def load(folder: Union[str, pathlib.Path], keep_whole: bool = False) -> Tagger:
    """Loads a student folder, or the run folder around it.

    Raises:
      UserError: if there is no whole student.
    """
    return Tagger(load_student(pathlib.Path(folder)), keep_whole)
