"""Classifying through an exported SavedModel: the same graph that TF Serving runs."""

from typing import Any, Callable, Dict, List, Sequence

import numpy as np

from xtremedistil_tf.config import REGRESSION
from xtremedistil_tf.data.labels import Numbers
from xtremedistil_tf.data.pipelines.length_batches import length_batches
from xtremedistil_tf.inference.classifier import Classified, TextClassifier
from xtremedistil_tf.keras2 import tf

# A batch is bounded by its characters: pieces are counted inside the graph.
_CHARACTERS_PER_BATCH = 16384


class SavedClassifier(TextClassifier):
    """Text goes in and scores come out of the graph; nothing is tokenised in Python.

    Args:
      signatures: of the loaded SavedModel.
    """

    def __init__(self, signatures: Dict[str, Callable]):
        self._signatures = signatures
        signature: Any = signatures["serving_default"]
        self.pairs = "text_pair" in signature.structured_input_signature[1]
        found = self.run_text([("", "") if self.pairs else ""])
        if "classes" in found:
            self.labels = tuple(name.decode() for name in found["classes"][0])
        else:
            self.kind, self.labels = REGRESSION, Numbers().tags

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
            scored = output["score"][:, None] if self.kind == REGRESSION else output["scores"]
            for row, scores, cut in zip(rows, scored, output["cut"]):
                results[row] = Classified(scores, bool(cut))
        return results
