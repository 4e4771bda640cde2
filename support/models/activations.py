"""Activations, each with its Hermite power spectrum and its infinite-width kernel.

An activation is named as the papers write it: a sum of Hermite polynomials (``h1+h2``, ``h0+h3``), ``relu``,
or ``step`` (the derivative of ReLU). For an NTK feature map the name is that of the derivative φ'.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from math import pi
from typing import TYPE_CHECKING

import numpy as np

from support.models import hermite

if TYPE_CHECKING:
    from torch import Tensor

_CLOSED_FORM = ("relu", "step")
_HERMITE_SUM = re.compile(r"h\d(\+h\d)*")
_HERMITE_TERM = re.compile(r"h(\d)")


@dataclass(frozen=True)
class Spectrum:
    """Squared normalised Hermite coefficients of an activation, split by how data can explain them.

    Attributes
    ----------
    constant : μ_0².
    linear : μ_1².
    total : sum of all μ_l², equal to E[φ(g)²] for g ~ N(0, 1).
    """

    constant: float
    linear: float
    total: float

    def above(self, degree: int) -> float:
        """Sum of μ_l² over l > degree, for degree 0 or 1."""
        if degree not in (0, 1):
            raise ValueError(f"degree must be 0 or 1, got {degree}")
        return self.total - self.constant - (self.linear if degree else 0.0)


@dataclass(frozen=True)
class Activation:
    """One activation φ: R -> R.

    Raises
    ------
    ValueError : the name is not a sum of Hermite polynomials h0 to h9, ``relu`` or ``step``.
    """

    name: str

    def __post_init__(self) -> None:
        terms = _HERMITE_TERM.findall(self.name)
        known = _HERMITE_SUM.fullmatch(self.name) and len(set(terms)) == len(terms)
        if self.name not in _CLOSED_FORM and not known:
            raise ValueError(
                f"unknown activation {self.name!r}: write relu, step, "
                "or a sum of different Hermite polynomials such as h1+h2"
            )

    def __str__(self) -> str:
        return self.name

    @cached_property
    def hermite_coefficients(self) -> dict[int, float]:
        """Coefficient of each h_l; only for sums of Hermite polynomials, which have finitely many."""
        if self.name in _CLOSED_FORM:
            raise ValueError(f"{self.name} has infinitely many Hermite coefficients")
        return {int(degree): 1.0 for degree in _HERMITE_TERM.findall(self.name)}

    @cached_property
    def _monomials(self) -> np.ndarray:
        return hermite.monomial_coefficients(self.hermite_coefficients)

    def __call__(self, x: Tensor) -> Tensor:
        """φ(x), elementwise, in a new tensor of the same shape."""
        if self.name == "relu":
            return x.clamp(min=0)
        if self.name == "step":
            return (x > 0).to(x.dtype)
        return hermite.evaluate(self._monomials, x)

    @property
    def spectrum(self) -> Spectrum:
        """Hermite power spectrum; for ReLU and step from their known moments."""
        if self.name == "relu":
            return Spectrum(constant=1 / (2 * pi), linear=1 / 4, total=1 / 2)
        if self.name == "step":
            return Spectrum(constant=1 / 4, linear=1 / (2 * pi), total=1 / 2)
        squared = {degree: weight**2 for degree, weight in self.hermite_coefficients.items()}
        return Spectrum(squared.get(0, 0.0), squared.get(1, 0.0), sum(squared.values()))

    def kernel(self, cosine: Tensor) -> Tensor:
        """Infinite-width kernel κ(ρ) = Σ_l μ_l² ρ^l = E[φ(a) φ(b)], a, b ~ N(0, 1) with correlation ρ.

        ReLU and step are the arc-cosine kernels of order 1 and 0 (Cho & Saul, 2009).
        """
        rho = cosine.clamp(-1, 1)
        if self.name == "relu":
            return ((1 - rho**2).sqrt() + rho * (pi - rho.arccos())) / (2 * pi)
        if self.name == "step":
            return (pi - rho.arccos()) / (2 * pi)
        powers = np.zeros(max(self.hermite_coefficients) + 1)
        for degree, weight in self.hermite_coefficients.items():
            powers[degree] = weight**2
        return hermite.evaluate(powers, rho)
