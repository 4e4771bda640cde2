"""Whether the paper's attack finds patterned training examples (paper B, Section 3.4, Figure 4), MNIST, Fashion-MNIST.

Target networks are trained on quarters of a pool in which n examples of class 0 carry R3. The paper compares how often
its attack takes *those members* for members with its balanced accuracy on *all* examples. A rate on members alone also
rises where the attack accuses whatever carries the pattern. The fair question: does the attack accuse patterned members
more often than patterned examples that were never trained on? What a stronger attack finds is asked in
`test_membership_likelihood.py`.

Quarters of 1,000 images and 12 epochs stand in for 17,500 and 70: the attack's rate swings so much from one network to
the next that many of them say more than large ones; a trial is the mean over five. At paper scale quarters hold 16,500:
the patterned non-members have to come from somewhere.
"""

from __future__ import annotations

import numpy as np
import pytest

from support.cases import Judge
from support.document.panels import Panel, line, panel
from support.evidence.collect import NotRecordedError
from support.experiments.membership_reading import Accused, OutputAttack, over_n
from support.experiments.membership_size import PoolSize
from support.measures.table import ACCURACY, RATE_DIFFERENCE
from support.statistics import Control, Estimate, Region, Verdict
from support.statistics.effects import mean_of, slope_of
from support.statistics.exclusion import Exclusion
from support.suite.looking import Evidence
from support.suite.not_run import not_run, require_budget
from support.training.recipe import Recipe

pytestmark = pytest.mark.asks("network")

SHORT = Recipe(epochs=12, milestones=(8, 10))
SIZES = {
    "quick": PoolSize(SHORT, quarter=1000, n=(10,)),
    "standard": PoolSize(SHORT, quarter=1000, n=(1, 3, 10, 100)),
    "paper": PoolSize(Recipe(), quarter=16_500, n=(1, 3, 5, 10, 20, 100, 1000)),
}
DATASETS = ["mnist", "fashion-mnist"]
# All target networks of a trial.
ATTACKED = 5
# Five points of a rate are the least that we would call an advantage.
MARGIN = 0.05
RATE_BUDGET = {"quick": 24, "standard": 400, "paper": 40}
RATE_BECAUSE = "the rate spreads by 0.2 with the attack's threshold: 192 (MNIST) to 384 trials decide"
PAIRED_BUDGET = {"quick": 24, "standard": 256, "paper": 40}
PAIRED_BECAUSE = "differences near 0 on [-1, 1] are told from 0.05 by 192 trials"
# Trials that decide nine in ten of the resamplings of 80 trials at standard scale's sizes; what the paper's sizes take
# is not known. Over n, MNIST's fall lies at the region's edge, and clean members' with it: more than are counted here.
RATE_PLANNED = {"mnist": 192, "fashion-mnist": 384}
PAIRED_PLANNED = 192
FALL_PLANNED = {"mnist": 10_000, "fashion-mnist": 512}


@pytest.mark.claim("B-10", reading="published", cost=90, budget=RATE_BUDGET, because=RATE_BECAUSE)
@pytest.mark.parametrize("n", [10])
@pytest.mark.parametrize("dataset", DATASETS)
def test_rate_on_spurious_members_against_accuracy(
    dataset: str, n: int, scale: str, size: PoolSize, evidence: Evidence, judge: Judge
) -> None:
    """Expect the attack to be right on spurious members more often than on all examples: by more than 0.05.

    As published: a true-positive rate minus a balanced accuracy. Control: the rate at which the attack is right on
    patterned examples that were *not* trained on, minus the same accuracy.
    """
    if scale != "paper":
        require_budget(RATE_PLANNED[dataset], RATE_BUDGET[scale])
    attack = OutputAttack(evidence(size.experiment(dataset, (n,), attacked=ATTACKED)))
    region, label = Region.above(MARGIN), "rate on spurious members minus accuracy on all examples"
    overall = attack.accuracy(n)
    right_on_others = 1 - attack.accusation_rate("patterned non-members", n)
    judge(
        mean_of(attack.accusation_rate("patterned members", n) - overall, RATE_DIFFERENCE, label),
        region,
        controls=[
            Control(
                "patterned non-members",
                "right on patterned examples never trained on, minus accuracy on all examples",
                mean_of(right_on_others - overall, RATE_DIFFERENCE, label),
                region,
            )
        ],
        exclusions=[Exclusion("a network diverged", attack.diverged, attack.trials)],
        sizes={
            **size.described(),
            "n": n,
            "accuracy as the released notebook has it": f"{attack.released_accuracy(n).mean():.3f}",
        },
    )


