"""The largest and smallest of conditions: which side pays for the choice, and that it holds."""

from collections.abc import Callable
from math import sqrt

import numpy as np
import pytest
from scipy import special, stats

from support.statistics.bets import mean_interval
from support.statistics.extremes import largest_of_conditions, smallest_of_conditions
from support.statistics.near_normal import Grant, near_normal_interval
from support.statistics.sequence import Interval

MISLED = 1e-5
CONDITIONS = [np.random.default_rng(which).beta(2 + which, 4, 60) for which in range(3)]


def signed(trials: np.ndarray, alpha: float) -> Interval:
    return mean_interval(trials, -1.0, 1.0, alpha=alpha)


def test_largest_by_hand() -> None:
    at_full, at_third = ([signed(each, alpha) for each in CONDITIONS] for alpha in (0.001, 0.001 / 3))
    found = largest_of_conditions(CONDITIONS, signed)
    assert found.low == max(each.low for each in at_third)
    assert found.high == max(each.high for each in at_full)
    assert found.estimate == max(each.mean() for each in CONDITIONS)
    assert (found.trials, found.alpha, found.silence) == (60, 0.001, None)


def test_smallest_is_the_mirrored_largest() -> None:
    smallest = smallest_of_conditions(CONDITIONS, signed)
    mirrored = largest_of_conditions([-each for each in CONDITIONS], signed)
    assert (smallest.low, smallest.high, smallest.estimate) == pytest.approx(
        (-mirrored.high, -mirrored.low, -mirrored.estimate), abs=1e-12
    )


def test_largest_magnitude_pays_for_twice_as_many_sides() -> None:
    conditions = [CONDITIONS[0] - 0.9, CONDITIONS[1] - 0.3]
    at_full, at_quarter = ([signed(each, alpha) for each in conditions] for alpha in (0.001, 0.001 / 4))
    found = largest_of_conditions(conditions, signed, absolute=True)
    assert found.high == max(-at_full[0].low, at_full[1].high) == -at_full[0].low
    assert found.low == -at_quarter[0].high
    assert found.estimate == pytest.approx(0.9 - CONDITIONS[0].mean())
    around_zero = largest_of_conditions([np.tile([-0.5, 0.5], 20)], signed, absolute=True)
    assert around_zero.low == 0.0


def test_one_condition_is_its_own_largest_and_smallest() -> None:
    alone = signed(CONDITIONS[0], 0.001)
    for found in (largest_of_conditions(CONDITIONS[:1], signed), smallest_of_conditions(CONDITIONS[:1], signed)):
        assert (found.low, found.high) == (alone.low, alone.high)


def test_numbers_of_trials_may_differ_and_silence_is_passed_on() -> None:
    granted = Grant(200, 0.0, 0.0, None)

    def near_normal(trials: np.ndarray, alpha: float) -> Interval:
        return near_normal_interval(trials, granted, alpha=alpha)

    generator = np.random.default_rng(0)
    found = largest_of_conditions([generator.normal(size=50), generator.normal(size=20)], near_normal)
    assert (found.trials, found.high, found.silence) == (20, np.inf, "20 trials, first look at 24")


def test_clipped_trials_are_summed() -> None:
    assert largest_of_conditions([np.array([2.0, 0.0]), np.array([-3.0, 3.0])], signed).clipped == 3


def test_no_conditions() -> None:
    for extreme in (largest_of_conditions, smallest_of_conditions):
        with pytest.raises(ValueError, match="of no conditions is not defined"):
            extreme([], signed)


def student(trials: np.ndarray, alpha: float) -> Interval:
    """At one number of trials of exactly this level, so that each side shows what it pays for the choice."""
    n, mean = len(trials), float(trials.mean())
    half = -float(special.stdtrit(n - 1, alpha / 2)) * float(trials.std(ddof=1)) / sqrt(n)
    return Interval(mean - half, mean + half, mean, n, alpha)


@pytest.mark.parametrize("extreme", [largest_of_conditions, smallest_of_conditions])
def test_each_side_misses_as_often_as_promised(extreme: Callable[..., Interval]) -> None:
    """Equal conditions are the hardest for the side that pays, one far from the others for the side that does not."""
    generator, alpha, streams, k = np.random.default_rng(7), 0.2, 1500, 8
    outwards = 1 if extreme is largest_of_conditions else -1
    equal, apart = np.zeros(k), np.array([0.0] + [-100.0 * outwards] * (k - 1))
    missed = {"paying": 0, "free": 0}
    for _ in range(streams):
        noise = generator.normal(size=(k, 12))
        alike, alone = (extreme(list(noise + means[:, None]), student, alpha=alpha) for means in (equal, apart))
        missed["paying"] += alike.low > 0 if outwards == 1 else alike.high < 0
        missed["free"] += alone.high < 0 if outwards == 1 else alone.low > 0
    paid = 1 - (1 - alpha / (2 * k)) ** k
    for side, rate in (("paying", paid), ("free", alpha / 2)):
        few, many = stats.binom.ppf(MISLED, streams, rate), stats.binom.isf(MISLED, streams, rate)
        assert few <= missed[side] <= many
    # Were the paying side at alpha/2 too, it would be missed six times as often.
    assert missed["paying"] < stats.binom.ppf(MISLED, streams, 1 - (1 - alpha / 2) ** k)
