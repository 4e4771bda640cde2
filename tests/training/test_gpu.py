"""The CUDA paths against the CPU's: the same networks, to what single precision leaves of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest
import torch
from torch import Tensor

from support.training.ensemble import Ensemble, initial_weights, train, train_together
from support.training.gathering import together
from support.training.member import Member
from support.training.recipe import Recipe

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")

# Weights are of order one; other orders of summation, and some twenty steps that amplify them.
AGREEMENT = 2e-5

N, D, CLASSES = 203, 784, 10
RECIPE = Recipe(hidden=(32, 16), batch=32, epochs=3, milestones=(2,), optimizer="sgd")


def data(seed: int = 3) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    images = torch.rand(N, D, generator=generator) * (torch.rand(N, D, generator=generator) < 0.2)
    return images, (images.sum(dim=1) * 2).long() % CLASSES


def members(seed: int = 0) -> list[Member]:
    """Without input noise, which a GPU draws from another generator."""
    rows = torch.randperm(N, generator=torch.Generator().manual_seed(seed))[:9]
    changed = Member(seed, rows, torch.rand(9, D, generator=torch.Generator().manual_seed(1)))
    return [
        replace(changed, rows=rows[:0], pixels=torch.zeros(0, D)),
        changed,
        replace(changed, seed=seed + 1, learning_rate=0.02),
        replace(changed, weight_decay=0.05),
        replace(changed, clip_norm=0.05),
        replace(changed, clip_value=0.002),
        replace(changed, excluded=torch.arange(20)),
    ]


@pytest.mark.parametrize("stack", [1, 3, None])
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_a_stack_trains_the_same_networks(optimizer: Literal["adam", "sgd"], stack: int | None) -> None:
    recipe = replace(RECIPE, optimizer=optimizer)
    own = [replace(member, learning_rate=member.learning_rate / 10) for member in members()]
    here = train(recipe, *data(), CLASSES, own)
    there = train(recipe, *data(), CLASSES, own, device="cuda", stack=stack)
    assert there.parameters.is_cuda
    torch.testing.assert_close(there.parameters.cpu(), here.parameters, rtol=0, atol=AGREEMENT)
    torch.testing.assert_close(there.losses, here.losses, rtol=0, atol=AGREEMENT)
    inputs = data(7)[0]
    torch.testing.assert_close(there.logits(inputs).cpu(), here.logits(inputs), rtol=0, atol=10 * AGREEMENT)


def test_trials_together_are_trials_alone() -> None:
    def trial(seed: int) -> Ensemble:
        return train(RECIPE, *data(seed), CLASSES, members(seed), device="cuda")

    for seed, ensemble in enumerate(together(trial, range(3), train_together)):
        torch.testing.assert_close(ensemble.parameters, trial(seed).parameters, rtol=0, atol=AGREEMENT)


def test_twice_the_same_is_the_same_to_the_last_bit() -> None:
    noisy = [replace(member, input_noise=0.2) for member in members()]
    first, second = (train(RECIPE, *data(), CLASSES, noisy, device="cuda") for _ in range(2))
    assert torch.equal(first.parameters, second.parameters)


def test_weights_of_a_dead_pixel_keep_every_bit() -> None:
    images, labels = data()
    images[:, 4] = 0
    recipe = replace(RECIPE, optimizer="adam")
    plain = Member(8, torch.zeros(0, dtype=torch.int64), torch.zeros(0, D))
    weights = train(recipe, images, labels, CLASSES, [plain, replace(plain, seed=9)], device="cuda").weights[0].cpu()
    first = initial_weights(recipe, D, CLASSES, 8)[0][0]
    assert torch.equal(weights[0][4], first[4])
    assert not torch.equal(weights[0][5], first[5])


def test_input_noise_has_its_size() -> None:
    """Noise on dark images is all that the first layer sees: without it, its weights do not move at all."""
    dark, labels = torch.zeros(N, D), data()[1]
    plain = Member(0, torch.zeros(0, dtype=torch.int64), torch.zeros(0, D), learning_rate=1e-3)
    recipe = Recipe(hidden=(), batch=N, epochs=1, milestones=(), optimizer="sgd", momentum=0.0)
    spread = []
    for device in ("cpu", "cuda"):
        ensemble = train(recipe, dark, labels, CLASSES, [plain, replace(plain, input_noise=0.3)], device=device)
        moved = ensemble.weights[0].cpu() - initial_weights(recipe, D, CLASSES, 0)[0][0]
        assert not moved[0].any()
        spread.append(float(moved[1].std()))
    assert spread[1] == pytest.approx(spread[0], rel=0.05)


@pytest.mark.parametrize("network", ["CNN", "ResNet20"])
def test_convolutional_networks(network: str) -> None:
    """What one step changes, to five hundredths of the largest change: convolutions take other algorithms on a GPU."""
    recipe = Recipe(network=network, batch=N, epochs=1, milestones=(), optimizer="sgd", augmentation=True)
    given = (recipe, *data(), CLASSES)
    own = members()[:2]
    start = train(*given, [replace(member, learning_rate=1e-30) for member in own], shape=(28, 28)).parameters
    here = train(*given, own, shape=(28, 28)).parameters - start
    there = train(*given, own, shape=(28, 28), device="cuda").parameters.cpu() - start
    assert float((there - here).abs().max()) < 0.05 * float(here.abs().max())


@pytest.mark.parametrize("network", ["CNN", "ResNet20"])
def test_convolutional_networks_twice_the_same(network: str) -> None:
    recipe = Recipe(network=network, batch=32, epochs=2, milestones=(), augmentation=True)
    first, second = (train(recipe, *data(), CLASSES, members()[:2], shape=(28, 28), device="cuda") for _ in range(2))
    assert torch.equal(first.parameters, second.parameters)
    inputs = data(7)[0]
    assert torch.equal(first.logits(inputs), second.logits(inputs))
