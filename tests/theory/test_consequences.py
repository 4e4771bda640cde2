"""What is said to follow from Theorem 1: in order, each with its left side, and by hand where all is 1."""

from fractions import Fraction as F  # noqa: N817 - written on every line

import pytest
import sympy
from sympy import Eq, Gt, Symbol

from support.theory import population as p
from support.theory import theorem
from support.theory.consequences import consequences

X, R = Symbol("x", positive=True), Symbol("r", positive=True)
ONES = dict.fromkeys((p.SIGMA_INV, p.SIGMA_SP, p.TEST_SIGMA_INV, p.TEST_SIGMA_SP, p.NORM_INV, p.NORM_SP), 1)
AT = ONES | {p.GAMMA: sympy.Rational(1, 2), theorem.V_INV: 1, theorem.V_SP: 1, p.PENALTY: 1, X: 1, R: 2}

# Title, left side, and the other side where σ, norms and λ are 1, γ = 1/2, x = 1 and r = 2.
EXPECTED: list[tuple[str, str | None, F | None]] = [
    # (γ/2)s²v/(γ/2(1 − γ)s²n² + γ/2(1 − γ/2)v s²) = (1/4)/(1/8 + 3/16).
    ("Without spurious noise", "PD", F(4, 5)),
    # At no real γ where the noise is so large; see below.
    ("Where half of that is reached", "gamma", None),
    # x/(1 + x) of 1/(1 + 1).
    ("The transition under the magnifying glass: prediction difference", "PD", F(1, 4)),
    ("The transition under the magnifying glass: argument of Φ in the spurious accuracy", "z", F(1, 2)),
    # σ_inv²(σ_inv² + λ) − ‖x_inv‖²/8, and −1/8.
    ("Where training noise or a penalty lowers the prediction difference", None, F(15, 8)),
    ("Where training noise or a penalty raises both accuracies", None, F(-1, 8)),
    # N = r + c, S² = r² + 1: N'S² − N r = 1 − c r, with c = γ/2 − 1, γ/2 and −γ/2.
    ("Spurious accuracy increases with r = a/b", "slope", F(5, 2)),
    ("Clean accuracy, negative samples", "slope", F(1, 2)),
    ("Clean accuracy, positive samples", "slope", F(3, 2)),
]


def test_order_and_left_sides() -> None:
    steps = consequences()
    assert [step.title for step in steps] == [title for title, _, _ in EXPECTED]
    assert all(step.text.endswith(".") for step in steps)
    for step, (_, left, _) in zip(steps, EXPECTED, strict=True):
        assert step.equation.func == (Gt if left is None else Eq)
        assert (step.equation.rhs if left is None else step.equation.lhs) == (0 if left is None else Symbol(left))


@pytest.mark.parametrize("place", [place for place, (_, _, value) in enumerate(EXPECTED) if value is not None])
def test_values_by_hand(place: int) -> None:
    title, left, expected = EXPECTED[place]
    assert expected is not None
    equation = consequences()[place].equation
    shown = (equation.lhs if left is None else equation.rhs).subs(AT)
    assert shown == sympy.Rational(expected.numerator, expected.denominator), title


def test_where_half_is_reached() -> None:
    # PD is (γ/2)v_inv‖x_sp‖² over v_inv v_sp + v_sp‖x_inv‖² + (γ/2)(1 − γ)‖x_sp‖²‖x_inv‖² + (γ/2)(1 − γ/2)v_inv‖x_sp‖²:
    # half of it is left where the two terms that noise adds, 2·v_sp with all else 1, are as large as the others.
    at = AT | {theorem.V_SP: sympy.Rational(1, 10)}
    gamma = float(consequences()[1].equation.rhs.subs(at))
    assert gamma / 2 * (1 - gamma) + gamma / 2 * (1 - gamma / 2) == pytest.approx(0.2, rel=1e-12)
