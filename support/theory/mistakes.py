"""Derivations with a mistake in them: what the audit of paper B's formulas must tell from the right ones."""

from __future__ import annotations

from typing import Literal

import sympy
from sympy import Expr

from support.theory import population
from support.theory.population import Expansion, Gradient, Optimum

Dropped = Literal["noise dropped", "penalty dropped"]


def gradient_without_noise() -> Gradient:
    """The gradient of a loss that forgets the noise of the inputs, σ_inv = σ_sp = 0."""
    return population.gradient(population.loss().subs({population.SIGMA_INV: 0, population.SIGMA_SP: 0}))


def optimum_with(dropped: Dropped) -> Optimum:
    """The optimum of a loss that forgets the spurious noise, σ_sp = 0, or the penalty on the spurious block."""
    loss = population.loss()
    if dropped == "noise dropped":
        return population.solve(loss.subs({population.SIGMA_SP: 0}))
    return population.solve(loss.subs(population.PENALTY, 0) + population.PENALTY / 2 * population.LENGTH_INV)


def ten_times_the_noise(expansion: Expansion) -> Expansion:
    """An expansion with σ_sp² ten times as large."""
    return Expansion(_louder(expansion.value), _louder(expansion.slope))


def _louder(expression: Expr) -> Expr:
    return expression.subs(population.SIGMA_SP, population.SIGMA_SP * sympy.sqrt(10))
