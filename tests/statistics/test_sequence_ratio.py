"""Ratios at edges, by brute force over the corners of their ranges and by a naive capital."""

from itertools import product
from math import prod

import numpy as np
import pytest

from support.statistics.ratio import ratio_position, ratio_range, ratio_remainder, whole_position

UNIT = (0.0, 1.0)
BETS = [(0.99, 0.5), *((2.0**-j, 2.0 ** -(j + 1)) for j in range(1, 7)), (2.0**-7, 2.0**-7)]


@pytest.mark.parametrize("edge", [-2.0, -0.5, 0.0, 0.7, 3.0])
@pytest.mark.parametrize("part", [UNIT, (-1.0, 1.0), (0.5, 4.0)])
@pytest.mark.parametrize("whole", [UNIT, (-1.0, 1.0), (0.2, 3.0)])
def test_the_range_is_that_of_the_corners(edge: float, part: tuple[float, float], whole: tuple[float, float]) -> None:
    corners = [p - edge * w for p, w in product(part, whole)]
    assert ratio_range(edge, part, whole) == (min(corners), max(corners))


@pytest.mark.parametrize("edge", [0.1, 0.3, 0.5, 0.7, 1.5])
def test_positions_by_a_naive_capital(edge: float) -> None:
    generator = np.random.default_rng(0)
    whole = generator.beta(8, 2, 200)
    part = whole * generator.beta(5, 5, 200)
    remainder = [p - edge * w for p, w in zip(part.tolist(), whole.tolist(), strict=True)]
    above, below = (
        sum(weight * prod(1 + fraction * x / room for x in remainder) for fraction, weight in BETS) >= 2000
        for room in (edge, -1.0)  # z in [−edge, 1]
    )
    expected = "above" if above else "below" if below else "undecided"
    assert ratio_position(part, whole, edge, part_range=UNIT, whole_range=UNIT) == expected
    assert expected == ("undecided" if edge == 0.5 else "above" if edge < 0.5 else "below")


def test_parts_and_wholes_are_clipped_one_by_one() -> None:
    assert ratio_remainder([2.0, 0.5], [3.0, -1.0], 0.5, UNIT, UNIT).tolist() == [0.5, 0.5]


def test_a_half_of_a_small_whole() -> None:
    whole = np.full(400, 0.01)
    assert ratio_position(whole / 2, whole, 0.4, part_range=UNIT, whole_range=UNIT) == "undecided"
    assert ratio_position(whole / 2, whole, 0.4, part_range=(0, 0.01), whole_range=(0, 0.01)) == "above"


def test_the_whole_is_seen() -> None:
    assert whole_position(np.full(30, 0.6), 0.05, UNIT) == "above"
    assert whole_position(np.full(30, 0.05), 0.1, UNIT) == "undecided"
    assert whole_position(np.full(400, 0.01), 0.1, UNIT) == "below"


def test_what_is_refused() -> None:
    two = [0.2, 0.4]
    with pytest.raises(ValueError, match=r"no part in \[0, 1\] is -1 of a whole in \[0.5, 1\]"):
        ratio_position(two, two, -1.0, part_range=(0, 1), whole_range=(0.5, 1))
    with pytest.raises(ValueError, match=r"able to be positive, got the range \[-1, 0\]"):
        ratio_position(two, two, 0.5, part_range=(0, 1), whole_range=(-1, 0))
    with pytest.raises(ValueError, match="edge of a ratio must be finite, got nan"):
        ratio_position(two, two, float("nan"), part_range=UNIT, whole_range=UNIT)
    with pytest.raises(ValueError, match="the same trials, got 2 and 3"):
        ratio_position(two, [0.1, 0.2, 0.3], 0.5, part_range=UNIT, whole_range=UNIT)
    with pytest.raises(ValueError, match="least of a whole must be positive, got 0"):
        whole_position(two, 0.0, UNIT)
