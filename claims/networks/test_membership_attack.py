"""Whether the paper's attack finds patterned training examples (paper B, Section 3.4, Figure 4), MNIST, Fashion-MNIST.

Target networks are trained on quarters of a pool in which n examples of class 0 carry R3. The paper compares how often
its attack takes *those members* for members with its balanced accuracy on *all* examples: a true-positive rate, which
also rises where an attack accuses much of everything, as it does clean members of the class. What is missing is the
other half of an accuracy on spurious examples. Membership inference asks which of two worlds this is, with an example
or without it; so beside each target stands a *counterpart*, trained with n - 1 patterned examples from the same start,
and the sound reading takes the mean of the rates at which the attack is right: on patterned members, by the target's
outputs, and on patterned examples that were left out, by the counterpart's. With one example, the paper's strongest
point, the counterpart knows no pattern. What a stronger attack finds is asked in `test_membership_likelihood.py`.

At quick scale quarters of 500 images and 8 epochs stand in for 17,500 and 70, at standard scale 1,000 and 12: the
attack's rate swings so much from one network to the next that many of them say more than large ones. At paper scale
quarters hold 16,500: the patterned non-members have to come from somewhere.
"""

from __future__ import annotations

import numpy as np
import pytest

from support.analysis.membership import Accused, OutputAttack, over_n
from support.analysis.membership_signs import membership_signs
from support.cases import Judge
from support.document.panels import Panel, line, panel
from support.evidence.collect import NotRecordedError
from support.experiments.membership_size import SIZES, PoolSize
from support.measures.table import RATE_DIFFERENCE
from support.statistics import Control, Estimate, Region
from support.statistics.effects import mean_of, slope_of
from support.statistics.exclusion import Exclusion
from support.suite.looking import Evidence
from support.suite.not_run import not_run, require_budget

__all__ = ["SIZES"]

pytestmark = pytest.mark.asks("network")

DATASETS = ["mnist", "fashion-mnist"]
# Five points of a rate are the least that we would call an advantage.
MARGIN = 0.05
# What the case is asked about: the fewest examples that there can be.
ONE = 1

RATE = {"quick": 96, "standard": 256, "paper": 96}
RATE_TAKES = {"mnist": 192, "fashion-mnist": 1000}
TOLD = {"quick": 192, "standard": 192, "paper": 96}
FALL = {"quick": 96, "standard": 256, "paper": 96}
# An earlier report's fall on MNIST lay at the region's edge, and clean members' with it.
FALL_TAKES = {"mnist": 10_000, "fashion-mnist": 512}


@pytest.mark.claim("B-10", reading="published", cost=40, budget=RATE, because="planned by a pilot's spread")
@pytest.mark.parametrize("dataset", DATASETS)
def test_rate_on_spurious_members_against_accuracy(
    dataset: str, scale: str, size: PoolSize, evidence: Evidence, judge: Judge
) -> None:
    """Expect the attack to be right on one spurious member more often than on all examples: by more than 0.05.

    As published: a true-positive rate minus a balanced accuracy. Control: the rate at which patterned examples are
    taken for members of networks that saw none, minus the same accuracy. That clean members of the class are taken for
    members almost as often stands in the sizes.
    """
    if scale != "paper":
        require_budget(RATE_TAKES[dataset], RATE[scale])
    experiment = size.experiment(dataset, ONE)
    attack = OutputAttack(evidence(experiment))
    region, label = Region.above(MARGIN), "rate on spurious members minus accuracy on all examples"
    members, left_out, clean = (
        attack.accusation_rate(examples, ONE) for examples in ("patterned members", "left out", "clean members")
    )
    overall = attack.accuracy(ONE)
    never = mean_of(left_out - overall, RATE_DIFFERENCE, label)
    judge(
        mean_of(members - overall, RATE_DIFFERENCE, label),
        region,
        controls=[Control("left out", "patterned examples, by networks that saw none, in their place", never, region)],
        exclusions=[Exclusion("a network diverged", attack.diverged, attack.trials)],
        signs=membership_signs(attack.rows, experiment),
        sizes=size.described()
        | {
            "n": ONE,
            "taken for members": f"{members.mean():.3f} of spurious members, {clean.mean():.3f} of clean ones",
            "accuracy as the released notebook has it": f"{attack.released_accuracy(ONE).mean():.3f}",
        },
    )


