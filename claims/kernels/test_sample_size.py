"""Accuracy on the spurious part alone, against the size of the training set (paper A, Figures 2 and 6, synthetic).

Gaussian data, d = 1000, label sign(uᵀx). A model is queried with [independent x, y_i] and its sign compared with
the training label g_i. Accuracies on queries are balanced over the two classes. The training sets of one trial are
cut from the same samples, and activations and α share data and weights: everything is paired within a trial, trials
are independent. Where the samples hold several disjoint sets of N, the trial's number is their mean. A trend is the
mean over trials of the slope of accuracy per decade of N.
"""

from __future__ import annotations

import pytest

from support.analysis.regression_curves import RegressionCurves
from support.cases import Judge
from support.document.panels import Panel, accuracy_lines, panel
from support.evidence.rows import Rows
from support.experiments.kernel_families import ORDERS, cases
from support.experiments.kernel_size import KernelSizes, described
from support.experiments.synthetic_figures import ALPHAS, FIGURE_SIZES, figure_runs
from support.measures.table import (
    KERNEL_ACCURACY,
    KERNEL_ACCURACY_DIFFERENCE,
    KERNEL_ACCURACY_TREND,
    PERMUTED_ACCURACY,
    RANDOM_FEATURE_TREND,
)
from support.models.features import Family
from support.statistics import Control, Estimate, Measure, Region, Verdict
from support.statistics.effects import mean_of, slope_of
from support.suite.looking import Evidence

SIZES = FIGURE_SIZES
# Accuracy per decade of N. Seen over the figures' two decades, a trend below 0.04 in all would not be called one.
TREND = 0.02
# An excess over chance of two points of accuracy, or a difference between curves of one, is the least worth a claim.
EXCESS = 0.02
DIFFERENCE = 0.01
CHANCE = 0.5
# Sizes N at which curves are compared: below 100 the accuracies of small trials saturate at 1.
COMPARED = (100, 500)

TRENDS = ["spurious falls", "test rises"]

BUDGET = {"quick": 96, "standard": 96, "paper": 64}
BECAUSE = "effects lie one standard deviation of a trial or more from their edges, which 24 to 32 trials decide"


def compared(rows: Rows) -> RegressionCurves:
    """One model's curves over the sizes at which curves are compared."""
    return RegressionCurves(rows, "n").between(*COMPARED)


def trend(rows: Rows, column: str, family: Family) -> Estimate:
    """Slope of an accuracy per decade of N: its mean over trials, or of random features its median."""
    curves = RegressionCurves(rows, "n")
    label = f"change of {column.replace('_', ' ')} per decade of N"
    measure = RANDOM_FEATURE_TREND if family == "rf" else KERNEL_ACCURACY_TREND
    return slope_of(curves.decades, curves.table(column), measure, label)


def figure(rows: Rows, family: Family, activation: str, alpha: float) -> Panel:
    """One model's curves in the synthetic panels of Figure 2 or 6."""
    return panel(
        "Paper A, Figure 2, synthetic panels (random features)"
        if family == "rf"
        else "Paper A, Figure 6, synthetic panels (neural tangent features)",
        f"Gaussian data, α = {alpha:g}",
        int(100 * alpha),
        accuracy_lines(rows, "n", activation, ORDERS[family].index(activation)),
        x_label="training samples N",
        y_label="accuracy",
        x_scale="log",
        y_range=(0.4, 1.02),
        guides=[(CHANCE, "chance")],
        note="Mean and one standard deviation over trials, as the caption says; queries have an independent core.",
    )


@pytest.mark.claim("A-01", cost=60, budget=BUDGET, because=BECAUSE)
@pytest.mark.parametrize("alpha", ALPHAS)
@pytest.mark.parametrize(("family", "activation"), cases(ORDERS))
def test_spurious_accuracy_is_above_chance(
    family: Family, activation: str, alpha: float, size: KernelSizes, evidence: Evidence, judge: Judge
) -> None:
    """Expect a model queried with the spurious part alone to answer the training label more often than chance.

    The effect is spurious accuracy averaged over N = 100, 200, 500 (smaller samples are at the ceiling) and must
    exceed 0.5 by 0.02. Controls: a background never seen in training, and that of another training sample.
    """
    rows = evidence(figure_runs(family, size)).where(activation=activation, alpha=alpha)
    curves = compared(rows)
    label = "spurious accuracy, N ≥ 100"
    region = Region.above(CHANCE + EXCESS)

    def mean(column: str, measure: Measure = KERNEL_ACCURACY) -> Estimate:
        return mean_of(curves.average(column), measure, label)

    judge(
        mean("spurious_accuracy"),
        region,
        controls=[
            Control("fresh background", "never seen", mean("fresh_accuracy"), region),
            Control("permuted background", "another sample's", mean("permuted_accuracy", PERMUTED_ACCURACY), region),
        ],
        sizes=described(figure_runs(family, size)),
    )


