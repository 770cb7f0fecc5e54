"""The SavedModel runtime for classifiers: the same graph that TF Serving runs."""

from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence

import numpy as np

from xtremedistil_tf.data.pipelines.length_batches import CHARACTERS_PER_BATCH, length_batches
from xtremedistil_tf.inference.classifier import Classified, TextClassifier
from xtremedistil_tf.keras2 import tf
from xtremedistil_tf.metrics.uncertainty.temperature import thresholds_of


class SavedClassifier(TextClassifier):
    """A classifier whose graph maps text to scores; Python does no tokenization.

    Args:
      signatures: signatures of the loaded SavedModel.
      kind: name of the kind of task.
      thresholds: least probability of each label, if a text may have several.
    """

    def __init__(self, signatures: Dict[str, Callable], kind: str, *,
                 thresholds: Optional[Sequence[float]] = None):
        self._signatures, self.kind = signatures, kind
        signature: Any = signatures["serving_default"]
        self.pairs = "text_pair" in signature.structured_input_signature[1]
        found = self.run_text([("", "") if self.pairs else ""])
        self.labels = tuple(name.decode() for name in found["classes"][0]) \
            if self.has_classes else ("score",)
        self.thresholds = thresholds_of({"thresholds": thresholds}, self.labels)

    def run_text(self, texts: Sequence[Any]) -> Dict[str, np.ndarray]:
        """Returns the raw outputs of the text signature, for str, bytes, or pairs of them."""
        columns: List[Any] = list(zip(*texts)) if self.pairs else [texts]
        inputs = {name: tf.constant(column, tf.string)
                  for name, column in zip(("text", "text_pair"), columns)}
        result = self._signatures["serving_default"](**inputs)
        return {key: value.numpy() for key, value in result.items()}

    def classify(self, texts: Sequence[Any]) -> List[Classified]:
        """Scores texts; see the base class."""
        results: List[Any] = [None] * len(texts)
        lengths = np.array([len("".join(text)) for text in texts])
        for rows in length_batches(lengths, tokens=CHARACTERS_PER_BATCH):
            output = self.run_text([texts[row] for row in rows])
            scored = output["scores"] if self.has_classes else output["score"][:, None]
            for row, scores, cut in zip(rows, scored, output["cut"]):
                results[row] = Classified(scores, bool(cut))
        return results


def saved_classifier(
    signatures: Dict[str, Callable], keep_whole: bool, record: Mapping[str, Any]
) -> SavedClassifier:
    """Returns a SavedClassifier. `keep_whole` has no effect: it always splits words at spaces."""
    return SavedClassifier(signatures, record["kind"], thresholds=record.get("thresholds"))
