"""Tagging text with a student folder: no teacher, no hub, no training files."""

import pathlib
from typing import Any, Dict, List, Sequence, Tuple, Union

import numpy as np

from xtremedistil_tf.evaluation.decoding import decode
from xtremedistil_tf.inputs.alignment import Ragged, first_pieces
from xtremedistil_tf.models.forward import Forward
from xtremedistil_tf.serving.entities import Word, join_entities, split_words
from xtremedistil_tf.serving.student_folder import StudentBundle, load_student

# A longer text is tagged in windows of this many pieces, so that memory stays bounded.
_LONGEST = 512


class Tagger:
    """A student, called on text.

    The BiLSTM has no position limit, so sentences longer than the training's seq_len are tagged
    whole, not cut.

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
        pieces: List[List[int]] = []
        starts: List[np.ndarray] = []
        for words, encoding in zip(sentences, encodings):
            ids = encoding.ids[:_LONGEST]
            row = np.array(first_pieces(encoding.word_ids, len(words)), np.int32)
            pieces.append(ids)
            starts.append(np.where(row < len(ids), row, -1))
        results: List[Any] = [([], np.zeros(0, np.float32))] * len(sentences)
        for rows, _, outputs in self._forward.batches(Ragged.of(pieces)):
            decoded = decode(outputs["logits"], [starts[row] for row in rows],
                             self._bundle.labels)
            for row, result in zip(rows, decoded):
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
