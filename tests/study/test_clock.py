"""The time that a study says beforehand, and the time left while it goes on."""

import types

import pytest

from xtremedistil_tf.study import clock
from xtremedistil_tf.study.clock import Clock


@pytest.fixture
def now(monkeypatch):
    """Seconds that the clock sees; tests move them."""
    time = types.SimpleNamespace(seconds=0.0)
    monkeypatch.setattr(clock.time, "monotonic", lambda: time.seconds)
    return time


def test_it_says_what_the_parts_take():
    (line,) = Clock({"teacher": 600.0}, {"a": 1200.0, "b": 600.0}, targets={"a": 120.0},
                    measured=True).lines()
    assert line.startswith("time: about 42 min on this machine, from a few measured steps of one "
                           "run: teachers 10 min, their outputs 2 min, students 30 min; ")
    # Two GPUs train two students at a time, but one teacher.
    (line,) = Clock({"teacher": 600.0}, {"a": 1200.0, "b": 600.0}, parallel=2).lines()
    assert line.startswith("time: about 25 min on this machine, roughly: teachers 10 min, students")
    assert Clock().lines() == [] and Clock().text() == ""


def test_the_time_left_follows_what_was_seen(now):
    one = Clock({"teacher": 600.0}, {"a": 900.0, "b": 900.0}, targets={"a": 300.0})
    assert one.left == 2700.0 and one.text() == "about 45 min left"
    one.begin("teacher")
    now.seconds = 300.0
    assert one.left == pytest.approx(2400.0)
    # The teacher takes twice its time, and waits for that near its end.
    now.seconds = 1200.0
    assert one.left == pytest.approx((2700 - 0.95 * 600) * 1320 / (0.95 * 600 + 120))
    one.end("teacher")
    assert one.left == pytest.approx(2100 * 1320 / 720)
    one.begin("a")
    one.begin("b")
    now.seconds += 600.0
    # Two that share the cores have done half of that each.
    assert one.left == pytest.approx((2700 - 600 - 600) * 1920 / 1320)
    one.end("a")
    one.end("b")
    assert one.left == 0.0


def test_runs_on_gpus_of_their_own_are_done_side_by_side(now):
    one = Clock({}, {"a": 600.0, "b": 600.0, "c": 600.0, "d": 600.0}, parallel=2)
    assert one.left == 1200.0
    one.begin("a")
    one.begin("b")
    now.seconds = 300.0
    assert one.left == pytest.approx(900.0)


def test_a_teacher_that_is_only_scored_tells_nothing_of_the_runs(now):
    one = Clock({"teacher": 0.0}, {"a": 600.0})
    one.begin("teacher")
    now.seconds = 300.0
    one.end("teacher")
    one.begin("a")
    assert one.left == 600.0
