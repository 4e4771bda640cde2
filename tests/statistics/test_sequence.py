"""Looks, trials without a gap, and what an interval says of an edge."""

import subprocess
import sys
from itertools import islice
from math import inf, nan
from pathlib import Path

import numpy as np
import pytest

from support.statistics.sequence import (
    Interval,
    clipped_trials,
    common_prefix,
    finite_trials,
    looks,
    paired_differences,
)

ROOT = Path(__file__).parents[2]


def test_looks_by_halves_and_thirds() -> None:
    assert list(islice(looks(), 12)) == [8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384]


@pytest.mark.parametrize(
    ("budget", "expected"), [(2, [2]), (8, [8]), (13, [8, 12, 13]), (160, [8, 12, 16, 24, 32, 48, 64, 96, 128, 160])]
)
def test_the_last_look_is_at_the_budget(budget: int, expected: list[int]) -> None:
    assert list(looks(budget)) == expected


def test_a_budget_of_one_trial_is_refused() -> None:
    with pytest.raises(ValueError, match="a budget must be at least 2 trials, got 1"):
        next(looks(1))


@pytest.mark.parametrize(
    ("edge", "position"),
    [(0.2, "above"), (0.25, "undecided"), (0.3, "undecided"), (0.5, "undecided"), (0.51, "below")],
)
def test_position(edge: float, position: str) -> None:
    assert Interval(0.25, 0.5, 0.3, 30).position(edge) == position


def test_an_empty_interval_decides_nothing() -> None:
    empty = Interval(0.6, 0.4, 0.5, 30)
    assert empty.empty
    assert {empty.position(edge) for edge in (0.0, 0.4, 0.5, 0.6, 1.0)} == {"undecided"}
    assert not Interval(0.5, 0.5, 0.5, 30).empty


@pytest.mark.parametrize(
    ("arms", "expected"),
    [
        ([[0, 1, 2]], 3),
        ([[2, 1, 0, 3], [0, 1, 2]], 3),
        ([[0, 1, 3, 4, 5]], 2),
        ([[0, 1, 2, 3], [0, 2, 3]], 1),
        ([[1, 2, 3]], 0),
        ([[]], 0),
    ],
)
def test_the_common_prefix_ends_at_the_first_gap(arms: list[list[int]], expected: int) -> None:
    assert common_prefix(*(dict.fromkeys(arm, 0.0) for arm in arms)) == expected


def test_no_arms_have_no_prefix() -> None:
    with pytest.raises(ValueError, match="at least one arm"):
        common_prefix()


def test_paired_differences_by_number_not_by_place() -> None:
    first = {2: 5.0, 0: 1.0, 1: 3.0, 4: 100.0}
    second = {0: 0.5, 1: 1.0, 2: 1.0, 3: 7.0, 4: 0.0}
    assert paired_differences(first, second).tolist() == [0.5, 2.0, 4.0]
    assert paired_differences(first, {1: 2.0}).shape == (0,)


def test_clipped_trials_are_those_outside() -> None:
    assert clipped_trials([-0.1, 0.0, 0.5, 1.0, 1.1, 2.0], 0.0, 1.0) == 3
    assert clipped_trials([-1e9, 1e9], -inf, inf) == 0


@pytest.mark.parametrize(
    ("trials", "message"),
    [
        ([], "at least 2 trials, got 0"),
        ([1.0], "at least 2 trials, got 1"),
        ([0.0, nan, 1.0], "must be finite, got nan as number 1 of 3"),
        ([0.0, 1.0, -inf], "must be finite, got -inf as number 2 of 3"),
        (np.zeros((3, 2)), r"one number each, got shape \(3, 2\)"),
    ],
)
def test_trials_that_are_none(trials: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        finite_trials(trials)


def test_no_module_of_statistics_imports_torch() -> None:
    code = (
        "import importlib, pkgutil, sys, support.statistics as package\n"
        "for module in pkgutil.iter_modules(package.__path__):\n"
        "    importlib.import_module(f'support.statistics.{module.name}')\n"
        "assert 'support.statistics.bets' in sys.modules\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=120)  # noqa: S603
