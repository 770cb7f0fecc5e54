"""The report's table of scores by class, and the figures of confusion and of languages."""

import pathlib
from typing import Any, Dict, List, Mapping, Sequence, Tuple

import numpy as np

from xtremedistil_tf.metrics.measures import taught
from xtremedistil_tf.reporting import run_metrics
from xtremedistil_tf.reporting.figures import new_figure, save
from xtremedistil_tf.reporting.markdown import (
    count_text,
    difference_text,
    score_text,
    table,
    without_teacher,
)
from xtremedistil_tf.tasks import task_kind_of

# With more classes, a cell has no room for its number.
_MOST_NUMBERED = 20


def class_table(metrics: Mapping[str, Any]) -> str:
    """F1 of all models for each class, with the student's precision and recall.

    Args:
      metrics: a run's metrics.json.

    Returns:
      A section of Markdown; empty if the split has no scores.
    """
    split = run_metrics.scored_split(metrics)
    teacher, student = (run_metrics.scores_of(metrics, model, split).get("classes") or {}
                        for model in ("teacher", "student"))
    if not student:
        return ""
    rows: List[List[Any]] = []
    for name, own in student.items():
        other = teacher.get(name, {}).get("f1")
        rows.append([name, count_text(own["support"]), score_text(other), score_text(own["f1"]),
                     difference_text(own["f1"], other), score_text(own["precision"]),
                     score_text(own["recall"])])
    word = task_kind_of(metrics).class_word.capitalize()
    header = [word, "Support", "Teacher F1", "Student F1", "Difference", "Student's precision",
              "Student's recall"]
    if not taught(metrics):
        header, rows = without_teacher(header, rows)
    return "\n\n".join([f"## {word} by {word.lower()}, {split}", table(header, rows)])


def has_confusion(metrics: Mapping[str, Any]) -> bool:
    """True if a run recorded its confusion matrix; runs with very many classes do not."""
    split = run_metrics.scored_split(metrics)
    return all(
        run_metrics.scores_of(metrics, model, split).get("confusion")
        for model in run_metrics.models_of(metrics))


def _panel(axis: Any, title: str, counts: Sequence[Sequence[int]], names: List[str]) -> Any:
    """Draws a confusion matrix: numbers of texts, coloured by fraction of the gold class."""
    matrix = np.array(counts)
    shares = matrix / np.maximum(1, matrix.sum(axis=1, keepdims=True))
    image = axis.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0)
    if len(names) <= _MOST_NUMBERED:
        for row, column in np.ndindex(*matrix.shape):
            # An empty row, such as that of what is no entity at all, has nothing to say.
            told = f"{matrix[row, column]:,}" if matrix[row].any() else ""
            axis.text(column, row, told, ha="center", va="center", fontsize=8,
                      color="white" if shares[row, column] > 0.6 else "#20262d")
    axis.set_xticks(range(len(names)), names, rotation=45, ha="right", rotation_mode="anchor",
                    fontsize=8)
    axis.set_yticks(range(len(names)), names, fontsize=8)
    axis.set_xlabel("predicted")
    axis.set_title(title, fontsize=11)
    return image


def plot_confusion(metrics: Mapping[str, Any], path: pathlib.Path) -> None:
    """Draws the confusion matrices of the run's models, side by side.

    Args:
      metrics: a run's metrics.json for which `has_confusion` holds.
      path: the PNG to write.
    """
    split = run_metrics.scored_split(metrics)
    scores = {model: run_metrics.scores_of(metrics, model, split)
              for model in run_metrics.models_of(metrics)}
    draw_confusions(path, [(f"{model}, {split}", own["confusion"])
                           for model, own in scores.items()],
                    scores["student"].get("confusion_names") or list(scores["student"]["classes"]))


def draw_confusions(
    path: pathlib.Path, tables: Sequence[Tuple[str, Sequence[Sequence[int]]]], names: Sequence[str]
) -> None:
    """Draws confusion tables side by side.

    Args:
      path: the PNG to write.
      tables: (title, counts: a row for each gold class, a column for each predicted class).
      names: names of rows and columns.
    """
    side = min(9.0, 2.6 + 0.42 * len(names))
    figure = new_figure(len(tables) * side + 1.0, side + 0.4)
    panels = figure.subplots(1, len(tables), squeeze=False)[0]
    for axis, (title, counts) in zip(panels, tables):
        image = _panel(axis, title, counts, list(names))
    panels[0].set_ylabel("gold")
    figure.colorbar(image, ax=list(panels), shrink=0.8, label="share of the gold class")
    save(figure, path)


def has_heat_map(metrics: Mapping[str, Any]) -> bool:
    """True if a run recorded scores by class for several languages."""
    split = run_metrics.scored_split(metrics)
    found = run_metrics.scores_of(metrics, "student", split).get("classes_by_language") or {}
    return len(found) > 1


def _grid(metrics: Mapping[str, Any], model: str, split: str) -> Tuple[Any, List[str], List[str]]:
    """F1 by language and class, NaN without gold; languages; classes."""
    found = run_metrics.scores_of(metrics, model, split).get("classes_by_language") or {}
    languages = sorted(found)
    classes = list(next(iter(found.values()), {}))
    values = [[found[code][name]["f1"] if found[code][name]["support"] else np.nan
               for name in classes] for code in languages]
    return np.array(values), languages, classes


def plot_heat_map(metrics: Mapping[str, Any], path: pathlib.Path) -> None:
    """Draws the student's F1 by language and class, and its difference to the teacher.

    Args:
      metrics: a run's metrics.json for which `has_heat_map` holds.
      path: the PNG to write.
    """
    split = run_metrics.scored_split(metrics)
    student, languages, classes = _grid(metrics, "student", split)
    panels: List[Tuple[str, Any, Dict[str, Any]]] = [
        (f"student F1, {split}", student, {"cmap": "Blues", "vmin": 0.0, "vmax": 100.0})]
    teacher, others, _ = _grid(metrics, "teacher", split)
    if others == languages:
        panels.append(("student - teacher", student - teacher,
                       {"cmap": "RdBu", "vmin": -20.0, "vmax": 20.0}))
    wide = 1.6 + 0.75 * len(classes)
    figure = new_figure(max(5.5, len(panels) * (wide + 0.8)), 1.8 + 0.3 * len(languages))
    for axis, (title, values, colours) in zip(
            figure.subplots(1, len(panels), squeeze=False)[0], panels):
        image = axis.imshow(values, aspect="auto", **colours)
        for row, column in np.ndindex(*values.shape):
            value = values[row, column]
            if len(classes) <= _MOST_NUMBERED and not np.isnan(value):
                dark = value > 60 if colours["vmin"] == 0 else abs(value) > 13
                axis.text(column, row, str(round(value)), ha="center", va="center", fontsize=8,
                          color="white" if dark else "#20262d")
        axis.set_xticks(range(len(classes)), classes, rotation=45, ha="right",
                        rotation_mode="anchor", fontsize=8)
        axis.set_yticks(range(len(languages)), languages, fontsize=8)
        axis.set_title(title, fontsize=11)
        figure.colorbar(image, ax=axis, shrink=0.8)
    save(figure, path)
