"""The population problem of paper B's linear model, derived from the loss up (arXiv 2202.05189v3, Appendix D).

Inputs [x, y] in two orthogonal blocks. Definition 1 draws them from three Gaussians around (−x_inv, 0), (x_inv, 0) and
(x_inv, x_sp); the classifier h(x) = β_invᵀx + β_spᵀy + β₀ minimises ½ E[(h·label − 1)²] + (λ/2)(‖β_inv‖² + ‖β_sp‖²).
Only definitions are typed in here. SymPy computes the loss, its gradient, the optimum, what it predicts and the
expansions at γ = 0. No dimension is fixed: a vector enters by its products with the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import sympy
from sympy import Expr, Function, Rational, Symbol, sqrt

# Parameters of the problem: square roots of variances and of squared norms, so that formulas print as in the paper.
GAMMA = Symbol("gamma", nonnegative=True)
PENALTY = Symbol("lambda", nonnegative=True)
SIGMA_INV = Symbol("sigma_inv", positive=True)
SIGMA_SP = Symbol("sigma_sp", positive=True)
NORM_INV = Symbol("norm_inv", positive=True)
NORM_SP = Symbol("norm_sp", positive=True)
# Noise of the inputs at test, which is that of training unless noise was added to one of the two only.
TEST_SIGMA_INV = Symbol("tau_inv", positive=True)
TEST_SIGMA_SP = Symbol("tau_sp", positive=True)

# What the loss sees of a classifier: x_invᵀβ_inv, x_spᵀβ_sp, ‖β_inv‖², ‖β_sp‖², β₀.
PRODUCT_INV, PRODUCT_SP = Symbol("p_inv", real=True), Symbol("p_sp", real=True)
LENGTH_INV, LENGTH_SP = Symbol("l_inv", nonnegative=True), Symbol("l_sp", nonnegative=True)
INTERCEPT = Symbol("beta_0", real=True)
# β_inv = a x_inv and β_sp = b x_sp.
A, B = Symbol("a", real=True), Symbol("b", real=True)

# (γ/2)·a/b, in which the accuracies are printed: it stays finite at γ = 0.
RHO = Symbol("rho", positive=True)

PHI = Function("Phi")


@dataclass(frozen=True)
class Component:
    """One Gaussian of a mixture: its weight, the multiples of x_inv and x_sp at its mean, and its label."""

    weight: Expr
    invariant: int
    spurious: int
    label: int


# Definition 1.
TRAINING = (
    Component(Rational(1, 2), -1, 0, -1),
    Component((1 - GAMMA) / 2, 1, 0, 1),
    Component(GAMMA / 2, 1, 1, 1),
)
CLEAN_TEST = (Component(Rational(1, 2), -1, 0, -1), Component(Rational(1, 2), 1, 0, 1))
SPURIOUS_TEST = (Component(sympy.Integer(1), -1, 1, -1),)


def output(component: Component) -> Expr:
    """h at the component's mean."""
    return component.invariant * PRODUCT_INV + component.spurious * PRODUCT_SP + INTERCEPT


def loss(components: Sequence[Component] = TRAINING) -> Expr:
    """½ E[(h·label − 1)²] + (λ/2)(‖β_inv‖² + ‖β_sp‖²), with the noise integrated out."""
    noise = Symbol("noise", real=True)
    expected = sympy.Integer(0)
    for component in components:
        squared = sympy.Poly(((output(component) + noise) * component.label - 1) ** 2, noise)
        # βᵀw has mean zero and variance βᵀΣβ; the loss is quadratic in it.
        moments = {0: 1, 1: 0, 2: SIGMA_INV**2 * LENGTH_INV + SIGMA_SP**2 * LENGTH_SP}
        expected += component.weight * sum(c * moments[power] for (power,), c in squared.terms())
    return sympy.expand(expected / 2 + PENALTY / 2 * (LENGTH_INV + LENGTH_SP))


@dataclass(frozen=True)
class Gradient:
    """∂L/∂β_inv = along_beta_inv·β_inv + along_inv·x_inv, the same for the spurious block, and ∂L/∂β₀."""

    along_beta_inv: Expr
    along_inv: Expr
    along_beta_sp: Expr
    along_sp: Expr
    intercept: Expr

    def terms(self) -> tuple[Expr, ...]:
        """The five coefficients in order."""
        return (self.along_beta_inv, self.along_inv, self.along_beta_sp, self.along_sp, self.intercept)


