"""A finished run as a Python object, for programs and notebooks."""

import dataclasses
import functools
import io
import os
import pathlib
from typing import Any, Dict, Union

from xtremedistil_tf.errors import UserError
from xtremedistil_tf.files.contents import read_json
from xtremedistil_tf.inference.runtimes.load import load
from xtremedistil_tf.reporting.figures import new_figure

# Number of parts of a report that a notebook shows: title, warnings, scores, stages.
_SHOWN_PARTS = 4


class Markdown(str):
    """A str of Markdown, which a notebook renders."""

    def _repr_markdown_(self) -> str:
        return str(self)


@dataclasses.dataclass(frozen=True)
class Plots:
    """A run's plots in one figure, which a notebook shows.

    Attributes:
      figure: a matplotlib Figure.
    """

    figure: Any

    def _repr_png_(self) -> bytes:
        file = io.BytesIO()
        self.figure.savefig(file, format="png")
        return file.getvalue()


class Run:
    """The folder of a finished distillation or fine-tuning.

    A notebook shows the beginning of its report.

    Args:
      folder: the run folder.

    Attributes:
      folder: the run folder.

    Raises:
      UserError: if the folder holds no finished run.

    Example:
      run = xtremedistil_tf.Run("runs/demo")
      run.metrics["student"]["test"]["macro_f1"]
      run.student("Anna Keller visited Alderton.")
      run.plot()
    """

    def __init__(self, folder: Union[str, pathlib.Path]):
        self.folder = pathlib.Path(folder)
        if not (self.folder / "metrics.json").is_file():
            raise UserError(f"{self.folder} holds no finished run (metrics.json is missing)")

    def __repr__(self) -> str:
        return f"Run({str(self.folder)!r})"

    @functools.cached_property
    def metrics(self) -> Dict[str, Any]:
        """Contents of metrics.json."""
        return read_json(self.folder / "metrics.json")

    @functools.cached_property
    def student(self) -> Any:
        """The student, loaded on first use; see `xtremedistil_tf.load`."""
        return load(self.folder)

    @property
    def report(self) -> Markdown:
        """The report. Its links to plots are relative to the current folder."""
        text = (self.folder / "report.md").read_text("utf-8")
        plots = pathlib.PurePath(os.path.relpath(self.folder / "plots")).as_posix()
        return Markdown(text.replace("](plots/", f"]({plots}/"))

    def plot(self) -> Plots:
        """Returns the run's plots, one below the other.

        Raises:
          UserError: if the run folder has none.
        """
        from matplotlib.image import imread

        paths = sorted((self.folder / "plots").glob("*.png"))
        if not paths:
            raise UserError(f"{self.folder / 'plots'} holds no plots")
        pictures = [imread(path) for path in paths]
        heights = [picture.shape[0] / picture.shape[1] for picture in pictures]
        figure = new_figure(9.0, 9.0 * sum(heights))
        axes = figure.subplots(len(pictures), 1, squeeze=False,
                               gridspec_kw={"height_ratios": heights})
        for axis, picture in zip(axes[:, 0], pictures):
            axis.imshow(picture)
            axis.axis("off")
        return Plots(figure)

    def _repr_markdown_(self) -> str:
        return "\n## ".join(self.report.split("\n## ")[:_SHOWN_PARTS])
