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


@pytest.mark.parametrize(("low", "high"), [(1.0, 0.0), (1.0, 1.0), (nan, 1.0), (0.0, nan), (inf, inf)])
def test_low_must_lie_below_high(low: float, high: float) -> None:
    with pytest.raises(ValueError, match=f"a region needs low < high, got {low} and {high}"):
        Region(low, high)


@pytest.mark.parametrize("margin", [0.0, -0.1])
def test_a_margin_must_be_positive(margin: float) -> None:
    with pytest.raises(ValueError, match="a region needs low < high"):
        Region.near(0.0, margin)


def test_a_region_of_everything_is_refused() -> None:
    with pytest.raises(ValueError, match="a region that holds every effect cannot be refuted"):
        Region()
