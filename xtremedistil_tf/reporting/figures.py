"""Creates, styles and saves the figures of this package."""

import pathlib
import warnings
from typing import Any, List, Sequence

from xtremedistil_tf.files.atomic import atomic_path

DPI = 130
# Colours of the lines of a figure.
COLOURS = ("#1f6fb4", "#2f8f4e", "#8a6a1f", "#7b4fa3", "#c8501e")


def new_figure(width: float, height: float) -> Any:
    """Makes a figure (sizes in inches), drawn by Agg and independent of pyplot's global state."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _draw_dollars(figure: Any) -> None:
    """Takes a `$` in names as it is: between two of them matplotlib reads a formula."""
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        text.set_parse_math(False)
    # The powers of ten at a logarithmic axis are matplotlib's own formulas.
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        if axis.get_scale() == "log":
            for label in axis.get_ticklabels(which="both"):
                label.set_parse_math(True)


def save(figure: Any, path: pathlib.Path) -> None:
    """Writes a figure as a PNG, atomically.

    Names in scripts that matplotlib's font lacks, such as Thai, are drawn as boxes, without its
    warning of each character: the report has them in text.
    """
    _draw_dollars(figure)
    with atomic_path(path) as temporary, warnings.catch_warnings():
        for told in ("Glyph .* missing from", "Matplotlib currently does not support"):
            warnings.filterwarnings("ignore", message=told, category=UserWarning)
        figure.savefig(temporary, format="png")


def spread(places: Sequence[float], apart: float) -> List[float]:
    """Moves places of labels as little as needed for none to stand on another.

    Args:
      places: where the labels would stand, in any order.
      apart: least distance of two labels.

    Returns:
      The places, in the same order. Labels that were too near stand around their common middle.
    """
    order = sorted(range(len(places)), key=lambda at: places[at])
    groups: List[List[float]] = []  # Number of labels, and their middle.
    for at in order:
        count, middle = 1.0, places[at]
        while groups and middle - groups[-1][1] < apart * (count + groups[-1][0]) / 2:
            before, centre = groups.pop()
            middle = (before * centre + count * middle) / (before + count)
            count += before
        groups.append([count, middle])
    moved = [middle + apart * (rank - (count - 1) / 2)
             for count, middle in groups for rank in range(int(count))]
    found = dict(zip(order, moved))
    return [found[at] for at in range(len(places))]


def tidy(axis: Any, *, grid: str = "y") -> None:
    """Removes the box and draws a faint grid behind the data."""
    axis.spines[["top", "right"]].set_visible(False)
    axis.grid(axis=grid, color="#e3e6ea", linewidth=0.8)
    axis.set_axisbelow(True)
