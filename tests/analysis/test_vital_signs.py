"""Vital signs of networks with rare patterns, on rows made by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from support.analysis import vital_signs
from support.analysis.taught import Taught
from support.analysis.vital_signs import carriers_as_asked, different_networks, known_accuracy, unseen_test_images
from support.evidence.rows import Rows
from support.experiments.network_sizes import SHORT
from support.experiments.rare_patterns import Arm, RarePatterns
from support.training.recipe import Recipe

EXPERIMENT = RarePatterns("mnist", SHORT, (Arm("R3", 0), Arm("R3", 10)), subset=1000, test=400)


def taught(accuracy: tuple[float, ...] = (0.9, 0.8), in_both: tuple[int, ...] = (0, 0)) -> Taught:
    trials = len(accuracy)
    columns = {
        "trial": np.repeat(np.arange(trials), 2),
        "n": np.tile([0.0, 10.0], trials),
        **{name: np.zeros(2 * trials) for name in ("input_noise", "weight_decay", "clip_norm", "clip_value")},
        "clean_accuracy": np.array([value for own in accuracy for value in (own, 0.1)]),
        "images_in_both": np.repeat(np.array(in_both, dtype=float), 2),
    }
    return Taught(Rows("networks", columns, (("key", "digest"),), trials))


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(vital_signs.CLEAN_ACCURACY, ("mnist", 1000, 8), (0.84, 0.86))


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    ("accuracy", "healthy"), [((0.9, 0.8), True), ((0.84, 0.84), True), ((0.9, 0.83), False), ((0.8, 0.8), False)]
)
def test_accuracy_is_the_mean_of_untreated_networks(accuracy: tuple[float, ...], healthy: bool) -> None:
    sign = known_accuracy("accuracy", taught(accuracy).untreated_accuracy, ("mnist", 1000), SHORT)
    assert (sign.healthy, sign.found) == (healthy, f"{sum(accuracy) / 2:.3f}")
    assert sign.expected == "0.840 to 0.860"
    assert sign.clean_accuracy == sum(accuracy) / 2


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    "other",
    [
        replace(EXPERIMENT, recipe=Recipe(epochs=8, milestones=(5, 7), network="CNN")),
        replace(EXPERIMENT, recipe=Recipe(epochs=8, milestones=(5, 7), optimizer="sgd")),
        replace(EXPERIMENT, subset=2000),
        replace(EXPERIMENT, dataset="fashion-mnist", subset=2000),
    ],
)
def test_of_other_networks_and_sizes_accuracy_is_only_said(other: RarePatterns) -> None:
    sign = known_accuracy("accuracy", 0.2, (other.dataset, other.subset), other.recipe)
    assert sign.healthy
    assert (sign.found, sign.expected) == ("0.200", "no range is stated for this network and size")


@pytest.mark.parametrize(("in_both", "healthy"), [((0, 0), True), ((2, 0), True), ((0, 3), False)])
def test_a_test_image_in_two_hundred_may_be_a_training_image(in_both: tuple[int, ...], healthy: bool) -> None:
    sign = unseen_test_images(taught(in_both=in_both).rows, "mnist", 400)
    assert (sign.healthy, sign.found) == (healthy, f"at most {max(in_both)} of 400")


def networks(*arms: tuple[Arm, int, tuple[float, float]]) -> Taught:
    """Rows of arms with their carriers of the target class and their losses in two trials."""
    found = [
        {
            "trial": trial,
            "pattern": arm.pattern,
            "n": float(arm.n),
            "target": float(arm.target),
            "carriers": arm.carriers,
            "norm_of": arm.norm_of or "",
            "own_noise": float(arm.own_noise),
            "input_noise": arm.input_noise,
            "weight_decay": arm.weight_decay,
            "clip_norm": arm.clip_norm or 0.0,
            "clip_value": arm.clip_value or 0.0,
            "carriers_of_target": float(of_target),
            "loss": losses[trial],
            "clean_accuracy": 0.9,
            "images_in_both": 0.0,
        }
        for trial in (0, 1)
        for arm, of_target, losses in arms
    ]
    columns = {name: np.array([row[name] for row in found]) for name in found[0]}
    return Taught(Rows("networks", columns, (("key", "digest"),), 2))


TEN, BALANCED = Arm("R3", 10, 4), Arm("R3", 10, 4, carriers="balanced")


@pytest.mark.parametrize(
    ("arm", "of_target", "wrong"),
    [
        *((TEN, 10, 0), (TEN, 9, 2), (BALANCED, 1, 0), (BALANCED, 0, 2), (BALANCED, 2, 2), (BALANCED, 10, 2)),
        *((replace(BALANCED, n=3), 0, 0), (replace(BALANCED, n=3), 1, 0), (replace(BALANCED, n=3), 2, 2)),
        *((replace(BALANCED, n=14), 2, 0), (replace(BALANCED, n=14), 0, 2), (replace(TEN, n=0), 0, 0)),
        *((replace(TEN, carriers="any"), 0, 0), (replace(TEN, carriers="any"), 10, 0)),
        (replace(BALANCED, carriers="balanced again"), 10, 2),
    ],
)
def test_carriers_are_of_the_classes_asked_for(arm: Arm, of_target: int, wrong: int) -> None:
    sign = carriers_as_asked(networks((arm, of_target, (1, 2))).rows)
    assert (sign.found, sign.healthy) == (str(wrong), wrong == 0)


@pytest.mark.parametrize(
    ("other", "losses", "same"),
    [
        (replace(TEN, weight_decay=0.1), (1, 2), 1),
        (replace(TEN, weight_decay=0.1), (1, 3), 0),
        (BALANCED, (1, 2), 1),
        (replace(TEN, own_noise=True), (1, 2), 1),
        (replace(TEN, query="S1"), (1, 2), 0),  # the same network, asked something else
        (replace(TEN, fresh=39), (1, 2), 0),
    ],
)
def test_arms_that_train_apart_must_not_end_alike(other: Arm, losses: tuple[float, float], same: int) -> None:
    sign = different_networks(networks((TEN, 10, (1, 2)), (other, 10, losses)).rows)
    assert (sign.found, sign.healthy) == (str(same), same == 0)


def test_networks_without_examples_are_one_whatever_they_are_asked() -> None:
    asked = networks(*((arm, 0, (1, 2)) for arm in (Arm("R3", 0), Arm("S3", 0, 3), Arm("R1", 0, norm_of="S3"))))
    assert different_networks(asked.rows).healthy
    clipped = networks((Arm("R3", 0), 0, (1, 2)), (Arm("R3", 0, clip_norm=1.0), 0, (1, 2)))
    assert not different_networks(clipped.rows).healthy


def test_all_signs_of_a_table() -> None:
    sound = networks((TEN, 10, (1, 2)), (BALANCED, 1, (3, 4)), (Arm("R3", 0), 0, (5, 6)))
    assert [sign.healthy for sign in vital_signs.vital_signs(sound, EXPERIMENT)] == [True] * 4
    sick = networks((TEN, 9, (1, 2)), (BALANCED, 1, (1, 2)), (Arm("R3", 0), 0, (5, 6)))
    fashion = replace(EXPERIMENT, dataset="fashion-mnist")  # where no untreated network reaches 0.9
    assert [sign.healthy for sign in vital_signs.vital_signs(sick, fashion)] == [True, False, False, False]
