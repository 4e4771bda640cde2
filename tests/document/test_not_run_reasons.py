"""Why cases have not run, in one line."""

from typing import get_args

from support.document.not_run_reasons import counted
from support.document.types import NotRun, Why


def planned(trials: int) -> NotRun:
    return NotRun(why="not asked here", reason=f"about {trials} trials decide it", planned=trials)


def larger(scale: str, reason: str) -> NotRun:
    return NotRun(why="not asked here", reason=reason, scale=scale)


def test_reasons_of_a_kind_are_counted_together_the_most_first() -> None:
    model = NotRun(why="other model", reason="it is asked of a feature map")
    reasons = [
        model,
        planned(96),
        larger("standard", "it takes a GPU"),
        planned(640),
        larger("paper", "it takes all images"),
        model,
        planned(96),
        larger("standard", "n = 3 is not trained here"),
    ]
    assert counted(reasons) == (
        "3 need more trials than their budget; 2: it is asked of a feature map; 2 run at --scale standard; "
        "1: it takes all images"
    )


def test_a_reason_that_all_have_is_told_itself() -> None:
    assert counted([planned(96)] * 7) == "7: about 96 trials decide it"


def test_every_kind_has_words() -> None:
    for why in get_args(Why):
        assert counted([NotRun(why=why, reason=reason) for reason in "ab"]).startswith("2 ")
