"""Compares teacher and student: speed in each runtime, parameters, bytes, memory."""

import dataclasses
import functools
import gc
import pathlib
import tempfile
import time
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple, Union

import numpy as np

from xtremedistil_tf.benchmark.timing import Timing, interleaved, resident_bytes
from xtremedistil_tf.config import ONNX_ACTIVATIONS
from xtremedistil_tf.export.common.forms import Forms
from xtremedistil_tf.export.onnx.files import write_models
from xtremedistil_tf.export.student_forms import student_forms
from xtremedistil_tf.inference.answerer import TextAnswerer
from xtremedistil_tf.inference.classifier import Classifier
from xtremedistil_tf.inference.runtimes.onnx import Session, open_session
from xtremedistil_tf.inference.student_folder import load_student
from xtremedistil_tf.inference.tagger import Tagger
from xtremedistil_tf.keras2 import tf

RUNTIMES = ("tensorflow", "onnx", "onnx_int8")
BATCHES = (1, 32)
SEQUENCE = 32
_FEWEST_CALLS = 8


@dataclasses.dataclass
class Measured:
    """A model in its runtimes.

    Attributes:
      name: "teacher", "student" or one of several students' names.
      embedding, rest: number of parameters in the word embedding, and of all others.
      seq_len: maximum sequence length in the timing.
      ways: by runtime, a function of int32 ids [batch, time] without padding.
      bytes: by runtime, size of the weights or the model file.
      memory: by runtime, growth of the process's memory in bytes; None if unknown.
    """

    name: str
    embedding: int
    rest: int
    seq_len: int = SEQUENCE
    ways: Dict[str, Callable] = dataclasses.field(default_factory=dict)
    bytes: Dict[str, int] = dataclasses.field(default_factory=dict)
    memory: Dict[str, Optional[int]] = dataclasses.field(default_factory=dict)

    @property
    def parameters(self) -> int:
        """Number of all parameters."""
        return self.embedding + self.rest


def _add(model: Measured, runtime: str, make: Callable[[], Callable], size: int) -> None:
    """Opens a runtime, runs it once, and records its size and memory."""
    gc.collect()
    before = resident_bytes()
    model.ways[runtime] = make()
    model.ways[runtime](np.ones([1, model.seq_len], np.int32))
    after = resident_bytes()
    model.memory[runtime] = None if before is None or after is None else after - before
    model.bytes[runtime] = size


def _add_onnx(
    model: Measured, proto: Any, for_int8: Any, work: pathlib.Path,
    opened: Callable[[pathlib.Path], Callable],
) -> None:
    """Adds both ONNX runtimes; `opened` turns a model file into a function of ids."""
    paths = {"onnx": work / f"{model.name}.onnx", "onnx_int8": work / f"{model.name}.int8.onnx"}
    write_models(proto, for_int8, paths["onnx"], paths["onnx_int8"])
    for runtime, path in paths.items():
        _add(model, runtime, functools.partial(opened, path), path.stat().st_size)


def measured_student(
    forms: Forms, work: pathlib.Path, *, name: str = "student", with_onnx: bool = True
) -> Measured:
    """Opens a student's exported graph, and its ONNX models if it has any."""
    model = Measured(name, forms.embedding, forms.parameters - forms.embedding,
                     min(SEQUENCE, forms.seq_len_limit or SEQUENCE))

    def make():
        graph = forms.graph()

        @tf.function(input_signature=[tf.TensorSpec([None, None], tf.int32)])
        def run(ids):
            return graph(ids, tf.fill([tf.shape(ids)[0]], tf.shape(ids)[1]))

        return lambda ids: run(tf.constant(ids)).numpy()

    _add(model, "tensorflow", make, 4 * model.parameters)
    if with_onnx and forms.onnx:
        _add_onnx(model, forms.onnx(), (forms.onnx_for_int8 or forms.onnx)(), work, Session)
    return model


