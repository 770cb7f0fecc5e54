"""Draws a run's figures: stages, languages, losses and learning rates, as PNG files."""

from __future__ import annotations

import math
import pathlib
from typing import Any, Dict, List, Mapping, Sequence, Tuple

from xtremedistil_tf.metrics.measures import (
    AGREEMENT,
    language_measure,
    measure_name,
    measure_of,
    taught,
)
from xtremedistil_tf.reporting.figures import COLOURS, new_figure, save, spread, tidy
from xtremedistil_tf.reporting.run_metrics import (
    by_agreement,
    language_scores,
    models_text,
    scored_split,
    scores_of,
)

TEACHER_COLOUR = "#9aa3ae"
STUDENT_COLOUR = "#1f6fb4"
MARK_COLOUR = "#c8501e"
# Models whose score a figure of the stages shows as a level line: name, line style and colour.
_LEVELS = {"teacher": ("teacher", "--", "#4a525c"), "start": ("before", ":", "#4a525c"),
           "alone": ("student alone", "-.", MARK_COLOUR)}
# With more languages, the numbers above neighbouring bars would overlap.
MOST_LABELLED_LANGUAGES = 12
# With more languages, a figure of the stages names this many of the weakest.
WEAKEST = 3

History = Sequence[Mapping[str, Any]]


def _number(value: Any) -> float:
    """Turns a missing value into NaN, which matplotlib does not draw."""
    return math.nan if value is None else float(value)


def _scored_stages(metrics: Mapping[str, Any]) -> List[Mapping[str, Any]]:
    """Stages whose score means something: those from the first that trains the logits layer on."""
    stages = metrics["stages"]
    for place, stage in enumerate(stages):
        if "logits" in stage.get("trainable", ("logits",)):
            return stages[place:]
    return stages


def _draw_languages(axis: Any, metrics: Mapping[str, Any], scores: List[Any],
                    agreed: bool) -> Dict[str, float]:
    """Draws a thin line for each language over the stages; returns where the lines end."""
    key = AGREEMENT if agreed else language_measure(metrics)[0]
    by_stage = [score.get("languages") or {} for score in scores]
    codes = sorted(set().union(*by_stage)) if by_stage else []
    ends: Dict[str, float] = {}
    for code in codes if len(codes) > 1 else ():
        values = [_number(entry.get(code, {}).get(key)) for entry in by_stage]
        axis.plot(range(len(values)), values, color=STUDENT_COLOUR, linewidth=0.7, alpha=0.35)
        if not math.isnan(values[-1]):
            ends[code] = values[-1]
    return ends


def _name_languages(axis: Any, ends: Mapping[str, float], at: float) -> None:
    """Names the lines of the languages at their ends; of many only the weakest."""
    shown = sorted(ends, key=lambda code: ends[code])
    if len(shown) > MOST_LABELLED_LANGUAGES:
        shown = shown[:WEAKEST]
    bottom, top = axis.get_ylim()
    # A name takes some 3.5 % of the height of the axis.
    for code, place in zip(shown, spread([ends[code] for code in shown], 0.035 * (top - bottom))):
        axis.annotate(code, (at, place), textcoords="offset points", xytext=(12, 0),
                      va="center", fontsize=7, color="#4a525c")


