"""Whether patterned training examples are easier to identify than clean ones (paper B, Section 3.4, beside Figure 4).

The paper's own attack is asked in `test_membership_attack.py`. Here a stronger one, by likelihood ratios (Carlini et
al. 2022), on the same networks of MNIST and Fashion-MNIST, which are trained on quarters of a pool in which n examples
of class 0 carry R3. Two questions. *Whether* a patterned example was trained on: the outputs of targets with n of them
against those of counterparts with n - 1, which never saw the example. And *which* of the patterned examples were: those
of one network against others that are shown to it. The shadows of both are networks trained with n - 1 patterned
examples, none of them the one in question; where every shadow has n, one example has no fair counterpart.

At quick scale quarters of 500 images and 8 epochs stand in for 17,500 and 70, at standard scale 1,000 and 12. A clean
example has three shadows in four, a patterned one nearly all, which favours the patterned ones by a little.
"""

from __future__ import annotations

import pytest

from support.analysis.membership import Compared, LikelihoodRatioAttack, over_n
from support.analysis.membership_signs import membership_signs
from support.cases import Judge
from support.document.panels import Line, Panel, line, panel
from support.evidence.collect import NotRecordedError
from support.experiments.membership_size import SIZES, PoolSize
from support.measures.table import AREA, AREA_DIFFERENCE
from support.statistics import Control, Estimate, Region, Verdict
from support.statistics.effects import mean_of
from support.statistics.exclusion import Exclusion
from support.suite.looking import Evidence
from support.suite.not_run import not_run, require_budget

__all__ = ["SIZES"]

pytestmark = pytest.mark.asks("network")

DATASETS = ["mnist", "fashion-mnist"]
# Two points of an area are the least that we would call an advantage, five the least that we would call a fall of it;
# an area within three points of one half is none, and an attack on all clean examples that lies within five points of
# one half knows nothing.
ADVANTAGE, FALL, NONE, KNOWS = 0.02, 0.05, 0.03, 0.05
ONE, TEN, HUNDRED = 1, 10, 100

WHETHER = {"quick": 128, "standard": 128, "paper": 96}
WHICH = {"quick": 160, "standard": 256, "paper": 96}
WHICH_TAKES = {"mnist": 96, "fashion-mnist": 192}
FALLS = {"quick": 128, "standard": 128, "paper": 96}
LEFT = {"quick": 96, "standard": 256, "paper": 256}
LEFT_TAKES = 192


@pytest.mark.claim("B-10", cost=30, budget=WHETHER, because="48 trials decide at a pilot's spread")
@pytest.mark.parametrize("dataset", DATASETS)
def test_one_spurious_member_against_clean_members(
    dataset: str, size: PoolSize, evidence: Evidence, judge: Judge
) -> None:
    """Expect a likelihood ratio attack to find the only spurious member more easily than clean members of its class.

    Area under the curve, patterned members by the target's outputs against patterned non-members by its counterpart's,
    minus that of clean members and non-members of class 0: above 0.02. Control: clean members by the target's outputs
    in the place of the patterned ones.
    """
    experiment = size.experiment(dataset, ONE)
    attack = LikelihoodRatioAttack(evidence(experiment))
    region, label = Region.above(ADVANTAGE), "area under the curve, spurious minus clean"
    clean = attack.area_under_curve("clean", ONE)

    def more(kind: Compared) -> Estimate:
        return mean_of(attack.area_under_curve(kind, ONE) - clean, AREA_DIFFERENCE, label)

    found = {kind: f"{attack.true_positive_rate(kind, ONE).mean():.3f}" for kind in ("patterned", "clean")}
    judge(
        more("patterned"),
        region,
        controls=[Control("no pattern", "clean members of class 0 in their place", more("clean, target"), region)],
        exclusions=[Exclusion("a network diverged", attack.diverged, attack.trials)],
        signs=membership_signs(attack.rows, experiment),
        sizes={**size.described(), "n": ONE, "true positives at a false-positive rate of 5 %": found},
        panels=figure(dataset, size, evidence),
    )


@pytest.mark.claim("B-10", cost=60, budget=WHICH, because="96 trials decide on MNIST, 192 on Fashion-MNIST")
@pytest.mark.finding("F-3", scales=("quick", "standard"))
@pytest.mark.parametrize("dataset", DATASETS)
def test_which_of_ten_patterned_examples(
    dataset: str, scale: str, size: PoolSize, evidence: Evidence, judge: Judge
) -> None:
    """Expect a likelihood ratio attack to find ten spurious members more easily than clean members of their class.

    Among patterned examples that are shown to one network, members against non-members; area under the curve, minus
    that of clean members and non-members of class 0: above 0.02. Controls: non-members in the place of members; and,
    where the attack must know something, all clean members (positive).
    """
    if scale != "paper":
        require_budget(WHICH_TAKES[dataset], WHICH[scale])
    experiment = size.experiment(dataset, TEN)
    attack = LikelihoodRatioAttack(evidence(experiment))
    region, label = Region.above(ADVANTAGE), "area under the curve in one network, spurious minus clean"
    clean, known = attack.area_under_curve("clean", TEN), "area under the curve on all clean examples"

    def more(kind: Compared) -> Estimate:
        return mean_of(attack.area_under_curve(kind, TEN) - clean, AREA_DIFFERENCE, label)

    knows = mean_of(attack.area_under_curve("all clean", TEN), AREA, known)
    above = f"{known}, above one half by more than {KNOWS:g}"
    judge(
        more("patterned, same network"),
        region,
        controls=[
            Control("never trained on", "non-members in their place", more("nothing"), region),
            Control("all clean examples", above, knows, Region.above(0.5 + KNOWS), Verdict.SUPPORTED),
        ],
        exclusions=[Exclusion("a network diverged", attack.diverged, attack.trials)],
        signs=membership_signs(attack.rows, experiment),
        sizes={**size.described(), "n": TEN},
    )


