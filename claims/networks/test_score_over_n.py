"""How the spurious score grows with the number of patterned examples (paper B, Sections 3.2, 4.2 and B.3).

The paper's MLP on MNIST and Fashion-MNIST, trained with n images of the target class that carry a pattern; the score is
the share of test images whose target-class probability rises by more than 0.1 when the pattern is added. A trial draws
images, patterns and initial weights anew and trains all its networks from the same start in the same order.

Balanced carriers are the counterfactual: as many images with the same pattern, of all classes alike (three: of three
classes drawn at random). What networks have seen is the same; only the correlation with the target class is missing.

At quick scale 1,000 images and 8 epochs stand in for 60,000 and 70, at standard scale 4,000 and 8; the largest n is 30
there and 100 here. Three to thirty of 1,000 are a larger share than the paper's hundred of 60,000: what saturates here
may still grow there.
"""

from __future__ import annotations

import numpy as np
import pytest

from support.analysis.growth import added_slope, decades, steps_up
from support.analysis.taught import Taught, balanced
from support.analysis.vital_signs import vital_signs
from support.cases import Judge
from support.document.panels import Panel, line, panel
from support.experiments import network_sizes
from support.experiments.arms import UNTAUGHT
from support.experiments.network_sizes import GRIDS, LARGEST
from support.experiments.published_training import networks
from support.experiments.rare_patterns import Arm, RarePatterns
from support.experiments.size import Size
from support.measures.table import PROBABILITY_DIFFERENCE, SCORE, STEPS_UP
from support.statistics import Control, Region
from support.statistics.effects import mean_of, slope_of
from support.statistics.exclusion import Exclusion
from support.suite.looking import Evidence
from support.suite.not_run import require_budget

pytestmark = pytest.mark.asks("network")

SIZES = network_sizes.SIZES
DATASETS = ["mnist", "fashion-mnist"]
COLORS = {"R3": 0, "S3": 1}
DRAWN = 8  # trials of a figure, as many as the first look has
# The least slope that we would call one, per decade of 1 + n: 0.03 to 0.04 over the grid.
SLOPE = 0.02
# Five points of probability are the least that we would call a difference; three steps in four lie halfway between
# chance and certainty.
APART, MOST_STEPS = 0.05, 0.75

FEW = {"quick": 48, "standard": 96, "paper": 64}
SEVERAL = {"quick": 96, "standard": 128, "paper": 64}
# Trials within which nine in ten resamplings of a pilot's or an earlier report's are decided: of cases that some budget
# does not reach. Three examples of R3 teach on Fashion-MNIST 0.58 of what thirty do, too close to a half.
GROWTH_TAKES = {("fashion-mnist", "S3", "quick"): 64, ("mnist", "S3", "paper"): 384}
ONSET_TAKES = {"fashion-mnist": 3000}


def ends(scale: str) -> tuple[int, int, int]:
    """None, three and the largest number of examples."""
    return 0, 3, LARGEST[scale]


def asked(dataset: str, size: Size, scale: str, pattern: str, target: int = 0) -> RarePatterns:
    """Networks at both ends and at three, of the target class and of balanced carriers.

    A network of balanced carriers knows no target class; with R3 it is asked about both that claims speak of.
    """
    numbers, classes = ends(scale)[1:], (0, 1) if pattern == "R3" else (0,)
    scattered = (arm for n in numbers for which in classes for arm in balanced(Arm(pattern, n, which)))
    return networks(dataset, size, (*UNTAUGHT, *(Arm(pattern, n, target) for n in numbers), *scattered))


def judge_score(target: int, dataset: str, scale: str, size: Size, evidence: Evidence, judge: Judge) -> None:
    """The slope of the score of R3; the control: that of balanced carriers, from the same n = 0."""
    experiment, grid = asked(dataset, size, scale, "R3", target), ends(scale)
    taught = Taught.where_trained(evidence(experiment))
    region, label = Region.above(SLOPE), f"change of the score per decade of 1 + n, target class {target}"
    score, scattered = (taught.over_n("score_0.1", arm, grid) for arm in both("R3", target))
    judge(
        slope_of(decades(grid), score, SCORE, label),
        region,
        controls=[
            Control("no correlation", "balanced carriers", slope_of(decades(grid), scattered, SCORE, label), region)
        ],
        sizes=size.described() | {"n": list(grid), "target class": target},
        exclusions=[Exclusion(*taught.left_out)],
        signs=vital_signs(taught, experiment),
        panels=[figure(target, dataset, "R3", scale, size, evidence)],
    )


