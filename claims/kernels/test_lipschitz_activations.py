"""Which activations of the figures meet the assumptions of the theorems (paper A, Assumptions 5.3 and 6.2).

A-39: φ has to be Lipschitz for random features, φ' for NTK. Figures 2 and 6 have φ2 = h1 + h2, φ4 = h1 + h4, φ'2 =
h0 + h1, φ'4 = h0 + h3 and ReLU, whose derivative is a step.
Decided by: the exponent with which the largest slope grows on a longer line of closer points; a Lipschitz function's
does not grow.
Controls: activations of the other kind.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from support.cases import Judge
from support.statistics import Control, Estimate, Region, worst_of
from support.theory.lipschitz import FAR, NEAR, slope_growth

# φ of random features and φ' of NTK, by how the papers' figures use them.
LIPSCHITZ: Mapping[str, tuple[str, ...]] = {"rf": ("relu",), "ntk": ("h0+h1",)}
STEEP: Mapping[str, tuple[str, ...]] = {"rf": ("h1+h2", "h1+h4"), "ntk": ("h0+h3", "step")}
# Slopes of polynomials and steps grow by whole exponents, up to the lower orders: a hundredth at these lengths.
BOUNDED, UNBOUNDED = Region.near(0, 0.02), Region.above(0.5)


def cases(of: Mapping[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    """(family, activation) of each."""
    return [(family, activation) for family, activations in of.items() for activation in activations]


def growth(activation: str) -> Estimate:
    """An exponent, which is a number without error."""
    return worst_of([slope_growth(activation)], "exponent of the largest slope over the length of the line")


@pytest.mark.claim("A-39")
@pytest.mark.parametrize(("family", "activation"), cases(LIPSCHITZ))
def test_activations_that_meet_the_assumption(family: str, activation: str, judge: Judge) -> None:
    """Expect ReLU for random features and φ'2 = h0 + h1 for NTK to be Lipschitz: slopes that do not grow.

    Control: the activations of the same family that are not, the flattest of them.
    """
    steep = min(STEEP[family], key=slope_growth)
    judge(
        growth(activation),
        BOUNDED,
        controls=[Control(steep, "of the same figures", growth(steep), BOUNDED)],
        sizes={"lines of half length": [NEAR, FAR]},
    )


@pytest.mark.claim("A-39")
@pytest.mark.parametrize(("family", "activation"), cases(STEEP))
def test_activations_outside_the_assumption(family: str, activation: str, judge: Judge) -> None:
    """Expect φ2 and φ4 for random features, φ'4 and the step for NTK not to be Lipschitz: slopes without bound.

    Their figures are evidence beside the theorems rather than examples of them; what the theorems say of γ holds for
    them too where it is measured (A-12, A-15, A-37). Control: the one of the same family that is.
    """
    (flat,) = LIPSCHITZ[family]
    judge(
        growth(activation),
        UNBOUNDED,
        controls=[Control(flat, "of the same figures", growth(flat), UNBOUNDED)],
        sizes={"lines of half length": [NEAR, FAR]},
    )
