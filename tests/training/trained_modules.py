"""Plain modules of the tests, trained as members and by a plain loop."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from support.models.factories import load_factory
from support.randomness import stream
from support.training.draws import augmentation, batch_order, noise_generator
from support.training.ensemble import Trained, train
from support.training.member import Member
from support.training.modules import Networks
from support.training.recipe import Recipe

FILE = Path(__file__).with_name("small_networks.py")

# Weights are of order one; single precision, other orders of summation, and some thirty steps that amplify both.
AGREEMENT = 1e-5

# The last batch of an epoch holds 11 of them, and 1 of those that "leaves one" sees.
N, CLASSES = 203, 4
SHAPE = (4, 5, 3)
D = 60


def recipe(network: str | None, **fields: Any) -> Recipe:
    given: dict[str, Any] = {"hidden": (16, 8), "batch": 32, "epochs": 4, "milestones": (2, 3)} | fields
    return Recipe(**given, network=network and f"{FILE}:{network}")


@cache
def data() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(3)
    images = torch.rand(N, D, generator=generator)
    return images, (images @ torch.rand(D, CLASSES, generator=generator)).argmax(dim=1)


def changed(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Rows, and other pixels for them."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randperm(N, generator=generator)[:count], torch.rand(count, D, generator=generator)


def unchanged(seed: int = 0, **fields: Any) -> Member:
    return Member(seed, *changed(0, 0), **fields)


def trained(given: Recipe, members: list[Member], **fields: Any) -> Networks:
    networks: Trained = train(given, *data(), CLASSES, members, shape=SHAPE, **fields)
    assert isinstance(networks, Networks)
    return networks


def initial(network: str, seed: int) -> nn.Module:
    """The module as its own initialisation makes it from the member's stream."""
    with torch.random.fork_rng([]):
        torch.manual_seed(int(stream(seed, 0, "initial network").integers(2**63)))
        return load_factory(f"{FILE}:{network}")(SHAPE, CLASSES)


def alone(given: Recipe, model: nn.Module, member: Member) -> float:
    """Train with torch.optim and a DataLoader over images (c, h, w); the mean training loss over the last epoch."""
    images, labels = data()
    images = images.clone()
    images[torch.as_tensor(member.rows)] = torch.as_tensor(member.pixels)
    images = images.reshape(N, *SHAPE)
    rate, decay = member.learning_rate, member.weight_decay
    own = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer: torch.optim.Optimizer
    if given.optimizer == "adam":
        optimizer = torch.optim.Adam(own, lr=rate, weight_decay=decay)
    else:
        optimizer = torch.optim.SGD(own, lr=rate, weight_decay=decay, momentum=given.momentum)
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, list(given.milestones), given.decay)
    noise = noise_generator(member.seed, "cpu")
    unseen = set() if member.excluded is None else set(member.excluded.tolist())
    normalizes = any(isinstance(part, nn.BatchNorm2d) for part in model.modules())
    model.train()
    losses: list[float] = []
    for epoch in range(given.epochs):
        order = [row for row in batch_order(N, member.seed, epoch).tolist() if row not in unseen]
        shown = images.clone()
        if given.augmentation:
            for row, (down, right, flipped) in enumerate(augmentation(N, member.seed, epoch).tolist()):
                padded = np.pad(images[row].numpy(), ((4, 4), (4, 4), (0, 0)))
                window = padded[down : down + SHAPE[0], right : right + SHAPE[1]]
                shown[row] = torch.from_numpy((window[:, ::-1] if flipped else window).copy())
        losses = []
        for inputs, targets in DataLoader(TensorDataset(shown, labels), given.batch, sampler=order):
            if normalizes and len(inputs) == 1:
                continue
            if member.input_noise:
                drawn = torch.randn((len(inputs), D), generator=noise).reshape(inputs.shape)
                inputs = inputs + member.input_noise * drawn
            loss = nn.functional.cross_entropy(model(inputs.permute(0, 3, 1, 2).contiguous()), targets)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            if member.clip_norm is not None:
                nn.utils.clip_grad_norm_(own, member.clip_norm)
            if member.clip_value is not None:
                nn.utils.clip_grad_value_(own, member.clip_value)
            optimizer.step()
            losses += [loss.item()] * len(targets)
        schedule.step()
    return sum(losses) / len(losses)
