"""Moves between two runs: what they are by hand, and how often their intervals miss."""

import numpy as np
import pytest

from support.statistics.bets import mean_interval
from support.statistics.differences import Difference, difference_of_intervals, paired_difference

RNG = np.random.default_rng(0)


def test_the_moves_of_paired_trials_are_one_bounded_mean() -> None:
    before, moves = RNG.uniform(0, 0.5, 40), RNG.uniform(0, 0.5, 40)
    found = paired_difference(before.tolist(), (before + moves).tolist(), 1.0)
    expected = mean_interval(moves, -1, 1)
    assert (found.value, found.low, found.high) == pytest.approx((moves.mean(), expected.low, expected.high))
    assert found.method == "bounded sequence over 40 paired trials"


def test_what_trials_share_cancels() -> None:
    """Trials of any spread that all move alike bound their move as closely as constant ones."""
    before = RNG.uniform(0, 1, 100)
    alike = paired_difference(before.tolist(), (before + 0.25).tolist(), 2.0)
    constant = paired_difference([0.0] * 100, [0.25] * 100, 2.0)
    assert (alike.low, alike.high) == pytest.approx((constant.low, constant.high))
    assert alike.low > 0


def test_larger_moves_may_count_as_the_most_that_counts() -> None:
    """What is bounded then is the mean of clipped moves, as closely as if no move could be larger."""
    before, after = [0.0] * 8, [1.0, 0.25, -0.75, 0.0, 0.0, 0.0, 0.0, 0.0]
    found, expected = (
        paired_difference(before, after, 2.0, most=0.5),
        mean_interval(np.clip(after, -0.5, 0.5), -0.5, 0.5),
    )
    assert (found.value, found.low, found.high) == pytest.approx((0.25 / 8, expected.low, expected.high))
    assert (found.paired, found.clipped_to, found.clipped) == (8, 0.5, 2)
    assert paired_difference(before, after, 1.0, most=1.0) == paired_difference(before, after, 1.0)
    assert paired_difference(before, after, 1.0).clipped_to is None


def test_of_the_longer_run_the_first_trials_count() -> None:
    before = RNG.uniform(0, 1, 30).tolist()
    after = RNG.uniform(0, 1, 50).tolist()
    assert paired_difference(before, after, 1.0) == paired_difference(before, after[:30], 1.0)


@pytest.mark.parametrize(("before", "after"), [([0.1], [0.1, 0.2]), ([0.1, float("nan")], [0.1, 0.2])])
def test_what_cannot_be_paired_is_refused(before: list[float], after: list[float]) -> None:
    with pytest.raises(ValueError, match=r"trial"):
        paired_difference(before, after, 1.0)


def test_the_intervals_of_moves_hold() -> None:
    """The level is 0.999 at every number of trials: of 200 moves of coins hardly one is missed."""
    missed = 0
    for _ in range(200):
        before, after = RNG.random(64) < 0.4, RNG.random(64) < 0.6
        found = paired_difference(before.astype(float).tolist(), after.astype(float).tolist(), 1.0)
        missed += not found.low <= 0.2 <= found.high
    assert missed <= 2


def test_two_intervals_leave_what_lies_between_their_ends() -> None:
    found = difference_of_intervals(0.25, 1.0, (0.0, 0.5), (0.75, float("inf")))
    assert found == Difference(0.75, 0.25, float("inf"), "from both intervals")
