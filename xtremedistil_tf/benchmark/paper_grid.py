"""The 16 students of the paper's Table 16 on this machine, with random weights."""

import dataclasses
import pathlib
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

import numpy as np

from xtremedistil_tf.benchmark.models import (
    Measured,
    measured_student,
    measured_teacher,
    time_models,
)
from xtremedistil_tf.export.common.arrays import StudentArrays
from xtremedistil_tf.export.student_forms import arrays_forms
from xtremedistil_tf.files.locks import sole_writer
from xtremedistil_tf.progress import Progress
from xtremedistil_tf.reporting.figures import COLOURS, new_figure, save, tidy
from xtremedistil_tf.reporting.paper import TABLE_16, SizeRow
from xtremedistil_tf.validation.run_files import read_metrics

# Size of mBERT's vocabulary; size of the student's vocabulary that gives Table 16's parameters;
# number of tags and syntactic classes.
TEACHER_PIECES, VOCABULARY, CLASSES = 119_547, 88_400, 11
WIDTH = 768
# (file, label, place of a row of Table 16) of the horizontal axis of each plot.
_PLOTS: Tuple[Tuple[str, str, Callable[[Dict[str, Any]], float]], ...] = (
    ("compression.png", "parameters, teacher over student", lambda row: row["compression"]),
    ("speed_up.png", "speed-up over the teacher (TensorFlow, batch 32)",
     lambda row: row["speed_up"]["tensorflow_32"]))


def random_student(embedding: int, hidden: int, *, vocabulary: int = VOCABULARY) -> StudentArrays:
    """A student of the paper's sizes with random weights; speed does not depend on their values."""
    draw = np.random.default_rng(0)

    def array(*shape):
        return draw.normal(scale=0.05, size=shape).astype(np.float32)

    forward, backward = (
        (array(embedding, 4 * hidden), array(hidden, 4 * hidden), array(4 * hidden))
        for _ in range(2))
    return StudentArrays(array(vocabulary, embedding), forward, backward,
                         (array(2 * hidden, WIDTH), array(WIDTH)), "gelu",
                         (array(WIDTH, CLASSES), array(CLASSES)))


def random_teacher(*, pieces: int = TEACHER_PIECES, layers: int = 12, width: int = WIDTH,
                   heads: int = 12) -> Any:
    """A BERT model with random weights, by default of mBERT's sizes."""
    import transformers

    from xtremedistil_tf.models.teacher import build_teacher

    config = transformers.BertConfig(
        vocab_size=pieces, num_hidden_layers=layers, hidden_size=width, num_attention_heads=heads,
        intermediate_size=4 * width)
    encoder = transformers.TFBertModel(config)
    encoder.build()
    return build_teacher(encoder, None, CLASSES, min(7, layers))


def _trained_points(runs: Sequence[pathlib.Path]) -> List[Dict[str, float]]:
    """Parameters and test F1 of trained runs."""
    points = []
    for run in runs:
        metrics = read_metrics(run)
        points.append({"run": run.name, "parameters": metrics["student"]["parameters"],
                       "f1": metrics["student"]["test"]["macro_f1"]})
    return points


def _measure_size(
    size: SizeRow, teacher: Measured, work: pathlib.Path, *, queries: int, seconds: float,
    vocabulary: int,
) -> Dict[str, Any]:
    """Times one student of the table in turns with the teacher."""
    student = measured_student(
        arrays_forms(random_student(size.embedding, size.hidden, vocabulary=vocabulary)), work)
    timings = time_models([teacher, student], queries, seconds, vocabulary=vocabulary)
    return {
        "embedding": size.embedding, "hidden": size.hidden, "paper_f1": size.score.f1,
        "parameters": student.parameters, "paper_parameters": 1e6 * size.million_parameters,
        "compression": teacher.parameters / student.parameters,
        "paper_compression": size.compression, "bytes": student.bytes,
        "paper_speed_up": {"gpu_32": size.speed_up_32, "cpu_1": size.speed_up_1},
        "timings": [{"batch": batch, "model": model, "runtime": runtime,
                     **dataclasses.asdict(timing)}
                    for (batch, model, runtime), timing in timings.items()],
        "speed_up": {f"{runtime}_{batch}": timings[batch, "teacher", "tensorflow"].p50
                     / timings[batch, "student", runtime].p50
                     for batch, model, runtime in timings if model == "student"},
    }


