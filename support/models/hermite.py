"""Normalised probabilists' Hermite polynomials h_l = He_l / sqrt(l!), orthonormal under N(0, 1).

Source: paper A, Appendix A.1 (as used by Figures 2 and 6: h1 + h2, h1 + h4, h0 + h1, h0 + h3).
"""

from __future__ import annotations

from collections.abc import Mapping
from math import factorial, sqrt
from typing import TYPE_CHECKING

import numpy as np
from numpy.polynomial import hermite_e

if TYPE_CHECKING:
    from torch import Tensor


def monomial_coefficients(hermite: Mapping[int, float]) -> np.ndarray:
    """Coefficients (lowest degree first) of sum_l hermite[l] h_l written in powers of x.

    Raises
    ------
    ValueError : a negative degree.
    """
    if not hermite or min(hermite) < 0:
        raise ValueError(f"Hermite degrees must be non-negative, got {sorted(hermite)}")
    series = np.zeros(max(hermite) + 1)
    for degree, weight in hermite.items():
        series[degree] = weight / sqrt(factorial(degree))
    return hermite_e.herme2poly(series)


def evaluate(monomials: np.ndarray, x: Tensor) -> Tensor:
    """Polynomial with these monomial coefficients at `x`, by Horner's rule, without other temporaries."""
    if len(monomials) == 1:
        return x.new_full(x.shape, float(monomials[0]))
    result = x * float(monomials[-1])
    for coefficient in monomials[-2:0:-1]:
        if coefficient:
            result.add_(float(coefficient))
        result.mul_(x)
    if monomials[0]:
        result.add_(float(monomials[0]))
    return result
