"""The table of grants: the worst of a measure's effects decides, and no effect hides another."""

from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from support.statistics import grants

NORMAL = np.random.default_rng(0).normal(size=200)
SKEWED = np.random.default_rng(0).exponential(size=200)


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(grants, "TABLE", tmp_path / "grants.json")
    monkeypatch.setattr(grants, "_seen", defaultdict(dict))
    grants.granted.cache_clear()
    return grants.TABLE


def granted(table: Path) -> bool:
    grants.write(1001, table)
    grants.granted.cache_clear()
    found = grants.grant_of("length").granted
    grants.granted.cache_clear()
    return found


def test_a_measure_never_calibrated_is_refused(table: Path) -> None:
    assert not table.exists()
    assert not grants.grant_of("length").granted


def test_a_measure_is_granted_where_each_of_its_effects_is(table: Path) -> None:
    grants.note("length", "first", NORMAL)
    grants.note("length", "second", -NORMAL)
    assert granted(table)
    grants.note("length", "third", SKEWED)
    assert not granted(table)


@pytest.mark.parametrize("order", [(NORMAL, SKEWED), (SKEWED, NORMAL)])
def test_effects_of_one_label_are_the_worst_of_them(table: Path, order: tuple[np.ndarray, ...]) -> None:
    for trials in order:
        grants.note("length", "same", trials)
    assert not granted(table)


def test_effects_of_one_label_in_other_cases_stay(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for case, trials in (("test_a[rf]", SKEWED), ("test_a[ntk]", NORMAL)):
        monkeypatch.setattr(grants, "case", case)
        grants.note("length", "same", trials)
    assert not granted(table)


def test_too_few_trials_are_not_noted(table: Path) -> None:
    grants.note("length", "few", NORMAL[:199])
    assert not granted(table)
