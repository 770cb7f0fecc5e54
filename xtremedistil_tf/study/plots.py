"""The plot of a study's table."""

import pathlib
import textwrap
from typing import Any, List, Mapping, Sequence, Tuple

from xtremedistil_tf.reporting.figures import new_figure, save, tidy
from xtremedistil_tf.study.grids import Study
from xtremedistil_tf.study.tables import Line

_OURS, _PAPERS, _TEACHERS = "#1f6fb4", "#c8501e", "#9aa3ae"
# Characters of a line of a name; longer names go on in a further line.
_NAME = 26
# Most lines, and characters of their names, that stand side by side on the x axis.
_MOST_BESIDE, _SHORT = 12, 8


def wrapped(name: str, width: int = _NAME) -> str:
    """Breaks a long name after underscores, and within a part that is too long."""
    parts = textwrap.wrap(name.replace("_", "_ "), width + 1, break_on_hyphens=False)
    return "\n".join(part.replace("_ ", "_").strip() for part in parts)


def _inches(names: Sequence[str]) -> List[float]:
    """Height of each name's line in inches."""
    return [0.24 + 0.19 * name.count("\n") + 0.12 for name in names]


def plot_lines(
    study: Study, lines: Sequence[Line], path: pathlib.Path, *, score: str = "F1"
) -> None:
    """Draws a study's lines as points with deviation over seeds, and the paper's scores.

    Few lines with short names stand on the x axis; others on the y axis, where any name has room.

    Args:
      study: the study.
      lines: the lines of its table.
      path: the PNG to write.
      score: name of their scores.
    """
    shown = [study.shown.get(line.name, line.name) for line in lines]
    names, setting = list(map(wrapped, shown)), study.shown.get(study.axis, study.axis)
    beside = len(lines) <= _MOST_BESIDE and all(len(name) <= _SHORT for name in shown)
    figure = new_figure(max(6.0, 0.8 * len(lines) + 2), 4.4) if beside \
        else new_figure(8.0, 1.6 + max(1.2, sum(_inches(names))))
    axis = figure.subplots()
    tidy(axis, grid="y" if beside else "x")

    def draw(found: Sequence[Tuple[int, float]], marker: str, **look: Any) -> None:
        """Draws points (place, score)."""
        places, scores = zip(*found)
        axis.plot(*((places, scores) if beside else (scores, places)), marker, **look)

    spread = [line.seeds_std or 0.0 for line in lines]
    if any(spread):
        way = {"yerr": spread} if beside else {"xerr": spread}
        at = (range(len(lines)), [line.f1 for line in lines])
        axis.errorbar(*(at if beside else at[::-1]), **way, fmt="none", capsize=4, color=_OURS)
    draw([(at, line.f1) for at, line in enumerate(lines)], "o", color=_OURS,
         label="here (mean, spread over seeds)" if any(spread) else "here")
    reported = [(at, line.reported.f1) for at, line in enumerate(lines) if line.reported]
    if reported:
        draw(reported, "s", color=_PAPERS, markerfacecolor="none",
             label="paper (41 languages, mBERT)")
    teachers = [(at, line.teacher) for at, line in enumerate(lines) if line.teacher is not None]
    if teachers:
        draw(teachers, "_" if beside else "|", markersize=14, markeredgewidth=2, color=_TEACHERS,
             label="teacher")
    if beside:
        axis.set_xticks(range(len(lines)), names)
        axis.set_xlim(-0.6, len(lines) - 0.4)
        axis.set_xlabel(wrapped(setting, 70))
        axis.set_ylabel(f"{score} (0-100), mean over languages")
    else:
        axis.set_yticks(range(len(lines)), names, fontsize=9)
        axis.set_ylim(len(lines) - 0.4, -0.6)  # The first line of the table is on top.
        axis.set_xlabel(f"{score} (0-100), mean over languages")
        axis.set_title(wrapped(setting, 70), fontsize=10)
    axis.margins(**{"y" if beside else "x": 0.12})
    figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    save(figure, path)


def plot_curve(
    study: Study, lines: Sequence[Line], path: pathlib.Path, *, score: str = "F1"
) -> None:
    """Draws the score over the number that is each line's name, and over the minutes it takes.

    Points over minutes carry their line's name.

    Args:
      study, lines, score: see `plot_lines`; each line has minutes, its name is a number.
      path: the PNG to write.
    """
    figure = new_figure(9.0, 4.2)
    panels = figure.subplots(1, 2, sharey=True)
    lines = sorted(lines, key=lambda line: int(line.name))
    numbers = [int(line.name) for line in lines]
    minutes = [line.minutes for line in lines]
    scores = [line.f1 for line in lines]
    spread = [line.seeds_std or 0.0 for line in lines]
    for axis, places, label in zip(panels, (numbers, minutes),
                                   (study.axis, "minutes of training")):
        axis.errorbar(places, scores, yerr=spread if any(spread) else None, fmt="o-", capsize=4,
                      color=_OURS, label="here (mean, spread over seeds)" if any(spread)
                      else "here")
        if all(line.teacher is not None for line in lines):
            axis.plot(places, [line.teacher for line in lines], "--", color=_TEACHERS,
                      label="teacher")
        axis.set_xlabel(label)
        axis.margins(x=0.15, y=0.1)
        tidy(axis)
    panels[0].set_xscale("log")
    panels[0].set_xticks(numbers, [f"{number:,}" for number in numbers])
    panels[0].set_xticks([], minor=True)
    for place in zip(numbers, minutes, scores):
        panels[1].annotate(f"{place[0]:,}", place[1:], xytext=(6, -12),
                           textcoords="offset points", fontsize=8, color=_OURS)
    panels[0].set_ylabel(f"{score} (0-100), mean over languages")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3,
                  frameon=False, fontsize=8)
    save(figure, path)


def plot_languages(
    labels: Mapping[str, int], models: Mapping[str, Sequence[float]], path: pathlib.Path
) -> None:
    """Draws F1 and number of labels by language, fewest labels first (Figure 2)."""
    order = sorted(labels, key=lambda name: (labels[name], name))
    figure = new_figure(max(6.0, 0.5 * len(order) + 2), 4.2)
    axis = figure.subplots()
    count = axis.twinx()
    count.bar(range(len(order)), [labels[name] for name in order], color="#e3e6ea", zorder=0)
    count.set_ylabel("training rows")
    axis.set_zorder(count.get_zorder() + 1)
    axis.patch.set_visible(False)
    for (name, f1), colour in zip(models.items(), (_PAPERS, _TEACHERS, _OURS)):
        axis.plot(range(len(order)), f1, "o-", color=colour, label=name)
    axis.set_xticks(range(len(order)), order)
    axis.set_ylabel("F1 (0-100)")
    figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    tidy(axis)
    save(figure, path)
