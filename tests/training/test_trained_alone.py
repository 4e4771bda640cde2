"""Members of an ensemble against the same networks trained alone with torch.nn, torch.optim and a DataLoader."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Literal

import pytest
import torch
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset

from support.training.draws import noise_generator
from support.training.ensemble import Ensemble, batch_order, initial_weights, train
from support.training.member import Member
from support.training.recipe import Recipe

# Weights are of order one; single precision, other orders of summation, and some fifty steps that amplify both.
AGREEMENT = 5e-6

N, D, CLASSES = 203, 12, 4
RECIPE = Recipe(hidden=(16, 8), batch=32, epochs=6, milestones=(3, 5))

Optimizer = Literal["adam", "sgd"]
RATES: dict[Optimizer, float] = {"adam": 0.01, "sgd": 0.05}


@cache
def data() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(3)
    images = torch.rand(N, D, generator=generator)
    return images, (images @ torch.rand(D, CLASSES, generator=generator)).argmax(dim=1)


def changed(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Rows, and other pixels for them."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randperm(N, generator=generator)[:count], torch.rand(count, D, generator=generator)


# All but three see changed rows; the changes make a difference of 1e-2 and more to every weight.
MEMBERS = {
    "plain": Member(0, *changed(0, 0)),
    "other seed": Member(1, *changed(0, 0)),
    "changed rows": Member(0, *changed(40, 1)),
    "all rows changed": Member(0, *changed(N, 2)),
    "faster": Member(2, *changed(5, 3), learning_rate=0.03),
    "weight decay": Member(0, *changed(40, 1), weight_decay=0.05),
    "input noise": Member(0, *changed(40, 1), input_noise=0.3),
    "more noise": Member(3, *changed(0, 0), input_noise=0.6),
    "clipped norm": Member(0, *changed(40, 1), clip_norm=0.05),
    "clipped values": Member(0, *changed(40, 1), clip_value=0.003),
    "everything": Member(4, *changed(40, 1), learning_rate=0.02, weight_decay=0.01, input_noise=0.1, clip_norm=0.1),
    "without examples": Member(0, *changed(40, 1), excluded=torch.arange(3, 60)),
    "without its changed rows": Member(0, *changed(40, 1), excluded=changed(40, 1)[0]),
}


def given(name: str, optimizer: Optimizer) -> Member:
    member = MEMBERS[name]
    return replace(member, learning_rate=member.learning_rate * RATES[optimizer] / 0.01)


def alone(recipe: Recipe, member: Member) -> tuple[torch.nn.Sequential, float]:
    """The model, and its mean training loss over the last epoch."""
    images, labels = data()
    images = images.clone()
    images[torch.as_tensor(member.rows)] = torch.as_tensor(member.pixels)
    layers: list[torch.nn.Module] = []
    for weight, bias in zip(*initial_weights(recipe, D, CLASSES, member.seed), strict=True):
        linear = torch.nn.Linear(*weight.shape)
        linear.load_state_dict({"weight": weight.T, "bias": bias})
        layers += [linear, torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1])
    rate, decay = member.learning_rate, member.weight_decay
    optimizer: torch.optim.Optimizer
    if recipe.optimizer == "adam":
        optimizer = torch.optim.Adam(model.parameters(), lr=rate, weight_decay=decay)
    else:
        optimizer = torch.optim.SGD(model.parameters(), lr=rate, weight_decay=decay, momentum=recipe.momentum)
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, list(recipe.milestones), recipe.decay)
    noise = noise_generator(member.seed, "cpu")
    unseen = set() if member.excluded is None else set(member.excluded.tolist())
    mean_loss = float("nan")
    for epoch in range(recipe.epochs):
        order = [row for row in batch_order(N, member.seed, epoch).tolist() if row not in unseen]
        losses = []
        for inputs, targets in DataLoader(TensorDataset(images, labels), recipe.batch, sampler=order):
            if member.input_noise:
                inputs = inputs + member.input_noise * torch.randn(inputs.shape, generator=noise)
            loss = torch.nn.functional.cross_entropy(model(inputs), targets)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            if member.clip_norm is not None:
                torch.nn.utils.clip_grad_norm_(model.parameters(), member.clip_norm)
            if member.clip_value is not None:
                torch.nn.utils.clip_grad_value_(model.parameters(), member.clip_value)
            optimizer.step()
            losses += [loss.item()] * len(targets)
        schedule.step()
        mean_loss = sum(losses) / len(losses)
    return model, mean_loss


def require_same(ensemble: Ensemble, index: int, model: torch.nn.Sequential, loss: float) -> None:
    found = ensemble.module(index).state_dict()
    assert list(found) == list(model.state_dict())
    difference = {key: float((found[key] - value).abs().max()) for key, value in model.state_dict().items()}
    assert max(difference.values()) < AGREEMENT, difference
    assert float(ensemble.losses[index]) == pytest.approx(loss, abs=AGREEMENT)


@cache
def together(optimizer: Optimizer, stack: int) -> Ensemble:
    members = [given(name, optimizer) for name in MEMBERS]
    return train(replace(RECIPE, optimizer=optimizer), *data(), CLASSES, members, stack=stack)


@pytest.mark.parametrize("stack", [1, 4, 99])
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize("name", MEMBERS)
def test_member_is_what_it_is_alone(name: str, optimizer: Optimizer, stack: int) -> None:
    ensemble, index = together(optimizer, stack), list(MEMBERS).index(name)
    require_same(ensemble, index, *alone(replace(RECIPE, optimizer=optimizer), given(name, optimizer)))
    assert not ensemble.diverged[index]


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(hidden=(), batch=32, epochs=2, milestones=()),
        Recipe(hidden=(8,), batch=500, epochs=3, milestones=(1,), decay=0.5),
        Recipe(hidden=(8,), batch=29, epochs=2, milestones=(), optimizer="sgd", momentum=0.5),
        Recipe(hidden=(8,), batch=1, epochs=1, milestones=(), optimizer="sgd", momentum=0.0),
    ],
    ids=["linear", "batch above N", "N a multiple of the batch", "batch of one"],
)
def test_other_recipes(recipe: Recipe) -> None:
    members = [Member(0, *changed(40, 1)), Member(1, *changed(3, 2), weight_decay=0.01)]
    ensemble = train(recipe, *data(), CLASSES, members)
    for index, member in enumerate(members):
        require_same(ensemble, index, *alone(recipe, member))


@pytest.mark.parametrize("name", [name for name in MEMBERS if name not in ("plain", "changed rows")])
def test_what_sets_a_member_apart_is_felt(name: str) -> None:
    """Else its agreement above would say nothing: by a hundred times the tolerance."""
    weights = together("sgd", 1).weights[0]
    for reference in ("plain", "changed rows"):
        difference = (weights[list(MEMBERS).index(name)] - weights[list(MEMBERS).index(reference)]).abs().max()
        assert float(difference) > 100 * AGREEMENT