def gradient(objective: Expr) -> Gradient:
    """Gradient of a loss, by the chain rule through the products and lengths that it depends on."""
    return Gradient(
        along_beta_inv=sympy.factor(2 * sympy.diff(objective, LENGTH_INV)),
        along_inv=sympy.expand(sympy.diff(objective, PRODUCT_INV)),
        along_beta_sp=sympy.factor(2 * sympy.diff(objective, LENGTH_SP)),
        along_sp=sympy.factor(sympy.diff(objective, PRODUCT_SP)),
        intercept=sympy.expand(sympy.diff(objective, INTERCEPT)),
    )


def normal_equations(slope: Gradient) -> tuple[Expr, Expr, Expr]:
    """What must vanish at the optimum, as multiples of x_inv and x_sp and for the intercept.

    The gradient's blocks are combinations of β and of x, and the coefficient of β is positive, so at the optimum β_inv
    is a multiple a of x_inv and β_sp a multiple b of x_sp.
    """
    at = {PRODUCT_INV: A * NORM_INV**2, PRODUCT_SP: B * NORM_SP**2}
    return (
        sympy.expand((slope.along_beta_inv * A + slope.along_inv).subs(at)),
        sympy.expand((slope.along_beta_sp * B + slope.along_sp).subs(at)),
        sympy.expand(slope.intercept.subs(at)),
    )


@dataclass(frozen=True)
class Optimum:
    """β_inv = a x_inv, β_sp = b x_sp and the intercept β₀ of the optimal classifier."""

    a: Expr
    b: Expr
    intercept: Expr

    def prediction_difference(self) -> Expr:
        """h(x_inv, x_sp) − h(x_inv, 0) = β_spᵀx_sp, whatever x_inv is (Definition 3)."""
        with_pattern, without = (output(Component(sympy.Integer(1), 1, spurious, 1)) for spurious in (1, 0))
        return sympy.factor(self._at(with_pattern - without))

    def margin(self, component: Component) -> Expr:
        """label·h at the component's mean over the standard deviation of h: Φ of it is the share answered right."""
        deviation = sqrt(self.a**2 * NORM_INV**2 * TEST_SIGMA_INV**2 + self.b**2 * NORM_SP**2 * TEST_SIGMA_SP**2)
        return self._at(component.label * output(component)) / deviation

    def accuracy(self, components: Sequence[Component]) -> Expr:
        """Share of a test distribution that gets the right sign (Definition 2)."""
        return sympy.Add(*(component.weight * PHI(self.margin(component)) for component in components))

    def _at(self, expression: Expr) -> Expr:
        return expression.subs(
            {
                PRODUCT_INV: self.a * NORM_INV**2,
                PRODUCT_SP: self.b * NORM_SP**2,
                INTERCEPT: self.intercept,
            }
        )


def solve(objective: Expr) -> Optimum:
    """The optimum of a loss: the only solution of its normal equations."""
    (solution,) = sympy.linsolve(normal_equations(gradient(objective)), A, B, INTERCEPT)
    return Optimum(*(sympy.factor(value) for value in solution))


@cache
def optimum() -> Optimum:
    """The optimal classifier of Definition 1."""
    return solve(loss())


def same_noise_at_test(expression: Expr) -> Expr:
    """An expression with the inputs at test as noisy as in training, as Definition 1 has them."""
    return expression.subs({TEST_SIGMA_INV: SIGMA_INV, TEST_SIGMA_SP: SIGMA_SP})


@dataclass(frozen=True)
class Expansion:
    """value + slope·γ + O(γ²)."""

    value: Expr
    slope: Expr


def at_zero(expression: Expr) -> Expansion:
    """Expansion of an expression at γ = 0."""
    slope = sympy.diff(expression, GAMMA).subs(GAMMA, 0)
    return Expansion(sympy.simplify(expression.subs(GAMMA, 0)), sympy.factor(sympy.simplify(slope)))


@cache
def expansions() -> tuple[Expansion, Expansion]:
    """Of the prediction difference, and of the argument of Φ in the spurious accuracy."""
    best = optimum()
    return at_zero(best.prediction_difference()), at_zero(same_noise_at_test(best.margin(SPURIOUS_TEST[0])))


def share_with_pattern(components: Sequence[Component] = TRAINING, *, label: int | None = None) -> Expr:
    """Probability that a sample carries the spurious feature, of all samples or of those with one label."""
    chosen = [component for component in components if label in (None, component.label)]
    carrying = sympy.Add(*(component.weight for component in chosen if component.spurious))
    return sympy.simplify(carrying / sympy.Add(*(component.weight for component in chosen)))
