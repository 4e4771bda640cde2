"""Rows as a table: selections, trials that are left out, and numbers that were not measured."""

import platform
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np
import pytest

from support.evidence.rows import NotMeasuredError, Rows
from tests.evidence.conftest import Collect

Counting = Callable[..., Any]


def test_rows_come_trial_by_trial_and_arm_by_arm(collect: Collect, counting: Counting) -> None:
    rows = collect(counting(asked=(0, 1, 2)), 2)
    assert rows["trial"].tolist() == [0, 0, 0, 1, 1, 1]
    assert rows["value"].tolist() == [0, 1, 2, 10, 11, 12]
    assert rows.trials == 2
    positions, table = rows.per_trial("value", "arm")
    assert positions.tolist() == [0, 1, 2]
    assert table.tolist() == [[0, 1, 2], [10, 11, 12]]
    assert rows.where(arm=1.0)["value"].tolist() == [1, 11]


def test_rows_that_are_no_table_or_not_there_are_refused(collect: Collect, counting: Counting) -> None:
    rows = collect(counting(asked=(0, 1, 2)), 2)
    with pytest.raises(ValueError, match=r"value over trial is not a table: fix the other conditions with where\(\)"):
        rows.per_trial("value", "trial")
    with pytest.raises(ValueError, match=r"no row of .* has \{'arm': 7\}"):
        rows.where(arm=7)
    with pytest.raises(KeyError, match="colour"):
        rows.where(colour=1)


def flagged(*flags: float, values: Any = range(6)) -> Rows:
    """Two rows for each of three trials, with these flags."""
    columns = {
        "trial": np.repeat([0, 1, 2], 2),
        "value": np.array(values, dtype=float),
        "diverged": np.array(flags, dtype=float),
    }
    return Rows("an experiment", columns, (("key", "digest"),), 3)


@pytest.mark.parametrize(
    ("flags", "kept", "left_out"),
    [((0, 0, 0, 0, 0, 0), [0, 1, 2], 0), ((0, 0, 0, 1, 0, 0), [0, 2], 1), ((1, 1, 0, 0, 0, -0.5), [1], 2)],
)
def test_a_trial_with_one_flagged_row_is_left_out_whole(flags: list[float], kept: list[int], left_out: int) -> None:
    rows = flagged(*flags)
    found, count = rows.without("diverged")
    assert count == left_out
    assert found["trial"].tolist() == [trial for trial in kept for _ in range(2)]
    assert found["value"].tolist() == [2.0 * trial + row for trial in kept for row in range(2)]
    assert set(found.columns) == set(rows.columns)
    assert (found.experiment, found.cells, found.trials) == (rows.experiment, rows.cells, 3)
    assert len(rows["value"]) == 6


def test_a_flag_that_every_trial_has_or_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="every trial of an experiment is diverged"):
        flagged(1, 0, 0, 1, 1, 0).without("diverged")
    with pytest.raises(KeyError, match="failed"):
        flagged(0, 0, 0, 0, 0, 0).without("failed")


NONE = float("nan")


def test_what_was_not_measured_cannot_be_read_and_need_not_be() -> None:
    rows = flagged(0, 1, 0, 0, 0, 0, values=[0, NONE, 2, 3, 4, 5])
    message = "value was not measured in 1 of 6 rows of an experiment: leave them out"
    with pytest.raises(NotMeasuredError, match=message):
        rows["value"]
    with pytest.raises(NotMeasuredError, match=message):
        rows.per_trial("value", "trial")
    assert rows.without("diverged")[0]["value"].tolist() == [2, 3, 4, 5]
    assert rows.where(diverged=0)["value"].tolist() == [0, 2, 3, 4, 5]
    with pytest.raises(NotMeasuredError, match="diverged was not measured"):
        flagged(0, NONE, 0, 0, 0, 0).trials_with("diverged")


def test_trials_that_fall_short_or_were_not_measured() -> None:
    rows = flagged(0, 0, 0, 0, 0, 0, values=[0.9, 0.9, 0.9, NONE, 0.4, 0.9])
    assert rows.trials_short_of("value", 0.5).tolist() == [1, 2]
    assert rows.trials_short_of("value", 0.4).tolist() == [1]
    assert rows.without_trials(np.array([1, 2]))["value"].tolist() == [0.9, 0.9]


def test_rows_say_what_made_them(collect: Collect, counting: Counting) -> None:
    (here,) = collect(counting(), 2).made
    assert here == f"cpu, Python {platform.python_version()}, torch {version('torch')}, NumPy {version('numpy')}"
