"""How the share α of spurious coordinates moves memorization but not accuracy (paper A, Figure 7).

Gaussian data with d = 1000, N = 200, ReLU random features and ReLU NTK features (φ' is the step). All α of a trial
share inputs and weights: α only decides which coordinates carry the label and which are the background.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from support.analysis.regression_curves import RegressionCurves
from support.cases import Judge
from support.data.gaussian import Gaussian
from support.document.panels import accuracy_lines, panel
from support.experiments.kernel_families import FAMILIES, NAMES, RELU
from support.experiments.kernel_regression import GaussianRegression
from support.experiments.kernel_size import KernelSize, KernelSizes
from support.measures.table import (
    KERNEL_ACCURACY,
    KERNEL_ACCURACY_DIFFERENCE,
    KERNEL_ACCURACY_OVER_ALPHA,
)
from support.models.features import Family
from support.statistics import Control, Estimate, Region, Verdict, worst_of
from support.statistics.effects import mean_of, slope_of, smallest_of
from support.suite.looking import Evidence

D, N = 1000, 200
ALPHAS = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
SIZES: Mapping[str, KernelSizes] = {
    "quick": {"rf": KernelSize((N,), 1500, 200), "ntk": KernelSize((N,), 100, 200)},
    "standard": {"rf": KernelSize((N,), 20_000, 1000), "ntk": KernelSize((N,), 100, 1000)},
    "paper": {"rf": KernelSize((N,), 100_000, 1000), "ntk": KernelSize((N,), 100, 1000)},
}
# At α = 1 there is no core.
LAST_WITH_CORE = ALPHAS[-2]
# "Roughly flat": test accuracy changes by less than 0.05 as α goes from 0 to 1.
FLAT = 0.05
# The whole curve rises by 0.5.
RISE = 0.3
# From here on most trials are at the ceiling of 1, where one α cannot be told from the next.
CEILING_FROM = 0.5
# Three points of accuracy are the least worth a claim of a difference from chance.
CHANCE, CHANCE_MARGIN = 0.5, 0.03
# A share of answers that is none.
ROUNDING = 1e-9

BUDGET = {"quick": 128, "standard": 128, "paper": 96}
BECAUSE = "equivalence within 0.03 takes 48 to 64 trials at a spread of 0.034, the other effects 24 to 48"


def experiment(family: Family, size: KernelSizes) -> GaussianRegression:
    """The runs behind Figure 7."""
    return GaussianRegression(
        family=family,
        activations=(RELU[family],),
        width=size[family].width,
        data=Gaussian(D),
        sizes=size[family].samples,
        alphas=ALPHAS,
        test=size[family].test,
    )


def described(family: Family, size: KernelSizes) -> dict[str, object]:
    """What the report says was run."""
    return {"d": D, "N": N, "k": size[family].width, "α": list(ALPHAS)}


@pytest.mark.claim("A-32", cost=30, budget=BUDGET, because=BECAUSE)
@pytest.mark.parametrize("family", FAMILIES)
def test_test_accuracy_is_flat_in_alpha(family: Family, size: KernelSizes, evidence: Evidence, judge: Judge) -> None:
    """Expect test accuracy to be flat in α: its slope over α = 0 to 0.9 lies within 0.05 of zero.

    An equivalence statement. α = 1 is left out: without a core there is no label to learn. Control: spurious
    accuracy, which is not flat.
    """
    rows = evidence(experiment(family, size))
    curves = RegressionCurves(rows, "alpha").between(0, LAST_WITH_CORE)
    label = "change of accuracy as α goes from 0 to 1"
    region = Region.near(0, FLAT)

    def slope(column: str) -> Estimate:
        return slope_of(curves.values, curves.table(column), KERNEL_ACCURACY_OVER_ALPHA, label)

    drawn = panel(
        "Paper A, Figure 7",
        f"{NAMES[family]}, ReLU",
        FAMILIES.index(family),
        accuracy_lines(rows, "alpha", "ReLU", 2),
        x_label="spurious share α",
        y_label="accuracy",
        y_range=(0.4, 1.02),
        guides=[(CHANCE, "chance")],
        note="N = 200. At α = 1 there is no core: labels are random and test accuracy is chance.",
    )
    judge(
        slope("test_accuracy"),
        region,
        controls=[Control("spurious accuracy", "the slope of spurious accuracy", slope("spurious_accuracy"), region)],
        sizes=described(family, size),
        panels=[drawn],
    )


@pytest.mark.claim("A-33", cost=30, budget=BUDGET, because=BECAUSE)
@pytest.mark.parametrize("what", ["every step", "whole rise"])
@pytest.mark.parametrize("family", FAMILIES)
def test_spurious_accuracy_rises_with_alpha(
    family: Family, what: str, size: KernelSizes, evidence: Evidence, judge: Judge
) -> None:
    """Expect spurious accuracy to increase monotonically with α, from chance at α = 0 to 1 at α = 1.

    Every step: accuracy at each α up to 1/2 exceeds that at the α before it, and at each α beyond, where it reaches
    the ceiling of 1, that at α = 1/2; the effect is the smallest of these rises, with simultaneous intervals. Control:
    test accuracy, where nothing is memorized; at α = 1, where there is no core, it falls to chance. Whole rise:
    accuracy at α = 0.9 exceeds that at α = 0 by more than 0.3. Control: backgrounds never seen.
    """
    curves = RegressionCurves(evidence(experiment(family, size)), "alpha")
    if what == "every step":
        label, region = "smallest rise of spurious accuracy", Region.above(0)

        def smallest(column: str) -> Estimate:
            return smallest_of(list(curves.rises(column, CEILING_FROM).T), KERNEL_ACCURACY_DIFFERENCE, label)

        estimate = smallest("spurious_accuracy")
        control = Control("test accuracy", "the same steps of it", smallest("test_accuracy"), region)
    else:
        label, region = "spurious accuracy at α = 0.9 minus that at α = 0", Region.above(RISE)
        ends = curves.between(0, LAST_WITH_CORE)
        estimate = mean_of(ends.whole_rise("spurious_accuracy"), KERNEL_ACCURACY_DIFFERENCE, label)
        unseen = mean_of(ends.whole_rise("fresh_accuracy"), KERNEL_ACCURACY_DIFFERENCE, label)
        control = Control("fresh background", "never seen", unseen, region)
    judge(estimate, region, controls=[control], sizes=described(family, size))


@pytest.mark.claim("A-01", cost=30, budget=BUDGET, because=BECAUSE)
@pytest.mark.parametrize("family", FAMILIES)
def test_nothing_shared_is_chance_and_everything_shared_is_certain(
    family: Family, size: KernelSizes, evidence: Evidence, judge: Judge
) -> None:
    """Expect spurious accuracy at chance for α = 0, where query and sample share nothing: 0.5 within 0.03.

    Positive control: α = 1, where the query is the training sample itself and every answer must be right.
    Negative control: α = 1/2.
    """
    rows = evidence(experiment(family, size))
    label = "spurious accuracy at α = 0"
    region = Region.near(CHANCE, CHANCE_MARGIN)
    wrong = 1 - rows.where(alpha=1.0)["spurious_accuracy"]
    judge(
        mean_of(rows.where(alpha=0.0)["spurious_accuracy"], KERNEL_ACCURACY, label),
        region,
        controls=[
            Control(
                "α = 1",
                "largest share of wrong answers",
                worst_of(wrong.tolist(), "share of wrong answers"),
                Region.below(ROUNDING),
                Verdict.SUPPORTED,
                constant_because="the query is the sample, which is interpolated",
            ),
            Control(
                "α = 1/2",
                "half shared",
                mean_of(rows.where(alpha=0.5)["spurious_accuracy"], KERNEL_ACCURACY, label),
                region,
            ),
        ],
        sizes=described(family, size),
    )
