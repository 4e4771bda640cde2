"""The population problem of paper B solved a second way: explicit vectors, exact rational arithmetic.

Independent of the symbolic derivation: Definition 1 gives the second moments of (x, y, 1) directly, in as many
dimensions as the vectors have, and one linear system gives the classifier.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, floor
from typing import Literal

import numpy as np

from support.randomness import stream

Kind = Literal["any", "equal norms", "unit norms"]
# How often a number is an end of its range, and the two variances are close: much changes sign where they are equal.
ENDS, CLOSE = 0.1, 0.5


@dataclass(frozen=True)
class RationalProblem:
    """Definition 1 with rational numbers and explicit vectors.

    Attributes
    ----------
    gamma : share of positive samples with the spurious feature.
    variance_inv, variance_sp : σ_inv² and σ_sp², positive.
    inv, sp : x_inv and x_sp, neither of them zero.
    penalty : λ, non-negative.

    Raises
    ------
    ValueError : a field outside its range, named.
    """

    gamma: Fraction
    variance_inv: Fraction
    variance_sp: Fraction
    inv: tuple[Fraction, ...]
    sp: tuple[Fraction, ...]
    penalty: Fraction = Fraction(0)

    def __post_init__(self) -> None:
        if not 0 <= self.gamma <= 1:
            raise ValueError(f"gamma must lie in [0, 1], got {self.gamma}")
        if self.variance_inv <= 0 or self.variance_sp <= 0:
            raise ValueError(f"variances must be positive, got {self.variance_inv} and {self.variance_sp}")
        if self.penalty < 0:
            raise ValueError(f"penalty must not be negative, got {self.penalty}")
        for name, vector in (("inv", self.inv), ("sp", self.sp)):
            if not any(vector):
                raise ValueError(f"{name} must have a coordinate other than zero, got ({', '.join(map(str, vector))})")

    def components(self) -> list[tuple[Fraction, list[Fraction], int]]:
        """(weight, mean, label) of each Gaussian."""
        none = [Fraction(0)] * len(self.sp)
        return [
            (Fraction(1, 2), [-value for value in self.inv] + none, -1),
            ((1 - self.gamma) / 2, [*self.inv, *none], 1),
            (self.gamma / 2, [*self.inv, *self.sp], 1),
        ]

    def variances(self) -> list[Fraction]:
        """Diagonal of Σ."""
        return [self.variance_inv] * len(self.inv) + [self.variance_sp] * len(self.sp)

    def loss(self, beta: Sequence[Fraction]) -> Fraction:
        """½ E[(h·y − 1)²] + (λ/2)‖β‖² at (β_inv, β_sp, β₀); no penalty on the intercept."""
        *slopes, intercept = beta
        spread = sum((b * b * v for b, v in zip(slopes, self.variances(), strict=True)), Fraction(0))
        total = self.penalty * sum((b * b for b in slopes), Fraction(0))
        for weight, mean, label in self.components():
            output = sum((b * m for b, m in zip(slopes, mean, strict=True)), intercept)
            total += weight * ((output * label - 1) ** 2 + spread)
        return total / 2

    def gradient(self, beta: Sequence[Fraction]) -> list[Fraction]:
        """Gradient by central differences of width 1, which are exact for a quadratic loss."""
        slopes = []
        for index in range(len(beta)):
            ends = []
            for step in (1, -1):
                moved = list(beta)
                moved[index] += step
                ends.append(self.loss(moved))
            slopes.append((ends[0] - ends[1]) / 2)
        return slopes

    def moments(self) -> tuple[list[list[Fraction]], list[Fraction]]:
        """E[vvᵀ] + penalty and E[v·label] for v = (x, y, 1): the normal equations."""
        size = len(self.inv) + len(self.sp) + 1
        second = [[Fraction(0)] * size for _ in range(size)]
        first = [Fraction(0)] * size
        for weight, mean, label in self.components():
            row = [*mean, Fraction(1)]
            for i in range(size):
                first[i] += weight * label * row[i]
                for j in range(size):
                    second[i][j] += weight * row[i] * row[j]
        for i, variance in enumerate(self.variances()):
            second[i][i] += variance + self.penalty
        return second, first

    def solve(self) -> list[Fraction]:
        """(β_inv, β_sp, β₀) of least loss."""
        return solution(*self.moments())

    def coefficients(self) -> tuple[list[Fraction], list[Fraction], Fraction]:
        """`solve`, as β_inv, β_sp and β₀."""
        *slopes, intercept = self.solve()
        return slopes[: len(self.inv)], slopes[len(self.inv) :], intercept

    def margin(self, invariant: int, spurious: int, label: int) -> Fraction:
        """label·h over the standard deviation of h at (invariant·x_inv, spurious·x_sp), squared with its sign."""
        beta_inv, beta_sp, intercept = self.coefficients()
        output = invariant * dot(self.inv, beta_inv) + spurious * dot(self.sp, beta_sp) + intercept
        variance = dot(beta_inv, beta_inv) * self.variance_inv + dot(beta_sp, beta_sp) * self.variance_sp
        return label * output * abs(output) / variance

    def slope_at_zero(self) -> list[Fraction]:
        """Derivative of `solve` in γ at γ = 0, by differentiating the normal equations, which are linear in γ."""
        (second, first), (later_second, later_first) = (replace(self, gamma=Fraction(g)).moments() for g in (0, 1))
        beta = solution(second, first)
        change = [
            later - now - sum(((ml - mn) * b for ml, mn, b in zip(row_l, row_n, beta, strict=True)), Fraction(0))
            for later, now, row_l, row_n in zip(later_first, first, later_second, second, strict=True)
        ]
        return solution(second, change)


def solution(matrix: list[list[Fraction]], right: list[Fraction]) -> list[Fraction]:
    """The solution of a linear system, exact; its matrix must be invertible."""
    from sympy import QQ
    from sympy.polys.matrices import DomainMatrix

    def exact(rows: list[list[Fraction]]) -> DomainMatrix:
        shape = (len(rows), len(rows[0]))
        return DomainMatrix([[QQ(v.numerator, v.denominator) for v in row] for row in rows], shape, QQ)

    # Positive variances make the matrix of a problem positive definite.
    solved = exact(matrix).lu_solve(exact([[value] for value in right])).to_list()
    return [Fraction(int(v.numerator), int(v.denominator)) for (v,) in solved]


def dot(x: Sequence[Fraction], y: Sequence[Fraction]) -> Fraction:
    """xᵀy, exact."""
    return sum((a * b for a, b in zip(x, y, strict=True)), Fraction(0))


def problems(seed: int, examples: int, kind: Kind = "any") -> list[RationalProblem]:
    """Problems drawn at random: one to three coordinates per block, γ in [1/100, 99/100], λ = 0 or positive.

    Numbers with small denominators, the ends of a range and variances close to each other come up often.

    Parameters
    ----------
    kind : any, with ‖x_inv‖ = ‖x_sp‖, or with both norms and σ_inv equal to 1.
    """
    return [_problem(stream(seed, number, f"rational problem/{kind}"), kind) for number in range(examples)]


def _problem(generator: np.random.Generator, kind: Kind) -> RationalProblem:
    def number(low: Fraction, high: Fraction, largest: int) -> Fraction:
        denominator = int(generator.integers(1, largest + 1))
        first, last = ceil(low * denominator), floor(high * denominator)
        if first > last or generator.random() < ENDS:
            return (low, high)[int(generator.integers(2))]
        return Fraction(int(generator.integers(first, last + 1)), denominator)

    def positive() -> Fraction:
        return number(Fraction(1, 8), Fraction(8), 8)

    def vector() -> tuple[Fraction, ...]:
        while True:
            drawn = tuple(number(Fraction(-4), Fraction(4), 4) for _ in range(int(generator.integers(1, 4))))
            if any(drawn):
                return drawn

    def unit() -> tuple[Fraction, ...]:
        t = number(Fraction(0), Fraction(1), 6)  # (1 − t², 2t)/(1 + t²): rational points of the unit circle
        return (1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)

    gamma = number(Fraction(1, 100), Fraction(99, 100), 100)
    variance_inv = Fraction(1) if kind == "unit norms" else positive()
    near = number(Fraction(-1, 4), Fraction(1, 4), 16)
    close = generator.random() < CLOSE and variance_inv + near > 0
    variance_sp = variance_inv + near if close else positive()
    inv, sp = (unit(), unit()) if kind == "unit norms" else (vector(), vector())
    if kind == "equal norms":
        sp = tuple(-value for value in reversed(inv))
    penalty = positive() if generator.random() < 1 / 2 else Fraction(0)
    return RationalProblem(gamma, variance_inv, variance_sp, inv, sp, penalty)
