"""Which patterns a network learns (paper B, Sections 3.2 and 3.3): noise, a block, a bar, on MNIST and Fashion-MNIST.

The paper's MLP, trained with n images of the target class that carry a pattern. As published: the score, the share of
test images whose target-class probability rises by more than 0.1 when the pattern is added, minus that of a network
without patterned examples. By the sound protocol: what target-class carriers add to the mean target probability on
patterned images, over carriers of all classes alike (below ten: of randomly drawn classes), which teach the pattern but
no correlation. A trial draws images, patterns and initial weights anew and trains all its networks from the same start
in the same order.

At quick scale 1,000 images and 8 epochs stand in for 60,000 and 70, three examples for ten and thirty for a hundred;
at standard scale 4,000 images.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from support.analysis.taught import Taught, balanced, with_balanced
from support.analysis.vital_signs import vital_signs
from support.cases import Judge
from support.experiments import network_sizes
from support.experiments.arms import UNTAUGHT
from support.experiments.network_sizes import LARGEST
from support.experiments.published_training import networks
from support.experiments.rare_patterns import Arm
from support.experiments.size import Size
from support.measures.table import ADDED_CONTRAST, ADDED_PROBABILITY, SCORE_CONTRAST, SCORE_RISE
from support.statistics import Control, Estimate, Region, Verdict
from support.statistics.effects import mean_of
from support.statistics.exclusion import Exclusion
from support.suite.looking import Evidence
from support.suite.not_run import not_run, require_budget

pytestmark = pytest.mark.asks("network")

SIZES = network_sizes.SIZES
DATASETS = ["mnist", "fashion-mnist"]
# Five points of the test images, and of probability, are the least that we would call "learnt", or learnt more.
LEARNT = 0.05
# Noise is compared with the block at a handful of examples: at ten of 1,000 images the block is near its ceiling too.
HANDFUL = {"quick": 3, "standard": 10, "paper": 10}
NOISE = {"as they are": Arm("R3", 0), "equal norm": Arm("R1", 0, norm_of="S3")}

BAR = {"quick": 192, "standard": 192, "paper": 40}
MORE = {"quick": 192, "standard": 192, "paper": 40}
# Trials within which nine in ten resamplings of a pilot's or an earlier report's are decided: of cases that some budget
# does not reach.
THE_BAR_TAKES = {"quick": 96, "standard": 96, "paper": 384}
EQUAL_NORM_TAKES = {"mnist": 64, "fashion-mnist": 96}


@pytest.mark.claim(
    "B-04", reading="published", cost=15, budget=MORE, because="32 to 96 trials decide at a pilot's spread"
)
@pytest.mark.parametrize("dataset", DATASETS)
def test_dispersed_patterns_score_higher(
    dataset: str, scale: str, size: Size, evidence: Evidence, judge: Judge
) -> None:
    """Expect noise over the whole image (R3) to score higher than a 5x5 block (S3): by more than 0.05.

    As published: rises of the score over the network without patterned examples; R3 has three times the norm of S3.
    Control: the same of carriers of randomly drawn classes, who teach no correlation. They raise the score of noise
    too, and more than that of the block: what noise does to the score is not all of it learnt. On Fashion-MNIST at
    quick's size that is 0.27 [0.05, 0.41] of the 0.52 [0.27, 0.62] (48 trials, seed 0): decided the wrong way, so that
    the score does not discriminate there, and is not asked.
    """
    if scale == "quick" and dataset == "fashion-mnist":
        not_run("the score does not discriminate there: noise of random classes scores higher than a block too")
    n = HANDFUL[scale]
    noise, block = Arm("R3", n), Arm("S3", n)
    experiment = networks(dataset, size, (*UNTAUGHT, noise, block, balanced(noise)[0], balanced(block)[0]))
    taught = Taught.where_trained(evidence(experiment))
    region, label = Region.above(LEARNT), "rise of the score, noise minus block"

    def difference(one: Arm, other: Arm) -> Estimate:
        return mean_of(taught.rise("score_0.1", one) - taught.rise("score_0.1", other), SCORE_CONTRAST, label)

    scattered = difference(balanced(noise)[0], balanced(block)[0])
    judge(
        difference(noise, block),
        region,
        controls=[Control("no correlation", "carriers of randomly drawn classes", scattered, region)],
        sizes=size.described() | {"n": n},
        exclusions=[Exclusion(*taught.left_out)],
        signs=vital_signs(taught, experiment),
    )


# At equal norm a finding says that on Fashion-MNIST they are not.
DISPERSED = [
    pytest.param(
        dataset,
        matched,
        marks=[pytest.mark.finding("F-5")] if (dataset, matched) == ("fashion-mnist", "equal norm") else [],
        id=f"{dataset}-{matched}",
    )
    for dataset in DATASETS
    for matched in NOISE
]


@pytest.mark.claim("B-04", cost=15, budget=MORE, because="32 to 96 trials decide at a pilot's spread")
@pytest.mark.parametrize(("dataset", "matched"), DISPERSED)
def test_dispersed_patterns_are_learnt_more(
    dataset: str, matched: str, scale: str, size: Size, evidence: Evidence, judge: Judge
) -> None:
    """Expect noise over the whole image to be learnt more than a 5x5 block: by more than 0.05.

    Of what target-class carriers add to the target probability over carriers of other classes. As they are R3 is
    compared with S3, which has a third of its norm; at equal norm R1 is scaled to S3's. Control: two draws of the
    latter carriers, one network minus the other. Positive control at equal norm on Fashion-MNIST: the patterns as they
    are, which the measure tells apart there.
    """
    if matched == "equal norm" and scale == "paper":
        require_budget(EQUAL_NORM_TAKES[dataset], MORE[scale])
    n = HANDFUL[scale]
    noise, block = replace(NOISE[matched], n=n), Arm("S3", n)
    finding = (dataset, matched) == ("fashion-mnist", "equal norm")
    asked = with_balanced(noise, block, *([Arm("R3", n)] if finding else []))
    experiment = networks(dataset, size, (*UNTAUGHT, *asked))
    taught = Taught.where_trained(evidence(experiment))
    region, label = Region.above(LEARNT), f"added target probability, noise minus block, {matched}"
    two_draws = taught.balanced_difference("probability", noise) - taught.balanced_difference("probability", block)
    controls = [Control("two draws", "of carriers of other classes", mean_of(two_draws, ADDED_CONTRAST, label), region)]
    if finding:
        more = mean_of(more_than_block(taught, Arm("R3", n)), ADDED_CONTRAST, label)
        told = "R3, of three times the norm, in the place of R1"
        controls.append(Control("as they are", told, more, region, Verdict.SUPPORTED))
    judge(
        mean_of(more_than_block(taught, noise), ADDED_CONTRAST, label),
        region,
        controls=controls,
        sizes=size.described() | {"n": n, "mean, not clipped": f"{more_than_block(taught, noise).mean():.3f}"},
        exclusions=[Exclusion(*taught.left_out)],
        signs=vital_signs(taught, experiment),
    )


def more_than_block(taught: Taught, noise: Arm) -> NDArray[np.float64]:
    """What the carriers of noise add to the target probability minus what as many of S3 add, (trials,)."""
    difference: NDArray[np.float64] = taught.over_balanced("probability", noise) - taught.over_balanced(
        "probability", Arm("S3", noise.n)
    )
    return difference


@pytest.mark.claim(
    "B-05", reading="published", cost=30, budget=BAR, because="32 to 96 trials decide at a pilot's spread"
)
def test_a_bar_on_another_class_raises_the_score(scale: str, size: Size, evidence: Evidence, judge: Judge) -> None:
    """Expect examples of class 0 with the bar of a one (MNIST, Inv) to raise the score by more than 0.05.

    As published: against a network without patterned examples. Control: as many examples of all classes alike, against
    the same network.
    """
    arm = Arm("Inv", LARGEST[scale])
    scattered, _ = balanced(arm)
    experiment = networks("mnist", size, (*UNTAUGHT, arm, scattered))
    taught = Taught.where_trained(evidence(experiment))
    label, region = f"score at n = {arm.n} minus score at n = 0, Inv", Region.above(LEARNT)

    def learnt(shown: Arm) -> Estimate:
        return mean_of(taught.rise("score_0.1", shown), SCORE_RISE, label)

    judge(
        learnt(arm),
        region,
        controls=[Control("no correlation", "carriers of all classes alike", learnt(scattered), region)],
        sizes=size.described() | {"n": arm.n},
        exclusions=[Exclusion(*taught.left_out)],
        signs=vital_signs(taught, experiment),
    )


@pytest.mark.claim("B-05", cost=60, budget=BAR, because="32 to 96 trials decide at a pilot's spread")
def test_a_bar_on_another_class_is_learnt(scale: str, size: Size, evidence: Evidence, judge: Judge) -> None:
    """Expect examples of class 0 with the bar of a one (MNIST, Inv) to teach that class: more than 0.05 of probability.

    Over carriers of all classes alike. Control: two draws of these, one network minus the other.
    """
    require_budget(THE_BAR_TAKES[scale], BAR[scale])
    arm = Arm("Inv", LARGEST[scale])
    experiment = networks("mnist", size, (*UNTAUGHT, *with_balanced(arm)))
    taught = Taught.where_trained(evidence(experiment))
    label, region = "target probability, target-class carriers minus carriers of all classes, Inv", Region.above(LEARNT)
    two_draws = mean_of(taught.balanced_difference("probability", arm), ADDED_PROBABILITY, label)
    judge(
        mean_of(taught.over_balanced("probability", arm), ADDED_PROBABILITY, label),
        region,
        controls=[Control("two draws", "one draw of carriers of all classes minus another", two_draws, region)],
        sizes=size.described() | {"n": arm.n},
        exclusions=[Exclusion(*taught.left_out)],
        signs=vital_signs(taught, experiment),
    )
