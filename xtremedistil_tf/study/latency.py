"""Compares students by latency, timed in one process and in turns."""

import dataclasses
import math
import pathlib
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

from xtremedistil_tf.reporting.figures import new_figure, save, tidy
from xtremedistil_tf.reporting.markdown import score_text
from xtremedistil_tf.study.grids import Study, Variant
from xtremedistil_tf.study.tables import Line

# The paper's batch size (section 6.2), and single sentences.
_BATCH, _ONLINE = 32, 1
# The student whose latency is 1 in Table 15.
_UNIT = "bilstm_100_400"
_QUERIES, _SECONDS = 1000, 2.0
_COLOURS = {"bilstm": "#1f6fb4", "transformer": "#c8501e"}


@dataclasses.dataclass(frozen=True)
class Speed:
    """A student's size, and its median milliseconds for 32 sequences and for one sequence."""

    parameters: int
    batch: float
    online: float


@dataclasses.dataclass(frozen=True)
class Point:
    """A student in a study of latency.

    Attributes:
      variant, line: the student's line in the study, and its scores.
      speed: its measured speed.
      latency: time of a batch divided by that of `unit`.
      unit: name of the line whose latency is 1.
    """

    variant: Variant
    line: Line
    speed: Speed
    latency: float
    unit: str

    @property
    def kind(self) -> str:
        """The kind of student."""
        return self.variant.flags["student"]

    @property
    def reported(self) -> Tuple[float, float]:
        """The paper's latency and F1."""
        variant = self.variant
        assert variant.latency is not None and variant.reported is not None, "it is of Table 15"
        return variant.latency, variant.reported.f1


def measure(folders: Mapping[str, pathlib.Path]) -> Dict[str, Speed]:
    """Times students as TensorFlow graphs, as in a SavedModel.

    Args:
      folders: run folders by name.

    Source: paper section 6.2 (batches of 32 sequences of 32 subword tokens, 1,000 queries).
    """
    from xtremedistil_tf.benchmark.models import time_runs

    models, timings = time_runs(folders, _QUERIES, _SECONDS, batches=(_ONLINE, _BATCH),
                                with_onnx=False)
    return {model.name: Speed(model.parameters, *(timings[batch, model.name, "tensorflow"].p50
                                                  for batch in (_BATCH, _ONLINE)))
            for model in models}


def points(
    variants: Sequence[Variant], lines: Sequence[Line], speeds: Mapping[str, Speed]
) -> List[Point]:
    """Combines scores and speeds, in the order of the variants."""
    unit = _UNIT if _UNIT in speeds else variants[0].name
    return [Point(variant, line, speeds[variant.name],
                  speeds[variant.name].batch / speeds[unit].batch, unit)
            for variant, line in zip(variants, lines)]


def latency_table(
    study: Study, found: Sequence[Point]
) -> Tuple[List[str], List[List[str]]]:
    """(header, rows) of the table, in the order of the study."""
    header = [study.axis, "parameters", f"ms, batch {_ONLINE}", f"ms, batch {_BATCH}", "latency",
              "paper: latency", "F1 (std over languages)", "std over seeds", "paper: F1"]
    rows = []
    for point in found:
        line = point.line
        rows.append([
            line.name, f"{point.speed.parameters:,}", f"{point.speed.online:.2f}",
            f"{point.speed.batch:.2f}", f"{point.latency:.3f}",
            f"{point.reported[0]:.3f}", score_text(line.f1, line.languages_std),
            score_text(line.seeds_std), score_text(point.reported[1])])
    return header, rows


def crossover(found: Sequence[Tuple[str, float, float]]) -> Optional[float]:
    """The lowest latency from which on the best student within that latency is a Transformer.

    Args:
      found: (kind, latency, F1) of each student.

    Returns:
      The latency; None if the best student of all is not a Transformer.
    """
    def best(kind: str, most: float) -> float:
        return max((f1 for name, latency, f1 in found if name == kind and latency <= most),
                   default=-math.inf)

    overtaken = None
    for at in sorted({latency for _, latency, _ in found}, reverse=True):
        if best("transformer", at) <= best("bilstm", at):
            break
        overtaken = at
    return overtaken


def _told(at: Optional[float]) -> str:
    return "nowhere" if at is None else f"from {at:.2f} on"


def verdict(found: Sequence[Point]) -> str:
    """Describes the crossover of Transformers and BiLSTMs, here and in the paper."""
    ours = crossover([(point.kind, point.latency, point.line.f1) for point in found])
    theirs = crossover([(point.kind, *point.reported) for point in found])
    return (f"Latency: the median time of a batch of {_BATCH} rows over that of {found[0].unit}, "
            "all timed in turns in one process on this machine as TensorFlow graphs. The best "
            f"student of no more latency is a Transformer: here {_told(ours)}, in the paper "
            f"{_told(theirs)}.")


def plot(found: Sequence[Point], path: pathlib.Path) -> None:
    """Draws F1 over latency of both kinds, with the paper's values (Figure 3)."""
    figure = new_figure(7.0, 4.6)
    axis = figure.subplots()
    for kind, colour in _COLOURS.items():
        own = [point for point in found if point.kind == kind]
        for label, marker, at in (
            (f"{kind}, here", "o-", [(point.latency, point.line.f1) for point in own]),
            (f"{kind}, paper", "s:", [point.reported for point in own]),
        ):
            if at:
                axis.plot(*zip(*sorted(at)), marker, color=colour, label=label, markersize=4,
                          markerfacecolor=colour if marker == "o-" else "none")
    axis.set_xscale("log")
    ticks = [tick for tick in (0.1, 0.2, 0.3, 0.5, 1, 2, 3, 5, 10)
             if axis.get_xlim()[0] <= tick <= axis.get_xlim()[1]]
    axis.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axis.set_xticks([], minor=True)
    axis.set_xlabel(f"latency (that of {found[0].unit} is 1)")
    axis.set_ylabel("F1 (0-100), mean over languages")
    figure.legend(loc="outside lower center", ncols=4, frameon=False, fontsize=8)
    tidy(axis)
    save(figure, path)
