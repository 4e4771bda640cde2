"""Moves between two runs: against SciPy's tests, and coverage of their intervals."""

import numpy as np
import pytest
from scipy import stats

from support.statistics import LEVEL
from support.statistics.differences import paired_difference, unpaired_difference

RNG = np.random.default_rng(0)
BEFORE = RNG.normal(1, 2, 12)
AFTER = BEFORE + RNG.normal(0.5, 0.1, 12)


def test_the_paired_interval_is_scipys() -> None:
    found = paired_difference(list(BEFORE), list(AFTER))
    low, high = stats.ttest_rel(AFTER, BEFORE).confidence_interval(LEVEL)
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-12)
    assert found.value == pytest.approx(AFTER.mean() - BEFORE.mean(), rel=1e-12)
    assert found.method == "Student t over 12 paired trials"


@pytest.mark.parametrize("trials", [5, 12])
def test_the_unpaired_interval_is_welchs(trials: int) -> None:
    after = RNG.normal(0, 7, trials)
    found = unpaired_difference(list(BEFORE), list(after))
    low, high = stats.ttest_ind(after, BEFORE, equal_var=False).confidence_interval(LEVEL)
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-12)
    assert found.method == f"Welch's t, 12 and {trials} trials"


def test_shared_random_numbers_narrow_the_interval() -> None:
    paired, unpaired = paired_difference(list(BEFORE), list(AFTER)), unpaired_difference(list(BEFORE), list(AFTER))
    assert paired.value == pytest.approx(unpaired.value)
    assert paired.high - paired.low < 0.1 * (unpaired.high - unpaired.low)
    assert paired.low > 0 > unpaired.low


def test_a_choice_among_conditions_widens_the_interval() -> None:
    found = paired_difference(list(BEFORE), list(AFTER), selections=36)
    low, high = stats.ttest_rel(AFTER, BEFORE).confidence_interval(1 - (1 - LEVEL) / 36)
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-12)


@pytest.mark.parametrize("shift", [0.0, 0.25])
def test_one_move_in_every_trial_is_no_matter_of_chance(shift: float) -> None:
    found = paired_difference(list(BEFORE), list(BEFORE + shift))
    assert (found.low, found.high) == pytest.approx((shift, shift), abs=1e-12)
    assert found.method == "alike in all 12 trials"


@pytest.mark.parametrize("constant", ["before", "after"])
def test_trials_that_all_agree_bound_no_unpaired_difference(constant: str) -> None:
    ones = [1.0] * 12
    found = unpaired_difference(ones, list(AFTER)) if constant == "before" else unpaired_difference(list(AFTER), ones)
    assert (found.low, found.high) == (-np.inf, np.inf)


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(ValueError, match="trials cannot be paired: 12 before, 11 after"):
        paired_difference(list(BEFORE), list(AFTER[1:]))
    for trials in ([1.0], [1.0, np.inf]):
        with pytest.raises(ValueError, match="at least 2 finite trials"):
            unpaired_difference(trials, list(AFTER))


def test_intervals_of_nothing_rarely_exclude_zero() -> None:
    """At most LEVEL's share of 20,000 comparisons of equals, within four standard deviations of the count."""
    runs, wrong = 20_000, np.zeros(2)
    for before, after in zip(RNG.normal(size=(runs, 6)), RNG.normal(0, 3, size=(runs, 9)), strict=True):
        found = (paired_difference(before, after[:6]), unpaired_difference(before, after))
        wrong += [each.low > 0 or each.high < 0 for each in found]
    expected = runs * (1 - LEVEL)
    assert wrong.max() <= expected + 4 * np.sqrt(expected)