def plot_stages(metrics: Mapping[str, Any], path: pathlib.Path) -> None:
    """Draws the student's dev score after each stage against the teacher's, and its languages.

    Stages before the first that trains the logits layer are left out: their score is chance.

    Args:
      metrics: a run's metrics.json, with at least one stage.
      path: the PNG to write.
    """
    stages = _scored_stages(metrics)
    names = [stage["name"] for stage in stages]
    agreed = by_agreement(metrics)
    key = AGREEMENT if agreed else "dev"
    scores = [stage.get(key) or {} for stage in stages]
    measure = AGREEMENT if agreed else measure_of(metrics)
    centre = [_number(score.get(measure)) for score in scores]
    places = list(range(len(stages)))

    figure = new_figure(max(6.5, 1.0 * len(stages) + 2.2), 5.2)
    axis = figure.add_subplot()
    tidy(axis)
    ends = _draw_languages(axis, metrics, scores, agreed)
    axis.plot(places, centre, color=STUDENT_COLOUR, marker="o", linewidth=2, label="student",
              clip_on=False)
    for model, (name, style, colour) in _LEVELS.items():
        score = scores_of(metrics, model, "dev").get(measure)
        if score is not None:
            axis.axhline(score, color=colour, linestyle=style, linewidth=1.3,
                         label=f"{name} ({score:.2f})")
    selected = (metrics.get("student") or {}).get("selected_stage")
    if selected in names:
        place = names.index(selected)
        axis.plot([place], [centre[place]], marker="*", markersize=17, color=MARK_COLOUR,
                  linestyle="none", zorder=4, clip_on=False, label="selected stage")
    for place, value in enumerate(centre):
        if not math.isnan(value):
            axis.annotate(f"{value:.1f}", (place, value), textcoords="offset points",
                          xytext=(0, 10), ha="center", fontsize=9, fontweight="bold",
                          bbox={"boxstyle": "round,pad=0.1", "fc": "white", "ec": "none",
                                "alpha": 0.7})
    axis.set_xticks(places, names, rotation=30, ha="right", rotation_mode="anchor")
    axis.set_xlim(-0.5, len(stages) - 0.5)
    axis.margins(y=0.12)
    _name_languages(axis, ends, len(stages) - 1)
    axis.set_xlabel("stage")
    axis.set_ylabel("agreement with the teacher (0-100)" if agreed
                    else f"dev {measure_name(metrics)} (0-100)")
    named = f", named: the {WEAKEST} weakest" if len(ends) > MOST_LABELLED_LANGUAGES else ""
    axis.set_title("Student after each stage" + (f"; thin: its languages{named}" if ends else ""))
    figure.legend(loc="outside lower center", ncols=4 if len(stages) > 6 else 2, frameon=False)
    save(figure, path)


def plot_languages(metrics: Mapping[str, Any], path: pathlib.Path) -> None:
    """Draws the run's models side by side for every language, best student score first.

    Args:
      metrics: a run's metrics.json, with at least one language.
      path: the PNG to write.
    """
    split = scored_split(metrics)
    name, student = language_scores(metrics, "student", split)
    _, teacher = language_scores(metrics, "teacher", split)
    ranked = sorted(set(student) | set(teacher), key=lambda code: (-(student.get(code) or 0), code))

    labelled = min(len(ranked), MOST_LABELLED_LANGUAGES)
    inches = max(5.5, 0.95 * labelled + 1.5, 0.32 * len(ranked) + 2.5)
    figure = new_figure(min(18.0, inches), 4.6)
    axis = figure.add_subplot()
    tidy(axis)
    width = 0.4
    bars_of = [(teacher, -width / 2, TEACHER_COLOUR, "teacher"),
               (student, width / 2, STUDENT_COLOUR, "student")]
    if not taught(metrics):
        bars_of = [(student, 0.0, STUDENT_COLOUR, "student")]
    for values, shift, colour, model in bars_of:
        bars = axis.bar([place + shift for place in range(len(ranked))],
                        [_number(values.get(code)) for code in ranked],
                        width=width, color=colour, label=model)
        if len(ranked) <= MOST_LABELLED_LANGUAGES:
            labels = ["" if values.get(code) is None else f"{values[code]:.1f}" for code in ranked]
            axis.bar_label(bars, labels=labels, padding=2, fontsize=8)
    upright = all(len(code) <= 3 for code in ranked) or len(ranked) <= 6
    axis.set_xticks(range(len(ranked)), ranked, rotation=0 if upright else 90)
    axis.set_xlim(-1.0 if len(ranked) < 3 else -0.6, len(ranked) - (0 if len(ranked) < 3 else 0.4))
    axis.set_ylim(0, 105)
    axis.set_yticks(range(0, 101, 20))
    axis.set_xlabel("language")
    axis.set_ylabel(f"{split} {name} (0-100)")
    axis.set_title(f"{models_text(metrics)} by language")
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    save(figure, path)


