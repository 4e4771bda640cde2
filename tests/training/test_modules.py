"""Members that are plain modules: against the stack, against a plain loop, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any, Literal

import pytest
import torch
from torch import nn

from support.training.ensemble import train
from support.training.member import Member
from support.training.modules import Networks, Unflatten
from support.training.recipe import Recipe
from support.training.stack import initial_parameters
from tests.training.trained_modules import (
    AGREEMENT,
    CLASSES,
    SHAPE,
    D,
    N,
    alone,
    changed,
    data,
    initial,
    recipe,
    trained,
    unchanged,
)

Optimizer = Literal["adam", "sgd"]
RATES: dict[Optimizer, float] = {"adam": 0.01, "sgd": 0.05}

MEMBERS = {
    "plain": unchanged(0),
    "changed rows": Member(1, *changed(40, 1)),
    "weight decay": Member(0, *changed(40, 1), weight_decay=0.05),
    "input noise": Member(0, *changed(40, 1), input_noise=0.3),
    "clipped norm": Member(0, *changed(40, 1), clip_norm=0.05),
    "clipped values": Member(0, *changed(40, 1), clip_value=0.003),
    "without examples": Member(0, *changed(40, 1), excluded=torch.arange(3, 60)),
    "leaves one": Member(0, *changed(40, 1), excluded=torch.arange(10)),
    "everything": Member(4, *changed(40, 1), learning_rate=0.02, weight_decay=0.01, input_noise=0.1, clip_norm=0.1),
}


def given(name: str, optimizer: Optimizer) -> Member:
    member = MEMBERS[name]
    return replace(member, learning_rate=member.learning_rate * RATES[optimizer] / 0.01)


# Against the stack, and against a plain loop


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_a_fully_connected_module_is_what_the_stack_trains(optimizer: Optimizer) -> None:
    by_stack = recipe(None, optimizer=optimizer)
    members = [
        replace(given(name, optimizer), start=initial_parameters(by_stack, D, CLASSES, number))
        for number, name in enumerate(MEMBERS)
    ]
    # Images of one channel: their entries have the same order in a row and in the module.
    expected = train(by_stack, *data(), CLASSES, members)
    found = train(recipe("mlp", optimizer=optimizer), *data(), CLASSES, members, shape=(6, 10))
    difference = (found.parameters - expected.parameters).abs().amax(dim=1)
    assert float(difference.max()) < AGREEMENT, dict(zip(MEMBERS, difference.tolist(), strict=True))
    assert found.losses.tolist() == pytest.approx(expected.losses.tolist(), abs=AGREEMENT)
    assert not any(found.diverged)


def require_same(networks: Networks, index: int, model: nn.Module, loss: float) -> None:
    found = dict(networks.module(index)[1].state_dict())
    difference = {
        key: float((found.pop(key) - value).abs().double().max()) for key, value in model.state_dict().items()
    }
    assert not found
    assert max(difference.values()) < AGREEMENT, difference
    assert float(networks.losses[index]) == pytest.approx(loss, abs=AGREEMENT)
    assert not networks.diverged[index]


@cache
def together(optimizer: Optimizer) -> Networks:
    return trained(recipe("convolutional", optimizer=optimizer), [given(name, optimizer) for name in MEMBERS])


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize("name", MEMBERS)
def test_member_is_what_it_is_alone(name: str, optimizer: Optimizer) -> None:
    """Colour images, a convolution and batch normalization, running statistics included."""
    member, model = given(name, optimizer), initial("convolutional", MEMBERS[name].seed)
    loss = alone(recipe("convolutional", optimizer=optimizer), model, member)
    require_same(together(optimizer), list(MEMBERS).index(name), model, loss)


@pytest.mark.parametrize("name", ["plain", "everything"])
def test_augmented_member_is_what_it_is_alone(name: str) -> None:
    augmenting = recipe("convolutional", augmentation=True)
    model = initial("convolutional", MEMBERS[name].seed)
    loss = alone(augmenting, model, MEMBERS[name])
    require_same(trained(augmenting, [MEMBERS[name]]), 0, model, loss)


def test_training_goes_on_from_parameters_and_running_statistics() -> None:
    first, again = trained(recipe("convolutional"), [unchanged(0)]), recipe("convolutional", epochs=1, milestones=())
    model = first.module(0)[1]
    member = unchanged(5, start=first.parameters[0])
    loss = alone(again, model, member)
    found = dict(trained(again, [member]).module(0)[1].state_dict())
    # The counter starts anew.
    assert int(found.pop("1.num_batches_tracked")) == -(-N // 32)
    difference = {key: float((value - model.state_dict()[key]).abs().max()) for key, value in found.items()}
    assert max(difference.values()) < AGREEMENT, difference
    assert loss < float(first.losses[0])


def test_what_is_not_trained_stays_as_drawn() -> None:
    networks = trained(recipe("partly_frozen"), [unchanged(2, weight_decay=0.1)])
    model = initial("partly_frozen", 2)
    frozen = model.get_parameter("1.weight").clone()
    require_same(networks, 0, model, alone(recipe("partly_frozen"), model, unchanged(2, weight_decay=0.1)))
    assert torch.equal(networks.module(0)[1].get_parameter("1.weight"), frozen)


# Images


@pytest.mark.parametrize("channels_last", [False, True])
def test_rows_become_images(channels_last: bool) -> None:
    """CIFAR-10's order: the second image, third row, fourth column, blue."""
    rows = torch.arange(2 * D).float().reshape(2, D)
    images = Unflatten(SHAPE, channels_last=channels_last)(rows)
    assert images.shape == (2, 3, 4, 5)
    assert float(images[1, 2, 2, 3]) == D + (2 * 5 + 3) * 3 + 2
    assert images.is_contiguous() is not channels_last
    grey = Unflatten((6, 10), channels_last=channels_last)(rows)
    assert torch.equal(grey, rows.reshape(2, 1, 6, 10))


