"""The export builders of a student: one record for all kinds."""

import dataclasses
from typing import Any, Callable, Optional, Tuple


@dataclasses.dataclass(frozen=True)
class Forms:
    """Sizes and export builders of a student; the input of exports and benchmarks.

    Attributes:
      vocabulary: rows of the embedding; all ids lie below it.
      embedding, parameters: number of parameters of the word embedding, and of the student.
      graph: builds a tf.Module. It maps int32 ids [batch, time], padded on the right with 0, and
        int32 lengths [batch] to float32 logits [batch, time, classes], or [batch, classes] if the
        student pools.
      onnx: builds an onnx.ModelProto that maps int32 input_ids [batch, time], padded on the right
        with 0, to such logits. None if there is no ONNX export.
      onnx_for_int8: builds the float32 model to quantize; None if `onnx` does.
      lite: (int8) -> TFLite model for one sequence. None if there is no TFLite export.
      huggingface: builds an `export.huggingface.checkpoint.Checkpoint`; None if there is none.
      seq_len_limit: longest sequence; None without a limit.
      separator: id of the separator token, for pairs of texts; None for single texts.
    """

    vocabulary: int
    embedding: int
    parameters: int
    graph: Callable[[], Any]
    onnx: Optional[Callable[[], Any]] = None
    onnx_for_int8: Optional[Callable[[], Any]] = None
    lite: Optional[Callable[[bool], bytes]] = None
    huggingface: Optional[Callable[[], Any]] = None
    seq_len_limit: Optional[int] = None
    separator: Optional[int] = None

    @property
    def names(self) -> Tuple[str, ...]:
        """The export formats that have a builder, in the order of `config.EXPORT_FORMATS`."""
        builders = {"savedmodel": self.graph, "onnx": self.onnx, "tflite": self.lite,
                    "huggingface": self.huggingface}
        return tuple(name for name, builder in builders.items() if builder is not None)