def both(pattern: str, target: int) -> tuple[Arm, Arm]:
    """The question to networks of target-class and of balanced carriers, whatever their number."""
    arm = Arm(pattern, 0, target)
    return arm, balanced(arm)[0]


@pytest.mark.claim(
    "B-03",
    reading="published",
    cost=30,
    budget=SEVERAL,
    because="32 trials decided in a pilot at quick, planned beyond",
)
@pytest.mark.parametrize("dataset", DATASETS)
def test_the_score_grows_with_n(dataset: str, scale: str, size: Size, evidence: Evidence, judge: Judge) -> None:
    """Expect the score of R3 to grow by more than 0.02 per decade of 1 + n, from none over three to the largest n.

    Control: balanced carriers, whose pattern correlates with no class. At ε = 0.1 their score is not 0 (F-6), so the
    control comes out by growing less. How S3 grows is asked step by step.
    """
    judge_score(0, dataset, scale, size, evidence, judge)


@pytest.mark.claim(
    "B-07",
    reading="published",
    cost=30,
    budget=SEVERAL,
    because="32 and 48 trials decided in a pilot at quick, planned beyond",
)
@pytest.mark.parametrize("dataset", DATASETS)
def test_the_score_of_the_other_class_grows_with_n(
    dataset: str, scale: str, size: Size, evidence: Evidence, judge: Judge
) -> None:
    """Expect the score to grow with n for target class 1 as it does for class 0: by more than 0.02 per decade of 1 + n.

    R3. Control: balanced carriers, asked about class 1.
    """
    judge_score(1, dataset, scale, size, evidence, judge)


def judge_added(
    target: int, dataset: str, pattern: str, scale: str, size: Size, evidence: Evidence, judge: Judge
) -> None:
    """The slope of what target-class carriers add over balanced ones; the control: one draw of these over another."""
    experiment, grid = asked(dataset, size, scale, pattern, target), ends(scale)
    taught = Taught.where_trained(evidence(experiment))
    region, label = (
        Region.above(SLOPE),
        "growth, per decade of 1 + n, of what target-class carriers add to the probability",
    )
    arms = [Arm(pattern, n, target) for n in grid[1:]]
    added, drawn = (
        added_slope(np.column_stack([column("probability", arm) for arm in arms]), grid, PROBABILITY_DIFFERENCE, label)
        for column in (taught.over_balanced, taught.balanced_difference)
    )
    judge(
        added,
        region,
        controls=[Control("two draws", "one draw of balanced carriers over another", drawn, region)],
        sizes=size.described() | {"n": list(grid), "target class": target},
        exclusions=[Exclusion(*taught.left_out)],
        signs=vital_signs(taught, experiment),
    )


@pytest.mark.claim(
    "B-03", cost=30, budget=FEW, because="32 trials decided in a pilot, 64 decide on Fashion-MNIST for S3 at its spread"
)
@pytest.mark.parametrize("pattern", ["R3", "S3"])
@pytest.mark.parametrize("dataset", DATASETS)
def test_what_is_learnt_grows_with_n(
    dataset: str, pattern: str, scale: str, size: Size, evidence: Evidence, judge: Judge
) -> None:
    """Expect what target-class carriers add over balanced ones to grow by more than 0.02 per decade of 1 + n.

    Mean target probability on patterned images, n as for the score. R3 on MNIST is at its ceiling from n = 3 on: its
    growth is all between 0 and 3. Control: one draw of balanced carriers over another.
    """
    require_budget(GROWTH_TAKES.get((dataset, pattern, scale), 0), FEW[scale])
    judge_added(0, dataset, pattern, scale, size, evidence, judge)


@pytest.mark.claim(
    "B-07", cost=30, budget=SEVERAL, because="32 and 48 trials decided in a pilot at quick, planned beyond"
)
@pytest.mark.parametrize("dataset", DATASETS)
def test_the_other_target_class_behaves_alike(
    dataset: str, scale: str, size: Size, evidence: Evidence, judge: Judge
) -> None:
    """Expect what carriers of class 1 add over balanced ones to grow as it does for class 0, by more than 0.02.

    Mean probability of class 1, R3, per decade of 1 + n. Alike means that the same is concluded; that both classes'
    growth is equal is more than the text says. Control: one draw of balanced carriers over another.
    """
    judge_added(1, dataset, "R3", scale, size, evidence, judge)


