"""Bets against closed forms in exact fractions, a naive loop over a grid of means, and properties."""

from collections.abc import Callable
from fractions import Fraction
from math import log, prod
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.statistics.bets import (
    FRACTIONS,
    WEIGHTS,
    log_capital,
    mean_interval,
    mean_position,
    share_interval,
    share_position,
    successes_needed,
)

ROUNDING = 1e-9  # of a log capital of order 10, summed over at most some hundred trials
PLACES = 1e-9  # of a limit, on a range of order 1

# The bets and their parts of the capital, written down anew: .99 with 1/2, 1/2 with 1/4, ..., 1/128 with 1/128.
BETS = [
    (Fraction(99, 100), Fraction(1, 2)),
    *((Fraction(1, 2**j), Fraction(1, 2 ** (j + 1))) for j in range(1, 7)),
    (Fraction(1, 128), Fraction(1, 128)),
]
NEEDED = 2000  # of capital, at level .001

trials = st.lists(st.floats(0, 1, allow_subnormal=False), min_size=2, max_size=60)
derandomized = settings(derandomize=True, database=None, deadline=None, max_examples=60)


def naive_capital(values: list[float], mean: float, low: float, high: float, *, above: bool) -> float:
    """Weighted products, as they are written in the text."""
    room = mean - low if above else high - mean
    sign = 1 if above else -1
    return sum(
        float(weight) * prod(1 + sign * float(fraction) / room * (x - mean) for x in values)
        for fraction, weight in BETS
    )


def exact_capital_of_agreeing(count: int, edge: Fraction) -> Fraction:
    """Against "at most the edge", of so many ones."""
    return sum((weight * (1 + fraction / edge * (1 - edge)) ** count for fraction, weight in BETS), Fraction(0))


def test_parts_of_the_capital_sum_to_one() -> None:
    assert sum(map(Fraction, WEIGHTS)) == 1
    assert [(Fraction(fraction).limit_denominator(1000), Fraction(weight)) for fraction, weight in
            zip(FRACTIONS, WEIGHTS, strict=True)] == BETS  # fmt: skip


# ------------------------------------------------------------------------------------------- closed forms


@pytest.mark.parametrize(("edge", "fewest"), [(Fraction(1, 2), 13), (Fraction(4, 5), 38)])
def test_so_many_agreeing_trials_decide(edge: Fraction, fewest: int) -> None:
    assert exact_capital_of_agreeing(fewest - 1, edge) < NEEDED <= exact_capital_of_agreeing(fewest, edge)
    share = float(edge)
    assert share_position(np.ones(fewest - 1), share) == "undecided"
    assert share_position(np.ones(fewest), share) == "above"
    assert share_position(np.zeros(fewest), 1 - share) == "below"
    assert successes_needed(fewest - 1, share) is None
    assert successes_needed(fewest, share) == fewest


@pytest.mark.parametrize("count", [2, 13, 40, 400])
def test_the_limit_of_agreeing_trials_is_the_root_of_its_closed_form(count: int) -> None:
    interval = share_interval(np.ones(count))
    assert interval.high == 1.0
    step = Fraction(1, 10**9)
    assert exact_capital_of_agreeing(count, Fraction(interval.low) - step) >= NEEDED
    assert exact_capital_of_agreeing(count, Fraction(interval.low) + step) < NEEDED


@pytest.mark.parametrize("n", [13, 20, 57, 200])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_successes_needed_by_exact_fractions(n: int, share: float) -> None:
    edge = Fraction(share).limit_denominator(10)

    def capital(ones: int) -> Fraction:
        return sum(
            (
                weight * (1 + fraction / edge * (1 - edge)) ** ones * (1 - fraction) ** (n - ones)
                for fraction, weight in BETS
            ),
            Fraction(0),
        )

    expected = next((ones for ones in range(n + 1) if capital(ones) >= NEEDED), None)
    assert successes_needed(n, share) == expected
    if expected is not None:
        assert share_position([1.0] * expected + [0.0] * (n - expected), share) == "above"
        assert share_position([1.0] * (expected - 1) + [0.0] * (n - expected + 1), share) == "undecided"


# ---------------------------------------------------------------------------------------- a naive loop


