"""Leaving one sample out of a problem of two, every number by hand."""

from math import sqrt

import numpy as np
import pytest
from numpy.typing import NDArray

from support.experiments.leave_one_out import (
    LeftOut,
    closed_form_residual,
    identity_residual,
    ridge_identity_residual,
    ridge_self_residual,
    self_alignment_residual,
    self_stability_residual,
)
from support.models import explicit

ROUNDING = 1e-12

# φ(z_0) = (2, 0, 0) and φ(z_1) = (1, 1, 0) with labels 13 and 3: θ* = (6.5, −3.5, 0), without z_0 (1.5, 1.5, 0).
PROBLEM = LeftOut(np.array([[2.0, 0, 0], [1, 1, 0]]), np.array([13.0, 3]), 0, np.array([4.0, 1, 1]))
# ‖φ(z)‖ = √18 and ‖θ* − θ*_{−0}‖ = ‖(5, −5, 0)‖ = √50.
SCALE = 30
# With a penalty of 1: θ = (5, −1, 0), without z_0 (1, 1, 0).
RIDGE_SCALE = sqrt(18 * 20)


def test_what_leaving_out_changes() -> None:
    assert PROBLEM.own.tolist() == [2, 0, 0]
    assert PROBLEM.rest == pytest.approx([1.5, 1.5, 0])
    assert PROBLEM.change == pytest.approx([5, -5, 0])
    assert PROBLEM.ridge_rest(1) == pytest.approx([1, 1, 0])
    assert PROBLEM.ridge_change(1) == pytest.approx([4, -2, 0])


def test_the_identity_holds() -> None:
    # The complement of φ(z_1) leaves (1, −1, 0) of φ(z_0): F = 3/2, S(z) = 15, S(z_0) = 10.
    assert identity_residual(PROBLEM) < ROUNDING
    assert closed_form_residual(PROBLEM) < ROUNDING


def test_the_span_and_another_sample_break_it() -> None:
    # The span of φ(z_1) has (1, 1, 0) of φ(z_0): F = 5/2. Of z_1 the complement leaves (0, 1, 0): F = 1.
    assert identity_residual(PROBLEM, "span") == pytest.approx(abs(15 - 25) / SCALE)
    assert identity_residual(PROBLEM, sample=1) == pytest.approx(abs(15 - 10) / SCALE)


def test_ridge_regression_breaks_it() -> None:
    # S(z) = 16 − 2, S(z_0) = 8.
    assert ridge_identity_residual(PROBLEM, 1) == pytest.approx(abs(14 - 12) / RIDGE_SCALE)
    # The error at z_0 is 13 − 2.
    assert ridge_self_residual(PROBLEM, 1) == pytest.approx(abs(8 / 11 - 1))


def test_alignment_and_stability_of_the_sample_itself() -> None:
    assert self_alignment_residual(PROBLEM) < ROUNDING
    assert self_stability_residual(PROBLEM) < ROUNDING


def test_closed_forms_are_held_against_the_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ridge regression in place of the fits by definition: F S(z_0) = 15 and S(z_0) = 10 no longer agree with them."""

    def ridge(phi: NDArray[np.float64], labels: NDArray[np.float64]) -> NDArray[np.float64]:
        return explicit.ridge(phi, labels, 1)

    monkeypatch.setattr(explicit, "minimum_norm", ridge)
    problem = LeftOut(PROBLEM.features, PROBLEM.labels, PROBLEM.sample, PROBLEM.query)
    assert closed_form_residual(problem) == pytest.approx(abs(14 - 15) / RIDGE_SCALE)
    assert self_stability_residual(problem) == pytest.approx(abs(10 - 11) / (13 + 2))


def test_self_alignment_sees_either_deviation(monkeypatch: pytest.MonkeyPatch) -> None:
    def with_products(
        own: float, query: float
    ) -> None:  # F as a product of features, which is neither 1 nor free of their scale
        monkeypatch.setattr(
            explicit,
            "alignment",
            lambda phi, sample, asked: own if np.array_equal(asked, PROBLEM.own) else query * phi[sample, 0],
        )

    with_products(4.0, 0.0)
    assert self_alignment_residual(PROBLEM) == pytest.approx(3)
    # 2 times 4 and 2 times 12; relative to 8.
    with_products(1.0, 4.0)
    assert self_alignment_residual(PROBLEM) == pytest.approx(2)
    # Below 1 absolute: .2 and .6.
    with_products(1.0, 0.1)
    assert self_alignment_residual(PROBLEM) == pytest.approx(0.4)