@pytest.mark.claim("B-10", cost=60, budget=TOLD, because="64 to 96 trials decide on MNIST")
@pytest.mark.parametrize("dataset", DATASETS)
def test_attack_tells_whether_a_patterned_example_was_trained_on(
    dataset: str, scale: str, size: PoolSize, evidence: Evidence, judge: Judge
) -> None:
    """Expect the paper's attack to be more accurate on one patterned example than on all: by more than 0.05.

    Both balanced: the patterned example in, by the target's outputs, and left out, by its counterpart's. Control: clean
    examples of the class, members and non-members, in their place.
    """
    if scale == "quick" and dataset != "mnist":
        not_run("on the second dataset more than a hundred attacks take quick beyond its minutes", scale="standard")
    experiment = size.experiment(dataset, ONE)
    attack = OutputAttack(evidence(experiment))
    region, label = Region.above(MARGIN), "accuracy on patterned examples minus accuracy on all examples"
    overall = attack.accuracy(ONE)
    clean = mean_of(attack.clean_accuracy(ONE) - overall, RATE_DIFFERENCE, label)
    judge(
        mean_of(attack.spurious_accuracy(ONE) - overall, RATE_DIFFERENCE, label),
        region,
        controls=[Control("no pattern", "clean examples of class 0 in their place", clean, region)],
        exclusions=[Exclusion("a network diverged", attack.diverged, attack.trials)],
        signs=membership_signs(attack.rows, experiment),
        sizes=size.described() | {"n": ONE, "accuracy on all examples": f"{overall.mean():.3f}"},
        panels=figure(dataset, size, evidence),
    )


@pytest.mark.claim("B-11", reading="published", cost=90, budget=FALL, because="planned: of an earlier report")
@pytest.mark.parametrize("dataset", DATASETS)
def test_rate_on_spurious_members_falls_with_n(
    dataset: str, scale: str, size: PoolSize, evidence: Evidence, judge: Judge
) -> None:
    """Expect the rate on spurious members, minus the accuracy on all examples, to fall by 0.05 per decade of n or more.

    As published. Control: the rate on clean members of the same class, minus the same accuracy.
    """
    if scale != "paper":
        require_budget(FALL_TAKES[dataset], FALL[scale])
    experiment = size.experiment(dataset, *size.n)
    attack = OutputAttack(evidence(experiment))
    region, label = Region.below(-MARGIN), "change of the published difference per decade of n"

    def fall(members: Accused) -> Estimate:
        differences = over_n(lambda n: attack.accusation_rate(members, n) - attack.accuracy(n), size.n)
        return slope_of(np.log10(size.n), differences, RATE_DIFFERENCE.undirected, label)

    clean = fall("clean members")
    judge(
        fall("patterned members"),
        region,
        controls=[Control("clean members", "clean members of class 0 in their place", clean, region)],
        exclusions=[Exclusion("a network diverged", attack.diverged, attack.trials)],
        signs=membership_signs(attack.rows, experiment),
        sizes={**size.described(), "n": list(size.n)},
    )


DRAWN = 24  # trials of a figure, which shows every n


def figure(dataset: str, size: PoolSize, evidence: Evidence) -> list[Panel]:
    """Figure 4, as published beside what it leaves out; nothing where it is not recorded: no verdict waits for it."""
    try:
        attack = OutputAttack(evidence(size.experiment(dataset, *size.n), exactly=DRAWN))
    except NotRecordedError:
        return []
    accuracy = over_n(attack.accuracy, size.n)
    members = over_n(lambda n: attack.accusation_rate("patterned members", n), size.n)
    left_out = over_n(lambda n: attack.accusation_rate("left out", n), size.n)
    return [
        panel(
            "Paper B, Figure 4: membership inference",
            f"{dataset}, the paper's attack",
            2 * DATASETS.index(dataset),
            [
                line("accuracy, all examples", size.n, accuracy, color=0),
                line("accused, patterned members", size.n, members, color=1),
                line("accused, the same left out", size.n, left_out, color=1, dashed=True),
            ],
            x_label="n",
            y_label="rate",
            x_scale="log",
            y_range=(0, 1),
            note="Published: the rate on spurious members lies above the accuracy on all examples at small n. "
            "Here beside it, which Figure 4 lacks: the rate on patterned examples by networks with n - 1 others.",
        )
    ]
