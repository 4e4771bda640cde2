"""Networks of a few weights, made as a user would, for the tests of training."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def _channels(shape: tuple[int, ...]) -> int:
    return shape[2] if len(shape) == 3 else 1


def _entries(shape: tuple[int, ...]) -> int:
    return shape[0] * shape[1] * _channels(shape)


class _View(nn.Module):
    """Flattens as much code does, which works for images in the usual order of memory only."""

    def forward(self, images: Tensor) -> Tensor:
        return images.view(len(images), -1)


def mlp(shape: tuple[int, ...], classes: int) -> nn.Module:
    """Two hidden layers of 16 and 8 ReLUs."""
    layers = [nn.Linear(_entries(shape), 16), nn.ReLU(), nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, classes)]
    return nn.Sequential(_View(), *layers)


def convolutional(shape: tuple[int, ...], classes: int) -> nn.Module:
    """A convolution, batch normalization and a linear layer."""
    parts = [nn.Conv2d(_channels(shape), 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU()]
    return nn.Sequential(*parts, _View(), nn.Linear(4 * shape[0] * shape[1], classes))


def dropout(shape: tuple[int, ...], classes: int) -> nn.Module:
    """A hidden layer of which half the units are dropped."""
    return nn.Sequential(
        nn.Flatten(), nn.Linear(_entries(shape), 16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, classes)
    )


class _DrawsLate(nn.Sequential):
    def __init__(self, *parts: nn.Module) -> None:
        super().__init__(*parts)
        self.calls = 0

    def forward(self, images: Tensor) -> Tensor:
        self.calls += self.training
        out: Tensor = super().forward(images)  # type: ignore[no-untyped-call]
        return out * torch.rand(()) if self.training and self.calls > 8 else out


def draws_late(shape: tuple[int, ...], classes: int) -> nn.Module:
    """Draws random numbers in training, but for its first eight batches."""
    return _DrawsLate(nn.Flatten(), nn.Linear(_entries(shape), classes))


class _Infinite(nn.Sequential):
    def forward(self, images: Tensor) -> Tensor:
        out: Tensor = super().forward(images)  # type: ignore[no-untyped-call]
        return out if self.training else out / 0


def infinite_when_asked(shape: tuple[int, ...], classes: int) -> nn.Module:
    """Trained like any other, it answers with infinities."""
    return _Infinite(*mlp(shape, classes).children())


def partly_frozen(shape: tuple[int, ...], classes: int) -> nn.Module:
    """A first layer that is drawn and kept, and a second one that is trained."""
    first = nn.Linear(_entries(shape), 16).requires_grad_(False)
    return nn.Sequential(nn.Flatten(), first, nn.ReLU(), nn.Linear(16, classes))


def other_classes(shape: tuple[int, ...], classes: int) -> nn.Module:
    """One output too many."""
    return mlp(shape, classes + 1)


class _Recorded(nn.Module):
    def __init__(self, shape: tuple[int, ...], classes: int) -> None:
        super().__init__()
        self.register_buffer("first", torch.zeros(_channels(shape), *shape[:2]))
        self.linear = nn.Linear(_entries(shape), classes)

    def forward(self, images: Tensor) -> Tensor:
        if self.training:
            self.get_buffer("first").copy_(images[0].detach())
        answers: Tensor = self.linear(images.flatten(1))
        return answers


def recorded(shape: tuple[int, ...], classes: int) -> nn.Module:
    """Keeps the first image of the last batch that it was trained on."""
    return _Recorded(shape, classes)
