"""Plots of studies: every name can be read, however long it is."""

import pytest

from xtremedistil_tf.study import plots
from xtremedistil_tf.study.grids import Study, grid_study
from xtremedistil_tf.study.tables import Line

LONG = grid_study([f"{name}=1" for name in (
    "learning_rate", "strategy", "word_emb_dim", "hidden_size", "num_attention_heads")])


@pytest.fixture
def drawn(monkeypatch, tmp_path):
    """Draws lines; returns the figure that would be written."""
    figures = []
    monkeypatch.setattr(plots, "save", lambda figure, path: figures.append(figure))

    def draw(study, lines):
        plots.plot_lines(study, lines, tmp_path / "plot.png")
        return figures.pop()

    return draw


@pytest.mark.parametrize("study, names", [
    (LONG, ["0.002_D0-S_transformer_96_96_2_12", "0.0005_D0-S_transformer_96_96_2_12"]),
    (LONG, ["a" * 60 + "_" + "b" * 60]),
    (LONG, ["D4.1", "D4.2"]),
    (Study("Table 8", "teacher layer", lambda facts: []), [str(layer) for layer in range(12)]),
], ids=["grid", "one long name", "long axis", "short names"])
def test_no_text_is_cut_off_or_overlaps(drawn, study, names):
    figure = drawn(study, [Line(name, 40.0 + at, 1.0, 0.5, teacher=60.0)
                           for at, name in enumerate(names)])
    figure.canvas.draw()
    (axis,), whole = figure.axes, figure.bbox
    ticks = [label for side in (axis.get_xticklabels(), axis.get_yticklabels()) for label in side
             if label.get_text().replace("\n", "") in names]
    assert [tick.get_text().replace("\n", "") for tick in ticks] == names
    boxes = [text.get_window_extent() for text in ticks]
    for one, other in zip(boxes, boxes[1:]):
        assert not one.overlaps(other)
    texts = [text for text in (axis.title, axis.xaxis.label, axis.yaxis.label) if text.get_text()]
    for box in [*boxes, *(text.get_window_extent() for text in texts),
                figure.legends[0].get_window_extent()]:
        assert whole.x0 <= box.x0 and box.x1 <= whole.x1, (box, whole)
        assert whole.y0 <= box.y0 and box.y1 <= whole.y1, (box, whole)
