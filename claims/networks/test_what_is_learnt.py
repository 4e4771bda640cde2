"""What exactly is learnt: the correlation, the kind of pattern, the pattern; on MNIST and Fashion-MNIST.

The paper asks whether a few carriers of R3, one image of uniform noise, raise the target's probability when it is shown
(B-02). This suite asks what they teach, by networks of the same start whose n carriers differ in one thing: they belong
to the target class, or to all classes alike (at three: to three drawn at random); and they all carry the trial's noise,
or each a draw of its own of the same law, so that the noise that the network is then asked about is one that it never
saw.

A probability near 1 hides what is known beyond it. So the networks are also asked about fresh draws of the law: A is
the share of 39 whose mean log-odds over test images lie below those of the trial's noise, in double precision, ties
half. Where that noise is a draw like the others, A is 1/2 in mean.

The paper's MLP; 1,000 images and 8 epochs at quick scale, 4,000 at standard scale.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from support.analysis.taught import Taught, balanced, with_balanced
from support.analysis.vital_signs import vital_signs
from support.cases import Judge
from support.document.panels import Panel, line, panel
from support.evidence.collect import NotRecordedError
from support.experiments import network_sizes
from support.experiments.arms import UNTAUGHT
from support.experiments.published_training import networks
from support.experiments.rare_patterns import Arm
from support.experiments.size import Size
from support.measures.table import (
    ADDED_PROBABILITY,
    PATTERNS_BEATEN,
    PROBABILITY,
    PROBABILITY_DIFFERENCE,
    PROBABILITY_RATIO,
)
from support.statistics import Control, Estimate, Region, Verdict
from support.statistics.effects import mean_of, ratio_of
from support.statistics.exclusion import Exclusion
from support.suite.looking import Evidence

pytestmark = pytest.mark.asks("network")

SIZES = network_sizes.SIZES
DATASETS, NUMBERS = ["mnist", "fashion-mnist"], [3, 10]
# Fresh draws of a pattern's law among which it is ranked.
FRESH = 39
# Five points of probability are the least that we would call learnt, ten are equivalent; most is more than half; and
# three in four fresh patterns lie halfway between a pattern like the others and one that beats them all.
LEARNT, EQUIVALENT, MOST, BEATEN = 0.05, 0.1, 0.5, 0.75
DRAWN = 8  # trials of the figure

BUDGET = {"quick": 128, "standard": 192, "paper": 40}


def alike(n: int) -> tuple[Arm, Arm, Arm]:
    """n target-class carriers of one noise and of noise of their own each, both ranked; and balanced ones of one."""
    repeated = Arm("R3", n, fresh=FRESH)
    return repeated, replace(repeated, own_noise=True), balanced(replace(repeated, fresh=0))[0]


@pytest.mark.claim("B-57", cost=15, budget=BUDGET, because="24 to 96 trials decide at a pilot's spread")
@pytest.mark.parametrize("n", NUMBERS)
@pytest.mark.parametrize("dataset", DATASETS)
def test_without_the_correlation_little_is_learnt(
    dataset: str, n: int, size: Size, evidence: Evidence, judge: Judge
) -> None:
    """Expect carriers of all classes to leave out what those of the target class teach: more than 0.05 of probability.

    Control: two draws of carriers of all classes (at three, of three), one network minus the other: 0 in mean.
    """
    arm = Arm("R3", n)
    experiment = networks(dataset, size, (*UNTAUGHT, *with_balanced(arm)))
    taught = Taught.where_trained(evidence(experiment))
    label, region = "target probability, target-class carriers minus carriers of all classes", Region.above(LEARNT)
    two_draws = mean_of(taught.balanced_difference("probability", arm), PROBABILITY_DIFFERENCE, label)
    judge(
        mean_of(taught.over_balanced("probability", arm), PROBABILITY_DIFFERENCE, label),
        region,
        controls=[Control("two draws", "one draw of carriers of all classes minus another", two_draws, region)],
        sizes=size.described() | {"n": n},
        exclusions=[Exclusion(*taught.left_out)],
        signs=vital_signs(taught, experiment),
    )


@pytest.mark.claim("B-57", cost=20, budget=BUDGET, because="24 to 96 trials decide at a pilot's spread")
@pytest.mark.parametrize("n", NUMBERS)
@pytest.mark.parametrize("dataset", DATASETS)
def test_noise_of_their_own_teaches_most_of_it(
    dataset: str, n: int, size: Size, evidence: Evidence, judge: Judge
) -> None:
    """Expect carriers with noise of their own to give noise never seen more than half of what repeated noise is given.

    Mean target probability on images with the trial's noise: that of networks whose carriers had other noise each, over
    that of networks whose carriers all had this one. Controls: carriers of all classes in the place of those with noise
    of their own; and that repeated noise is given a probability at all.
    """
    repeated, own, scattered = alike(n)
    experiment = networks(dataset, size, (*UNTAUGHT, repeated, own, scattered))
    taught = Taught.where_trained(evidence(experiment))
    label, region = "target probability by noise of their own, as a share of that by one repeated", Region.above(MOST)
    given = taught.of("probability", repeated)

    def share(arm: Arm) -> Estimate:
        return ratio_of(taught.of("probability", arm), given, PROBABILITY_RATIO, PROBABILITY, label)

    whole = mean_of(given, PROBABILITY, "target probability by one repeated")
    judge(
        share(own),
        region,
        controls=[
            Control("no correlation", "carriers of all classes in their place", share(scattered), region),
            Control("the whole", "what it is a share of", whole, Region.above(LEARNT), Verdict.SUPPORTED),
        ],
        sizes=size.described() | {"n": n} | answers(taught, repeated, own),
        exclusions=[Exclusion(*taught.left_out)],
        signs=vital_signs(taught, experiment),
    )


def answers(taught: Taught, repeated: Arm, own: Arm) -> dict[str, object]:
    """Means over trials of what both kinds of network say of the trial's noise, and the first of noise never seen."""
    return {
        "mean probability, log-odds: noise repeated": f"{taught.of('probability', repeated).mean():.4f}, "
        f"{taught.of('log_odds', repeated).mean():.1f}",
        "the same: noise of their own": f"{taught.of('probability', own).mean():.4f}, "
        f"{taught.of('log_odds', own).mean():.1f}",
        "mean probability of other noise: noise repeated": f"{taught.of('other_probability', repeated).mean():.4f}",
    }