@pytest.mark.claim(
    "B-03",
    reading="published",
    cost=30,
    budget=SEVERAL,
    because="32 and 48 trials decided in a pilot at quick, planned beyond",
)
@pytest.mark.parametrize("dataset", DATASETS)
def test_the_score_grows_at_each_step(dataset: str, scale: str, size: Size, evidence: Evidence, judge: Judge) -> None:
    """Expect the score of S3 to go up at more than three steps in four of n = 0, 3, 10 and the largest.

    Share of a trial's steps, ties half: 1/2 in mean where n moves nothing. The slope alone would let a score go up and
    down again. R3 is not asked: from n = 1 or 3 on its score is at its ceiling, and there is nothing to rank.
    Control: the same networks, shown the block in the opposite corner, where it never stood.
    """
    grid = (0, 3, 10, LARGEST[scale])
    experiment = networks(dataset, size, (*UNTAUGHT, *(Arm("S3", n) for n in grid[1:])))
    taught = Taught.where_trained(evidence(experiment))
    region, label = Region.above(MOST_STEPS), "share of steps of n at which the score of S3 goes up"
    own, corner = (
        mean_of(steps_up(taught.over_n(column, Arm("S3", 0), grid)), STEPS_UP, label)
        for column in ("score_0.1", "other_score")
    )
    judge(
        own,
        region,
        controls=[Control("opposite corner", "the block where it never stood", corner, region)],
        sizes=size.described() | {"n": list(grid)},
        exclusions=[Exclusion(*taught.left_out)],
        signs=vital_signs(taught, experiment),
        panels=[figure(0, dataset, "S3", scale, size, evidence)],
    )


@pytest.mark.claim("B-51", cost=30, budget=SEVERAL, because="48 trials decided on MNIST in a pilot")
@pytest.mark.parametrize("dataset", DATASETS)
def test_the_onset_is_sudden(dataset: str, scale: str, size: Size, evidence: Evidence, judge: Judge) -> None:
    """Expect three examples to teach more than half of what ten times as many or more do: spontaneous, not gradual.

    Section 4.2 reads its phase transition at γ = 0 back into these experiments. R3; what target-class carriers add over
    balanced ones at n = 3, minus half of what they add at the largest n, above 0.05; growth in proportion to n would
    make it about -0.4. Control: the same of one draw of balanced carriers over another.
    """
    require_budget(ONSET_TAKES.get(dataset, 0), SEVERAL[scale])
    experiment = asked(dataset, size, scale, "R3")
    taught = Taught.where_trained(evidence(experiment))
    region, label = Region.above(APART), f"added by three examples minus half of what {LARGEST[scale]} add"
    first, last = (Arm("R3", n) for n in ends(scale)[1:])
    added, drawn = (
        mean_of(
            column("probability", first) - column("probability", last) / 2, PROBABILITY_DIFFERENCE.undirected, label
        )
        for column in (taught.over_balanced, taught.balanced_difference)
    )
    judge(
        added,
        region,
        controls=[Control("two draws", "one draw of balanced carriers over another", drawn, region)],
        sizes=size.described() | {"n": list(ends(scale))},
        exclusions=[Exclusion(*taught.left_out)],
        signs=vital_signs(taught, experiment),
    )


def figure(target: int, dataset: str, pattern: str, scale: str, size: Size, evidence: Evidence) -> Panel:
    """Figure 2, or 8 for the other class: the score over n, and what balanced carriers make of it."""
    every = GRIDS[scale] if target == 0 else ends(scale)
    grid, color = tuple(n for n in every if pattern == "R3" or n != 1), COLORS[pattern]
    arms = tuple(balanced(Arm(pattern, n, target))[0] for n in grid[1:])
    rows = evidence(
        networks(dataset, size, (*UNTAUGHT, *(Arm(pattern, n, target) for n in grid[1:]), *arms)), exactly=DRAWN
    )
    taught = Taught.where_trained(rows)
    score, scattered = (taught.over_n("score_0.1", arm, grid) for arm in both(pattern, target))
    return panel(
        "Paper B, Figure 2: spurious scores" if target == 0 else "Paper B, Figure 8: target class 1",
        f"{dataset}, target class {target}",
        DATASETS.index(dataset),
        [
            line(pattern, grid, score, color=color),
            line(f"{pattern}, balanced carriers", grid, scattered, color=color, dashed=True),
        ],
        x_label="n",
        y_label="spurious score",
        x_scale="log1p",
        y_range=(-0.02, 1.02),
        note="Published: scores of R3 rise from n = 1 to 3 on, those of S3 later, and alike for both classes. The "
        "paper lacks the dashed lines: as many images of all classes with the same pattern.",
    )
