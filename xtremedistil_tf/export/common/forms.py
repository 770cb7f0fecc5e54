"""The forms that a student can be exported in, whatever its kind."""

import dataclasses
from typing import Any, Callable, Optional, Tuple


@dataclasses.dataclass(frozen=True)
class Forms:
    """What exports and benchmarks are built from.

    Attributes:
      vocabulary: rows of the embedding; ids lie below.
      embedding, parameters: numbers of parameters, of the word embedding and of all.
      graph: makes a tf.Module that is called with int32 ids [batch, time] (0 behind a row's end)
        and their lengths [batch], and gives float32 logits [batch, time, classes], or
        [batch, classes] where the student pools.
      onnx: makes an onnx.ModelProto: int32 input_ids [batch, time], padded on the right with 0, to
        such logits. None where the kind has none.
      onnx_for_int8: makes what int8 is made from; None where that is `onnx`'s.
      lite: (int8) -> a TFLite model of one row. None where the kind has none.
      seq_len_limit: length of the longest sequence; None if nothing limits it.
      separator: id of what parts the two texts of a pair; None where a row has one.
    """

    vocabulary: int
    embedding: int
    parameters: int
    graph: Callable[[], Any]
    onnx: Optional[Callable[[], Any]] = None
    onnx_for_int8: Optional[Callable[[], Any]] = None
    lite: Optional[Callable[[bool], bytes]] = None
    seq_len_limit: Optional[int] = None
    separator: Optional[int] = None

    @property
    def names(self) -> Tuple[str, ...]:
        """Those of `config.EXPORT_FORMATS` that there are."""
        builders = {"savedmodel": self.graph, "onnx": self.onnx, "tflite": self.lite}
        return tuple(name for name, builder in builders.items() if builder is not None)