def measured_teacher(
    teacher: Any, work: pathlib.Path, *, name: str = "teacher", seq_len: int = SEQUENCE,
    with_onnx: bool = True,
) -> Measured:
    """Opens a teacher's Keras model as a graph and, for BERT, as ONNX models."""
    from xtremedistil_tf.export.onnx.teacher import build_teacher_model

    embedding = int(teacher.word_embeddings().size)
    model = Measured(name, embedding, teacher.model.count_params() - embedding, seq_len)

    def make():
        @tf.function(input_signature=[tf.TensorSpec([None, None], tf.int32)])
        def run(ids):
            return teacher.model(
                {"input_ids": ids, "attention_mask": tf.ones_like(ids)}, training=False)["logits"]

        return lambda ids: run(tf.constant(ids)).numpy()

    _add(model, "tensorflow", make, 4 * model.parameters)
    def opened(path):
        loaded = open_session(path)
        return lambda ids: loaded.run(
            ["logits"], {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0]

    settings = teacher.encoder.config
    if with_onnx and settings.model_type == "bert" and settings.hidden_act in ONNX_ACTIVATIONS:
        proto = build_teacher_model(teacher)
        _add_onnx(model, proto, proto, work, opened)
    return model


def time_models(
    models: Sequence[Measured], queries: int, seconds: float, *, vocabulary: int,
    batches: Sequence[int] = BATCHES, separator: Optional[int] = None,
) -> Dict[Tuple[int, str, str], Timing]:
    """Times all models in all runtimes, taking turns.

    Args:
      models: the models to time.
      queries: number of calls of each model and runtime (the paper: 1,000).
      seconds: maximum time for each model and runtime; slow ones get fewer calls.
      vocabulary: upper bound of the random ids.
      batches: batch sizes.
      separator: id of the separator token, put into the middle of every sequence; for pairs.

    Returns:
      Timings by (batch size, model, runtime).

    Source: paper section 6.2, 1,000 queries.
    """
    results: Dict[Tuple[int, str, str], Timing] = {}
    seq_len = min(model.seq_len for model in models)
    for batch in batches:
        ids = np.random.default_rng(0).integers(2, vocabulary, (batch, seq_len), dtype=np.int32)
        if separator is not None:
            ids[:, seq_len // 2] = separator
        ways: Dict[Tuple[int, str, str], Callable[[], Any]] = {
            (batch, model.name, runtime): functools.partial(way, ids)
            for model in models for runtime, way in model.ways.items()}
        first = interleaved(ways, dict.fromkeys(ways, _FEWEST_CALLS))
        calls = {name: int(min(queries, max(_FEWEST_CALLS, 1000 * seconds / timing.p50)))
                 for name, timing in first.items()}
        results.update(interleaved(ways, calls))
    return results


def time_runs(
    folders: Mapping[str, pathlib.Path], queries: int, seconds: float, *,
    batches: Sequence[int] = BATCHES, with_onnx: bool = True,
) -> Tuple[List[Measured], Dict[Tuple[int, str, str], Timing]]:
    """Times the students of finished runs in all their runtimes, taking turns.

    Args:
      folders: run folders by name.
      queries, seconds, batches: see `time_models`.
      with_onnx: time their ONNX models, too.

    Returns:
      (the students, what `time_models` returns).
    """
    forms = {name: student_forms(load_student(folder)) for name, folder in folders.items()}
    with tempfile.TemporaryDirectory() as work:
        models = [measured_student(own, pathlib.Path(work), name=name, with_onnx=with_onnx)
                  for name, own in forms.items()]
        return models, time_models(models, queries, seconds, batches=batches,
                                   vocabulary=min(own.vocabulary for own in forms.values()))


def time_text(
    model: Union[Tagger, Classifier, TextAnswerer], texts: Sequence[Any], queries: int
) -> Dict[str, float]:
    """Times the way from text to result, one text at a time, and the model's share of it.

    Returns:
      `p50_ms`, `p95_ms` and `model_share` (0 to 1) over all calls.
    """
    inside, total = [], []
    forward = model.logits

    def timed(ids):
        began = time.perf_counter()
        result = forward(ids)
        inside.append(time.perf_counter() - began)
        return result

    model.logits = timed
    try:
        for number in range(queries + 5):
            began = time.perf_counter()
            model(texts[number % len(texts)])
            total.append(time.perf_counter() - began)
    finally:
        model.logits = forward
    p50, p95 = np.percentile(total[5:], [50, 95]) * 1000.0
    return {"p50_ms": float(p50), "p95_ms": float(p95),
            "model_share": float(sum(inside[5:]) / sum(total[5:]))}


def timing_table(
    models: Sequence[Measured], timings: Dict[Tuple[int, str, str], Timing]
) -> List[str]:
    """Markdown table of latencies and of speed-ups over the teacher in each runtime."""
    references = [name for name in models[0].ways] if models[0].name == "teacher" else []
    heads = ["batch", "model", "runtime", "p50 ms", "p95 ms", "calls",
             *(f"over teacher {name}" for name in references)]
    lines = ["| " + " | ".join(heads) + " |", "|---:|---|---|" + "---:|" * (len(heads) - 3)]
    for (batch, model, runtime), timing in timings.items():
        row = [str(batch), model, runtime, f"{timing.p50:.2f}", f"{timing.p95:.2f}",
               str(timing.calls)]
        row += [f"{timings[batch, 'teacher', name].p50 / timing.p50:.1f}x" for name in references]
        lines.append("| " + " | ".join(row) + " |")
    return lines


def size_table(models: Sequence[Measured]) -> List[str]:
    """Markdown table of parameters, bytes and memory."""
    lines = ["| model | runtime | embedding parameters | other parameters | MB | memory MB |",
             "|---|---|" + "---:|" * 4]
    for model in models:
        for runtime in model.ways:
            memory = model.memory[runtime]
            lines.append(
                f"| {model.name} | {runtime} | {model.embedding:,} | {model.rest:,} | "
                f"{model.bytes[runtime] / 1e6:.2f} | "
                f"{'' if memory is None else f'{memory / 1e6:.0f}'} |")
    return lines
