"""Bugs planted into the running code: what the tests hold against it must see each of them.

Every check compares the code with something that does not use it: exact fractions, a count of misses, a loop. It holds
for the code as it is and must fail under the bug.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import log, prod

import numpy as np
import pytest
from scipy import stats

from support.statistics import bets, calibration, exclusion, extremes, median, near_normal, ratio, sequence
from support.statistics.bets import mean_interval, share_position
from support.statistics.calibration_laws import BOUNDED
from support.statistics.exclusion import Exclusion
from support.statistics.extremes import largest_of_conditions
from support.statistics.median import median_interval
from support.statistics.near_normal import half_width
from support.statistics.sequence import Array, Interval, paired_differences

STREAMS, TRIALS, MISLED = 4000, 100, 1e-5
BETS = [(0.99, 0.5), *((2.0**-j, 2.0 ** -(j + 1)) for j in range(1, 7)), (2.0**-7, 2.0**-7)]


def closed_forms_hold() -> bool:
    """12 equal trials do not decide "more than half", 13 do; 37 and 38 for "more than .8"; and mirrored."""
    return all(
        (share_position(np.full(n, value), edge if value else 1 - edge) == side) == decides
        for edge, fewest in ((0.5, 13), (0.8, 38))
        for n, decides in ((fewest - 1, False), (fewest, True))
        for value, side in ((1.0, "above"), (0.0, "below"))
    )


def capital_is_the_naive_one() -> bool:
    """On a range other than [0, 1], at candidates near each end of the interval."""
    values = (4 * np.random.default_rng(2).beta(2, 3, 60) - 1).tolist()
    interval = mean_interval(values, -1.0, 3.0)
    grid: list[float] = np.linspace(-1, 3, 402)[1:-1].tolist()
    inside: list[bool] = []
    for mean in grid:
        rooms = (mean + 1, mean - 3)
        capitals = (sum(w * prod(1 + f * (x - mean) / room for x in values) for f, w in BETS) for room in rooms)
        inside.append(max(capitals) < 2000)
    return [interval.low <= mean <= interval.high for mean in grid] == inside


def bets_miss_rarely() -> bool:
    """Trials of 1/2, or 0 in one of five, at level .1: at most one stream in twenty on each side."""
    law = next(law for law in BOUNDED if law.name == ".5, or ruin: 0 in one of 5")
    misses = calibration.bounded_misses(law, STREAMS, alpha=0.1, trials=TRIALS)
    return bool(max(misses.above, misses.below) <= stats.binom.isf(MISLED, STREAMS, 0.05))


def pairs_are_the_first_without_a_gap() -> bool:
    """Trial 2 of one arm is lost; the loop stops there."""
    first = {0: 1.0, 1: 2.0, 2: 4.0, 3: 8.0}
    second = {0: 0.5, 1: 0.5, 3: 0.5}
    expected, trial = [], 0
    while trial in first and trial in second:
        expected.append(first[trial] - second[trial])
        trial += 1
    return bool(paired_differences(first, second).tolist() == expected)


def looks_are_those_of_the_protocol() -> bool:
    """Ratios of 3/2 and 4/3 in turn, and the budget."""
    return list(sequence.looks(100)) == [8, 12, 16, 24, 32, 48, 64, 96, 100]


def a_claim_loses_its_verdict_to_exclusion() -> bool:
    """Two of ten trials left out are more than a tenth, one is not."""
    return [Exclusion("at chance", dropped, 10).too_many for dropped in (1, 2)] == [False, True]


def the_t_density_ratio_is_one_over_alpha() -> bool:
    n, alpha = 24, 0.001
    tau = float(half_width(n, alpha=alpha)) ** 2 * n / (n - 1)
    return bool(np.isclose((1 + n) ** -0.5 * ((1 + tau) / (1 + tau / (1 + n))) ** (n / 2), 1 / alpha))


def medians_hold_what_is_not_excluded() -> bool:
    values = np.random.default_rng(4).normal(size=50)
    fewest = next(k for k in range(51) if sum(w * (1 + f) ** k * (1 - f) ** (50 - k) for f, w in BETS) >= 2000)
    interval = median_interval(values)
    return (interval.low, interval.high) == (np.sort(values)[-fewest], np.sort(values)[fewest - 1])


def the_largest_pays_for_the_choice() -> bool:
    """Its lower limit is the highest of lower limits that each may fail with chance alpha/(2k)."""

    def interval(trials: Array, alpha: float) -> Interval:
        return Interval(-alpha, alpha, 0.0, len(trials), alpha)

    found = largest_of_conditions([np.zeros(2)] * 4, interval, alpha=0.2)
    return (found.low, found.high) == (-0.2 / 4, 0.2)


def ratios_have_the_range_of_the_corners() -> bool:
    corners = [p + 0.5 * w for p in (-1.0, 1.0) for w in (-1.0, 1.0)]
    return ratio.ratio_range(-0.5, (-1.0, 1.0), (-1.0, 1.0)) == (min(corners), max(corners))


def capital_starts_at_one() -> bool:
    """At the trials' own value no bet has moved, so the capital is the sum of its parts."""
    return bool(np.isclose(float(bets.log_capital(np.full(20, 0.5), np.array(0.5))), 0.0, atol=1e-12))