LAWS: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "uniform": lambda generator, n: generator.random(n),
    "near 1": lambda generator, n: generator.beta(19, 1, n),
    "rare": lambda generator, n: 0.9 * (generator.random(n) < 1 / 18),
    "narrow": lambda generator, n: generator.normal(0.3, 0.01, n),
}


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("n", [2, 12, 48, 192])
@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-1.0, 1.0), (-0.5, 2.5)])
def test_interval_and_positions_against_a_grid_of_means(law: str, n: int, low: float, high: float) -> None:
    values = LAWS[law](np.random.default_rng(n), n).tolist()
    interval = mean_interval(values, low, high)
    grid = np.linspace(low, high, 62)[1:-1]
    for mean in grid.tolist():
        above, below = (naive_capital(values, mean, low, high, above=side) >= NEEDED for side in (True, False))
        assert mean_position(values, mean, low, high) == ("above" if above else "below" if below else "undecided")
        assert (mean < interval.low, mean > interval.high) == (above, below)


def test_a_long_run_neither_overflows_nor_loses_its_capital() -> None:
    # At the first edge the bet of 1/2 makes 10^1,402; at the second that of .99 keeps 10^−1,701.
    values = np.tile([1.0, 0.0], 1000)
    assert mean_position(values, 0.01, 0, 1) == "above"
    assert mean_position(values, 0.5, 0, 1) == "undecided"
    capital = log_capital(values, np.array(0.01))
    exact = sum(weight * ((1 + fraction * 99) * (1 - fraction)) ** 1000 for fraction, weight in BETS)
    digits = len(str(int(exact))) - 20  # floats hold no such number: 20 digits of it, and a power of ten
    assert capital == pytest.approx(log(int(exact) // 10**digits) + digits * log(10), rel=ROUNDING)


# ------------------------------------------------------------------------------------------------ edges


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-1.0, 1.0), (3.0, 7.5)])
@pytest.mark.parametrize("n", [2, 12, 400])
def test_trials_all_at_an_end(low: float, high: float, n: int) -> None:
    bottom, top = mean_interval(np.full(n, low), low, high), mean_interval(np.full(n, high), low, high)
    assert bottom.low == low
    assert top.high == high
    assert low < top.low < high
    assert low < bottom.high < high
    for edge in (low, high):
        # At its end nothing excludes a mean that the trials have; one trial off an end excludes that end.
        assert mean_position(np.full(n, edge), edge, low, high) == "undecided"
    assert mean_position(np.full(n, high), low, low, high) == "above"
    assert mean_position(np.full(n, low), high, low, high) == "below"


def test_two_trials_in_the_middle_say_nearly_nothing() -> None:
    interval = mean_interval([0.4, 0.6], 0.0, 1.0)
    assert interval.low < 0.01
    assert interval.high > 0.99


