"""Draws a run's figures: stages, languages, losses and learning rates, as PNG files."""

from __future__ import annotations

import math
import pathlib
from typing import Any, List, Mapping, Sequence, Tuple

from xtremedistil_tf.metrics.measures import measure_name, measure_of, taught
from xtremedistil_tf.reporting.figures import COLOURS, new_figure, save, tidy
from xtremedistil_tf.reporting.run_metrics import (
    AGREEMENT,
    by_agreement,
    language_scores,
    models_text,
    scored_split,
    scores_of,
)
from xtremedistil_tf.tasks import task_kind_of

TEACHER_COLOUR = "#9aa3ae"
STUDENT_COLOUR = "#1f6fb4"
MARK_COLOUR = "#c8501e"
# With more languages, the numbers above neighbouring bars would overlap.
MOST_LABELLED_LANGUAGES = 12

History = Sequence[Mapping[str, Any]]


def _number(value: Any) -> float:
    """Turns a missing value into NaN, which matplotlib does not draw."""
    return math.nan if value is None else float(value)


def plot_stages(metrics: Mapping[str, Any], path: pathlib.Path) -> None:
    """Draws the student's dev score after each stage against the teacher's.

    Args:
        metrics: a run's metrics.json, with at least one stage.
        path: the PNG to write.
    """
    stages = metrics["stages"]
    names = [stage["name"] for stage in stages]
    agreed = by_agreement(metrics)
    key = AGREEMENT if agreed else "dev"
    scores = [stage.get(key) or {} for stage in stages]
    measure = AGREEMENT if agreed else measure_of(metrics)
    centre = [_number(score.get(measure)) for score in scores]
    spread_key = task_kind_of(metrics).spread
    spread = [_number(spread_key and score.get(spread_key)) for score in scores]
    places = list(range(len(stages)))

    figure = new_figure(max(6.5, 1.0 * len(stages) + 2.2), 5.2)
    axis = figure.add_subplot()
    tidy(axis)
    if any(not math.isnan(value) for value in spread):
        low = [max(0.0, centre[place] - spread[place]) for place in places]
        high = [min(100.0, centre[place] + spread[place]) for place in places]
        axis.fill_between(places, low, high, color=STUDENT_COLOUR, alpha=0.15, linewidth=0,
                          label="student, ± one std over languages")
    axis.plot(places, centre, color=STUDENT_COLOUR, marker="o", label="student",
              clip_on=False)
    teacher = scores_of(metrics, "teacher", "dev").get(measure)
    if teacher is not None:
        axis.axhline(teacher, color="#4a525c", linestyle="--", linewidth=1.3,
                     label=f"teacher ({teacher:.2f})")
    before = scores_of(metrics, "start", "dev").get(measure)
    if before is not None:
        axis.axhline(before, color="#4a525c", linestyle=":", linewidth=1.3,
                     label=f"before ({before:.2f})")
    selected = (metrics.get("student") or {}).get("selected_stage")
    if selected in names:
        place = names.index(selected)
        axis.plot([place], [centre[place]], marker="*", markersize=17, color=MARK_COLOUR,
                  linestyle="none", zorder=4, clip_on=False, label="selected stage")
    for place, value in enumerate(centre):
        if not math.isnan(value):
            # Low points have labels above the axis, high points below the teacher's line; each is
            # shifted to the side where a steep rise does not cross it.
            axis.annotate(f"{value:.1f}", (place, value), textcoords="offset points",
                          xytext=(-9, 11) if value < 20 else (11, -21), ha="center", fontsize=9)
    axis.set_xticks(places, names, rotation=30, ha="right", rotation_mode="anchor")
    axis.set_xlim(-0.5, len(stages) - 0.5)
    axis.set_ylim(0, 103)
    axis.set_yticks(range(0, 101, 20))
    axis.set_xlabel("stage")
    axis.set_ylabel("agreement with the teacher (0-100)" if agreed
                    else f"dev {measure_name(metrics)} (0-100)")
    axis.set_title("Student after each stage")
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


