"""The forecast of a run: measured steps, shares of a budget, and the progress of the whole."""

import numpy as np
import pytest

from xtremedistil_tf import progress
from xtremedistil_tf.config import BatchSize
from xtremedistil_tf.errors import UserError
from xtremedistil_tf.planning.forecast import Forecast, Part, share_out
from xtremedistil_tf.planning.plan import parse_time
from xtremedistil_tf.planning.step_times import StepTimes

PARTS = (Part("teacher_01_all", 10, 20, 4), Part(progress.TARGETS, 60), Part("01_rep", 5, 10, 8),
         Part("02_labels", 5, 1, 8), Part(progress.FINAL, 30))


def test_an_epoch_is_its_batches():
    times = StepTimes(3.0, (8, 16), (1.0, 2.0))
    # Four batches of up to 8, two of up to 12 and a half one: the shares of full batches.
    lengths = np.array([8] * 40 + [12] * 25)
    assert times.epoch(lengths, BatchSize(10)) == pytest.approx(4 * 1.0 + 2.5 * 1.5)
    # Outside the measured lengths the nearest counts.
    assert times.epoch(np.array([4] * 10), BatchSize(10)) == pytest.approx(1.0)


def test_epochs_are_shared_out_for_a_budget():
    forecast = Forecast(PARTS, 1e9, 2**30)
    total = sum(forecast.seconds.values())
    assert total == 10 + 80 + 60 + 5 + 80 + 5 + 8 + 30
    assert share_out(forecast, total) == {"teacher_01_all": 4, "01_rep": 8, "02_labels": 8}
    half = share_out(forecast, total - 80)
    assert half == {"teacher_01_all": 2, "01_rep": 4, "02_labels": 4}
    assert share_out(forecast, 10) is None
    least = share_out(forecast, 110 + 31)
    assert set(least.values()) == {1}


def test_what_is_told_of_a_forecast():
    time, memory = Forecast(PARTS, 1e9, 2**30, True).lines()
    assert "about 5 min" in time and "teacher 90 s, its outputs 60 s, student" in time
    assert memory == "memory: 1.0 GiB; disk: at most 1.00 GB"
    # Not every system tells the memory of a process.
    assert Forecast(PARTS, 1e9, None, True).lines() == [time, "disk: at most 1.00 GB"]
    assert len(Forecast(PARTS, 1e9).lines()) == 1
    assert [progress.duration(seconds) for seconds in (4, 600, 4000, 7260)] == [
        "4 s", "10 min", "67 min", "2 h 1 min"]


def test_times_for_people():
    assert [parse_time(text) for text in ("2h", "45m", "1h30m", "0.5h", "20 min")] == [
        7200, 2700, 5400, 1800, 1200]
    for text in ("", "0h", "fast", "1.2.3h", "10"):
        with pytest.raises(UserError, match="--time_budget is"):
            parse_time(text)


def test_the_whole_run_counts_all_its_parts(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    whole = progress.Whole({"a": 100, "b": 100, "c": 200})
    assert whole.text() == "run 0 %, 7 min left"
    whole.move("a", 0.1)
    now[0] = 280.0
    whole.move("b", 0.6)  # `a` ended early; what was seen is nearly twice as slow.
    assert whole.share == pytest.approx(0.4)
    assert whole.left == pytest.approx(240 * (280 + 120) / (150 + 120))
    whole.move("a", 1.0)  # Nothing goes back.
    whole.move("other", 1.0)
    assert whole.share == pytest.approx(0.4)
    # A run that goes on starts in the middle.
    later = progress.Whole({"a": 100, "b": 100, "c": 200})
    now[0] = 281.0
    later.move("c", 0.0)
    assert later.left == pytest.approx(200 * 121 / 120)


def test_every_bar_tells_of_the_whole(monkeypatch, caplog):
    shown = []
    monkeypatch.setattr(
        "tqdm.std.tqdm.set_postfix_str", lambda bar, text, refresh: shown.append(text))
    with caplog.at_level("INFO", logger="absl"), progress.whole_run({"a": 10, "b": 30}):
        with progress.Progress(4, "stage a", "steps", part="a") as bar:
            bar.note("loss 1")
            bar.advance(2)
    assert shown[0] == "loss 1" and shown[1].startswith("loss 1, run 12 %, ")
    assert any(message.startswith("run 25 %, ") for message in caplog.messages)
