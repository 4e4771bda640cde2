"""Strips of letters: where a claim holds, above what was found. Expected ones are drawn by hand."""

import math

import pytest

from support.document.types import Pair
from support.suite.strips import axis, strip

# From 0 to 10 in eleven letters, so that each whole number has one.
TENS = (0.0, 10.0)


@pytest.mark.parametrize(
    ("effect", "interval", "region", "holds", "found"),
    [
        (4.0, (2.0, 6.0), (5.0, 8.0), ".....[==]..", "..(-o-)...."),
        (4.0, (2.0, 6.0), (5.0, None), ".....[====>", "..(-o-)...."),
        (4.0, (2.0, 6.0), (None, 5.0), "<====].....", "..(-o-)...."),
        (4.0, (None, None), (None, None), "<=========>", "<---o----->"),
        (0.0, (0.0, 0.0), (0.0, 0.0), "|..........", "o.........."),
        (7.4, (6.6, 7.4), (3.0, 3.0), "...|.......", ".......o..."),
        (None, (2.0, 6.0), (5.0, 8.0), ".....[==]..", "..(---)...."),
        (None, (2.0, 2.0), (5.0, 8.0), ".....[==]..", "..|........"),
        # Beyond the ends, on one side or on both.
        (12.0, (8.0, 14.0), (-3.0, 2.0), "<=]........", "........(->"),
        (12.0, (11.0, 14.0), (20.0, 30.0), "..........>", "..........>"),
        (-2.0, (-3.0, -1.0), (-9.0, -8.0), "<..........", "<.........."),
        (5.0, (-3.0, 14.0), (-1.0, 11.0), "<=========>", "<----o---->"),
    ],
)
def test_what_stands_where(effect: float | None, interval: Pair, region: Pair, holds: str, found: str) -> None:
    assert strip(effect, interval, region, TENS, 11) == (holds, found)


@pytest.mark.parametrize(
    ("effect", "interval", "region", "ends"),
    [
        (5.0, (0.0, 10.0), (2.0, None), (-1.0, 11.0)),  # a tenth of room on both sides
        (5.0, (None, None), (None, None), (4.5, 5.5)),
        (0.0, (0.0, 0.0), (None, 0.0), (-1.0, 1.0)),
        (None, (None, None), (None, None), (-1.0, 1.0)),
        (math.inf, (2.0, None), (1.0, None), (0.9, 2.1)),
    ],
)
def test_all_finite_numbers_are_shown(
    effect: float | None, interval: Pair, region: Pair, ends: tuple[float, float]
) -> None:
    assert axis(effect, interval, region) == pytest.approx(ends)


@pytest.mark.parametrize("largest", [1.7e308, 5e-324])
@pytest.mark.parametrize("smallest", [-1.7e308, 0.0, 1.7e308])
def test_no_numbers_are_too_large_or_too_small(smallest: float, largest: float) -> None:
    interval = min(smallest, largest), max(smallest, largest)
    holds, found = strip(largest, interval, (None, smallest), axis(largest, interval, (None, smallest)))
    assert (len(holds), len(found)) == (60, 60)


@pytest.mark.parametrize(("shown", "width"), [(TENS, 1), ((1.0, 1.0), 20), ((2.0, 1.0), 20)])
def test_a_strip_without_room_is_refused(shown: tuple[float, float], width: int) -> None:
    with pytest.raises(ValueError, match="a strip needs 2 letters and an ascending axis, got width"):
        strip(0.0, (0.0, 1.0), (0.0, 1.0), shown, width)
