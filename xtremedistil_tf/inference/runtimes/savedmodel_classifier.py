"""Classifying through an exported SavedModel: the same graph that TF Serving runs."""

from typing import Any, Callable, Dict, List, Mapping, Sequence

import numpy as np

from xtremedistil_tf.data.pipelines.length_batches import length_batches
from xtremedistil_tf.inference.classifier import Classified, TextClassifier
from xtremedistil_tf.keras2 import tf

# A batch is bounded by its characters: pieces are counted inside the graph.
_CHARACTERS_PER_BATCH = 16384


class SavedClassifier(TextClassifier):
    """Text goes in and scores come out of the graph; nothing is tokenised in Python.

    Args:
      signatures: of the loaded SavedModel.
      kind: name of the kind of task.
    """

    def __init__(self, signatures: Dict[str, Callable], kind: str):
        self._signatures, self.kind = signatures, kind
        signature: Any = signatures["serving_default"]
        self.pairs = "text_pair" in signature.structured_input_signature[1]
        found = self.run_text([("", "") if self.pairs else ""])
        self.labels = tuple(name.decode() for name in found["classes"][0]) \
            if self.has_classes else ("score",)

    def run_text(self, texts: Sequence[Any]) -> Dict[str, np.ndarray]:
        """The outputs of the text signature as they are, for str or bytes of any kind, or pairs."""
        columns: List[Any] = list(zip(*texts)) if self.pairs else [texts]
        inputs = {name: tf.constant(column, tf.string)
                  for name, column in zip(("text", "text_pair"), columns)}
        result = self._signatures["serving_default"](**inputs)
        return {key: value.numpy() for key, value in result.items()}

    def classify(self, texts: Sequence[Any]) -> List[Classified]:
        """Scores texts; see the base class."""
        results: List[Any] = [None] * len(texts)
        lengths = np.array([len("".join(text)) for text in texts])
        for rows in length_batches(lengths, tokens=_CHARACTERS_PER_BATCH):
            output = self.run_text([texts[row] for row in rows])
            scored = output["scores"] if self.has_classes else output["score"][:, None]
            for row, scores, cut in zip(rows, scored, output["cut"]):
                results[row] = Classified(scores, bool(cut))
        return results


def saved_classifier(
    signatures: Dict[str, Callable], keep_whole: bool, record: Mapping[str, Any]
) -> SavedClassifier:
    """A SavedClassifier; words of its texts are split at spaces whatever `keep_whole` says."""
    return SavedClassifier(signatures, record["kind"])