def measure_grid(
    work: pathlib.Path, queries: int, seconds: float, *, runs: Sequence[pathlib.Path] = (),
    output: Optional[pathlib.Path] = None, sizes: Optional[Sequence[Any]] = None,
    teacher: Optional[Any] = None, vocabulary: int = VOCABULARY,
) -> Dict[str, Any]:
    """Compares every size with the teacher, in turns.

    Args:
      work: folder for the models.
      queries: number of calls of each model and runtime.
      seconds: maximum time for each model and runtime.
      runs: trained run folders, for the plots.
      output: folder of the plots; None draws none.
      sizes: rows of Table 16; all by default.
      teacher: the teacher; by default one of mBERT's size.
      vocabulary: vocabulary size of the students.

    Returns:
      "rows", "points" and Markdown "lines".

    Source: paper Table 16 and Figure 1.
    """
    big = measured_teacher(teacher or random_teacher(), work)
    sizes = TABLE_16 if sizes is None else sizes
    with Progress(len(sizes), "students of Table 16", "students") as progress:
        rows = []
        for size in sizes:
            rows.append(_measure_size(size, big, work, queries=queries, seconds=seconds,
                                      vocabulary=vocabulary))
            progress.advance()
    points = _trained_points(runs)
    if output:
        with sole_writer(*(output / name for name, _, _ in _PLOTS), lock_stays=False):
            _draw(output, rows, points)
    return {"teacher_parameters": big.parameters, "rows": rows, "points": points,
            "lines": _table(rows)}


def _table(rows: Sequence[Dict[str, Any]]) -> List[str]:
    """Markdown table; speed-ups are over the teacher in TensorFlow."""
    ways = list(rows[0]["speed_up"])
    lines = ["| E | H | parameters (M) | paper | compression | paper | "
             + " | ".join(f"speed-up {way.replace('_', ' ')}" for way in ways)
             + " | paper, GPU 32 | paper, CPU 1 |",
             "|---:|" + "---:|" * (7 + len(ways))]
    for row in rows:
        lines.append(
            f"| {row['embedding']} | {row['hidden']} | {row['parameters'] / 1e6:.1f} | "
            f"{row['paper_parameters'] / 1e6:.1f} | {row['compression']:.1f} | "
            f"{row['paper_compression']:.1f} | "
            + " | ".join(f"{row['speed_up'][way]:.0f}x" for way in ways)
            + "".join(f" | {times}x" for times in row["paper_speed_up"].values()) + " |")
    return lines


def _draw(
    output: pathlib.Path, rows: Sequence[Dict[str, Any]], points: Sequence[Dict[str, float]]
) -> None:
    """Draws Figure 1's two plots: the paper's F1 over compression and over our speed-up."""
    for name, label, place in _PLOTS:
        figure = new_figure(6.0, 4.2)
        axis = figure.subplots()
        for width, colour in zip(sorted({row["embedding"] for row in rows}), COLOURS):
            own = sorted((row for row in rows if row["embedding"] == width), key=place)
            axis.plot([place(row) for row in own], [row["paper_f1"] for row in own], "o-",
                      linewidth=0.8, color=colour, label=f"E={width}")
            for row in own:
                axis.annotate(str(row["hidden"]), (place(row), row["paper_f1"]), fontsize=8,
                              textcoords="offset points", xytext=(5, 3))
        for point in points:  # Runs whose sizes are not in the grid are skipped.
            for row in rows:
                if abs(point["parameters"] / row["parameters"] - 1) < 0.02:
                    axis.plot([place(row)], [point["f1"]], "x", color="#222222",
                              label=point["run"])
        axis.set_xlabel(label)
        axis.set_ylabel("F1 in the paper, 41 languages")
        tidy(axis, grid="both")
        figure.legend(loc="outside right upper", frameon=False, fontsize=8,
                      title="the number is H", title_fontsize=8)
        save(figure, output / name)