def test_changed_pixels_arrive_in_their_channels() -> None:
    """A blue dot in the corner of all images, one batch: what the module has seen last."""
    rows, pixels = torch.arange(N), torch.zeros(N, *SHAPE)
    pixels[:, 0, 1, 2] = 1
    one = recipe("recorded", batch=N, epochs=1, milestones=())
    seen = trained(one, [Member(0, rows, pixels.reshape(N, D))]).module(0)[1].get_buffer("first")
    assert seen.nonzero().tolist() == [[2, 0, 1]]


def test_augmentation_is_felt_and_has_its_own_stream() -> None:
    with_crops, without = (recipe("mlp", augmentation=augmentation) for augmentation in (True, False))
    first, again = (trained(with_crops, [unchanged(0)]).parameters for _ in range(2))
    assert torch.equal(first, again)
    assert float((first - trained(without, [unchanged(0)]).parameters).abs().max()) > 100 * AGREEMENT


# What is trained


def test_logits_are_those_of_the_modules() -> None:
    networks, images = together("sgd"), data()[0]
    own = torch.stack([images.roll(member, dims=1) for member in range(len(MEMBERS))])
    for block in (7, 1024):
        shared_logits, own_logits = networks.logits(images, block=block), networks.logits(own, block=block)
        assert shared_logits.shape == own_logits.shape == (len(MEMBERS), N, CLASSES)
        assert not shared_logits.requires_grad
        for member in range(len(MEMBERS)):
            module = networks.module(member)
            for found, inputs in ((shared_logits, images), (own_logits, own[member])):
                torch.testing.assert_close(found[member], module(inputs).detach(), rtol=0, atol=AGREEMENT)


def test_a_module_has_weights_of_its_own() -> None:
    networks = together("sgd")
    before = networks.parameters.clone()
    module = networks.module(1)
    assert not module.training
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.zero_()
    assert torch.equal(networks.parameters, before)
    assert all(parameter.requires_grad for parameter in module.parameters())


@pytest.mark.parametrize("name", ["small MLP", "CNN", "ResNet20"])
def test_networks_by_name(name: str) -> None:
    """Grey images; memory in the other order changes rounding only."""
    images = torch.rand(20, 256, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(20) % 3
    named = Recipe(network=name, batch=10, epochs=1, milestones=())
    members = [Member(seed, labels[:0], images[:0], learning_rate=1e-3) for seed in (0, 1)]
    networks = train(named, images, labels, 3, members, shape=(16, 16))
    assert networks.logits(images).shape == (2, 20, 3)
    assert not any(networks.diverged)
    assert torch.equal(
        networks.parameters[1], train(named, images, labels, 3, members[1:], shape=(16, 16)).parameters[0]
    )


# Bad input


@pytest.mark.parametrize(
    ("network", "change", "message"),
    [
        ("mlp", {"shape": None}, r"shape must be given for .*small_networks.py:mlp, whose inputs are images"),
        ("mlp", {"shape": (4, 5)}, r"shape must be \(h, w\) or \(h, w, c\) with 60 entries, got \(4, 5\)"),
        ("mlp", {"shape": (60,)}, "shape must be"),
        (None, {"shape": (4, 5)}, "shape must be"),
        ("absent", {}, "absent cannot be imported"),
        ("other_classes", {}, r"must map a \(2, 3, 4, 5\) batch to \(2, 4\) logits, got \(2, 5\)"),
        (
            "convolutional",
            {"batch": 1},
            r"batch must be at least 2 for batch normalization \(.*:convolutional\), got 1",
        ),
        (
            "convolutional",
            {"members": [unchanged(), unchanged(excluded=torch.arange(N - 1))]},
            "member 1: batch normalization needs at least 2 training rows, got 1",
        ),
        (
            "mlp",
            {"members": [unchanged(start=torch.zeros(9))]},
            r"member 0: start must have shape \(1148,\), got \(9,\)",
        ),
    ],
)
def test_bad_input_is_refused_before_training(network: str | None, change: dict[str, Any], message: str) -> None:
    epochs: list[int] = []
    fields: dict[str, Any] = {"shape": SHAPE, "members": [unchanged()], "batch": 32} | change
    with pytest.raises(ValueError, match=message):
        train(
            recipe(network, batch=fields["batch"]),
            *data(),
            CLASSES,
            fields["members"],
            shape=fields["shape"],
            progress=lambda done, _: epochs.append(done),
        )
    assert not epochs


@pytest.mark.parametrize("shape", [(3, 9), (D,), (4, 3, D), (1, len(MEMBERS), 3, D)])
def test_logits_refuse_other_shapes(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"inputs must have shape \(n, 60\) or \(9, n, 60\), got"):
        together("sgd").logits(torch.zeros(shape))
