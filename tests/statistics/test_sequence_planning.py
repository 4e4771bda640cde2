"""Forecasts against closed forms and a loop."""

import numpy as np
import pytest

from support.statistics.bets import mean_position, share_position
from support.statistics.planning import forecast
from support.statistics.sequence import looks


def more_than_half(trials: np.ndarray) -> bool:
    return share_position(trials, 0.5) != "undecided"


def more_than_eight_tenths(trials: np.ndarray) -> bool:
    return share_position(trials, 0.8) != "undecided"


@pytest.mark.parametrize("n", [2, 8, 12])
def test_agreeing_trials_need_what_the_closed_form_says_at_the_next_look(n: int) -> None:
    # 13 decide "more than half", seen at 16; 38 "more than .8", seen at 48.
    needed = forecast(np.ones(n), more_than_half, 400)
    assert (needed.median, needed.nine_in_ten, needed.decided) == (16 - n, 16 - n, 1.0)
    needed = forecast(np.ones(n), more_than_eight_tenths, 400)
    assert (needed.median, needed.nine_in_ten) == (48 - n, 48 - n)


def test_nothing_more_is_needed_where_the_trials_decide() -> None:
    found = forecast(np.ones(13), more_than_half, 13)
    assert (found.seen, found.budget, found.decided, found.median, found.nine_in_ten) == (13, 13, 1.0, 0, 0)


def test_a_budget_that_does_not_suffice() -> None:
    found = forecast(np.ones(8), more_than_eight_tenths, 37)
    assert (found.decided, found.median, found.nine_in_ten) == (0.0, None, None)
    # The last look is at the budget, where 38 decide.
    assert forecast(np.ones(8), more_than_eight_tenths, 38).median == 30


def test_quantiles_by_a_loop() -> None:
    seen = np.random.default_rng(0).beta(8, 4, 24)

    def decided(trials: np.ndarray) -> bool:
        return mean_position(trials, 0.5, 0, 1) != "undecided"

    found = forecast(seen, decided, 200, seed=3, resamples=50)
    generator = np.random.default_rng((3, 24))
    ends = []
    for _ in range(50):
        continued = np.concatenate([seen, seen[generator.integers(24, size=176)]])
        ends.append(next((n - 24 for n in looks(200) if n > 24 and decided(continued[:n])), np.inf))
    expected = np.quantile(ends, [0.5, 0.9], method="inverted_cdf")
    assert [found.median, found.nine_in_ten] == expected.tolist()
    assert found.decided == np.isfinite(ends).mean()
    assert 0 < expected[0] < expected[1] <= 176


def test_half_may_suffice_where_nine_in_ten_do_not() -> None:
    seen = np.random.default_rng(0).beta(8, 4, 24)
    found = forecast(seen, lambda trials: mean_position(trials, 0.57, 0, 1) != "undecided", 64)
    assert 0.5 < found.decided < 0.9
    assert found.median is not None
    assert found.nine_in_ten is None


def test_the_same_seed_gives_the_same_forecast_and_columns_stay_together() -> None:
    seen = np.random.default_rng(1).random(16)
    both = np.column_stack([seen, 1 - seen])

    def together(trials: np.ndarray) -> bool:
        assert np.array_equal(trials[:, 1], 1 - trials[:, 0])
        return mean_position(trials[:, 0], 0.3, 0, 1) != "undecided"

    assert forecast(both, together, 96, seed=5) == forecast(both, together, 96, seed=5)


@pytest.mark.parametrize(
    ("trials", "budget", "message"),
    [
        ([1.0], 10, r"at least 2 finite trials, got shape \(1,\)"),
        ([1.0, np.nan], 10, "at least 2 finite trials"),
        ([1.0, 0.0, 1.0], 2, "needs budget >= 3 trials seen"),
    ],
)
def test_what_is_refused(trials: list[float], budget: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        forecast(trials, more_than_half, budget)
