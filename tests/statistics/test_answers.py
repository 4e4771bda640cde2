"""What the interval of a move says, on intervals laid out by hand."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import pytest

from support.document import changes
from support.statistics.answers import Answer, answer_of, is_told, over_all
from support.statistics.bets import mean_interval

MARGIN = 0.05


@pytest.mark.parametrize(
    ("value", "low", "high", "higher_is_worse"),
    [
        (0.2, 0.1, 0.3, "worse"),
        (-0.2, -0.3, -0.1, "better"),
        (0.0, -0.04, 0.04, "same"),
        (0.02, 0.01, 0.04, "same"),  # a move that is surely there and surely too small to matter
        (0.2, -0.01, 0.4, "cannot tell"),
        (0.04, 0.01, 0.08, "cannot tell"),  # beyond zero, but it may be too small to matter
        (0.0, float("-inf"), float("inf"), "cannot tell"),
    ],
)
@pytest.mark.parametrize("worse", ["higher", "lower"])
def test_a_move_is_judged_by_its_interval_the_margin_and_the_direction(
    value: float, low: float, high: float, higher_is_worse: Answer, worse: Literal["higher", "lower"]
) -> None:
    turned: dict[Answer, Answer] = {"worse": "better", "better": "worse"}
    wanted = higher_is_worse if worse == "higher" else turned.get(higher_is_worse, higher_is_worse)
    assert answer_of(value, low, high, MARGIN, worse) == wanted


def test_the_same_numbers_are_identical_whatever_few_trials_leave_open() -> None:
    assert answer_of(0.0, -0.9, 0.9, MARGIN, "higher", identical=True) == "identical"


@pytest.mark.parametrize(
    ("answers", "wanted"),
    [
        (["better", "worse", "same"], "worse"),
        (["same", "better", "cannot tell"], "better"),
        (["same", "cannot tell", "identical"], "cannot tell"),
        (["identical", "same"], "same"),
        (["identical", "identical"], "identical"),
        ([], "cannot tell"),
    ],
)
def test_all_together_are_worse_where_one_is(answers: list[Answer], wanted: Answer) -> None:
    assert over_all(answers) == wanted


def test_the_report_has_the_same_answers_in_the_same_order() -> None:
    assert get_args(changes.Answer) == get_args(Answer)


@pytest.mark.parametrize("mean", [0.0, 0.03, 0.05, 0.07, 0.3, -0.3])
@pytest.mark.parametrize("trials", [8, 48, 96, 384])
def test_it_is_told_where_the_interval_of_the_moves_tells(mean: float, trials: int) -> None:
    moves = np.random.default_rng(trials).normal(mean, 0.1, trials)
    found = mean_interval(moves, -0.5, 0.5)
    answer = answer_of(found.estimate, found.low, found.high, MARGIN, "higher")
    assert is_told(moves.tolist(), 0.5, MARGIN) == (answer != "cannot tell")


def test_a_margin_as_large_as_any_move_tells_at_once() -> None:
    assert is_told([0.4, -0.4], 0.5, 0.5)