def test_values_are_clipped_and_counted() -> None:
    values = [-0.5, 0.2, 0.9, 1.5, 3.0]
    clipped = mean_interval(np.clip(values, 0, 1), 0.0, 1.0)
    interval = mean_interval(values, 0.0, 1.0)
    assert (interval.low, interval.high, interval.estimate) == (clipped.low, clipped.high, clipped.estimate)
    assert (interval.clipped, clipped.clipped, interval.trials, interval.alpha) == (3, 0, 5, 0.001)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: mean_interval([0.1, 0.2], 1.0, 0.0), r"finite ends, low < high, got \[1.0, 0.0\]"),
        (lambda: mean_interval([0.1, 0.2], 0.0, np.inf), r"finite ends, low < high, got \[0.0, inf\]"),
        (lambda: mean_interval([0.1], 0.0, 1.0), "at least 2 trials, got 1"),
        (lambda: mean_interval([0.1, 0.2], 0.0, 1.0, alpha=0.0), r"alpha must lie inside \(0, 1\), got 0.0"),
        (lambda: mean_position([0.1, 0.2], 1.5, 0.0, 1.0), r"inside the range \[0, 1\], got 1.5"),
        (lambda: mean_position([0.1, 0.2], float("nan"), 0.0, 1.0), r"inside the range \[0, 1\], got nan"),
        (lambda: share_interval([0.0, 0.5]), "0 or 1, got 0.5"),
        (lambda: share_position([0.0, 2.0], 0.5), "0 or 1, got 2"),
        (lambda: successes_needed(10, 1.0), r"inside \(0, 1\), got 1.0"),
    ],
)
def test_what_is_refused(wrong: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        wrong()


# ------------------------------------------------------------------------------------- earlier looks


def test_earlier_looks_are_intersected() -> None:
    values = np.random.default_rng(3).beta(2, 5, 96)
    each = [mean_interval(values[:n], 0.0, 1.0) for n in (8, 24, 96)]
    running = mean_interval(values, 0.0, 1.0, earlier=(8, 24, 192))
    assert running.low == max(interval.low for interval in each)
    assert running.high == min(interval.high for interval in each)
    assert running.trials == 96


def test_a_contradiction_between_looks_is_an_empty_interval() -> None:
    drifting = np.concatenate([np.full(60, 0.9), np.full(600, 0.1)])
    running = mean_interval(drifting, 0.0, 1.0, earlier=(60,))
    assert running.empty
    assert not mean_interval(drifting, 0.0, 1.0).empty


# ------------------------------------------------------------------------------------------ properties


@derandomized
@given(trials, st.randoms(use_true_random=False))
def test_order_does_not_matter_to_the_last_bit(values: list[float], shuffler: Random) -> None:
    shuffled = list(values)
    shuffler.shuffle(shuffled)
    first, second = mean_interval(values, 0.0, 1.0), mean_interval(shuffled, 0.0, 1.0)
    assert (first.low, first.high) == (second.low, second.high)


@derandomized
@given(trials, st.sampled_from([(0.0, 1.0), (-1.0, 1.0), (-0.5, 3.0)]))
def test_mirrored_trials_have_the_mirrored_interval(values: list[float], ends: tuple[float, float]) -> None:
    low, high = ends
    interval = mean_interval(values, low, high)
    mirrored = mean_interval([low + high - x for x in values], low, high)
    assert mirrored.low == pytest.approx(low + high - interval.high, abs=PLACES)
    assert mirrored.high == pytest.approx(low + high - interval.low, abs=PLACES)


@derandomized
@given(trials, st.floats(-100, 100), st.floats(0.01, 100))
def test_another_scale_has_the_interval_on_that_scale(values: list[float], shift: float, factor: float) -> None:
    interval = mean_interval(values, 0.0, 1.0)
    moved = mean_interval([shift + factor * x for x in values], shift, shift + factor)
    # Of a trial x, 1e-14 of the shift is lost to rounding; near an end that is large beside its distance from it.
    lost = 1e-6 * (abs(shift) + factor)
    assert moved.low == pytest.approx(shift + factor * interval.low, abs=lost)
    assert moved.high == pytest.approx(shift + factor * interval.high, abs=lost)


@derandomized
@given(trials, st.floats(1e-6, 0.5), st.floats(1.01, 100))
def test_a_smaller_alpha_has_a_wider_interval(values: list[float], alpha: float, times: float) -> None:
    narrow, wide = (mean_interval(values, 0.0, 1.0, alpha=level) for level in (alpha, alpha / times))
    assert wide.low <= narrow.low
    assert narrow.high <= wide.high


@derandomized
@given(trials, st.sampled_from([0.001, 0.1, 0.9]))
def test_the_mean_of_the_trials_lies_inside(values: list[float], alpha: float) -> None:
    interval = mean_interval(values, 0.0, 1.0, alpha=alpha)
    assert interval.low <= interval.estimate <= interval.high


@derandomized
@given(trials, st.floats(0.01, 0.99))
def test_an_edge_is_decided_as_its_interval_says(values: list[float], edge: float) -> None:
    interval = mean_interval(values, 0.0, 1.0)
    if min(abs(edge - interval.low), abs(edge - interval.high)) > PLACES:
        assert mean_position(values, edge, 0.0, 1.0) == interval.position(edge)


@derandomized
@given(trials)
def test_the_interval_lies_in_its_range(values: list[float]) -> None:
    interval = mean_interval(values, -1.0, 2.0)
    assert -1.0 <= interval.low <= interval.estimate <= interval.high <= 2.0


def test_capital_and_position_agree_on_which_side_is_which() -> None:
    high_values = np.full(30, 0.8)
    assert log_capital(high_values, np.array(0.5)) == pytest.approx(
        log(naive_capital(high_values.tolist(), 0.5, 0.0, 1.0, above=True)), rel=ROUNDING
    )
    assert mean_position(high_values, 0.5, 0.0, 1.0) == "above"
    assert mean_position(1 - high_values, 0.5, 0.0, 1.0) == "below"
