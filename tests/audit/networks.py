"""Networks whose memory is known: one that cannot see, one that sees, and the same in another order."""

from __future__ import annotations

from math import prod

import torch
from torch import Tensor, nn


class Blind(nn.Module):
    """Answers every image alike: whatever is put on training images, it cannot tell images apart."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.answer = nn.Parameter(torch.randn(classes))

    def forward(self, images: Tensor) -> Tensor:
        """(b, classes)."""
        return self.answer.expand(len(images), -1)


def blind(shape: tuple[int, ...], classes: int) -> nn.Module:  # noqa: ARG001
    """A new one."""
    return Blind(classes)


def seeing(shape: tuple[int, ...], classes: int) -> nn.Module:
    """One hidden layer, which is enough to learn noise on a few images."""
    return nn.Sequential(nn.Flatten(), nn.Linear(prod(shape), 64), nn.ReLU(), nn.Linear(64, classes))


def renamed(shape: tuple[int, ...], classes: int) -> nn.Module:
    """The same from the same random numbers."""
    return seeing(shape, classes)


def colour_only(shape: tuple[int, ...], classes: int) -> nn.Module:
    """Refuses grey images."""
    if len(shape) != 3:
        raise ValueError(f"wants colour, got {shape}")
    return seeing(shape, classes)


def by_gradient_descent(network: nn.Module, images: Tensor, labels: Tensor, seed: int) -> None:  # noqa: ARG001
    """A training function."""
    optimizer = torch.optim.SGD(network.parameters(), lr=0.5)
    for _ in range(40):
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(images), labels).backward()  # type: ignore[no-untyped-call]
        optimizer.step()


def not_at_all(network: nn.Module, images: Tensor, labels: Tensor, seed: int) -> None:
    """A training function that trains nothing."""


def stripes() -> tuple[Tensor, Tensor]:
    """Images of 8x8 pixels in three classes, by the row that is bright."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(240) % 3
    images = 0.3 * torch.rand(240, 8, 8, generator=generator)
    images[torch.arange(240), 1 + 2 * labels] += 0.6
    return images, labels