def judge_trends(
    family: Family, activation: str, alpha: float, what: str, size: KernelSizes, evidence: Evidence, judge: Judge
) -> None:
    """Shared by A-19 and A-30, one statement about two families."""
    rows = evidence(figure_runs(family, size)).where(activation=activation, alpha=alpha)
    region = Region.below(-TREND) if what == "spurious falls" else Region.above(TREND)
    column = "spurious_accuracy" if what == "spurious falls" else "test_accuracy"
    judge(
        trend(rows, column, family),
        region,
        controls=[
            Control(
                "fresh background",
                "the same slope for backgrounds never seen",
                trend(rows, "fresh_accuracy", family),
                region,
            )
        ],
        sizes=described(figure_runs(family, size)),
        panels=[figure(rows, family, activation, alpha)],
    )


@pytest.mark.claim("A-19", cost=60, budget=BUDGET, because=BECAUSE)
@pytest.mark.parametrize("what", TRENDS)
@pytest.mark.parametrize("alpha", ALPHAS)
@pytest.mark.parametrize("activation", ORDERS["rf"])
def test_rf_accuracies_over_sample_size(
    activation: str, alpha: float, what: str, size: KernelSizes, evidence: Evidence, judge: Judge
) -> None:
    """Expect test accuracy to rise and spurious accuracy to fall with N, each by more than 0.02 per decade.

    The median slope over trials: calibration trials of random features were too skewed for a mean by t.
    """
    judge_trends("rf", activation, alpha, what, size, evidence, judge)


@pytest.mark.claim("A-30", cost=20, budget=BUDGET, because=BECAUSE)
@pytest.mark.parametrize("what", TRENDS)
@pytest.mark.parametrize("alpha", ALPHAS)
@pytest.mark.parametrize("activation", ORDERS["ntk"])
def test_ntk_accuracies_over_sample_size(
    activation: str, alpha: float, what: str, size: KernelSizes, evidence: Evidence, judge: Judge
) -> None:
    """Expect test accuracy to rise and spurious accuracy to fall with N, each by more than 0.02 per decade."""
    judge_trends("ntk", activation, alpha, what, size, evidence, judge)


def judge_activations(family: Family, alpha: float, size: KernelSizes, evidence: Evidence, judge: Judge) -> None:
    """Shared by A-20 and A-30."""
    rows = evidence(figure_runs(family, size)).where(alpha=alpha)
    low, high = (compared(rows.where(activation=name)) for name in ORDERS[family])
    label = "spurious accuracy of the low-order activation minus that of the high-order one, N ≥ 100"
    region = Region.above(DIFFERENCE)

    def difference(column: str) -> Estimate:
        return mean_of(low.average(column) - high.average(column), KERNEL_ACCURACY_DIFFERENCE, label)

    judge(
        difference("spurious_accuracy"),
        region,
        controls=[
            Control("fresh background", "never seen", difference("fresh_accuracy"), region),
            Control(
                "equal generalization",
                "the same difference in test accuracy, within 0.02 of zero: were it as large, generalization and not "
                "alignment could explain the order",
                difference("test_accuracy"),
                Region.near(0, EXCESS),
                Verdict.SUPPORTED,
            ),
        ],
        sizes=described(figure_runs(family, size)),
    )


@pytest.mark.claim("A-20", cost=60, budget=BUDGET, because=BECAUSE)
@pytest.mark.parametrize("alpha", ALPHAS)
def test_rf_higher_order_memorizes_less(alpha: float, size: KernelSizes, evidence: Evidence, judge: Judge) -> None:
    """Expect φ4 = h1 + h4 to have lower spurious accuracy than φ2 = h1 + h2 at equal α, by more than 0.01.

    Paired within the trial, averaged over N = 100, 200, 500.
    """
    judge_activations("rf", alpha, size, evidence, judge)


@pytest.mark.claim("A-30", cost=20, budget=BUDGET, because=BECAUSE)
@pytest.mark.parametrize("alpha", ALPHAS)
def test_ntk_higher_order_memorizes_less(alpha: float, size: KernelSizes, evidence: Evidence, judge: Judge) -> None:
    """Expect φ'4 = h0 + h3 to have lower spurious accuracy than φ'2 = h0 + h1 at equal α, by more than 0.01."""
    judge_activations("ntk", alpha, size, evidence, judge)


@pytest.mark.claim("A-21", cost=60, budget=BUDGET, because=BECAUSE)
@pytest.mark.parametrize("activation", ORDERS["rf"])
def test_larger_backgrounds_are_memorized_more(
    activation: str, size: KernelSizes, evidence: Evidence, judge: Judge
) -> None:
    """Expect spurious accuracy at α = 1/2 to exceed that at α = 1/4 by more than 0.02 (N = 100, 200, 500 averaged)."""
    rows = evidence(figure_runs("rf", size)).where(activation=activation)
    small, large = (compared(rows.where(alpha=alpha)) for alpha in ALPHAS)
    label = "spurious accuracy at α = 1/2 minus that at α = 1/4, N ≥ 100"
    region = Region.above(EXCESS)

    def difference(column: str) -> Estimate:
        return mean_of(large.average(column) - small.average(column), KERNEL_ACCURACY_DIFFERENCE, label)

    judge(
        difference("spurious_accuracy"),
        region,
        controls=[
            Control("test accuracy", "the same difference in test accuracy", difference("test_accuracy"), region)
        ],
        sizes=described(figure_runs("rf", size)),
    )
