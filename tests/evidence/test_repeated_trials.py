"""Copies among trials, by hand."""

from math import nan

import numpy as np

from support.evidence.repeated_trials import repeated_trials
from support.evidence.rows import Rows


def rows(**columns: list[float] | list[str]) -> Rows:
    trials = len(columns["trial"])
    return Rows("made", {name: np.array(values) for name, values in columns.items()}, (("k", "d"),) * trials, trials)


def test_copies_are_told() -> None:
    # Three trials of two rows; the last has all numbers of the first.
    made = rows(
        trial=[0.0, 0.0, 1.0, 1.0, 2.0, 2.0],
        n=[1.0, 2.0, 1.0, 2.0, 1.0, 2.0],
        score=[0.5, 0.25, 0.5, 0.75, 0.5, 0.25],
        name=["a", "b", "a", "b", "c", "d"],
    )
    assert repeated_trials(made) == [2]


def test_trials_that_differ_in_one_number_are_no_copies() -> None:
    assert repeated_trials(rows(trial=[0.0, 1.0], score=[0.5, 0.5], loss=[1.0, 1.0 + 1e-15])) == []


def test_all_trials_may_be_copies_of_the_first() -> None:
    assert repeated_trials(rows(trial=[0.0, 1.0, 2.0], score=[0.5, 0.5, 0.5])) == [1, 2]


def test_what_was_not_measured_makes_no_copies() -> None:
    diverged = rows(trial=[0.0, 1.0, 2.0, 3.0], score=[nan, nan, 0.5, 0.5], loss=[1.0, 1.0, 2.0, 3.0])
    assert repeated_trials(diverged) == []
    # A column that no trial has is no reason to look away.
    assert repeated_trials(rows(trial=[0.0, 1.0], spread=[nan, nan], score=[0.5, 0.5])) == [1]
