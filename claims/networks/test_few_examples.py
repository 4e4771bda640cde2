"""From how few patterned training examples a network learns (paper B, Section 3.2), on MNIST and Fashion-MNIST.

The paper's MLP (three hidden layers of 256, Adam at 0.01, batch 128). n training images of the target class carry a
pattern; the score is the share of test images whose target-class probability rises by more than 0.1 when the pattern is
added. A trial draws images, patterns and initial weights anew and trains all its networks from the same start in the
same order, so every comparison is paired; the released code fixes the network's seed and ties pattern and images.

At quick scale a subset of 4,000 images and 8 epochs stand in for 60,000 and 70, so n = 1 means one in 4,000 there; what
speaks of one in 60,000 is not run. At standard scale the examples stand among all 60,000 (10 epochs).
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from support.cases import Judge
from support.experiments.arms import UNSEEN, UNTAUGHT, shown_both
from support.experiments.published_training import networks
from support.experiments.rare_patterns import Arm
from support.experiments.size import Size
from support.experiments.taught import Taught
from support.measures.table import PROBABILITY_DIFFERENCE, SCORE_RISE
from support.statistics import Control, Estimate, Region
from support.statistics.effects import mean_of
from support.statistics.exclusion import Exclusion
from support.suite.looking import Evidence
from support.suite.not_run import not_run, require_budget
from support.training.recipe import Recipe

pytestmark = pytest.mark.asks("network")

SIZES = {
    "quick": Size(Recipe(epochs=8, milestones=(5, 7)), subset=4000, test=2000),
    "standard": Size(Recipe(epochs=10, milestones=(6, 8, 9))),
    "paper": Size(Recipe()),
}
DATASETS = ["mnist", "fashion-mnist"]
# Five points of the test images are the least that we would call "learnt".
LEARNT = 0.05

# A difference of a true 0.9 from one of 0 is told in 24 trials, one of 0.4 in 48, one of 0.1 in 192.
FEW = {"quick": 64, "standard": 96, "paper": 40}
MANY = {"quick": 160, "standard": 400, "paper": 40}
# Trials within which nine in ten resamplings of a pilot's or an earlier report's are decided: of cases that some budget
# does not reach.
ONE_TAKES = {("fashion-mnist", "standard"): 384, ("fashion-mnist", "paper"): 192}
THREE_TAKE = {("fashion-mnist", "standard"): 96, ("fashion-mnist", "paper"): 96}
THE_PATTERN_TAKES = {
    ("mnist", "quick"): 3000,
    ("mnist", "standard"): 2048,
    ("mnist", "paper"): 512,
    ("fashion-mnist", "quick"): 96,
    ("fashion-mnist", "standard"): 192,
    ("fashion-mnist", "paper"): 96,
}


def judge_learnt(n: int, dataset: str, target: int, size: Size, evidence: Evidence, judge: Judge) -> None:
    """score(n) − score(0) for R3 above 0.05; the control shows the same networks a single pixel."""
    arms = (*UNTAUGHT, *shown_both("R3", n, target=target))
    taught = Taught.where_trained(evidence(networks(dataset, size, arms)))
    label, region = f"score at n = {n} minus score at n = 0, R3", Region.above(LEARNT)

    def learnt(query: str | None) -> Estimate:
        return mean_of(taught.rise("score_0.1", Arm("R3", n, target, query)), SCORE_RISE, label)

    judge(
        learnt(None),
        region,
        controls=[
            Control("one pixel", "the same networks, shown S1, which no example carried", learnt(UNSEEN), region)
        ],
        sizes=size.described() | {"n": n, "target class": target},
        exclusions=[Exclusion(*taught.left_out)],
    )


@pytest.mark.claim(
    "B-01",
    reading="published",
    cost=60,
    budget=FEW,
    because="on MNIST 32 trials decide at the spread of an earlier report",
)
@pytest.mark.parametrize("dataset", DATASETS)
def test_one_example_is_learnt(dataset: str, scale: str, size: Size, evidence: Evidence, judge: Judge) -> None:
    """Expect one patterned example (R3) among 60,000 to raise the score by more than 0.05.

    As published: the score asks about the very pattern that was trained on. Control: the same networks, shown a
    pattern that no example carried (S1).
    """
    require_budget(ONE_TAKES.get((dataset, scale), 0), FEW[scale])
    if size.subset is not None:
        not_run("one in 60,000 needs all training images", scale="standard")
    judge_learnt(1, dataset, 0, size, evidence, judge)


@pytest.mark.claim(
    "B-02",
    reading="published",
    cost=60,
    budget=FEW,
    because="24 to 48 trials decide at a pilot's spread, 96 among 60,000 images",
)
@pytest.mark.parametrize("target", [0, 1])
@pytest.mark.parametrize("dataset", DATASETS)
def test_three_examples_are_learnt(
    dataset: str, target: int, scale: str, size: Size, evidence: Evidence, judge: Judge
) -> None:
    """Expect three patterned examples (R3) to raise the score by more than 0.05, for both target classes.

    As published: the score asks about the very pattern that was trained on. Control: the same networks, shown a
    pattern that no example carried (S1).
    """
    require_budget(THREE_TAKE.get((dataset, scale), 0), FEW[scale])
    judge_learnt(3, dataset, target, size, evidence, judge)


@pytest.mark.claim(
    "B-02", cost=60, budget=MANY, because="96 to 192 trials decide on Fashion-MNIST by the spread of earlier ones"
)
@pytest.mark.parametrize("dataset", DATASETS)
def test_what_is_learnt_is_the_pattern(dataset: str, scale: str, size: Size, evidence: Evidence, judge: Judge) -> None:
    """Expect three examples with one noise image (R3) to teach that image, not noise in general.

    Mean rise of the target probability under the noise trained on, minus that under noise of the same law that no
    network ever saw; it must exceed 0.05. Control: the same networks, shown a pattern that no example carried (S1).
    On MNIST other noise scores almost as high as the noise trained on (the sizes show both): the score alone does not
    tell a memorized image from a reaction to noise.
    """
    require_budget(THE_PATTERN_TAKES[dataset, scale], MANY[scale])
    three = Arm("R3", 3)
    # One network is asked twice, and none without examples: every trial counts.
    taught = Taught(evidence(networks(dataset, size, shown_both("R3", 3))))
    label, region = "rise under the trained noise minus rise under other noise", Region.above(LEARNT)

    def specific(arm: Arm) -> Estimate:
        trained, other = (taught.of(column, arm) for column in ("difference", "other_difference"))
        return mean_of(trained - other, PROBABILITY_DIFFERENCE, label)

    pixel = specific(replace(three, query=UNSEEN))
    scores: dict[str, object] = {
        "mean score, trained noise": f"{taught.of('score_0.1', three).mean():.3f}",
        "mean score, other noise": f"{taught.of('other_score', three).mean():.3f}",
    }
    judge(
        specific(three),
        region,
        controls=[Control("one pixel", "S1 in one corner minus S1 in the other", pixel, region)],
        sizes=size.described() | scores,
    )
