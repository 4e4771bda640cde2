"""Vital signs of deletion, by rows made by hand: each fails where what it names is wrong, and nowhere else."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from support.analysis import vital_signs
from support.analysis.deletion import Deletions
from support.analysis.deletion_signs import deletion_signs
from support.evidence.rows import Rows
from support.experiments.deletion import Deletion
from support.experiments.network_sizes import SHORT
from support.experiments.removals import Removal
from support.training.recipe import Recipe

NONE = float("nan")
EXPERIMENT = Deletion("mnist", SHORT, (Removal(10, "before"),), subset=1000, test=500)
# Method, carriers, examples still seen, their number of the target class, and what training on moved.
SOUND = [
    ("before", "target", 10, 10, NONE),
    ("scratch", "target", 0, 10, NONE),
    ("restarted", "target", 0, 10, 17.0),
    ("released influence", "target", NONE, 10, 0.0),
    ("head before", "target", 10, 10, NONE),
    ("head Newton", "target", 0, 10, NONE),
    ("before", "balanced", 10, 1, NONE),
    ("scratch", "balanced", 0, 1, NONE),
    ("resumed", "balanced", 0, 1, 0.1),
    ("kept", "target", 10, 10, 16.0),
]


@pytest.fixture(autouse=True)
def _stated_range(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(vital_signs.CLEAN_ACCURACY, ("mnist", 1000, 8), (0.875, 0.925))


def columns() -> dict[str, Any]:
    method, carriers, seen, of_target, step = (list(part) * 2 for part in zip(*SOUND, strict=True))
    rows = len(method)
    return {
        "trial": np.repeat([0, 1], len(SOUND)),
        "method": np.array(method),
        "carriers": np.array(carriers),
        "n": np.full(rows, 10.0),
        "still_seen": np.array(seen, dtype=float),
        "carriers_of_target": np.array(of_target, dtype=float),
        "step": np.array(step),
        "clean_accuracy": np.full(rows, 0.9),
        "images_in_both": np.full(rows, 2.0),
        "failed": np.zeros(rows),
    }


def failed(given: dict[str, Any], experiment: Deletion = EXPERIMENT) -> list[str]:
    """Which signs are not healthy, with what was found."""
    signs = deletion_signs(Deletions(Rows("a deletion", given, (), 2)), experiment)
    assert len({sign.name for sign in signs}) == len(signs) == 6
    return [f"{sign.name}: {sign.found}" for sign in signs if not sign.healthy]


def test_a_healthy_run() -> None:
    assert failed(columns()) == []


def put(name: str, method: str, value: float) -> Callable[[dict[str, Any]], None]:
    """One row of the second trial changed."""

    def change(given: dict[str, Any]) -> None:
        place = np.flatnonzero((given["method"] == method) & (given["trial"] == 1))[-1]
        given[name][place] = value

    return change


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (put("images_in_both", "before", 3), "test images among the training images: at most 3 of 500"),
        (put("still_seen", "scratch", 1), "deleted examples that a network was trained on: at most 1"),
        (put("still_seen", "resumed", 10), "deleted examples that a network was trained on: at most 10"),
        (put("still_seen", "before", 7), "examples that a network before deletion was not trained on: 3"),
        (put("still_seen", "kept", 0), "examples that a network before deletion was not trained on: 10"),
        (put("carriers_of_target", "before", 3), "networks whose carriers are of other classes than asked: 1"),
        (put("carriers_of_target", "restarted", 9), "networks whose carriers are of other classes than asked: 1"),
        (put("step", "restarted", 0.0), "networks that training on left as they were: 1"),
    ],
)
def test_what_is_wrong_is_told(change: Callable[[dict[str, Any]], None], expected: str) -> None:
    given = columns()
    change(given)
    assert failed(given) == [expected]


@pytest.mark.parametrize(("accuracy", "told"), [(0.874, True), (0.876, False), (0.926, True)])
def test_accuracy_of_networks_from_scratch_has_a_stated_range(accuracy: float, told: bool) -> None:
    given = columns()
    given["clean_accuracy"][given["method"] == "scratch"] = accuracy
    assert failed(given) == [f"clean accuracy of networks from scratch: {accuracy:.3f}"] * told


@pytest.mark.parametrize(
    "other",
    [
        Deletion("mnist", SHORT, (Removal(10, "before"),), subset=2000, test=500),
        Deletion("fashion-mnist", SHORT, (Removal(10, "before"),), subset=900, test=500),
        Deletion("mnist", Recipe(hidden=(8,), epochs=8, milestones=(5, 7)), (Removal(10, "before"),), subset=1000),
    ],
    ids=["size", "dataset", "network"],
)
def test_no_range_is_stated_for_others(other: Deletion) -> None:
    given = columns()
    given["clean_accuracy"][:] = 0.1
    assert failed(given, other) == []


def test_without_training_on_there_is_nothing_to_move() -> None:
    given = columns()
    kept = ~np.isin(given["method"], ["restarted", "resumed", "kept"])
    rows = Rows("a deletion", {name: part[kept] for name, part in given.items()}, (), 2)
    names = [sign.name for sign in deletion_signs(Deletions(rows), EXPERIMENT)]
    assert "networks that training on left as they were" not in names
