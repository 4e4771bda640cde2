"""Vital signs of membership inference, by rows made by hand: each fails where what it names is wrong."""

from typing import Any

import numpy as np
import pytest

from support.analysis import membership_signs as module
from support.analysis.membership_signs import membership_signs
from support.evidence.rows import Rows
from support.experiments.membership import MembershipInference
from support.training.recipe import Recipe

RECIPE = Recipe(epochs=8, milestones=(5, 7))
EXPERIMENT = MembershipInference("mnist", RECIPE, 500, (1,))


@pytest.fixture(autouse=True)
def _stated_range(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(module.NON_MEMBER_ACCURACY, ("mnist", 500, 8), (0.8, 0.875))


def columns(**changed: list[float]) -> dict[str, Any]:
    sound = {
        "trial": [0.0, 1.0, 2.0],
        "mislabelled": [0.0, 0.0, 0.0],
        "shadow_overlap": [0.0, 0.0, 0.0],
        "auc_clean": [0.5, 0.625, 0.75],
        "auc_clean_target": [0.5, 0.5, 0.75],
        "test_accuracy": [0.75, 0.875, 0.875],
    }
    return {name: np.array(values) for name, values in (sound | changed).items()}


def failed(given: dict[str, Any], experiment: MembershipInference = EXPERIMENT) -> list[str]:
    """Which signs are not healthy, with what was found."""
    signs = membership_signs(Rows("attacks", given, (), 3), experiment)
    assert len({sign.name for sign in signs}) == len(signs) == 4
    return [f"{sign.name}: {sign.found}" for sign in signs if not sign.healthy]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, []),
        ({"mislabelled": [0.0, 2.0, 1.0]}, ["members that were not trained on, or non-members that were: 3"]),
        ({"shadow_overlap": [0.0, 500.0, 1.0]}, ["images that a target and its shadow share: at most 500"]),
        ({"auc_clean_target": [0.5, 0.625, 0.75]}, ["targets and their counterparts: the same"]),
        ({"test_accuracy": [0.75, 0.75, 0.75]}, ["accuracy of targets on clean non-members: 0.750"]),
        ({"test_accuracy": [0.875, 0.9, 0.875]}, ["accuracy of targets on clean non-members: 0.883"]),
    ],
)
def test_what_is_wrong_is_told_and_nothing_else(changed: dict[str, list[float]], expected: list[str]) -> None:
    assert failed(columns(**changed)) == expected


@pytest.mark.parametrize(
    "other",
    [
        MembershipInference("mnist", RECIPE, 600, (1,)),
        MembershipInference("fashion-mnist", RECIPE, 550, (1,)),
        MembershipInference("mnist", Recipe(hidden=(8,), epochs=8, milestones=(5, 7)), 500, (1,)),
    ],
    ids=["size", "dataset", "network"],
)
def test_no_range_is_stated_for_others(other: MembershipInference) -> None:
    assert failed(columns(test_accuracy=[0.1, 0.1, 0.1]), other) == []