def _drawable(histories: Mapping[str, History]) -> List[Tuple[str, History]]:
    """Lists the histories with at least one epoch: the teacher's, then the stages in order."""
    found = [(name, rows) for name, rows in histories.items() if rows]
    return sorted(found, key=lambda item: item[0] != "teacher")


def _borders(axis: Any, starts: Sequence[float], drawable: Sequence[Tuple[str, History]]) -> None:
    """Marks where the stages begin, with their numbers above the axis; the last thing drawn."""
    left, right = axis.get_xlim()
    # A number of two digits takes 0.19 inches.
    apart = 0.19 / axis.figure.get_figwidth() * (right - left)
    for at, place, (name, _) in zip(starts, spread(starts, apart), drawable):
        axis.axvline(at, color="#b9c0c8", linewidth=0.9)
        axis.annotate(name.partition("_")[0], (place, 1.0), xycoords=("data", "axes fraction"),
                      fontsize=8, xytext=(0, 3), textcoords="offset points", ha="left",
                      color="#4a525c")


def plot_losses(histories: Mapping[str, History], path: pathlib.Path,
                *, stages: Sequence[Mapping[str, Any]] = ()) -> None:
    """Draws the dev measure and the loss over all epochs of a run, stage after stage.

    The dev measure is one line; stages that another measure chooses are left out of it.

    Args:
      histories: each stage's epochs, by stage name; at least one holds an epoch.
      path: the PNG to write.
      stages: metrics.json's stages, for the monitors' names and the best epochs.
    """
    from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

    drawable = [item for item in _drawable(histories) if item[0] != "teacher"] \
        or _drawable(histories)
    known = {stage["name"]: stage for stage in stages}
    monitors = [known.get(name, {}).get("monitor", "monitor") for name, _ in drawable]
    shown = monitors[-1]
    figure = new_figure(max(7.0, min(14.0, 4.0 + 0.2 * sum(len(h) for _, h in drawable))), 6.4)
    top, bottom = figure.subplots(2, 1, sharex=True)
    lengths = [len(history) for _, history in drawable]
    starts = [sum(lengths[:place]) for place in range(len(lengths))]
    line: List[Tuple[float, float]] = []
    for start, monitor, (name, history) in zip(starts, monitors, drawable):
        epochs = [start + row["epoch"] for row in history]
        marker = "o" if len(epochs) < 25 else None
        bottom.plot(epochs, [_number(row.get("loss")) for row in history], color=STUDENT_COLOUR,
                    marker=marker, markersize=3)
        if monitor != shown:
            continue
        values = [_number(row.get("monitor")) for row in history]
        line += zip(epochs, values)
        best = known.get(name, {}).get("best_epoch")
        if best and best <= len(values):
            top.plot([start + best], [values[best - 1]], marker="*", markersize=11,
                     color=MARK_COLOUR, linestyle="none", zorder=4)
    top.plot([at for at, _ in line], [value for _, value in line], color=STUDENT_COLOUR,
             marker="o", markersize=3)
    losses = [_number(row.get("loss")) for _, history in drawable for row in history]
    # The losses of the phases often differ by orders of magnitude; near ones have readable ticks.
    if all(loss > 0 for loss in losses) and max(losses) > 10 * min(losses):
        bottom.set_yscale("log")
        bottom.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        bottom.yaxis.set_major_formatter("{x:g}")
        bottom.yaxis.set_minor_formatter(NullFormatter())
    for axis, label in ((top, f"dev {shown}"), (bottom, "training loss")):
        tidy(axis)
        axis.set_ylabel(label)
        axis.margins(y=0.15)
    bottom.xaxis.set_major_locator(MaxNLocator(integer=True))
    bottom.set_xlabel("epoch, counted over all stages")
    for axis in (top, bottom):
        _borders(axis, [start + 0.5 for start in starts], drawable)
    top.set_title("Training by epoch; above: the stages, star: best epoch, if any gained",
                  fontsize=11, pad=18)
    save(figure, path)


