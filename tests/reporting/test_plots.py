"""Tests of the figures a run leaves: whole PNG files for every shape of metrics."""

import sys

import numpy as np
import pytest

from xtremedistil_tf.reporting import class_tables, paper, plots
from xtremedistil_tf.reporting.figures import new_figure, save

STAGES = [f"{place:02d}_some_stage" for place in range(1, 10)]


def make_scores(base, codes, classification=False):
    """Makes scores around `base` for the languages."""
    if classification:
        return {"accuracy": base, "macro_f1": base,
                "languages": {code: {"accuracy": base} for code in codes}}
    return {"macro_f1": base, "micro_f1": base, "std_f1": 3.0,
            "languages": {code: {"f1": base, "support": 10} for code in codes}}


def make_metrics(codes=("de", "en"), names=STAGES, test=True, classification=False):
    """Makes what the figures read of a run's metrics."""
    splits = ("dev", "test") if test else ("dev",)
    kind = {"kind": "classification", "measure": "accuracy"} if classification else {}
    return {**kind,
            "teacher": {split: make_scores(90.0, codes, classification) for split in splits},
            "student": {"selected_stage": names[-1],
                        **{split: make_scores(80.0, codes, classification) for split in splits}},
            "stages": [{"name": name, "monitor": "macro_f1", "best_epoch": 1,
                        "dev": make_scores(9.0 * place, codes, classification)}
                       for place, name in enumerate(names)]}


def make_history(epochs, monitor=50.0):
    """Makes a history of some epochs."""
    return [{"epoch": epoch, "loss": 1.0 / epoch, "learning_rate": 1e-3 / epoch,
             "monitor": monitor, "seconds": 1.0} for epoch in range(1, epochs + 1)]


def read_picture(path):
    """Reads a PNG, which must be alone in its folder and not one flat colour."""
    from matplotlib.image import imread

    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    assert path.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    pixels = imread(str(path))
    assert min(pixels.shape[:2]) > 300
    assert np.unique(pixels.reshape(-1, pixels.shape[-1]), axis=0).shape[0] > 10
    return pixels


@pytest.fixture
def figures(monkeypatch):
    """Collects the figures that a plot makes, to look at what they hold."""
    made = []
    new_figure = plots.new_figure

    def remember(width, height):
        made.append(new_figure(width, height))
        return made[-1]

    monkeypatch.setattr(plots, "new_figure", remember)
    return made


def bars_of(figure):
    """Gives each model's bar heights, by its label in the legend."""
    return {bars.get_label(): [bar.get_height() for bar in bars]
            for bars in figure.axes[0].containers}


@pytest.mark.parametrize("codes", [["de"], list(paper.TABLE_17)[:8], list(paper.TABLE_17)])
def test_languages_are_drawn_for_any_number(tmp_path, figures, codes):
    """One, eight and 41 languages give a bar a model each, named on the axis."""
    path = tmp_path / "plots" / "languages.png"
    plots.plot_languages(make_metrics(codes), path)
    read_picture(path)
    assert bars_of(figures[0]) == {"teacher": [90.0] * len(codes), "student": [80.0] * len(codes)}
    assert len({bars[0].get_facecolor() for bars in figures[0].axes[0].containers}) == 2
    ticks = [label.get_text() for label in figures[0].axes[0].get_xticklabels()]
    assert sorted(ticks) == sorted(codes)


def test_languages_are_ranked_and_keep_their_pairs(tmp_path, figures):
    """The best student score comes first, with its own teacher beside it."""
    metrics = make_metrics(["de", "en"], test=False)
    metrics["student"]["dev"]["languages"]["en"]["f1"] = 85.0
    metrics["teacher"]["dev"]["languages"]["en"]["f1"] = 70.0
    plots.plot_languages(metrics, tmp_path / "languages.png")
    assert bars_of(figures[0]) == {"teacher": [70.0, 90.0], "student": [85.0, 80.0]}
    assert figures[0].axes[0].get_ylabel() == "dev F1 (0-100)"


def test_classification_languages_show_accuracy(tmp_path, figures):
    """The axis names the score that is drawn."""
    plots.plot_languages(make_metrics(classification=True), tmp_path / "languages.png")
    assert figures[0].axes[0].get_ylabel() == "test accuracy (0-100)"
    assert bars_of(figures[0])["student"] == [80.0, 80.0]


