"""The alignment at each N/d and its spread at each dimension, from a few rows by hand."""

import numpy as np
import pytest

from support.analysis.alignment import (
    RatioRun,
    alignment_at,
    described,
    distance_from_ends,
    runs_with,
    spreads,
)
from support.data.gaussian import Gaussian
from support.evidence.rows import Rows
from support.experiments.kernel_regression import GaussianRegression

SMALL, LARGE, OTHER = RatioRun(100, (0.1, 0.5)), RatioRun(20, (2.0,)), RatioRun(100, (0.9,))


def rows(sizes: list[float], alignment: list[list[float]]) -> Rows:
    """Two trials of φ2 and of another activation, at two α; what is not asked for is 9."""
    columns: dict[str, list[object]] = {name: [] for name in ("trial", "activation", "alpha", "n", "alignment")}
    for trial, numbers in enumerate(alignment):
        for activation in ("h1+h2", "relu"):
            for alpha in (0.25, 0.5):
                asked = (activation, alpha) == ("h1+h2", 0.5)
                for n, number in zip(sizes, numbers, strict=True):
                    for name, value in zip(
                        columns, (trial, activation, alpha, n, number if asked else 9.0), strict=True
                    ):
                        columns[name].append(value)
    return Rows("by hand", {name: np.array(values) for name, values in columns.items()}, (), len(alignment))


def test_a_run_is_both_orders_at_each_ratio() -> None:
    assert SMALL.experiment("rf") == GaussianRegression(
        "rf", ("h1+h2", "h1+h4"), None, Gaussian(100), (10, 50), (0.25, 0.5), test=2
    )
    assert LARGE.experiment("ntk") == GaussianRegression(
        "ntk", ("h0+h1", "h0+h3"), 1000, Gaussian(20), (40,), (0.25, 0.5), test=2
    )


def test_only_runs_with_a_ratio_are_asked() -> None:
    runs = (SMALL, LARGE, OTHER)
    assert runs_with(runs, (0.5, 0.9)) == [SMALL, OTHER]
    assert described(runs, (0.5, 0.9)) == {"N/d at d = 100": [0.5, 0.9]}
    assert described(runs, (0.1, 0.5, 2.0)) == {"N/d at d = 100": [0.1, 0.5], "N/d at d = 20": [2.0]}


def test_alignment_at_each_ratio_in_the_order_asked() -> None:
    found = [(SMALL, rows([10, 50], [[0.1, 0.2], [0.3, 0.4]])), (LARGE, rows([40], [[0.5], [0.6]]))]
    measured = alignment_at(found, "h1+h2", 0.5, (2.0, 0.1))
    assert [column.tolist() for column in measured] == [[0.5, 0.6], [0.1, 0.3]]


def test_what_no_run_holds_is_refused() -> None:
    found = [(LARGE, rows([40], [[0.5], [0.6]]))]
    with pytest.raises(ValueError, match=r"no run holds N/d of \[0.1\], only of \[2.0\]"):
        alignment_at(found, "h1+h2", 0.5, (2.0, 0.1))
    with pytest.raises(ValueError, match="zip"):
        alignment_at([(SMALL, found[0][1])], "h1+h2", 0.5, (0.1,))
    with pytest.raises(ValueError, match="no row of by hand has"):
        alignment_at(found, "h1+h2", 0.75, (2.0,))


def test_spread_at_each_dimension() -> None:
    def at(numbers: tuple[float, float]) -> Rows:
        columns = {
            "trial": np.array([0, 0, 1, 1]),
            "activation": np.array(["relu", "step", "relu", "step"]),
            "alignment_sd": np.array([numbers[0], 9, numbers[1], 9]),
        }
        return Rows("by hand", columns, (), 2)

    assert spreads([at((0.4, 0.3)), at((0.2, 0.1))], "relu").tolist() == [[0.4, 0.2], [0.3, 0.1]]


def test_distance_from_the_nearer_end() -> None:
    found = distance_from_ends(np.array([0.0, 0.1, 0.5, 0.75, 1.0, 1.5, -0.25]))
    assert found == pytest.approx([0, 0.1, 0.5, 0.25, 0, -0.5, -0.25])
