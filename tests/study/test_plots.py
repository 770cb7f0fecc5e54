"""Plots of studies: every name can be read, however long it is."""

import pytest

from xtremedistil_tf.study import plots
from xtremedistil_tf.study.grids import STUDIES, Study, grid_study
from xtremedistil_tf.study.tables import Line

LONG = grid_study([f"{name}=1" for name in (
    "learning_rate", "strategy", "word_emb_dim", "hidden_size", "num_attention_heads")])


@pytest.fixture
def drawn(monkeypatch, tmp_path):
    """Draws lines; returns the figure that would be written."""
    figures = []
    monkeypatch.setattr(plots, "save", lambda figure, path: figures.append(figure))

    def draw(study, lines, plot=plots.plot_lines):
        plot(study, lines, tmp_path / "plot.png")
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


def test_values_of_a_grid_are_set_apart(drawn):
    study = grid_study(["word_emb_dim=50", "word_embedding=svd_pretrained,random"])
    figure = drawn(study, [Line(line.name, 40.0, 1.0, None) for line in study.variants(None)])
    (axis,) = figure.axes
    assert [label.get_text() for label in axis.get_yticklabels()] == [
        "50, svd_pretrained", "50, random"]
    assert axis.title.get_text() == "word_emb_dim, word_embedding"


def test_a_curve_shows_scores_over_its_numbers_and_over_minutes(drawn):
    lines = [Line(str(size), f1, 1.0, None, teacher=80.0, minutes=minutes)
             for size, f1, minutes in ((48000, 77.0, 26.0), (3000, 58.0, 4.0))]
    figure = drawn(STUDIES["transfer_size"], lines, plots.plot_curve)
    figure.canvas.draw()
    sizes, minutes = figure.axes
    # Sorted by their numbers, whatever the order of the table's lines.
    assert list(sizes.lines[0].get_xdata()) == [3000, 48000]
    assert list(minutes.lines[0].get_xdata()) == [4.0, 26.0]
    for axis in figure.axes:
        assert list(axis.lines[0].get_ydata()) == [58.0, 77.0]
        assert list(axis.lines[-1].get_ydata()) == [80.0, 80.0]
    assert [tick.get_text() for tick in sizes.get_xticklabels()] == ["3,000", "48,000"]
    assert [text.get_text() for text in minutes.texts] == ["3,000", "48,000"]
    for text in minutes.texts:
        box = text.get_window_extent()
        assert figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1