def test_languages_of_a_student_alone(tmp_path, figures):
    """Without a teacher a language has one bar."""
    metrics = {**make_metrics(("de", "en", "fr")), "start": {"name": "small"}}
    plots.plot_languages(metrics, tmp_path / "languages.png")
    assert bars_of(figures[0]) == {"student": [80.0] * 3}
    assert figures[0].axes[0].get_title() == "Student by language"


@pytest.mark.parametrize("names", [STAGES, STAGES[:1]])
@pytest.mark.parametrize("classification", [False, True])
def test_stages_hold_the_dev_scores(tmp_path, figures, names, classification):
    """The line is the stages' dev measure, thin lines are its languages, a star is selected."""
    path = tmp_path / "stages.png"
    metrics = make_metrics(names=names, classification=classification)
    metrics["alone"] = {"dev": make_scores(50.0, ("de", "en"), classification)}
    plots.plot_stages(metrics, path)
    read_picture(path)
    axis = figures[0].axes[0]
    lines = {line.get_label(): list(line.get_ydata()) for line in axis.get_lines()}
    assert lines["student"] == [9.0 * place for place in range(len(names))]
    assert lines["teacher (90.00)"] == [90.0, 90.0]
    assert lines["student alone (50.00)"] == [50.0, 50.0]
    assert lines["selected stage"] == [9.0 * (len(names) - 1)]
    assert sum(line.get_linewidth() < 1 for line in axis.get_lines()) == 2


def test_stages_before_the_logits_are_left_out(tmp_path, figures):
    """The score of a random logits layer is chance, and would squeeze the axis."""
    metrics = make_metrics()
    for place, stage in enumerate(metrics["stages"]):
        stage["trainable"] = ["logits"] if place else ["projection"]
    plots.plot_stages(metrics, tmp_path / "stages.png")
    ticks = [label.get_text() for label in figures[0].axes[0].get_xticklabels()]
    assert ticks == STAGES[1:]


def test_losses_of_other_magnitudes_have_a_logarithmic_axis(tmp_path, figures):
    plots.plot_losses({"a": make_history(20), "b": make_history(1)}, tmp_path / "losses.png")
    assert figures[0].axes[1].get_yscale() == "log"


@pytest.mark.parametrize("codes, named", [(12, 12), (13, plots.WEAKEST)])
def test_names_of_languages_stand_apart(tmp_path, figures, codes, named):
    """Lines that end at one place have names one above the other; of many only the weakest."""
    codes = list(paper.TABLE_17)[:codes]
    plots.plot_stages(make_metrics(codes), tmp_path / "stages.png")
    axis = figures[0].axes[0]
    boxes = [text.get_window_extent() for text in axis.texts if text.get_text() in codes]
    assert len(boxes) == named
    assert not any(one.overlaps(other) for one in boxes for other in boxes if one is not other)


def test_stages_without_teacher_or_a_score(tmp_path, figures):
    """A stage that was not scored is a gap, and a teacher without dev scores no line."""
    metrics = make_metrics()
    metrics["stages"][0]["dev"] = None
    del metrics["teacher"]["dev"]
    plots.plot_stages(metrics, tmp_path / "stages.png")
    lines = {line.get_label(): line.get_ydata() for line in figures[0].axes[0].get_lines()}
    assert {"student", "selected stage"} == {name for name in lines if not name.startswith("_")}
    assert np.isnan(lines["student"][0]) and lines["student"][1] == 9.0


def test_dev_is_one_line_over_all_stages(tmp_path, figures):
    """Stages of another monitor are left out of it; losses have all stages; the teacher none."""
    histories = {STAGES[0]: make_history(4), STAGES[1]: [], STAGES[2]: make_history(2),
                 STAGES[3]: make_history(1), "teacher": make_history(3)}
    stages = make_metrics()["stages"]
    stages[0]["monitor"] = "representation"
    path = tmp_path / "losses.png"
    plots.plot_losses(histories, path, stages=stages)
    read_picture(path)
    top, bottom = figures[0].axes
    (dev,) = [line for line in top.get_lines() if line.get_marker() == "o"]
    assert list(dev.get_xdata()) == [5, 6, 7] and list(dev.get_ydata()) == [50.0] * 3
    assert (top.get_ylabel(), bottom.get_ylabel()) == ("dev macro_f1", "training loss")
    borders = [text.get_text() for text in top.texts]
    assert borders == ["01", "03", "04"]
    assert bottom.get_yscale() == "linear"  # All losses are near 1.


