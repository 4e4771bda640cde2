"""Where ℓ₂ regularization helps in the linear model (paper B, Section 4.2, Observation 3; Figures 13 and 17).

B-25: it raises accuracy and lowers the prediction difference in two regimes.
Decided by: the sign of what a penalty changes against the derived boundary (γ/2)(1 − γ)‖x_sp‖² < σ_inv² − σ_sp², at
problems in rational numbers; and by the derived curves (support/theory) at Figure 13's setting and at one setting of
each regime, true where the largest harm is not positive.
Controls: settings beyond the boundary.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from claims.linear.figures import PENALTIES, QUANTITIES, figure_13, figure_17
from claims.linear.formulas import consequences
from support.cases import Judge
from support.statistics import Control, Estimate, Region, worst_of
from support.theory.curves import FIGURE_13, Shape
from support.theory.noise_and_penalty import harms
from support.theory.quantities import NAMES, Quantity
from support.theory.rational import RationalProblem, problems
from support.theory.regularization import (
    Signed,
    accuracy_boundary,
    clean_disagreements,
    disagreements,
    spurious_margin_raised,
)

# Problems in rational numbers.
SIZES = {"quick": 40, "standard": 200, "paper": 500}
EXACT = Region.exactly(0)
HELPS = Region.below(0)


@pytest.mark.claim("B-25")
def test_boundary_of_both_accuracies(size: int, seed: int, judge: Judge) -> None:
    """Expect ℓ₂ to raise both accuracies where (γ/2)(1 − γ)‖x_sp‖² < σ_inv² − σ_sp², and to lower them beyond.

    At any strength: both accuracies increase in a/b, and the sign of its derivative in λ does not contain λ.
    Spurious accuracy from linear systems at rational problems, clean accuracy in double precision; not one sign may
    disagree. Control: the boundary without the spurious signal, σ_inv² > σ_sp².
    """
    cases = problems(seed, size)

    def both(predicted: Signed) -> Estimate:
        spurious = disagreements(cases, predicted, spurious_margin_raised)
        label = "a sign that disagrees with the boundary (0: none, 1: some)"
        return worst_of([*spurious, *clean_disagreements(cases, predicted)], label)

    judge(
        both(accuracy_boundary),
        EXACT,
        controls=[Control("no spurious signal", "σ_inv² > σ_sp²", both(without_spurious_signal), EXACT)],
        sizes={"problems": size},
        formulas=consequences("Where training noise or a penalty raises", "Spurious accuracy increases", "Clean"),
    )


def without_spurious_signal(problem: RationalProblem) -> Fraction:
    """The boundary with ‖x_sp‖² forgotten."""
    return problem.variance_inv - problem.variance_sp


# ------------------------------------------------------------------------------------- at settings

# Figure 13's boundary is γ = 1/5, from (γ/2)(1 − γ)·5 = 0.5 − 0.1. With σ_inv² = 0.1 in place of 0.5 a penalty of 1
# raises the prediction difference from γ = 0.05 on, where (γ/2)(1 − γ)·5 > 0.1(0.1 + 1).
QUIETER: Shape = FIGURE_13 | {"variance_inv": 0.1}
BELOW, BEYOND = np.linspace(0.01, 0.19, 19), np.linspace(0.21, 0.5, 30)


def largest_harm(values: list[float], quantity: Quantity) -> Estimate:
    """The least favourable effect of a penalty: loss of accuracy, or rise of the prediction difference."""
    harm = "rise" if quantity == "prediction_difference" else "loss"
    return worst_of(values, f"largest {harm} of the {NAMES[quantity]} under a penalty")


@pytest.mark.claim("B-25")
@pytest.mark.parametrize("quantity", QUANTITIES)
def test_penalty_at_the_setting_of_figure_13(quantity: Quantity, judge: Judge) -> None:
    """At Figure 13's setting expect λ = 1, 10, 100 to help below γ = 1/5, the derived boundary.

    Both accuracies rise and the prediction difference falls for γ from 0.01 to 0.19. Control: beyond the boundary, with
    the opposite known; for the accuracies γ from 0.21 to 0.5, for the prediction difference, which falls there too,
    σ_inv² = 0.1 at the same γ.
    """
    if quantity == "prediction_difference":
        beyond, said = harms(quantity, QUIETER, BELOW, PENALTIES), "σ_inv² = 0.1 in place of 0.5"
    else:
        beyond, said = harms(quantity, FIGURE_13, BEYOND, PENALTIES), "γ from 0.21 to 0.5"
    judge(
        largest_harm(harms(quantity, FIGURE_13, BELOW, PENALTIES), quantity),
        HELPS,
        controls=[Control("beyond the boundary", said, largest_harm(beyond, quantity), HELPS)],
        sizes={"γ": f"{len(BELOW)} values up to 0.19", "λ": list(PENALTIES)},
        panels=[figure_13(quantity, "penalty"), *figure_17(quantity, "penalty")],
    )


# σ_inv² and γ small with a large SNR; σ_inv² large with γ and SNR mild. The paper gives no numbers: one setting stands
# for each, and another that the same words describe lies beyond the boundary.
REGIMES: dict[str, tuple[Shape, float, Shape]] = {
    "small sigma_inv": (
        {"variance_inv": 0.1, "variance_sp": 0.01, "norm_inv": 1.0, "norm_sp": 10**0.5},
        0.01,
        {"variance_inv": 0.1, "variance_sp": 0.01, "norm_inv": 1.0, "norm_sp": 10.0},
    ),
    "large sigma_inv": (
        {"variance_inv": 10.0, "variance_sp": 1.0, "norm_inv": 1.0, "norm_sp": 5**0.5},
        0.2,
        {"variance_inv": 10.0, "variance_sp": 15.0, "norm_inv": 1.0, "norm_sp": 75**0.5},
    ),
}


@pytest.mark.claim("B-25", reading="printed")
@pytest.mark.parametrize("regime", REGIMES)
def test_the_two_regimes_contain_settings_where_a_penalty_helps(regime: str, judge: Judge) -> None:
    """ℓ₂ "can" help in two regimes: expect a setting of each where it raises both accuracies and lowers PD.

    λ = 1, 10, 100. Control: another setting that the same words describe (ten times the signal, or more spurious noise
    at the same signal-to-noise ratio) but that lies beyond the boundary: the regimes are neither necessary nor
    sufficient, (γ/2)(1 − γ)‖x_sp‖² < σ_inv² − σ_sp² is.
    """
    inside, gamma, outside = REGIMES[regime]
    label = "largest harm done by a penalty: loss of an accuracy or rise of the prediction difference"

    def harm(shape: Shape) -> Estimate:
        return worst_of([max(harms(quantity, shape, [gamma], PENALTIES)) for quantity in QUANTITIES], label)

    judge(
        harm(inside),
        HELPS,
        controls=[Control("same words, beyond the boundary", f"{outside}", harm(outside), HELPS)],
        sizes={"γ": gamma, "λ": list(PENALTIES), **inside},
    )