@pytest.mark.claim("B-10", cost=90, budget=PAIRED_BUDGET, because=PAIRED_BECAUSE)
@pytest.mark.finding("F-3", scales=("quick", "standard"))
@pytest.mark.parametrize("n", [10])
@pytest.mark.parametrize("dataset", DATASETS)
def test_attack_knows_members_from_the_pattern(
    dataset: str, n: int, scale: str, size: PoolSize, evidence: Evidence, judge: Judge
) -> None:
    """Expect the paper's attack to accuse patterned members more often than patterned non-members: by more than 0.05.

    The same attack on the same networks, with the false-positive rate that belongs beside the published rate. Controls:
    one half of the patterned non-members against the other; and, where the attack must know something, all members
    against all non-members (positive).
    """
    if scale != "paper":
        require_budget(PAIRED_PLANNED, PAIRED_BUDGET[scale])
    attack = OutputAttack(evidence(size.experiment(dataset, (n,), attacked=ATTACKED)))
    region, label = Region.above(MARGIN), "rate of accusation, patterned members minus patterned non-members"
    accused = attack.accusation_rate("patterned members", n)
    halves = mean_of(attack.difference_of_halves(n), RATE_DIFFERENCE, label)
    known = "accuracy on all members and non-members"
    judge(
        mean_of(accused - attack.accusation_rate("patterned non-members", n), RATE_DIFFERENCE, label),
        region,
        controls=[
            Control("halves", "non-members against non-members", halves, region),
            Control(
                "all examples",
                f"{known}, above one half",
                mean_of(attack.accuracy(n), ACCURACY, known),
                Region.above(0.5),
                Verdict.SUPPORTED,
            ),
        ],
        exclusions=[Exclusion("a network diverged", attack.diverged, attack.trials)],
        sizes={**size.described(), "n": n, "patterned members accused": f"{accused.mean():.3f}"},
        panels=figure(dataset, size, evidence),
    )


@pytest.mark.claim("B-11", reading="published", cost=90, budget=RATE_BUDGET, because=RATE_BECAUSE)
@pytest.mark.parametrize("dataset", DATASETS)
def test_rate_on_spurious_members_falls_with_n(
    dataset: str, scale: str, size: PoolSize, evidence: Evidence, judge: Judge
) -> None:
    """Expect the rate on spurious members, minus the accuracy on all examples, to fall by 0.05 per decade of n or more.

    As published. Control: the rate on clean members of the same class, minus the same accuracy.
    """
    if len(size.n) == 1:
        not_run("it needs several n, and this scale trains one", scale="paper")
    if scale != "paper":
        require_budget(FALL_PLANNED[dataset], RATE_BUDGET[scale])
    attack = OutputAttack(evidence(size.experiment(dataset, size.n, attacked=ATTACKED)))
    region, label = Region.below(-MARGIN), "change of the published difference per decade of n"

    def fall(members: Accused) -> Estimate:
        differences = over_n(lambda n: attack.accusation_rate(members, n) - attack.accuracy(n), size.n)
        return slope_of(np.log10(size.n), differences, RATE_DIFFERENCE, label)

    clean = fall("clean members")
    judge(
        fall("patterned members"),
        region,
        controls=[Control("clean members", "clean members of class 0 in their place", clean, region)],
        exclusions=[Exclusion("a network diverged", attack.diverged, attack.trials)],
        sizes={**size.described(), "n": list(size.n)},
    )


DRAWN = 24  # trials of a figure, which shows every n


def figure(dataset: str, size: PoolSize, evidence: Evidence) -> list[Panel]:
    """Figure 4, as published beside what it leaves out; nothing where it is not recorded: no verdict waits for it."""
    try:
        attack = OutputAttack(evidence(size.experiment(dataset, size.n, attacked=ATTACKED), exactly=DRAWN))
    except NotRecordedError:
        return []
    accuracy = over_n(attack.accuracy, size.n)
    members = over_n(lambda n: attack.accusation_rate("patterned members", n), size.n)
    others = over_n(lambda n: attack.accusation_rate("patterned non-members", n), size.n)
    return [
        panel(
            "Paper B, Figure 4: membership inference",
            f"{dataset}, the paper's attack",
            2 * DATASETS.index(dataset),
            [
                line("accuracy, all examples", size.n, accuracy, color=0),
                line("accused, patterned members", size.n, members, color=1),
                line("accused, patterned non-members", size.n, others, color=1, dashed=True),
            ],
            x_label="n",
            y_label="rate",
            x_scale="log",
            y_range=(0, 1),
            note="Published: the rate on spurious members lies above the accuracy on all examples at small n. "
            "Here beside it, which Figure 4 lacks: the rate on patterned examples that no network was trained on.",
        )
    ]
