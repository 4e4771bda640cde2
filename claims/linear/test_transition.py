"""The transition at γ = 0 on the derived curves, and the estimate of its end (paper B, Sections 4.2 and D.3.1).

B-15: prediction difference and spurious accuracy change sharply near γ = 0 where ‖x_sp‖²/σ_sp² is large. B-23: the
change ends at γ of the order of the smallest of three terms.
Decided by: the γ at which half of the change between 0 and 0.3 is done, computed on the derived curves from Figure 6c's
setting, and the exponent with which it scales; true within a margin.
Controls: signal and noise growing together; a signal that fades along the path, of which the estimate is not told.
"""

from __future__ import annotations

import pytest

from claims.linear.figures import figure_6c
from claims.linear.formulas import consequences, counterexample_by_unit
from support.cases import Judge
from support.statistics import Control, Estimate, Region, Verdict, worst_of
from support.theory.quantities import NAMES, Quantity
from support.theory.transition import PATHS, RATIOS, Path, Sharper, drift, sharpening

# Exponents are exact in the limit of a large signal-to-noise ratio; from 10³ on a hundredth is left of the next order.
SHARPENS = Region.near(-1, 0.02)
# An estimate of the right order; those of a wrong one drift with an exponent of a half or more.
NO_DRIFT = Region.near(0, 0.05)


@pytest.mark.claim("B-15")
@pytest.mark.parametrize("how", ["longer signal", "less noise"])
@pytest.mark.parametrize("quantity", ["prediction_difference", "spurious_accuracy"])
def test_the_transition_sharpens_without_bound(quantity: Quantity, how: Sharper, judge: Judge) -> None:
    """Expect the γ at which half of the change is done to fall like 1/SNR, without end, as ‖x_sp‖²/σ_sp² grows.

    Half of the change between γ = 0 and 0.3 on the derived curve, Figure 6c's setting, SNR from 10³ to 10⁶; the
    exponent must be −1 within 0.02. Control: signal and noise growing together, where the ratio stays.
    """
    label = f"exponent of the half-way γ, {NAMES[quantity]}"
    kept = worst_of([sharpening(quantity, "both")], label)
    judge(
        worst_of([sharpening(quantity, how)], label),
        SHARPENS,
        controls=[Control("ratio kept", "signal and noise grow together", kept, SHARPENS)],
        sizes={"SNR": list(RATIOS)},
        panels=[figure_6c(quantity)],
    )


# ------------------------------------------------------------------------------------- where it ends


def drifting(path: Path, exponent: float) -> Estimate:
    """An exponent along a path, which is a number without error."""
    return worst_of([exponent], f"exponent of {path} in (half-way γ)/(predicted end of the transition)")


def fading_signal(path: Path) -> Control:
    """The right term, on curves that move with something else as well."""
    moved = drifting(path, drift(path, terms=1, fading=True))
    return Control(
        "fading signal", "‖x_sp‖² of the curves falls along the path, that of the term stays", moved, NO_DRIFT
    )


@pytest.mark.claim("B-23")
@pytest.mark.parametrize("path", PATHS)
def test_the_transition_ends_at_noise_over_signal(path: Path, judge: Judge) -> None:
    """Expect the transition to end at γ of order (σ_sp² + λ)/‖x_sp‖², the second term of the printed minimum.

    The prediction difference reaches half of its noise-free value at a γ whose ratio to this term tends to 2 (formula);
    here the ratio of the half-way γ to it must not drift as one parameter grows by a factor of 10³: exponent 0 within
    0.05. Control: curves whose signal fades along the path, of which the term is not told: an exponent near 1.
    """
    judge(
        drifting(path, drift(path, terms=1)),
        NO_DRIFT,
        controls=[fading_signal(path)],
        sizes={path: "four values over a factor of 1000"},
        formulas=consequences("Without spurious noise", "Where half of that", "The transition under"),
    )


@pytest.mark.claim("B-23", reading="printed")
@pytest.mark.erratum("E-11")
def test_the_third_term_of_the_heuristic(judge: Judge) -> None:
    """The minimum as printed, with its third term: expect it to drift from the transition where that term acts.

    σ_inv² grows by 10³ at σ_sp = 1, where the third term is the smallest: exponent 0 within 0.05. Positive control: the
    minimum without it. Negative control: the same minimum on curves whose signal fades along the path. The third term
    also changes with the unit in which inputs are measured, which the curves do not.
    """
    judge(
        drifting("sigma_inv", drift("sigma_inv", terms=2)),
        NO_DRIFT,
        controls=[
            Control(
                "two terms",
                "min{1, (σ_sp² + λ)/‖x_sp‖²}",
                drifting("sigma_inv", drift("sigma_inv", terms=1)),
                NO_DRIFT,
                expected=Verdict.SUPPORTED,
            ),
            fading_signal("sigma_inv"),
        ],
        sizes={"σ_inv²": "four values over a factor of 1000"} | counterexample_by_unit(),
    )
