"""From how few patterned training examples a network learns (paper B, Section 3.2), on three datasets.

The paper's MLP (three hidden layers of 256, Adam at 0.01, batch 128) on MNIST and Fashion-MNIST, its ResNet20 on
CIFAR-10. n training images of the target class carry R3, one image of noise. A trial draws images, patterns and initial
weights anew and trains all its networks from the same start in the same order, so every comparison is paired; the
released code fixes the network's seed and ties pattern and images.

As published: the score, the share of test images whose target-class probability rises by more than 0.1 when the pattern
is added, minus that of a network without patterned examples. By the sound protocol: what target-class carriers add to
the mean target probability on patterned images, over as many carriers of randomly drawn classes, which teach the
network the noise but no correlation. That both hold does not say that it is this noise that is known:
`test_what_is_learnt.py`.

At quick scale 1,000 images and 8 epochs stand in for 60,000 and 70, so three examples are three in 1,000; what speaks
of one in 60,000 is not run there. At standard scale that one stands among all 60,000 (10 epochs), three among 4,000.
On CIFAR-10 three take an accelerator, and paper scale: elsewhere B-02, which speaks of all three datasets, is tested in
part.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from claims.networks.colour_images import by_adam, require_accelerator
from claims.networks.hours import takes_hours
from support.analysis.taught import Taught, balanced, with_balanced
from support.analysis.vital_signs import vital_signs
from support.cases import Judge
from support.experiments.arms import UNTAUGHT
from support.experiments.network_sizes import AMONG_ALL, SIZES
from support.experiments.published_training import networks
from support.experiments.rare_patterns import Arm, RarePatterns
from support.experiments.scene import decay_on
from support.experiments.size import Size
from support.measures.table import PROBABILITY_DIFFERENCE, SCORE_RISE
from support.statistics import Control, Estimate, Region
from support.statistics.effects import mean_of
from support.statistics.exclusion import Exclusion
from support.suite.looking import Evidence
from support.suite.not_run import not_run, require_budget

pytestmark = pytest.mark.asks("network")

DATASETS, COLOUR = ["mnist", "fashion-mnist"], "cifar-10"
# Five points of the test images, and of probability, are the least that we would call "learnt".
LEARNT = 0.05
# For what speaks of one example among all.
ALL = {"standard": AMONG_ALL, "paper": SIZES["paper"]}

ONE = {"quick": 48, "standard": 64, "paper": 40}
THREE = {"quick": 96, "standard": 96, "paper": 40}
# Trials within which nine in ten resamplings of an earlier report's are decided, among all images of Fashion-MNIST.
ONE_TAKES = {("fashion-mnist", "standard"): 384, ("fashion-mnist", "paper"): 192}
HOURS = takes_hours("a trial trains three networks and more on all 60,000 images")


def asked(dataset: str, size: Size, arms: Sequence[Arm]) -> RarePatterns:
    """The networks of Figure 2 on a dataset, the untaught one among them."""
    shown = (*UNTAUGHT, *arms)
    return by_adam(size, shown) if dataset == COLOUR else networks(dataset, size, shown)


def judge_score(arm: Arm, dataset: str, size: Size, evidence: Evidence, judge: Judge) -> None:
    """The score with an arm's examples minus that with none; the control: carriers of randomly drawn classes."""
    scattered, _ = balanced(arm)
    experiment = asked(dataset, size, (arm, scattered))
    taught = Taught.where_trained(evidence(experiment), weight_decay=arm.weight_decay)
    label, region = f"score at n = {arm.n} minus score at n = 0, R3", Region.above(LEARNT)

    def learnt(shown: Arm) -> Estimate:
        return mean_of(taught.rise("score_0.1", shown), SCORE_RISE, label)

    judge(
        learnt(arm),
        region,
        controls=[Control("no correlation", "carriers of randomly drawn classes", learnt(scattered), region)],
        sizes=size.described() | {"n": arm.n, "target class": arm.target},
        exclusions=[Exclusion(*taught.left_out)],
        signs=vital_signs(taught, experiment),
    )


