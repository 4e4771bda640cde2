"""Trials left out: told beside the sizes, and of too many there is no verdict."""

import pytest

from support.cases import Inconclusive, Judge
from support.statistics import Control, Region, Verdict, worst_of
from support.statistics.exclusion import Exclusion

BELOW_ONE = Region.below(1)
CONTROL = Control("removed", "without the mechanism", worst_of([2.0], "x"), BELOW_ONE, Verdict.REFUTED)
RULE = "an untreated network at chance"


def ask(judge: Judge, *exclusions: Exclusion) -> None:
    judge(worst_of([0.5], "x"), BELOW_ONE, controls=[CONTROL], exclusions=exclusions)


@pytest.mark.parametrize(("dropped", "trials"), [(0, 8), (1, 10), (4, 40)])
def test_up_to_a_tenth_may_be_left_out(dropped: int, trials: int) -> None:
    judge = Judge()
    ask(judge, Exclusion(RULE, dropped, trials))
    assert judge.decided


@pytest.mark.parametrize(("dropped", "trials"), [(1, 8), (5, 40)])
def test_of_more_there_is_no_verdict_and_looking_goes_on(dropped: int, trials: int) -> None:
    judge = Judge()
    message = f"{dropped} of {trials} trials left out: {RULE}"
    with pytest.raises(Inconclusive, match=message):
        ask(judge, Exclusion("diverged", 0, trials), Exclusion(RULE, dropped, trials))
    assert not judge.decided
