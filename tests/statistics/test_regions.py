"""Regions on and around their edges."""

from math import inf, nan

import pytest

from support.statistics import Region


@pytest.mark.parametrize(
    ("region", "low", "high", "text"),
    [
        (Region.above(-0.3), -0.3, inf, "above -0.3"),
        (Region.below(1e-9), -inf, 1e-9, "below 1e-09"),
        (Region.within(0.25, 2), 0.25, 2.0, "between 0.25 and 2"),
        (Region.near(1.0, 0.25), 0.75, 1.25, "between 0.75 and 1.25"),
        (Region.exactly(0.0), 0.0, 0.0, "exactly 0"),
        (Region.exactly(-0.5), -0.5, -0.5, "exactly -0.5"),
    ],
)
def test_constructors(region: Region, low: float, high: float, text: str) -> None:
    assert (region.low, region.high) == (low, high)
    assert str(region) == text


@pytest.mark.parametrize(
    ("low", "high", "holds", "excludes"),
    [
        (0.0, 1.0, True, False),
        (0.4, 0.6, True, False),
        (0.5, 0.5, True, False),
        (1.0, 1.0, True, False),
        (-0.1, 0.5, False, False),
        (0.5, 1.1, False, False),
        (-1.0, 2.0, False, False),
        (-inf, inf, False, False),
        (-1.0, 0.0, False, False),
        (1.0, 3.0, False, False),
        (-1.0, -1e-12, False, True),
        (1.0 + 1e-12, 3.0, False, True),
        (nan, nan, False, False),
    ],
)
def test_holds_and_excludes(low: float, high: float, holds: bool, excludes: bool) -> None:
    region = Region.within(0.0, 1.0)
    assert (region.holds(low, high), region.excludes(low, high)) == (holds, excludes)


@pytest.mark.parametrize(
    ("region", "inside", "outside"), [(Region.above(0.5), 0.6, 0.4), (Region.below(0.5), 0.4, 0.6)], ids=str
)
def test_one_end(region: Region, inside: float, outside: float) -> None:
    assert region.holds(inside, inside)
    assert region.excludes(outside, outside)
    for low, high in ((-inf, inf), (0.4, 0.6)):
        assert not region.holds(low, high)
        assert not region.excludes(low, high)


@pytest.mark.parametrize(
    ("low", "high", "holds", "excludes"),
    [
        (0.0, 0.0, True, False),
        (-0.0, 0.0, True, False),
        (0.0, 5e-324, False, False),
        (-5e-324, 0.0, False, False),
        (-1.0, 1.0, False, False),
        (5e-324, 1.0, False, True),
        (-1.0, -5e-324, False, True),
        (nan, nan, False, False),
    ],
)
def test_exactly_one_effect(low: float, high: float, holds: bool, excludes: bool) -> None:
    region = Region.exactly(0.0)
    assert (region.holds(low, high), region.excludes(low, high)) == (holds, excludes)


@pytest.mark.parametrize(("low", "high"), [(1.0, 0.0), (nan, 1.0), (0.0, nan), (nan, nan), (inf, -inf)])
def test_low_must_not_lie_above_high(low: float, high: float) -> None:
    with pytest.raises(ValueError, match=f"a region needs low <= high, got {low} and {high}"):
        Region(low, high)


@pytest.mark.parametrize("end", [inf, -inf])
def test_a_region_without_a_finite_effect_is_refused(end: float) -> None:
    with pytest.raises(ValueError, match=f"a region needs a finite effect, got {end} and {end}"):
        Region.exactly(end)


@pytest.mark.parametrize("margin", [0.0, -0.1, nan])
def test_a_margin_must_be_positive(margin: float) -> None:
    with pytest.raises(ValueError, match=f"a margin must be positive, got {margin}; without one, use Region.exactly"):
        Region.near(0.0, margin)


def test_a_region_of_everything_is_refused() -> None:
    with pytest.raises(ValueError, match="a region that holds every effect cannot be refuted"):
        Region()
