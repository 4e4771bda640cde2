"""The regressions in which deletion is exact, and what is read from their rows."""

import numpy as np
import pytest

from support.evidence.rows import NotMeasuredError, Rows
from support.experiments.exact_deletion import FAMILIES, distance_from_scratch, exact_deletion, spurious_accuracy_fall


def test_rows_of_three_trials() -> None:
    columns = {
        "trial": np.arange(3),
        "spurious_accuracy": np.array([0.75, 1.0, 0.5]),
        "deleted_spurious_accuracy": np.array([0.5, 0.25, 0.625]),
        "gap": np.array([1e-12, 0.0, 2e-13]),
    }
    rows = Rows("a regression", columns, (), 3)
    assert spurious_accuracy_fall(rows).tolist() == [0.25, 0.75, -0.125]
    assert distance_from_scratch(rows).tolist() == [1e-12, 0, 2e-13]
    columns["gap"][1] = np.nan
    with pytest.raises(NotMeasuredError, match="gap was not measured"):
        distance_from_scratch(rows)


def test_a_quarter_of_the_samples_is_deleted_in_both_families() -> None:
    assert FAMILIES == ("rf", "ntk")
    for family, activation in {"rf": "h1+h2", "ntk": "h0+h3"}.items():
        found = exact_deletion(family)  # type: ignore[arg-type]
        assert (found.family, found.activation, found.data.d) == (family, activation, 500)
        assert (found.samples, found.sizes) == (400, (100,))
