"""Compares BiLSTM ONNX models with and without sequence lengths: speed, and logits in OpenVINO.

For docs/reference/results/serving.md.

Command:
  python benchmarks/onnx_runtimes.py
The logits need openvino; without it only the speed is measured.
"""

import functools
import pathlib
import tempfile
import time

import numpy as np
import onnx
from absl import app, flags
from machine import write_record

FLAGS = flags.FLAGS
flags.DEFINE_integer("calls", 200, "Calls of each model and batch; both take turns.")

# Sizes of students: E, H, width of the projection.
SIZES = {"E=50, H=2x100": (50, 100, 768), "E=50, H=2x200": (50, 200, 768),
         "E=300, H=2x600": (300, 600, 768)}
VOCABULARY, CLASSES = 5000, 9
LENGTHS = {"one of 30": [30], "32 of 26 to 30": [30, 28, 26, 29] * 8,
           "32 of 5 to 30": [30, 5, 12, 26, 8, 29, 21, 30] * 4}


def arrays(embedding: int, hidden: int, width: int, pooling: str = None):
    """A student of random weights."""
    from xtremedistil_tf.export.common.arrays import StudentArrays

    draw = np.random.default_rng(0)

    def array(*shape):
        return draw.normal(scale=0.3, size=shape).astype(np.float32)

    lstm = [(array(embedding, 4 * hidden), array(hidden, 4 * hidden), array(4 * hidden))
            for _ in range(2)]
    return StudentArrays(array(VOCABULARY, embedding), *lstm, (array(2 * hidden, width),
                         array(width)), "gelu", (array(width, CLASSES), array(CLASSES)), pooling)


def with_lengths(model):
    """The model as of version 0.1: no mark of padding; the LSTM takes the lengths."""
    model = onnx.ModelProto.FromString(model.SerializeToString())
    for weight in model.graph.initializer:
        cut = {"embedding": np.s_[:, :-1], "lstm_w": np.s_[:, :, :-1]}.get(weight.name)
        if cut is not None:
            kept = onnx.numpy_helper.to_array(weight)[cut]
            weight.CopyFrom(onnx.numpy_helper.from_array(np.ascontiguousarray(kept), weight.name))
    graph, node = model.graph, onnx.helper.make_node
    graph.initializer.append(onnx.numpy_helper.from_array(np.array([1]), "axis_of_time"))
    lstm = next(one for one in graph.node if one.op_type == "LSTM")
    lstm.input.append("row_lengths")
    first = [node("Cast", ["input_ids"], ["is_real"], to=onnx.TensorProto.BOOL),
             node("Cast", ["is_real"], ["is_one"], to=onnx.TensorProto.INT32),
             node("ReduceSum", ["is_one", "axis_of_time"], ["row_lengths"], keepdims=0)]
    others = list(graph.node)
    del graph.node[:]
    graph.node.extend([*first, *others])
    onnx.checker.check_model(model)
    return model


def padded(lengths) -> np.ndarray:
    """Random ids of these lengths, padded on the right."""
    ids = np.random.default_rng(1).integers(1, VOCABULARY, (len(lengths), max(lengths)))
    return (ids * (np.arange(max(lengths)) < np.array(lengths)[:, None])).astype(np.int32)


def written(work: pathlib.Path, model, name: str) -> pathlib.Path:
    """The model's file."""
    path = work / f"{name}.onnx"
    onnx.save(model, path)
    return path


def speed(work: pathlib.Path) -> list:
    """Milliseconds of both in ONNX Runtime, in turns."""
    from xtremedistil_tf.export.onnx.bilstm import build_model
    from xtremedistil_tf.inference.runtimes.onnx import Session

    rows = []
    for size, sizes in SIZES.items():
        model = build_model(arrays(*sizes))
        ways = {"lengths": Session(written(work, with_lengths(model), "lengths")),
                "mark": Session(written(work, model, "mark"))}
        for batch, lengths in LENGTHS.items():
            ids, times = padded(lengths), {name: [] for name in ways}
            for number in range(FLAGS.calls + 5):
                for name, run in ways.items():
                    began = time.perf_counter()
                    run(ids)
                    if number >= 5:
                        times[name].append(1e3 * (time.perf_counter() - began))
            middle = {name: float(np.median(found)) for name, found in times.items()}
            rows.append({"size": size, "batch": batch, "calls": FLAGS.calls, "p50_ms": middle,
                         "ratio": middle["mark"] / middle["lengths"]})
            print(rows[-1], flush=True)
    return rows


def in_openvino(work: pathlib.Path) -> list:
    """Largest difference of OpenVINO's logits to ONNX Runtime's, at subword tokens."""
    import openvino

    from xtremedistil_tf.export.onnx.bilstm import build_model
    from xtremedistil_tf.inference.runtimes.onnx import Session

    rows, ids = [], padded([40, 3, 17, 1, 24, 39])
    for pooling in (None, "max"):
        model = build_model(arrays(50, 100, 64, pooling))
        for name, one in (("lengths", with_lengths(model)), ("mark", model)):
            path = written(work, one, name)
            expected = Session(path)(ids)
            compiled = openvino.Core().compile_model(
                str(path), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
            differences = np.abs(compiled({"input_ids": ids})["logits"] - expected)
            rows.append({
                "pooling": pooling, "model": name, "largest_logit": float(np.abs(expected).max()),
                "difference": float(differences[ids > 0 if pooling is None else ...].max())})
    return rows


def main(_) -> None:
    """Measures and writes the record."""
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        parts = {"speed": speed, "openvino": in_openvino}
        for name, part in parts.items():
            try:
                results[name] = functools.partial(part, pathlib.Path(folder))()
            except ImportError as error:
                print(f"{name} is left out: {error}")
    write_record("serving/onnx_runtimes", results)


if __name__ == "__main__":
    app.run(main)
