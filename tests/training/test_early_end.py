"""When training ends early: after the first epoch of a low loss, or after so many of them in a row."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from support.training.ensemble import Trained, train
from support.training.member import Member
from support.training.recipe import Recipe

N, SHAPE = 24, (4, 4)
EPOCHS = 13
# A rate at which losses rise now and then, as on raw pixels.
RATE = 0.1
NETWORKS = {"stacked": None, "by name": "tests.training.small_networks:mlp"}


def trained(recipe: Recipe) -> Trained:
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(N, 16, generator=generator)
    labels = torch.arange(N) % 3
    alone = Member(7, torch.zeros(0, dtype=torch.int64), torch.zeros(0, 16), learning_rate=RATE)
    return train(recipe, images, labels, 3, [alone], shape=SHAPE)


@pytest.mark.parametrize("network", NETWORKS.values(), ids=list(NETWORKS))
def test_a_low_loss_must_last_as_long_as_asked(network: str | None) -> None:
    recipe = Recipe(hidden=(16, 8), batch=N, epochs=EPOCHS, milestones=(), network=network)
    whole = [trained(replace(recipe, epochs=epochs)) for epochs in range(1, EPOCHS + 1)]
    losses = np.array([float(ensemble.losses[0]) for ensemble in whole])
    rises = np.flatnonzero(np.diff(losses) > 0)
    level = float(losses[rises[0]]) + 1e-9  # low once, and not in the epoch after it
    low = losses < level
    first = int(np.argmax(low))
    lasting = next(end for end in range(2, EPOCHS) if low[end - 2 : end + 1].all())
    assert first < lasting
    for after, end in ((1, first), (3, lasting)):
        found = trained(replace(recipe, stop_below=level, stop_after=after))
        assert torch.equal(found.parameters, whole[end].parameters)
        assert float(found.losses[0]) == losses[end]


def test_it_says_how_long_a_low_loss_lasts() -> None:
    assert "until loss < 0.01 for 10 epochs" in str(Recipe(stop_below=0.01, stop_after=10))
    assert "until loss < 0.01, " in str(Recipe(stop_below=0.01))