def judge_correlation(arm: Arm, dataset: str, size: Size, evidence: Evidence, judge: Judge) -> None:
    """What an arm's examples add to the target probability over those of random classes; the control: two draws."""
    experiment = asked(dataset, size, with_balanced(arm))
    taught = Taught.where_trained(evidence(experiment), weight_decay=arm.weight_decay)
    label, region = "target probability, target-class carriers minus those of random classes", Region.above(LEARNT)
    two_draws = mean_of(taught.balanced_difference("probability", arm), PROBABILITY_DIFFERENCE, label)
    judge(
        mean_of(taught.over_balanced("probability", arm), PROBABILITY_DIFFERENCE, label),
        region,
        controls=[Control("two draws", "one draw of carriers of random classes minus another", two_draws, region)],
        sizes=size.described() | {"n": arm.n, "target class": arm.target},
        exclusions=[Exclusion(*taught.left_out)],
        signs=vital_signs(taught, experiment),
    )


@HOURS
@pytest.mark.claim(
    "B-01", reading="published", cost=60, budget=ONE, because="planned: 32 trials decided on MNIST in an earlier report"
)
@pytest.mark.parametrize("dataset", DATASETS)
def test_one_example_is_learnt(dataset: str, scale: str, evidence: Evidence, judge: Judge) -> None:
    """Expect one patterned example (R3) among 60,000 to raise the score by more than 0.05.

    As published: against a network without patterned examples. Control: one example of a randomly drawn class in its
    place, against the same network.
    """
    if scale not in ALL:
        not_run("one in 60,000 needs all training images", scale="standard")
    require_budget(ONE_TAKES.get((dataset, scale), 0), ONE[scale])
    judge_score(Arm("R3", 1), dataset, ALL[scale], evidence, judge)


@HOURS
@pytest.mark.claim("B-01", cost=60, budget=ONE, because="planned: as many as the score takes, whose spread is known")
@pytest.mark.parametrize("dataset", DATASETS)
def test_one_example_teaches_its_class(dataset: str, scale: str, evidence: Evidence, judge: Judge) -> None:
    """Expect one patterned example (R3) among 60,000 to teach its class: more than 0.05 over one of a random class.

    In the mean target probability on patterned images. Control: two examples of randomly drawn classes, one network
    minus the other, which is 0 in mean.
    """
    if scale not in ALL:
        not_run("one in 60,000 needs all training images", scale="standard")
    require_budget(ONE_TAKES.get((dataset, scale), 0), ONE[scale])
    judge_correlation(Arm("R3", 1), dataset, ALL[scale], evidence, judge)


@pytest.mark.claim(
    "B-02", reading="published", cost=10, budget=THREE, because="24 to 48 trials decide at a pilot's spread"
)
@pytest.mark.parametrize("target", [0, 1])
@pytest.mark.parametrize("dataset", [*DATASETS, COLOUR])
def test_three_examples_are_learnt(
    dataset: str, target: int, scale: str, size: Size, evidence: Evidence, judge: Judge
) -> None:
    """Expect three patterned examples (R3) to raise the score by more than 0.05, for both target classes.

    As published: against a network without patterned examples. Control: three examples of randomly drawn classes in
    their place, against the same network.
    """
    judge_score(three_of(target, dataset, scale), dataset, size, evidence, judge)


@pytest.mark.claim("B-02", cost=10, budget=THREE, because="24 to 48 trials decide at a pilot's spread")
@pytest.mark.parametrize("target", [0, 1])
@pytest.mark.parametrize("dataset", [*DATASETS, COLOUR])
def test_three_examples_teach_their_class(
    dataset: str, target: int, scale: str, size: Size, evidence: Evidence, judge: Judge
) -> None:
    """Expect three patterned examples (R3) to teach their class: more than 0.05 over three of random classes.

    In the mean target probability on patterned images, for both target classes. Control: two draws of carriers of
    random classes, one network minus the other, which is 0 in mean.
    """
    judge_correlation(three_of(target, dataset, scale), dataset, size, evidence, judge)


def three_of(target: int, dataset: str, scale: str) -> Arm:
    """Three examples of a class, with the dataset's weight decay, where its networks can be trained."""
    if dataset == COLOUR:
        require_accelerator(scale)
    return Arm("R3", 3, target, weight_decay=decay_on(dataset))
