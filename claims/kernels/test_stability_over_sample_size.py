"""Whether a model depends less on one sample the more it has (paper A, stability and generalization, Equation 6).

A-40: stability with respect to single samples improves as N grows. Measured as in Equation (6), the mean of
S_{z_i}(z_i)² over training samples. Gaussian data, label sign(uᵀx), d = 200 and N from d/10 to 2 d: with N far below d,
as in most of Figures 2 and 6, there is little to be learnt yet and S² hardly falls (0.03 Var g from N = 10 to 500 at
d = 1,000).
Decided by: its median change per decade of N, true below −0.02 Var g.
Control: the same models with labels at random, of which nothing can be learnt however many there are.
"""

from __future__ import annotations

import pytest

from support.analysis.regression_curves import RegressionCurves
from support.cases import Judge
from support.data.gaussian import Gaussian
from support.experiments.kernel_families import ORDERS, cases
from support.experiments.kernel_regression import GaussianRegression
from support.measures.table import STABILITY_TREND
from support.models.features import Family
from support.statistics import Control, Estimate, Region
from support.statistics.effects import slope_of
from support.suite.looking import Evidence

# Neurons of the NTK; random features have infinite width, as a finite one would have to be far above N.
SIZES = {"quick": 100, "standard": 200, "paper": 400}
D, N = 200, (20, 50, 100, 200, 400)
# S² does not depend on the share of the background, which is as Gaussian as the rest.
ALPHA = 0.5
CLEAN, AT_RANDOM = 0.0, 0.5
# Per decade of N in units of Var g = 1; as for accuracies, a trend below 0.04 over two decades would not be called one.
TREND = 0.02

BUDGET = {"quick": 96, "standard": 96, "paper": 96}
BECAUSE = "where nearly all trials lie on one side of the edge, 16 to 32 bound their median"


def experiment(family: Family, neurons: int) -> GaussianRegression:
    """Both activations, with true labels and with every second one flipped."""
    return GaussianRegression(
        family=family,
        activations=ORDERS[family],
        width=None if family == "rf" else neurons,
        data=Gaussian(D),
        sizes=N,
        alphas=(ALPHA,),
        label_noise=(CLEAN, AT_RANDOM),
        test=2,
    )


@pytest.mark.claim("A-40", cost=15, budget=BUDGET, because=BECAUSE)
@pytest.mark.parametrize(("family", "activation"), cases(ORDERS))
def test_stability_improves_with_sample_size(
    family: Family, activation: str, size: int, evidence: Evidence, judge: Judge
) -> None:
    """Expect the mean of S_{z_i}(z_i)² to fall with N, by more than 0.02 Var g per decade: stability improves.

    A small S is a stable model. Median slope over trials, N = 20 to 400 at d = 200. Control: labels at random, whose
    S² cannot fall below Var g.
    """
    rows = evidence(experiment(family, size)).where(activation=activation)
    region = Region.below(-TREND)

    def trend(label_noise: float) -> Estimate:
        curves = RegressionCurves(rows.where(label_noise=label_noise), "n")
        label = "change of the mean S_{z_i}(z_i)² per decade of N"
        return slope_of(curves.decades, curves.table("self_stability"), STABILITY_TREND, label)

    judge(
        trend(CLEAN),
        region,
        controls=[Control("random labels", "nothing to learn, of the same samples", trend(AT_RANDOM), region)],
        sizes={"d": D, "N": list(N), "k": "infinite" if family == "rf" else size},
    )
