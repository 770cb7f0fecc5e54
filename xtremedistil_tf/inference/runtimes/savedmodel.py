"""The SavedModel runtime for taggers: the same graph that TF Serving runs."""

import pathlib
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from xtremedistil_tf.data.pipelines.length_batches import CHARACTERS_PER_BATCH, length_batches
from xtremedistil_tf.data.words import DICTIONARY, Word, has_unspaced, split_words
from xtremedistil_tf.environment import check_no_pattern
from xtremedistil_tf.errors import UserError, first_line, is_out_of_memory
from xtremedistil_tf.inference.assets import SAVED_RECORD, newest_version
from xtremedistil_tf.inference.runtimes.text_ops import TEXT_OPS, load_text_ops
from xtremedistil_tf.inference.student_record import labels_of, read_student_record
from xtremedistil_tf.inference.tagger import TaggedWord, TextTagger, check_words
from xtremedistil_tf.inference.text_model import TextModel
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.tasks import task_kind_of
from xtremedistil_tf.validation.manifest import check_manifest


class SavedTagger(TextTagger):
    """A tagger whose graph maps text to tags; Python does no tokenization.

    Exception: a graph cannot use a dictionary. Text that needs one is split in Python, and the
    graph gets its words.

    Args:
      signatures: signatures of the loaded SavedModel.
      keep_whole: split running text at white space only.
      segmentation: one of `data.words.SEGMENTATIONS`.
      kind: name of the kind of task.
      outside: tag of words without a subword token.
      labels: the tags, if the student's record names them.
    """

    def __init__(self, signatures: Dict[str, Callable], *, keep_whole: bool = False,
                 segmentation: Optional[str] = None, kind: str = "tagging", outside: str = "O",
                 labels: Sequence[str] = ()):
        self._signatures, self.kind, self._outside = signatures, kind, outside
        self.labels = tuple(labels)
        self._keep_whole = keep_whole
        self._segmentation = segmentation

    def _run(self, signature: str, name: str, values: Any) -> Dict[str, np.ndarray]:
        result = self._signatures[signature](**{name: tf.constant(values, tf.string)})
        return {key: value.numpy() for key, value in result.items()}

    def tag_words(self, sentences: Sequence[Sequence[str]]) -> List[Tuple[List[str], np.ndarray]]:
        """Tags sentences that are split into words already; see the base class."""
        check_words(sentences)
        results: List[Any] = [None] * len(sentences)
        lengths = np.array([sum(map(len, words)) + len(words) for words in sentences])
        for rows in length_batches(lengths, tokens=CHARACTERS_PER_BATCH):
            longest = max(len(sentences[row]) for row in rows)
            padded = [list(sentences[row]) + [""] * (longest - len(sentences[row]))
                      for row in rows]
            output = self._run(
                "tokens", "tokens", np.array(padded, object).reshape(len(rows), longest))
            for position, row in enumerate(rows):
                count = len(sentences[row])
                results[row] = (
                    # The graph takes an empty word at the end for filler; it gets O, too.
                    [tag.decode() or self._outside for tag in output["tags"][position, :count]],
                    output["scores"][position, :count])
        return results

    def run_text(self, texts: Sequence[Any]) -> Dict[str, np.ndarray]:
        """Returns the raw outputs of the text signature, for str or bytes."""
        return self._run("serving_default", "text", texts)

    def _tag_split(self, texts: Sequence[str]) -> List[List[TaggedWord]]:
        """Splits texts in Python and tags their words."""
        split: List[List[Word]] = [
            split_words(text, keep_whole=self._keep_whole, segmentation=self._segmentation)
            for text in texts]
        tagged = self.tag_words([[word for word, _, _ in words] for words in split])
        return [[(word, tag, float(score)) for word, tag, score in zip(words, tags, scores)]
                for words, (tags, scores) in zip(split, tagged)]

    def tag_text(self, texts: Sequence[str]) -> List[List[TaggedWord]]:
        """Splits texts into words and tags them; see the base class."""
        if self._keep_whole or (self._segmentation == DICTIONARY
                                and any(map(has_unspaced, texts))):
            return self._tag_split(texts)
        results: List[Any] = [None] * len(texts)
        for rows in length_batches(np.array([len(text) for text in texts]),
                                   tokens=CHARACTERS_PER_BATCH):
            output = self.run_text([texts[row] for row in rows])
            for position, row in enumerate(rows):
                columns = (output[name][position, : output["num_tokens"][position]].tolist()
                           for name in ("tokens", "begin", "end", "tags", "scores"))
                results[row] = [((word.decode(), begin, end), tag.decode(), score)
                                for word, begin, end, tag, score in zip(*columns)]
        return results


def saved_tagger(
    signatures: Dict[str, Callable], keep_whole: bool, record: Mapping[str, Any]
) -> SavedTagger:
    """Returns a SavedTagger with the segmentation of the student's record."""
    labels: Any = labels_of(dict(record)) if record.get("tags") else None
    return SavedTagger(signatures, keep_whole=keep_whole, segmentation=record.get("segmentation"),
                       kind=record["kind"], labels=record.get("tags", ()),
                       outside="O" if labels is None else labels.tags[labels.outside_id])


def _record(folder: pathlib.Path, outputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """Returns the student's record in a SavedModel; exports before 0.2.0 get their kind only.

    Args:
      folder: folder of the version.
      outputs: outputs of the text signature.
    """
    if (folder / SAVED_RECORD).is_file():
        return read_student_record((folder / SAVED_RECORD).parent)
    if "tokens" in outputs:
        return {"kind": "tagging"}
    return {"kind": "classification" if "classes" in outputs else "regression"}


def load_saved(
    folder: pathlib.Path, *, keep_whole: bool = False, verify: bool = True
) -> TextModel:
    """Loads a SavedModel.

    Args:
      folder: a version folder of `export`, or the run folder, whose newest version is loaded.
      keep_whole: split running text at white space only.
      verify: check the files against the folder's manifest.

    Raises:
      UserError: if the SavedModel is missing or damaged, or takes ids only.
    """
    folder = pathlib.Path(folder)
    if not (folder / "saved_model.pb").is_file():
        base = folder / "export" if (folder / "export").is_dir() else folder
        newest = newest_version(base)
        if newest is None:
            raise UserError(f"{folder} holds no SavedModel (xtremedistil-export writes it)")
        folder = newest
    check_no_pattern(folder)
    for kind_of_ops in TEXT_OPS:
        load_text_ops(kind_of_ops)
    if verify:
        check_manifest(folder, reads=("saved_model.pb",))
    try:
        signatures = tf.saved_model.load(str(folder)).signatures
        signature = signatures["serving_default"]
    except Exception as error:  # The exception depends on the kind of damage.
        if is_out_of_memory(error):
            raise
        raise UserError(f"{folder} cannot be loaded: {first_line(error)}") from None
    record = _record(folder, signature.structured_outputs)
    kind = task_kind_of(record)
    takes_text = "input_ids" not in signature.structured_input_signature[1]
    if not takes_text or kind.saved_model is None:
        raise UserError(
            f"{folder} takes token ids, not text, because a graph cannot read text as its "
            "tokenizer does; use another runtime, keras or onnx"
        )
    # A copy with strong references: the signatures hold the variables weakly.
    return kind.saved_model(dict(signatures), keep_whole, record)
