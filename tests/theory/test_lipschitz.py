"""Slopes of activations against derivatives worked out by hand."""

from math import sqrt

import pytest

from support.theory.lipschitz import largest_slope, slope_growth


@pytest.mark.parametrize("activation", ["relu", "h1", "h0+h1"])
def test_what_is_lipschitz_has_slope_one(activation: str) -> None:
    assert largest_slope(activation, 50, 0.01) == pytest.approx(1)
    assert slope_growth(activation) == pytest.approx(0, abs=1e-9)


def test_a_parabola_is_steepest_at_the_far_end() -> None:
    """(x + (x² − 1)/√2)' = 1 + √2 x, half a step before the end."""
    assert largest_slope("h1+h2", 50, 0.01) == pytest.approx(1 + sqrt(2) * (50 - 0.005))


def test_a_step_is_as_steep_as_its_points_are_close() -> None:
    assert largest_slope("step", 50, 0.01) == pytest.approx(100)


@pytest.mark.parametrize(("activation", "degree"), [("h1+h2", 2), ("h0+h3", 3), ("h1+h4", 4), ("step", 2)])
def test_slopes_grow_by_a_power_less_than_the_degree(activation: str, degree: int) -> None:
    assert slope_growth(activation) == pytest.approx(degree - 1, abs=0.01)
