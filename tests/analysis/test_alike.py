"""Shares of cases that are alike, counted by hand."""

from math import nan

import pytest

from support.analysis.alike import share_alike


def test_cases_within_a_margin_are_counted_in_each_trial() -> None:
    first, second = [0.0, 0.05, -0.2, -0.09], [0.3, -0.05, 0.11, 0.0]
    assert share_alike([first, second], 0.1).tolist() == [0.5, 1.0, 0.0, 1.0]
    assert share_alike([first], 0.1).tolist() == [1.0, 1.0, 0.0, 1.0]
    assert share_alike([[0.1, -0.1]], 0.1).tolist() == [0.0, 0.0]  # a tenth is a difference of a tenth


@pytest.mark.parametrize(
    ("differences", "margin", "message"),
    [
        ([], 0.1, "differences must be"),
        ([[0.0, 0.1], [0.0]], 0.1, "differences must be"),
        ([[[0.0], [0.1]]], 0.1, "differences must be"),
        ([[0.0, nan]], 0.1, "finite"),
        ([[0.0]], 0.0, "margin must be positive, got 0"),
    ],
)
def test_what_is_no_table_is_refused(differences: list[list[float]], margin: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        share_alike(differences, margin)
