"""Learning rates at the epochs where the authors' schedule turns."""

import math

import pytest

from xtremedistil_tf.errors import UserError
from xtremedistil_tf.training.schedules import CosineOnce, CosineRestarts, LinearWarmup

STEPS = 10


def authors(epoch, high=1e-3, low=1e-8, period=50):
    """The rate of a whole epoch, walked through as `original.md` and the paper describe it."""
    at = 0
    for _ in range(epoch):
        if at == period:
            at, period, high = 0, period * 2, high * 0.97
        else:
            at += 1
    return low + 0.5 * (high - low) * (1 + math.cos(math.pi * at / period))


def test_it_is_a_schedule_of_tensorflow_addons():
    tfa = pytest.importorskip("tensorflow_addons")  # Python 3.12 and later have none.
    assert isinstance(CosineRestarts(1e-3, 1e-8, 50, STEPS), tfa.optimizers.CyclicalLearningRate)


@pytest.mark.parametrize("epoch", [0, 1, 25, 49, 50, 51, 52, 79, 151, 152, 153, 300, 400])
def test_restarts_equal_the_authors_at_whole_epochs(epoch):
    schedule = CosineRestarts(1e-3, 1e-8, 50, STEPS)
    assert float(schedule(epoch * STEPS)) == pytest.approx(authors(epoch), rel=1e-3, abs=2e-9)


def test_known_values():
    schedule = CosineRestarts(1e-3, 1e-8, 50, STEPS)
    assert float(schedule(0)) == pytest.approx(1e-3)
    assert float(schedule(50 * STEPS)) == pytest.approx(1e-8, abs=1e-9)
    assert float(schedule(51 * STEPS)) == pytest.approx(0.97e-3)
    # The authors' 80 epochs stop in the middle of the second cycle.
    assert float(schedule(79 * STEPS)) == pytest.approx(7.9e-4, rel=1e-2)


def test_restarts_fall_at_every_step():
    schedule = CosineRestarts(1e-3, 1e-8, 50, STEPS)
    rates = [float(schedule(step)) for step in range(40 * STEPS)]
    assert all(later < sooner for sooner, later in zip(rates[1:], rates[2:]))


def test_one_cosine_ends_at_the_floor_with_the_last_step():
    schedule = CosineOnce(1e-3, 1e-8, 6, STEPS)
    assert float(schedule(0)) == pytest.approx(1e-3)
    assert float(schedule(6 * STEPS - 1)) == pytest.approx(1e-8, abs=1e-9)
    assert float(schedule((6 * STEPS - 1) / 2)) == pytest.approx(5e-4, rel=1e-2)


def test_warmup_rises_and_falls_linearly():
    schedule = LinearWarmup(1.0, 0.0, 0.2, 100)
    assert float(schedule(0)) == pytest.approx(1 / 20)
    assert float(schedule(19)) == pytest.approx(1.0)
    assert float(schedule(60)) == pytest.approx(0.5)
    assert float(schedule(100)) == 0.0


def test_config_builds_it_again():
    schedule = CosineRestarts(1e-3, 1e-8, 50, STEPS)
    assert float(CosineRestarts(**schedule.get_config())(37)) == float(schedule(37))


@pytest.mark.parametrize(("make", "told"), [
    (lambda: CosineRestarts(1.0, 0.0, 0, STEPS), "CosineRestarts: period is 0"),
    (lambda: CosineRestarts(1.0, 0.0, -1, STEPS), "CosineRestarts: period is -1"),
    (lambda: CosineRestarts(1.0, 0.0, 1.5, STEPS), "period is 1.5; allowed: a whole number"),
    (lambda: CosineRestarts(1.0, 0.0, 5, 0), "CosineRestarts: steps_per_epoch is 0"),
    (lambda: CosineRestarts(0.1, 0.2, 5, STEPS), "rates from 0.1 to 0.2; allowed: 0 <= low"),
    (lambda: CosineRestarts(math.nan, 0.0, 5, STEPS), "rates from nan"),
    (lambda: CosineOnce(1.0, 0.0, 0, STEPS), "CosineOnce: epochs is 0"),
    (lambda: CosineOnce(math.inf, 0.0, 5, STEPS), "CosineOnce: rates from inf"),
    (lambda: LinearWarmup(1.0, 0.0, 0.1, 0), "LinearWarmup: steps is 0"),
    (lambda: LinearWarmup(1.0, 0.0, 1.1, 9), "LinearWarmup: warmup is 1.1; allowed: 0 to 1"),
    (lambda: LinearWarmup(1.0, -1.0, 0.1, 9), "LinearWarmup: rates from 1.0 to -1.0"),
])
def test_a_schedule_that_cannot_be_followed_is_refused_when_it_is_made(make, told):
    with pytest.raises(UserError, match=told):
        make()