def limits_are_roots() -> bool:
    """The naive capital crosses 2,000 within 1e-9 of each limit."""
    values = np.random.default_rng(8).random(100).tolist()
    interval = mean_interval(values, 0.0, 1.0)

    def excluded(mean: float, room: float) -> bool:
        return bool(sum(w * prod(1 + f * (x - mean) / room for x in values) for f, w in BETS) >= 2000)

    low, high = interval.low, interval.high
    lows = [excluded(low + by, low + by) for by in (-1e-9, 1e-9)]
    highs = [excluded(high + by, high + by - 1) for by in (-1e-9, 1e-9)]
    return lows == [True, False] and highs == [False, True]


Patch = tuple[object, str, object]
genuine_growth, genuine_scales, genuine_needed = bets.log_growth, bets.both_scales, bets.successes_needed


def growth_with_the_wrong_sign(unit: Array, mean: Array) -> Array:
    """Of bets on a mean below, where bets on one above are asked for."""
    return genuine_growth(1 - unit, 1 - mean)


def scales_of_a_range_too_narrow(trials: Array, low: float, high: float) -> Array:
    return genuine_scales(trials, low, low + 0.9 * (high - low))


def scales_that_are_not_mirrored(trials: Array, low: float, high: float) -> Array:
    up = genuine_scales(trials, low, high)[0]
    return np.stack([up, up])


def prefix_that_skips_gaps(*arms: Mapping[int, object]) -> int:
    return min(len(arm) for arm in arms)


def one_trial_less(trials: int, share: float, *, alpha: float) -> int | None:
    needed = genuine_needed(trials, share, alpha=alpha)
    return None if needed is None else needed - 1


BUGS: dict[str, tuple[Callable[[], bool], Patch]] = {
    "a bet of the wrong sign": (closed_forms_hold, (bets, "log_growth", growth_with_the_wrong_sign)),
    "weights that sum to more than one": (
        capital_starts_at_one,
        (bets, "WEIGHTS", tuple(2.0**-j for j in range(8))),
    ),
    "weights that sum to less than one": (
        capital_starts_at_one,
        (bets, "WEIGHTS", tuple(2.0**-j for j in range(1, 9))),
    ),
    "weights that sum to four, by misses": (bets_miss_rarely, (bets, "WEIGHTS", tuple(4 * w for w in bets.WEIGHTS))),
    "alpha spent on each side": (closed_forms_hold, (bets, "log_threshold", lambda alpha: log(1 / alpha))),
    "alpha spent on each side, by the naive capital": (
        capital_is_the_naive_one,
        (bets, "log_threshold", lambda alpha: log(1 / alpha)),
    ),
    "alpha spent on every fraction": (
        closed_forms_hold,
        (bets, "log_threshold", lambda alpha: log(2 / alpha / len(bets.FRACTIONS))),
    ),
    "a range too narrow": (capital_is_the_naive_one, (bets, "both_scales", scales_of_a_range_too_narrow)),
    "a side that is not mirrored": (closed_forms_hold, (bets, "both_scales", scales_that_are_not_mirrored)),
    "one fraction left out": (
        capital_is_the_naive_one,
        (bets, "FRACTIONS", (0.5, *bets.FRACTIONS[1:])),
    ),
    "bisection given up early": (limits_are_roots, (bets, "BISECTIONS", 12)),
    "a gap in the trials passed over": (
        pairs_are_the_first_without_a_gap,
        (sequence, "common_prefix", prefix_that_skips_gaps),
    ),
    "a look skipped": (looks_are_those_of_the_protocol, (sequence, "FIRST_LOOKS", (8,))),
    "trials left out without end": (
        a_claim_loses_its_verdict_to_exclusion,
        (exclusion, "MOST_EXCLUDED", 0.2),
    ),
    "another g": (the_t_density_ratio_is_one_over_alpha, (near_normal, "checked_alpha", lambda alpha: 2 * alpha)),
    "one trial less for a median": (
        medians_hold_what_is_not_excluded,
        (median, "successes_needed", one_trial_less),
    ),
    "no payment for the choice": (
        the_largest_pays_for_the_choice,
        (
            extremes,
            "_intervals",
            lambda conditions, interval, _, alpha: ([interval(trials, alpha) for trials in conditions],) * 2,
        ),
    ),
    "the ends of a whole not turned by a negative edge": (
        ratios_have_the_range_of_the_corners,
        (ratio, "sorted", lambda ends: list(ends)),
    ),
}


@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_seen(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    holds, (place, name, planted) = BUGS[bug]
    assert holds()
    monkeypatch.setattr(place, name, planted, raising=False)
    try:
        seen = not holds()
    except (KeyError, ValueError, FloatingPointError):
        seen = True
    assert seen


def test_parts_of_the_capital_are_exact() -> None:
    assert sum(map(Fraction, bets.WEIGHTS)) == 1
