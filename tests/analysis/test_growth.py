"""How numbers grow over n, against a fit by another routine and cases counted by hand."""

import math

import numpy as np
import pytest

from support.analysis.growth import added_slope, decades, steps_up
from support.measures.table import PROBABILITY_DIFFERENCE
from support.statistics.effects import mean_of


def test_a_network_without_examples_has_a_place_on_the_axis() -> None:
    assert decades([0, 9, 99]).tolist() == [0, 1, 2]


def test_the_slope_is_that_of_a_fit_through_a_measured_zero() -> None:
    grid, added = [0, 3, 30], np.random.default_rng(0).uniform(-1, 1, (20, 2))
    values = np.column_stack([np.zeros(20), added])
    fitted = np.polynomial.polynomial.polyfit(np.log10(1 + np.array(grid)), values.T, 1)[1]
    found = added_slope(added, grid, PROBABILITY_DIFFERENCE, "growth")
    np.testing.assert_allclose(found.trials, fitted, rtol=1e-12)
    assert found.value == pytest.approx(fitted.mean())
    assert found.kind == "slope"


def test_its_range_is_reached_by_the_extremest_numbers_and_by_none_beyond() -> None:
    """On decades 0, 1, 2 the weights are -1/2, 0, 1/2: a half at most, where a measured number at 0 would make it 1."""
    found = added_slope([[0.3, 1.0]] * 3, [0, 9, 99], PROBABILITY_DIFFERENCE, "growth")
    assert found.measure is not None
    assert (found.measure.low, found.measure.high) == pytest.approx((-0.5, 0.5))
    assert found.trials == pytest.approx((0.5, 0.5, 0.5))
    assert "clipped" not in found.method


def test_the_interval_is_that_of_a_mean_in_that_range() -> None:
    added = np.linspace(0.2, 0.8, 24)
    found = added_slope(np.column_stack([added, added]), [0, 9, 99], PROBABILITY_DIFFERENCE, "growth")
    twice = mean_of(added, PROBABILITY_DIFFERENCE, "twice as much on a range twice as wide")
    assert (found.low, found.high) == pytest.approx((twice.low / 2, twice.high / 2))


@pytest.mark.parametrize("grid", [[3, 10], [0], []])
def test_a_grid_that_does_not_begin_without_examples_is_refused(grid: list[int]) -> None:
    with pytest.raises(ValueError, match=r"^grid must begin at 0 and go on"):
        added_slope([[0.1] * max(0, len(grid) - 1)] * 3, grid, PROBABILITY_DIFFERENCE, "growth")


def test_steps_are_counted_up_down_and_level() -> None:
    shares = steps_up([[0, 1, 2, 3], [3, 2, 1, 0], [0, 1, 1, 0], [0, 0, 0, 5]])
    assert shares.tolist() == pytest.approx([1, 0, 0.5, 2 / 3])


def test_a_step_goes_up_where_every_table_says_so() -> None:
    """Up in both; up in one and down in the other; down in both; level in one: 1, a half, 0, a half."""
    one, two = [[0, 1, 2, 1, 1]], [[5, 6, 5, 4, 9]]
    assert steps_up(one, two).tolist() == [0.5]
    assert steps_up([[0, 1]], [[0, 2]]).tolist() == [1]
    assert steps_up([[0, 1]], [[2, 1]]).tolist() == [0.5]
    assert steps_up([[1, 0]], [[2, 1]]).tolist() == [0]


def test_where_n_moves_nothing_half_the_steps_go_up() -> None:
    noise = np.random.default_rng(1).integers(5, size=(2, 40_000, 4))
    for tables in (noise[:1], noise):
        shares = steps_up(*tables)
        assert abs(shares.mean() - 0.5) < 5 * shares.std() / math.sqrt(len(shares))


def test_tables_that_do_not_fit_are_refused() -> None:
    for tables in ([], [[[1], [2]]], [[1, 2]], [[[1, 2]], [[1, 2], [3, 4]]]):
        with pytest.raises(ValueError, match=r"^steps need tables"):
            steps_up(*tables)