def _rate_panel(axis: Any, drawable: Sequence[Tuple[str, History]],
                known: Mapping[str, Mapping[str, Any]], title: str) -> None:
    """Draws the learning rate by step, stage after stage; by epoch for runs of earlier versions."""
    by_step = all(known.get(name, {}).get("rates") for name, _ in drawable)
    done, starts = 0.0, []
    for name, history in drawable:
        stage = known.get(name, {})
        if by_step:
            rates, length = stage["rates"], float(stage["steps"])
            places = [done + length * at / max(1, len(rates) - 1) for at in range(len(rates))]
        else:
            rates = [_number(row.get("learning_rate")) for row in history]
            length = float(len(history))
            places = [done + at for at in range(1, len(rates) + 1)]
        starts.append(done)
        axis.plot(places, rates, color=STUDENT_COLOUR, marker=None if by_step else ".")
        done += length
    tidy(axis)
    axis.set_ylim(bottom=0)
    axis.margins(y=0.2)
    axis.set_xlabel("step" if by_step else "epoch")
    axis.set_ylabel("learning rate")
    axis.ticklabel_format(axis="y", style="sci", scilimits=(-3, 3))
    axis.set_title(title, fontsize=11, pad=18)
    _borders(axis, starts, drawable)


def plot_learning_rate(histories: Mapping[str, History], path: pathlib.Path,
                       *, stages: Sequence[Mapping[str, Any]] = ()) -> None:
    """Draws the learning rate by step on linear axes: the teacher's, and the student's stages.

    Args:
      histories: each stage's epochs, by stage name; at least one holds an epoch.
      path: the PNG to write.
      stages: metrics.json's stages, with their rates; and the teacher's under "teacher".
    """
    drawable, known = _drawable(histories), {stage["name"]: stage for stage in stages}
    panels = [("Learning rate, student", [item for item in drawable if item[0] != "teacher"])]
    if drawable[0][0] == "teacher":
        panels.insert(0, ("Learning rate, teacher", drawable[:1]))
    panels = [panel for panel in panels if panel[1]]
    figure = new_figure(9.5, 3.0 * len(panels) + 0.4)
    for axis, (title, members) in zip(figure.subplots(len(panels), 1, squeeze=False)[:, 0], panels):
        _rate_panel(axis, members, known, title)
    save(figure, path)


def plot_reliability(
    path: pathlib.Path, curves: Sequence[Tuple[str, Mapping[str, Any]]]
) -> None:
    """Draws the share of right predictions over their probability; on the diagonal both agree.

    Args:
      path: the PNG to write.
      curves: (name, an object with `bins`, see `metrics.uncertainty.calibration.calibration`).
    """
    figure = new_figure(5.2, 5.2)
    axis = figure.add_subplot()
    tidy(axis, grid="both")
    axis.plot([0, 1], [0, 1], color="#9aa3ae", linestyle="--", linewidth=1.2)
    for colour, (name, found) in zip(COLOURS, curves):
        bins = found["bins"]
        places = [one["probability"] for one in bins], [one["right"] for one in bins]
        axis.plot(*places, color=colour, linewidth=1.0, alpha=0.6)
        # The area of a dot grows with the logarithm of its predictions: few say little.
        axis.scatter(*places, s=[6.0 + 14.0 * math.log10(one["count"]) for one in bins],
                     color=colour, clip_on=False, zorder=3, label=name)
    axis.set_xlim(0, 1)
    axis.set_ylim(0, 1)
    axis.set_xlabel("probability of the prediction")
    axis.set_ylabel("share of right predictions")
    axis.set_title("How sure, and how right; larger dots: more predictions", fontsize=11, pad=12)
    figure.legend(loc="outside lower center", frameon=False)
    save(figure, path)
