"""Whether a model depends less on one sample the more it has (paper A, stability and generalization, Equation 6).

A-40: stability with respect to single samples improves as N grows. Measured as in Equation (6), the mean of
S_{z_i}(z_i)² over training samples, on the runs of Figures 2 and 6: Gaussian data, d = 1000, label sign(uᵀx).
Decided by: its median change per decade of N, true below −0.02 Var g.
Control: labels at random, of which nothing can be learnt however many there are.
"""

from __future__ import annotations

import pytest

from support.cases import Judge
from support.data.gaussian import Gaussian
from support.evidence.rows import Rows
from support.experiments.kernel_families import ORDERS, cases
from support.experiments.kernel_regression import GaussianRegression
from support.experiments.kernel_size import KernelSizes, described
from support.experiments.regression_curves import RegressionCurves
from support.experiments.synthetic_figures import FIGURE_SIZES, D, figure_runs
from support.measures.table import STABILITY_TREND
from support.models.features import Family
from support.statistics import Control, Estimate, Region
from support.statistics.effects import slope_of
from support.suite.looking import Evidence

SIZES = FIGURE_SIZES
# Per decade of N in units of Var g = 1; as for accuracies, a trend below 0.04 over two decades would not be called one.
TREND = 0.02
# S² does not depend on the share of the background, which is as Gaussian as the rest; one of the two serves.
ALPHA = 0.5
# Of the control, in infinite width, where a kernel of so few samples costs nothing.
FEW = (10, 20, 50, 100)
EVERY_SECOND_FLIPPED = 0.5

BUDGET = {"quick": 96, "standard": 96, "paper": 64}
BECAUSE = "nearly all trials lie on one side of the edge: 16 to 32 bound their median"


def at_random(family: Family) -> GaussianRegression:
    """The same data with labels that say nothing."""
    return GaussianRegression(family, ORDERS[family], None, Gaussian(D), FEW, (ALPHA,), (EVERY_SECOND_FLIPPED,), test=2)


def trend(rows: Rows) -> Estimate:
    """Change of the mean S² per decade of N."""
    curves = RegressionCurves(rows, "n")
    label = "change of the mean S_{z_i}(z_i)² per decade of N"
    return slope_of(curves.decades, curves.table("self_stability"), STABILITY_TREND, label)


@pytest.mark.claim("A-40", cost=60, budget=BUDGET, because=BECAUSE)
@pytest.mark.parametrize(("family", "activation"), cases(ORDERS))
def test_stability_improves_with_sample_size(
    family: Family, activation: str, size: KernelSizes, evidence: Evidence, judge: Judge
) -> None:
    """Expect the mean of S_{z_i}(z_i)² to fall with N, by more than 0.02 Var g per decade: stability improves.

    A small S is a stable model. Median slope over trials. Control: labels at random, whose S² cannot fall below Var g.
    """
    rows = evidence(figure_runs(family, size)).where(activation=activation, alpha=ALPHA)
    control = evidence(at_random(family)).where(activation=activation)
    region = Region.below(-TREND)
    judge(
        trend(rows),
        region,
        controls=[Control("random labels", "nothing to learn, N up to 100", trend(control), region)],
        sizes=described(figure_runs(family, size)),
    )