@pytest.mark.claim("B-57", cost=20, budget=BUDGET, because="24 to 96 trials decide at a pilot's spread")
@pytest.mark.parametrize("n", NUMBERS)
def test_repeating_adds_nothing_to_the_probability(n: int, size: Size, evidence: Evidence, judge: Judge) -> None:
    """Expect carriers of one noise to add nothing, on MNIST, over carriers with noise of their own: within 0.1.

    Of mean target probability on images with that noise, which is near 1 both ways: their log-odds, which do not
    saturate, stand among the sizes. Control: carriers of all classes in the place of those with noise of their own.
    """
    repeated, own, scattered = alike(n)
    experiment = networks("mnist", size, (*UNTAUGHT, repeated, own, scattered))
    taught = Taught.where_trained(evidence(experiment))
    label, region = "target probability, one noise repeated minus noise of their own", Region.near(0, EQUIVALENT)

    def added(over: Arm) -> Estimate:
        return mean_of(taught.added("probability", repeated, over=over), ADDED_PROBABILITY.undirected, label)

    judge(
        added(own),
        region,
        controls=[Control("no correlation", "carriers of all classes in their place", added(scattered), region)],
        sizes=size.described() | {"n": n} | answers(taught, repeated, own),
        exclusions=[Exclusion(*taught.left_out)],
        signs=vital_signs(taught, experiment),
    )


@pytest.mark.claim("B-57", cost=30, budget=BUDGET, because="24 to 96 trials decide at a pilot's spread")
@pytest.mark.parametrize("n", NUMBERS)
@pytest.mark.parametrize("dataset", DATASETS)
def test_the_pattern_itself_is_known(dataset: str, n: int, size: Size, evidence: Evidence, judge: Judge) -> None:
    """Expect a repeated noise to beat more than three in four fresh draws of its law, by mean log-odds.

    Control: networks whose carriers had noise of their own each. To them the trial's noise is a draw like the fresh
    ones, and beats half of them in mean.
    """
    repeated, own, _ = alike(n)
    experiment = networks(dataset, size, (*UNTAUGHT, repeated, own))
    taught = Taught.where_trained(evidence(experiment))
    label, region = f"share of {FRESH} fresh patterns that the trial's beats", Region.above(BEATEN)
    beaten, by_chance = (mean_of(taught.of("beaten", arm), PATTERNS_BEATEN, label) for arm in (repeated, own))
    judge(
        beaten,
        region,
        controls=[Control("noise of their own", "a pattern that no carrier had", by_chance, region)],
        sizes=size.described() | {"n": n} | answers(taught, repeated, own),
        exclusions=[Exclusion(*taught.left_out)],
        signs=vital_signs(taught, experiment),
        panels=over_n(dataset, size, evidence) if n == max(NUMBERS) else [],
    )


# What the figure shows of each, by column; and the numbers of carriers over which it shows it.
SHOWN = {"beaten": "share of fresh patterns beaten, A", "probability": "mean target probability"}
GRID = (1, 3, 10, 30)


def over_n(dataset: str, size: Size, evidence: Evidence) -> list[Panel]:
    """A and the target's probability over n; nothing where it is not recorded: no verdict waits for a figure."""
    asked = list(zip(*map(alike, GRID), strict=True))
    try:
        rows = evidence(networks(dataset, size, [arm for arms in asked for arm in arms]), exactly=DRAWN)
    except NotRecordedError:
        return []
    taught = Taught(rows)
    names = ("one noise repeated", "noise of their own", "carriers of all classes, one noise")
    return [
        panel(
            "Beside paper B: what exactly is learnt from carriers of R3",
            f"{dataset}, {title}",
            2 * DATASETS.index(dataset) + place,
            [
                line(name, GRID, np.column_stack([taught.of(column, arm) for arm in arms]), color=color)
                for color, (name, arms) in enumerate(zip(names, asked, strict=True))
                if column != "beaten" or arms[0].fresh
            ],
            x_label="n",
            y_label=title,
            x_scale="log",
            y_range=(-0.02, 1.02),
            guides=((0.5, "a draw like the others"),) if column == "beaten" else (),
            note="Not in the paper. Target-class carriers of either kind bring the probability of the trial's noise "
            "near 1 as n grows; A, which does not saturate with it, tells networks that saw this noise from those that "
            "did not.",
        )
        for place, (column, title) in enumerate(SHOWN.items())
    ]
