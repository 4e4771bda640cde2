"""Whether the feature alignment F(z_1^s, z_1) concentrates as the dimension grows (paper A, Theorems 5.4 and 6.3).

Alignment of each training sample with its spurious counterpart (independent core, same background), in closed form
for all samples of a trial; a trial's effect is their spread, over dimensions that double three times at fixed N/d.
Control: data of which only 50 coordinates vary, however large d is.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from support.analysis.alignment import spreads
from support.cases import Judge
from support.data.gaussian import Gaussian
from support.experiments.kernel_families import ACTIVATIONS, cases
from support.experiments.kernel_regression import GaussianRegression
from support.measures.table import SPREAD_EXPONENT, SPREAD_RATIO
from support.models.features import Family
from support.statistics import Control, Region
from support.statistics.effects import mean_of, slope_of
from support.suite.looking import Evidence

DIMENSIONS = (75, 150, 300, 600)
# At infinite width larger dimensions cost nothing.
INFINITE_DIMENSIONS = (200, 400, 800, 1600)
# Of the control, for both families.
CONTROL, COORDINATES = "h1+h2", 50
# 1/√d over a factor of 8 is 0.35; a spread that did not shrink would keep a ratio of 1.
MOST_SPREAD = 0.6
# Exponent of d, −1/2 in theory. Finite N and k bend it by about a tenth.
EXPONENT, EXPONENT_MARGIN = -0.5, 0.15

# Last looks.
BUDGET = {"quick": 48, "standard": 96, "paper": 96}
MEDIAN_BECAUSE = "16 trials that agree on the side of the edge decide on which side the median lies"
BECAUSE = "24 trials, the first look at near-normal ones, decide by the spread at quick scale"


def experiment(
    family: Family, d: int, activations: tuple[str, ...], *, coordinates: int | None = None, infinite: bool = False
) -> GaussianRegression:
    """RF with k = 10 d and N = d/5; NTK with k = d and N = 3d/2, since its theorem asks for N > d."""
    width = 10 * d if family == "rf" else d
    return GaussianRegression(
        family=family,
        activations=activations,
        width=None if infinite else width,
        data=Gaussian(d, independent_coordinates=coordinates),
        sizes=(d // 5 if family == "rf" else 3 * d // 2,),
        alphas=(0.5,),
        test=2,
    )


def spread_over_dimensions(
    family: Family, activation: str, evidence: Evidence, *, infinite: bool = False
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Spread of F over the samples of a trial, and of the control; (trials, dimensions) both."""
    dimensions = INFINITE_DIMENSIONS if infinite else DIMENSIONS
    free = [evidence(experiment(family, d, ACTIVATIONS[family], infinite=infinite)) for d in dimensions]
    fixed = [evidence(experiment("rf", d, (CONTROL,), coordinates=COORDINATES, infinite=infinite)) for d in dimensions]
    return spreads(free, activation), spreads(fixed, CONTROL)


def judge_concentration(family: Family, activation: str, evidence: Evidence, judge: Judge) -> None:
    """Shared by A-12 and A-15."""
    spread, control = spread_over_dimensions(family, activation, evidence)
    label = "spread of F at d = 600 over that at d = 75"
    region = Region.below(MOST_SPREAD)
    judge(
        mean_of(spread[:, -1] / spread[:, 0], SPREAD_RATIO, label),
        region,
        controls=[
            Control(
                "50 independent coordinates",
                "however large d is, only 50 coordinates vary, so nothing concentrates",
                mean_of(control[:, -1] / control[:, 0], SPREAD_RATIO, label),
                region,
            )
        ],
        sizes={"d": list(DIMENSIONS)},
    )


@pytest.mark.claim("A-12", cost=15, budget=BUDGET, because=MEDIAN_BECAUSE)
@pytest.mark.parametrize("activation", ACTIVATIONS["rf"])
def test_rf_alignment_concentrates(activation: str, evidence: Evidence, judge: Judge) -> None:
    """Expect the spread of F over samples to shrink as d grows eightfold, to at most 0.6 of what it was.

    The median over trials, as a ratio of two spreads is skewed.
    """
    judge_concentration("rf", activation, evidence, judge)


@pytest.mark.claim("A-15", cost=25, budget=BUDGET, because=MEDIAN_BECAUSE)
@pytest.mark.parametrize("activation", ACTIVATIONS["ntk"])
def test_ntk_alignment_concentrates(activation: str, evidence: Evidence, judge: Judge) -> None:
    """Expect the spread of F over samples to shrink as d grows eightfold with N = 3d/2 > d, to at most 0.6.

    The median over trials, as a ratio of two spreads is skewed.
    """
    judge_concentration("ntk", activation, evidence, judge)


@pytest.mark.claim("A-37", cost=15, budget=BUDGET, because=BECAUSE)
@pytest.mark.parametrize(("family", "activation"), cases(ACTIVATIONS))
def test_fluctuations_fall_like_inverse_root_d(
    family: Family, activation: str, evidence: Evidence, judge: Judge
) -> None:
    """Expect the spread of F to fall like d^(−1/2), as Hanson-Wright has it: exponent −0.5 within 0.15.

    Per trial, the slope of log spread against log d at fixed N/d. Random features at infinite width, where only the
    data fluctuate; at k = 10 d the fourth-order activation, whose features have heavy tails, adds a spread of its own
    that falls more slowly. NTK at k = d. Control: data of which only 50 coordinates vary.
    """
    infinite = family == "rf"
    dimensions = INFINITE_DIMENSIONS if infinite else DIMENSIONS
    spread, control = spread_over_dimensions(family, activation, evidence, infinite=infinite)
    label = "exponent of d in the spread of F"
    region = Region.near(EXPONENT, EXPONENT_MARGIN)
    judge(
        slope_of(np.log(dimensions), np.log(spread), SPREAD_EXPONENT, label),
        region,
        controls=[
            Control(
                "50 independent coordinates",
                "however large d is, only 50 coordinates vary",
                slope_of(np.log(dimensions), np.log(control), SPREAD_EXPONENT, label),
                region,
            )
        ],
        sizes={"d": list(dimensions)},
    )
