"""Which start a trial of pixel removal is measured on, with the training replaced by fixed networks."""

from typing import Any

import numpy as np
import pytest

from support.data.datasets import Images
from support.experiments.experiment import Context
from support.experiments.pixel_removal import PixelRemoval
from support.experiments.rare_patterns import Arm, RarePatterns
from support.training.recipe import Recipe

RECIPE = Recipe(hidden=(16,), epochs=1, milestones=())
SHARES = (0.0, 0.5)


def experiment(**changes: Any) -> PixelRemoval:
    fields: dict[str, Any] = {"dataset": "mnist", "recipe": RECIPE, "shares": SHARES, "images": 40} | changes
    return PixelRemoval(**fields)


def test_a_start_that_ends_at_chance_is_drawn_again(trainer: Any, images: dict[str, Images]) -> None:
    images["test"].labels[:] = 3

    def learns_at_the_third_start(networks: Any, _: Any) -> None:
        networks.parameters.zero_()  # every answer is class 0
        if len(trainer.calls) % 3 == 2:
            networks.parameters[:, -7] = 9.0  # the last layer's bias of class 3

    trainer.adjusted = learns_at_the_third_start
    found = experiment(redraws=4).run(0, Context(seed=0))
    seeds = [call.members[0].seed for call in trainer.calls]
    assert len(set(seeds)) == len(seeds) == 3
    assert np.min(np.array(found["test_probability"], dtype=float)) > 0.99
    # The same start as that of the networks which patterns are asked of.
    trainer.calls.clear()
    RarePatterns("mnist", RECIPE, (Arm("S3", 2),), redraws=4).run(0, Context(seed=0))
    assert [call.members[0].seed for call in trainer.calls[:3]] == seeds


def test_the_last_start_is_measured_whatever_it_is(trainer: Any) -> None:
    trainer.adjusted = lambda networks, _: networks.parameters.zero_()
    found = experiment(redraws=2).run(0, Context(seed=0))
    assert len(trainer.calls) == 3
    assert found["test_probability"] == pytest.approx([0.1, 0.1])
    trainer.calls.clear()
    experiment().run(0, Context(seed=0))
    assert len(trainer.calls) == 1


def test_a_negative_number_of_redraws_is_refused() -> None:
    with pytest.raises(ValueError, match="redraws must not be negative, got -1"):
        experiment(redraws=-1)