def test_numbers_of_short_stages_stand_apart(tmp_path, figures):
    """A stage of few steps beside long ones leaves no room for its number."""
    stages = [{"name": name, "steps": 1000 if at < 4 else 5, "rates": [1e-3, 0.0]}
              for at, name in enumerate(STAGES)]
    plots.plot_learning_rate({name: make_history(1) for name in STAGES},
                             tmp_path / "learning_rate.png", stages=stages)
    boxes = [text.get_window_extent() for text in figures[0].axes[0].texts]
    assert len(boxes) == len(STAGES)
    assert all(one.x1 < other.x0 for one, other in zip(boxes, boxes[1:]))


def test_losses_without_a_monitor(tmp_path):
    """A history that monitored nothing is drawn all the same."""
    plots.plot_losses({"stage": make_history(2, monitor=None)}, tmp_path / "losses.png")
    read_picture(tmp_path / "losses.png")


def test_learning_rate_runs_by_step_over_the_stages(tmp_path, figures):
    """Rates are on linear axes, the teacher's apart; runs of before have them by epoch."""
    path = tmp_path / "learning_rate.png"
    stages = [{"name": name, "steps": 10, "rates": [1e-3, 5e-4, 0.0]} for name in ("a", "b")]
    plots.plot_learning_rate(
        {"a": make_history(1), "b": make_history(1), "teacher": make_history(2)}, path,
        stages=stages)
    read_picture(path)
    teacher, student = figures[0].axes
    drawn = [list(line.get_xdata()) for line in student.get_lines() if len(line.get_xdata()) > 2]
    assert drawn == [[0.0, 5.0, 10.0], [10.0, 15.0, 20.0]]
    assert (student.get_xlabel(), teacher.get_xlabel()) == ("step", "epoch")
    assert student.get_yscale() == "linear" and student.get_ylim()[0] == 0


def test_a_failed_plot_leaves_nothing(tmp_path, monkeypatch):
    """A figure that cannot be saved leaves neither a temporary nor a broken file."""
    from matplotlib.figure import Figure

    def fail(self, name, **unused_options):
        name.write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(Figure, "savefig", fail)
    with pytest.raises(OSError, match="disk full"):
        plots.plot_languages(make_metrics(), tmp_path / "languages.png")
    assert list(tmp_path.iterdir()) == []


def test_plotting_keeps_pyplots_state_alone(tmp_path):
    """Drawing opens no pyplot figure, which would stay in memory."""
    plots.plot_stages(make_metrics(), tmp_path / "stages.png")
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or pyplot.get_fignums() == []


def test_names_with_dollars_are_drawn_as_they_are(tmp_path):
    names = ["$$", "$_$", "a $ b"]
    tables = [("$^$, dev", np.eye(3).tolist())]
    class_tables.draw_confusions(tmp_path / "a" / "x.png", tables, names)
    read_picture(tmp_path / "a" / "x.png")
    figure = new_figure(4.0, 4.0)
    axis = figure.subplots()
    axis.plot([1, 10, 1000], [1, 2, 3], label="$_$")
    axis.set_xscale("log")
    axis.set_yticks([1, 2, 3], names)
    axis.legend()
    figure.suptitle("$$")
    save(figure, tmp_path / "b" / "x.png")
    read_picture(tmp_path / "b" / "x.png")
    # The powers of ten are no names.
    powers = [label for label in axis.get_xticklabels() if "mathdefault" in label.get_text()]
    assert powers and all(label.get_parse_math() for label in powers)


def test_names_that_the_font_lacks_say_nothing(tmp_path, recwarn):
    figure = new_figure(4, 3)
    figure.add_subplot().set_title("บุคคล 组织")
    save(figure, tmp_path / "a.png")
    read_picture(tmp_path / "a.png")
    assert not recwarn.list
