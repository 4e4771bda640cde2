"""The median against counting, candidate by candidate."""

from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.statistics.median import median_interval

derandomized = settings(derandomize=True, database=None, deadline=None, max_examples=60)

BETS = [(0.99, 0.5), *((2.0**-j, 2.0 ** -(j + 1)) for j in range(1, 7)), (2.0**-7, 2.0**-7)]


def decided_above_half(ones: int, n: int, alpha: float) -> bool:
    capital = sum(weight * (1 + fraction) ** ones * (1 - fraction) ** (n - ones) for fraction, weight in BETS)
    return capital >= 2 / alpha


@derandomized
@given(st.lists(st.integers(-5, 5), min_size=2, max_size=80), st.sampled_from([0.001, 0.05]))
def test_every_candidate_by_the_share_of_trials_beyond_it(values: list[int], alpha: float) -> None:
    interval = median_interval(values, alpha=alpha)
    for candidate in np.arange(-6, 6.5, 0.5).tolist():
        too_low = decided_above_half(sum(x > candidate for x in values), len(values), alpha)
        too_high = decided_above_half(sum(x < candidate for x in values), len(values), alpha)
        assert (candidate < interval.low, candidate > interval.high) == (too_low, too_high)


def test_thirteen_trials_bound_a_median_and_twelve_do_not() -> None:
    values = np.random.default_rng(0).normal(size=13)
    interval = median_interval(values)
    assert (interval.low, interval.high) == (values.min(), values.max())
    silent = median_interval(values[:12], -5.0)
    assert (silent.low, silent.high, silent.silence) == (-5.0, inf, "12 trials, too few to bound a median")


def test_the_sample_median_lies_inside() -> None:
    values = np.random.default_rng(0).standard_cauchy(101)
    interval = median_interval(values)
    assert interval.estimate == np.median(values)
    assert interval.low < interval.estimate < interval.high


@pytest.mark.parametrize("transform", [np.exp, lambda x: x**3, lambda x: 5 * x - 2])
def test_a_rising_function_carries_the_interval_along(transform: np.ufunc) -> None:
    values = np.random.default_rng(5).normal(size=77)
    interval, carried = median_interval(values), median_interval(transform(values))
    assert (carried.low, carried.high) == (transform(interval.low), transform(interval.high))


def test_ties_at_the_median_speak_for_neither_side() -> None:
    values = [0.0] * 10 + [0.5] * 80 + [1.0] * 10
    interval = median_interval(values)
    assert (interval.low, interval.high) == (0.5, 0.5)
    assert interval.position(0.5) == "undecided"
    assert interval.position(0.49) == "above"


def test_values_are_clipped_and_counted() -> None:
    interval = median_interval([-3.0] * 20 + [0.5] * 3, 0.0, 1.0)
    assert (interval.low, interval.clipped) == (0.0, 20)


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match=r"needs low < high, got \[1.0, 1.0\]"):
        median_interval([0.0, 1.0], 1.0, 1.0)
    with pytest.raises(ValueError, match="alpha must lie inside"):
        median_interval([0.0, 1.0], alpha=2)
    with pytest.raises(ValueError, match="at least 2 trials"):
        median_interval([0.0])
