"""The figures of an evaluation."""

import pathlib
from typing import Any, Callable, List, Mapping, Sequence, Tuple

from xtremedistil_tf.metrics.measures import language_measure, measure_name
from xtremedistil_tf.reporting.class_tables import draw_confusions
from xtremedistil_tf.reporting.figures import COLOURS, new_figure, save, tidy
from xtremedistil_tf.reporting.plots import plot_reliability
from xtremedistil_tf.tasks import task_kind_of

Evaluation = Mapping[str, Any]
Figure = Tuple[str, str, Callable[[pathlib.Path], None]]
_MOST_NAMED = 12


def _bars(path: pathlib.Path, names: Sequence[str], values: Sequence[Sequence[float]],
          models: Sequence[str], label: str) -> None:
    """Draws a score of each name, one bar a model."""
    figure = new_figure(min(18.0, max(5.5, 0.36 * len(names) * len(models) + 2.0)), 4.4)
    axis = figure.add_subplot()
    tidy(axis)
    width = 0.8 / len(models)
    for number, (model, own) in enumerate(zip(models, values)):
        shift = (number - (len(models) - 1) / 2) * width
        bars = axis.bar([place + shift for place in range(len(names))], own, width=width,
                        color=COLOURS[number], label=model)
        if len(names) <= _MOST_NAMED:
            axis.bar_label(bars, labels=[f"{value:.1f}" for value in own], padding=2, fontsize=8)
    upright = all(len(name) <= 3 for name in names) or len(names) <= 6
    axis.set_xticks(range(len(names)), names, rotation=0 if upright else 90)
    axis.set_ylim(min(0, *(value for own in values for value in own)), 105)
    axis.set_ylabel(f"{label} (0-100)")
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    save(figure, path)


def plot_cascade(evaluation: Evaluation, path: pathlib.Path) -> None:
    """Draws the score of cascades over the share of rows that the second model answers."""
    figure = new_figure(5.6, 4.0)
    axis = figure.add_subplot()
    tidy(axis, grid="both")
    points = evaluation["cascade"]
    axis.plot([100 * one["share"] for one in points], [one["score"] for one in points],
              color=COLOURS[0], marker="o", clip_on=False)
    axis.set_xlim(0, 100)
    axis.set_xlabel(f"% of rows asked of {evaluation['models'][1]['name']}")
    axis.set_ylabel(measure_name(evaluation))
    save(figure, path)


def figures_of(evaluation: Evaluation) -> List[Figure]:
    """Returns (file name, caption, function that draws it into a path) of each figure."""
    kind, models = task_kind_of(evaluation), evaluation["models"]
    names = [model["name"] for model in models]
    figures: List[Figure] = []
    key, label = language_measure(evaluation)
    languages = list(models[0]["scores"].get("languages", {}))
    if len(languages) > 1:
        values = [[model["scores"]["languages"][code].get(key, 0.0) for code in languages]
                  for model in models]
        figures.append(("languages.png", f"{label} by language",
                        lambda path: _bars(path, languages, values, names, label)))
    classes = list(models[0]["scores"].get("classes") or {})
    if classes:
        f1 = [[model["scores"]["classes"][name]["f1"] for name in classes] for model in models]
        figures.append(("classes.png", f"F1 by {kind.class_word}",
                        lambda path: _bars(path, classes, f1, names, "F1")))
    if all(model["scores"].get("confusion") for model in models):
        figures.append(("confusion.png", "What is taken for what", lambda path: draw_confusions(
            path, [(model["name"], model["scores"]["confusion"]) for model in models],
            models[0]["scores"]["confusion_names"])))
    if any("calibration" in model for model in models):
        figures.append(("reliability.png", "Share of right predictions over their probability",
                        lambda path: plot_reliability(path, [
                            (f"{model['name']}, error {model['calibration']['error']:.3f}",
                             model["calibration"]) for model in models
                            if "calibration" in model])))
    if "cascade" in evaluation:
        figures.append(("cascade.png", "Score over the share of rows that the second model answers",
                        lambda path: plot_cascade(evaluation, path)))
    return figures
