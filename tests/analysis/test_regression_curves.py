"""Curves over N, α and label noise, from a few rows by hand."""

from math import nan

import numpy as np
import pytest

from support.analysis.regression_curves import RegressionCurves
from support.evidence.rows import NotMeasuredError, Rows

# (trial, n, accuracy, alignment, error), in no order.
TRIALS = (
    (1, 100, 0.6, 0.5, 2.0),
    (0, 10, 0.9, 0.1, 1.0),
    (0, 1000, 0.6, 0.3, 0.0),
    (1, 10, 0.8, 0.4, 3.0),
    (0, 100, 0.7, 0.2, nan),
    (1, 1000, 0.1, 0.8, 4.0),
)


def curves() -> RegressionCurves:
    names = ("trial", "n", "accuracy", "alignment", "error")
    columns = {name: np.array(column) for name, column in zip(names, zip(*TRIALS, strict=True), strict=True)}
    return RegressionCurves(Rows("by hand", columns, (), 2), "n")


def test_a_table_has_a_row_per_trial_and_a_column_per_value() -> None:
    assert curves().values.tolist() == [10, 100, 1000]
    assert curves().decades.tolist() == [1, 2, 3]
    assert curves().table("accuracy").tolist() == [[0.9, 0.7, 0.6], [0.8, 0.6, 0.1]]


def test_a_part_of_a_curve_holds_both_ends() -> None:
    part = curves().between(100)
    assert part.values.tolist() == [100, 1000]
    assert part.table("accuracy").tolist() == [[0.7, 0.6], [0.6, 0.1]]
    assert part.between(0, 100).values.tolist() == [100]
    assert curves().between(10, 100).average("accuracy") == pytest.approx([0.8, 0.7])


def test_what_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match=r"n has no value in \[11, 99\] in by hand"):
        curves().between(11, 99)
    with pytest.raises(NotMeasuredError):
        curves().table("error")
    with pytest.raises(KeyError, match="loss"):
        curves().table("loss")


def test_two_rows_for_one_value_are_no_table() -> None:
    rows = Rows("by hand", {name: np.zeros(2) for name in ("trial", "n", "accuracy")}, (), 1)
    with pytest.raises(ValueError, match="accuracy over n is not a table"):
        RegressionCurves(rows, "n").table("accuracy")


def test_rises() -> None:
    assert curves().rises("accuracy") == pytest.approx(np.array([[-0.2, -0.1], [-0.2, -0.5]]))
    assert curves().whole_rise("accuracy") == pytest.approx([-0.3, -0.7])
    # From the ceiling on, all are compared with the number there; between two values, the next is where it is reached.
    from_ten = np.array([[-0.2, -0.3], [-0.2, -0.7]])
    assert curves().rises("accuracy", ceiling=10) == pytest.approx(from_ten)
    assert curves().rises("accuracy", ceiling=5) == pytest.approx(from_ten)
    assert curves().rises("accuracy", ceiling=50) == pytest.approx(curves().rises("accuracy"))


def test_slopes_against_a_trial_s_own_numbers() -> None:
    # Trial 0: x = .1, .2, .3 and y = .9, .7, .6; x and y about their means: (-.1, 0, .1), so (.6 - .9) / .2.
    # Trial 1: x = .4, .5, .8, mean 17/30, and y = .8, .6, .1: Σ (x - x̄) y = .7 - .85, Σ (x - x̄)² = .26/3.
    assert curves().slopes("accuracy", against="alignment") == pytest.approx([-1.5, -0.15 / (0.26 / 3)])


def test_nothing_has_a_slope_against_what_does_not_vary() -> None:
    columns = {"trial": np.zeros(2), "n": np.array([1.0, 2.0]), "y": np.array([1.0, 2.0]), "x": np.ones(2)}
    with pytest.raises(ValueError, match="x does not vary over n: y has no slope against it"):
        RegressionCurves(Rows("by hand", columns, (), 1), "n").slopes("y", against="x")