def _loss_panel(axis: Any, name: str, history: History, stage: Mapping[str, Any]) -> None:
    """Draws one stage: training loss on the left axis, the monitored score on the right axis."""
    from matplotlib.ticker import MaxNLocator

    epochs = [row["epoch"] for row in history]
    # A stage with one epoch is a single point, which needs a marker.
    marker = "o" if len(epochs) < 25 else None
    axis.plot(epochs, [_number(row.get("loss")) for row in history], color=STUDENT_COLOUR,
              marker=marker, markersize=3)
    axis.set_ylabel("loss", color=STUDENT_COLOUR, fontsize=9)
    axis.set_xlabel("epoch", fontsize=9)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6, min_n_ticks=1))
    axis.set_xlim(min(epochs) - 0.5, max(epochs) + 0.5)
    axis.set_title(name, fontsize=10)
    axis.grid(color="#e3e6ea", linewidth=0.8)
    monitored = [_number(row.get("monitor")) for row in history]
    if not all(math.isnan(value) for value in monitored):
        right = axis.twinx()
        right.plot(epochs, monitored, color=MARK_COLOUR, linestyle="--",
                   marker=marker and "s", markersize=4, markerfacecolor="none")
        right.set_ylabel(stage.get("monitor") or "monitor", color=MARK_COLOUR, fontsize=9)
        right.tick_params(labelsize=8)
        right.spines["top"].set_visible(False)
    if stage.get("best_epoch") is not None:
        axis.axvline(stage["best_epoch"], color="#4a525c", linestyle=":", linewidth=1.3)
    axis.tick_params(labelsize=8)
    axis.spines["top"].set_visible(False)


def _drawable(histories: Mapping[str, History]) -> List[Tuple[str, History]]:
    """Lists the histories with at least one epoch: the teacher's, then the stages in order."""
    found = [(name, rows) for name, rows in histories.items() if rows]
    return sorted(found, key=lambda item: item[0] != "teacher")


def plot_losses(histories: Mapping[str, History], path: pathlib.Path,
                *, stages: Sequence[Mapping[str, Any]] = ()) -> None:
    """Draws every stage's loss and monitored value by epoch, one panel a stage.

    Args:
        histories: each stage's epochs, by stage name; at least one holds an epoch.
        path: the PNG to write.
        stages: metrics.json's stages, for the monitors' names and the best epochs.
    """
    drawable = _drawable(histories)
    known = {stage["name"]: stage for stage in stages}
    columns = min(3 if len(drawable) <= 9 else 4, len(drawable))
    rows = math.ceil(len(drawable) / columns)
    figure = new_figure(max(5.5, 4.1 * columns), 2.7 * rows + 0.8)
    # Space between panels separates the right label of one from the left label of the next.
    figure.get_layout_engine().set(wspace=0.05, hspace=0.04)
    for place, (name, history) in enumerate(drawable):
        axis = figure.add_subplot(rows, columns, place + 1)
        _loss_panel(axis, name, history, known.get(name, {}))
    note = "solid: loss, dashed: monitored value"
    if any(known.get(name, {}).get("best_epoch") is not None for name, _ in drawable):
        note += ", dotted: best epoch"
    figure.suptitle(f"Training by epoch\n{note}", fontsize=11)
    save(figure, path)


def plot_learning_rate(histories: Mapping[str, History], path: pathlib.Path) -> None:
    """Draws the learning rate over all epochs of a run, one stage after the other.

    Args:
        histories: each stage's epochs, by stage name; at least one holds an epoch.
        path: the PNG to write.
    """
    from matplotlib import colormaps
    from matplotlib.ticker import MaxNLocator

    drawable = _drawable(histories)
    colours = colormaps["tab10"]  # An integer selects one of its ten colours.
    figure = new_figure(9.5, 4.4)
    axis = figure.add_subplot()
    tidy(axis)
    done = 0
    for place, (name, history) in enumerate(drawable):
        epochs = range(done + 1, done + 1 + len(history))
        axis.plot(epochs, [_number(row.get("learning_rate")) for row in history], marker=".",
                  color=colours(place % colours.N), label=name)
        done += len(history)
    rates = [_number(row.get("learning_rate")) for _, history in drawable for row in history]
    if any(rate > 0 for rate in rates):
        # Rates of teacher and student differ by orders of magnitude; zero has no logarithm.
        axis.set_yscale("log", nonpositive="mask")
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.set_xlabel("epoch, counted over all stages")
    axis.set_ylabel("learning rate")
    axis.set_title("Learning rate")
    figure.legend(loc="outside right upper", frameon=False, fontsize=9)
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
    figure.legend(loc="outside lower center", frameon=False)
    save(figure, path)