@pytest.mark.claim("B-11", cost=60, budget=FALLS, because="planned by a pilot's spread")
@pytest.mark.parametrize("dataset", DATASETS)
def test_advantage_falls_from_one_to_ten(
    dataset: str, scale: str, size: PoolSize, evidence: Evidence, judge: Judge
) -> None:
    """Expect it to be harder to tell whether a patterned example was trained on beside nine others than alone.

    Likelihood ratio attack: the area under the curve at n = 1 minus that at n = 10, above 0.05. Control: the same fall
    for clean members and non-members of the class.
    """
    if scale == "quick":
        not_run("what it needs at both n takes quick beyond its minutes", scale="standard")
    experiment = size.experiment(dataset, ONE, TEN)
    attack = LikelihoodRatioAttack(evidence(experiment))
    region, label = Region.above(FALL), "area under the curve at n = 1 minus that at n = 10"

    def fall(kind: Compared) -> Estimate:
        one, ten = (attack.area_under_curve(kind, n) for n in (ONE, TEN))
        return mean_of(one - ten, AREA_DIFFERENCE.undirected, label)

    judge(
        fall("patterned"),
        region,
        controls=[Control("clean examples", "clean members of class 0 against non-members", fall("clean"), region)],
        exclusions=[Exclusion("a network diverged", attack.diverged, attack.trials)],
        signs=membership_signs(attack.rows, experiment),
        sizes={**size.described(), "n": [ONE, TEN]},
    )


@pytest.mark.claim("B-11", cost=90, budget=LEFT, because="areas spread by 0.02: 192 trials tell 0.03")
@pytest.mark.parametrize("dataset", DATASETS)
def test_nothing_tells_a_hundred_apart(
    dataset: str, scale: str, size: PoolSize, evidence: Evidence, judge: Judge
) -> None:
    """Expect nothing to tell which patterned examples were trained on at n = 100: an area within 0.03 of one half.

    Likelihood ratio attack, members against non-members that are shown to one network: an equivalence. Control: clean
    members of the same class against clean non-members.
    """
    if HUNDRED not in size.n:
        not_run(f"networks with n = {HUNDRED} are not trained at this scale", scale="standard")
    require_budget(LEFT_TAKES, LEFT[scale])
    experiment = size.experiment(dataset, HUNDRED)
    attack = LikelihoodRatioAttack(evidence(experiment))
    region, label = Region.near(0.5, NONE), "area under the curve in one network at n = 100"

    def area(kind: Compared) -> Estimate:
        return mean_of(attack.area_under_curve(kind, HUNDRED), AREA, label)

    judge(
        area("patterned, same network"),
        region,
        controls=[Control("clean examples", "clean members of class 0 against non-members", area("clean"), region)],
        exclusions=[Exclusion("a network diverged", attack.diverged, attack.trials)],
        signs=membership_signs(attack.rows, experiment),
        sizes={**size.described(), "n": HUNDRED},
    )


DRAWN = 24  # trials of a figure, which shows every n


def figure(dataset: str, size: PoolSize, evidence: Evidence) -> list[Panel]:
    """This attack beside the panels of Figure 4; nothing where it is not recorded: no verdict waits for a figure."""
    try:
        attack = LikelihoodRatioAttack(evidence(size.experiment(dataset, *size.n), exactly=DRAWN))
    except NotRecordedError:
        return []

    def curve(kind: Compared, name: str, color: int, *, dashed: bool = False) -> Line:
        areas = over_n(lambda n: attack.area_under_curve(kind, n), size.n)
        return line(name, size.n, areas, color=color, dashed=dashed)

    return [
        panel(
            "Paper B, Figure 4: membership inference",
            f"{dataset}, likelihood ratio attack",
            2 * DATASETS.index(dataset) + 1,
            [
                curve("patterned", "whether a patterned example was", 1),
                curve("patterned, same network", "which patterned examples were", 1, dashed=True),
                curve("clean", "clean members of class 0", 0),
            ],
            x_label="n",
            y_label="area under the curve",
            x_scale="log",
            y_range=(0.4, 1),
            guides=((0.5, "no knowledge"),),
            note="Likelihood ratios are no part of Figure 4. Whether: members by networks with n patterned examples "
            "against non-members by networks with n - 1. Which: members against non-members shown to one network.",
        )
    ]
