"""Hermite polynomials against quadrature and SciPy."""

from math import factorial, pi, sqrt

import numpy as np
import pytest
import torch
from numpy.polynomial import hermite_e
from scipy import special

from support.models import hermite

DEGREES = range(10)
# Coefficients of h9 reach 945/sqrt(9!); rounding stays far below this.
ROUNDING = 1e-10
POINTS = np.linspace(-4, 4, 33)


def values(coefficients: dict[int, float], x: np.ndarray) -> np.ndarray:
    return hermite.evaluate(hermite.monomial_coefficients(coefficients), torch.from_numpy(x)).numpy()


def test_orthonormal_under_the_standard_normal() -> None:
    # 20 nodes integrate polynomials up to degree 39 exactly; h9² has degree 18.
    nodes, weights = hermite_e.hermegauss(20)
    table = np.stack([values({degree: 1.0}, nodes) for degree in DEGREES])
    products = (table * weights / sqrt(2 * pi)) @ table.T
    np.testing.assert_allclose(products, np.eye(len(DEGREES)), atol=ROUNDING)


@pytest.mark.parametrize("degree", DEGREES)
def test_one_polynomial_against_scipy(degree: int) -> None:
    expected = special.eval_hermitenorm(degree, POINTS) / sqrt(factorial(degree))
    np.testing.assert_allclose(values({degree: 1.0}, POINTS), expected, rtol=ROUNDING, atol=ROUNDING)


def test_weighted_sum_against_numpy() -> None:
    series = [0.5, 0.0, -2.0 / sqrt(2), 0.0, 0.0, 3.0 / sqrt(120)]
    expected = hermite_e.hermeval(POINTS, series)
    np.testing.assert_allclose(values({0: 0.5, 2: -2.0, 5: 3.0}, POINTS), expected, rtol=ROUNDING, atol=ROUNDING)


def test_monomials_by_hand() -> None:
    # h3 = (x³ − 3x)/√6
    np.testing.assert_allclose(hermite.monomial_coefficients({3: 1.0}), np.array([0, -3, 0, 1]) / sqrt(6))


@pytest.mark.parametrize("weight", [1.0, -2.5])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_constant_is_constant_everywhere(weight: float, dtype: torch.dtype) -> None:
    x = torch.randn(3, 4, dtype=dtype, generator=torch.Generator().manual_seed(0))
    result = hermite.evaluate(hermite.monomial_coefficients({0: weight}), x)
    assert result.dtype == dtype
    assert torch.equal(result, torch.full((3, 4), weight, dtype=dtype))


@pytest.mark.parametrize("degree", [0, 1, 4])
def test_the_argument_is_left_alone(degree: int) -> None:
    x = torch.tensor([-1.0, 0.5, 2.0])
    result = hermite.evaluate(hermite.monomial_coefficients({degree: 1.0}), x)
    assert result.data_ptr() != x.data_ptr()
    assert x.tolist() == [-1.0, 0.5, 2.0]


def test_a_negative_degree_is_refused() -> None:
    with pytest.raises(ValueError, match=r"Hermite degrees must be non-negative, got \[-1, 2\]"):
        hermite.monomial_coefficients({2: 1.0, -1: 1.0})


def test_no_degree_is_refused() -> None:
    with pytest.raises(ValueError, match="Hermite degrees"):
        hermite.monomial_coefficients({})
