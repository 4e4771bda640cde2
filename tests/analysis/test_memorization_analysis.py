"""The right sides of Eqs. (11) and (27), from two rows by hand."""

import numpy as np
import pytest

from support.analysis.memorization import covariance_bound, covariance_from_alignment
from support.evidence.rows import NotMeasuredError, Rows


def rows(stability: float = 0.25) -> Rows:
    columns = {
        "trial": np.arange(2),
        "alignment": np.array([0.5, 0.1]),
        "self_stability": np.array([stability, 4.0]),
        "label_variance": np.array([1.0, 0.25]),
        "generalization_covariance": np.array([0.2, 0.05]),
    }
    return Rows("by hand", columns, (), 2)


def test_bound() -> None:
    # .5 · √.25 · √1 and .1 · √4 · √.25
    assert covariance_bound(rows()) == pytest.approx([0.25, 0.1])


def test_equality() -> None:
    # .5 · (1 − .2) and .1 · (.25 − .05)
    assert covariance_from_alignment(rows()) == pytest.approx([0.4, 0.02])


def test_what_was_not_measured_is_refused() -> None:
    with pytest.raises(NotMeasuredError, match="self_stability was not measured in 1 of 2 rows"):
        covariance_bound(rows(float("nan")))
