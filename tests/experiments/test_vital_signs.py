"""Vital signs of networks with rare patterns, on rows made by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from support.evidence.rows import Rows
from support.experiments import vital_signs
from support.experiments.network_sizes import SHORT
from support.experiments.rare_patterns import Arm, RarePatterns
from support.experiments.taught import Taught
from support.experiments.vital_signs import expected_accuracy, unseen_test_images
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
    monkeypatch.setattr(vital_signs, "CLEAN_ACCURACY", {("mnist", 1000, 8): (0.84, 0.86)})


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    ("accuracy", "healthy"), [((0.9, 0.8), True), ((0.84, 0.84), True), ((0.9, 0.83), False), ((0.8, 0.8), False)]
)
def test_accuracy_is_the_mean_of_untreated_networks(accuracy: tuple[float, ...], healthy: bool) -> None:
    sign = expected_accuracy(taught(accuracy), EXPERIMENT)
    assert (sign.healthy, sign.found) == (healthy, f"{sum(accuracy) / 2:.3f}")
    assert sign.expected == "0.840 to 0.860"


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    "other",
    [
        replace(EXPERIMENT, recipe=Recipe(epochs=8, milestones=(5, 7), network="CNN")),
        replace(EXPERIMENT, recipe=Recipe(epochs=8, milestones=(5, 7), optimizer="sgd")),
        replace(EXPERIMENT, subset=4000),
        replace(EXPERIMENT, dataset="fashion-mnist"),
    ],
)
def test_of_other_networks_and_sizes_accuracy_is_only_said(other: RarePatterns) -> None:
    sign = expected_accuracy(taught((0.2, 0.2)), other)
    assert sign.healthy
    assert (sign.found, sign.expected) == ("0.200", "no range is stated for this network and size")


@pytest.mark.parametrize(("in_both", "healthy"), [((0, 0), True), ((2, 0), True), ((0, 3), False)])
def test_a_test_image_in_two_hundred_may_be_a_training_image(in_both: tuple[int, ...], healthy: bool) -> None:
    sign = unseen_test_images(taught(in_both=in_both), EXPERIMENT)
    assert (sign.healthy, sign.found) == (healthy, f"at most {max(in_both)} of 400")
