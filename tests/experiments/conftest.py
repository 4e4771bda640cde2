"""Small random images in place of a dataset, and fixed networks in place of trained ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import nan
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from support.data import datasets
from support.data.datasets import Images
from support.models import gram
from support.models.features import Family
from support.training import ensemble
from support.training.ensemble import Ensemble
from support.training.member import Member
from support.training.recipe import Recipe

Floats = NDArray[np.float64]

TRAIN, TEST, CLASSES = 300, 40, 10
# Of random weights, so that a corner of an image moves a probability.
SPREAD = 0.3


@pytest.fixture
def images(monkeypatch: pytest.MonkeyPatch) -> dict[str, Images]:
    rng = np.random.default_rng(5)
    splits = {}
    for split, count in (("train", TRAIN), ("test", TEST)):
        pixels = rng.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        pixels[:, 20:] = 0  # always zero, as the margins of MNIST
        splits[split] = Images(pixels, rng.integers(0, CLASSES, count))
    monkeypatch.setattr(datasets, "load", lambda _name, split, _directory: splits[split])
    return splits


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[Floats]:
    """The inputs whose Gram matrices were asked for."""
    inputs: list[Floats] = []
    original = gram.grams

    def record(family: Family, activations: Any, width: Any, rows: torch.Tensor, train: int, **rest: Any) -> Any:
        inputs.append(rows.numpy().copy())
        return original(family, activations, width, rows, train, **rest)

    monkeypatch.setattr(gram, "grams", record)
    return inputs


@dataclass
class Call:
    """What one call of the trainer was given, and the networks that it returned."""

    recipe: Recipe
    images: Tensor
    labels: Tensor
    members: Sequence[Member]
    shape: tuple[int, ...]
    networks: Ensemble

    def trained_on(self, place: int) -> set[int]:
        """Training rows that a member sees."""
        excluded = self.members[place].excluded
        return set(range(len(self.images))) - set([] if excluded is None else np.asarray(excluded).tolist())


@dataclass
class Trainer:
    """Returns networks with random weights, others for each call and place in it; those at `diverging` are NaN.

    Attributes
    ----------
    diverging : calls and places in them.
    adjusted : changes the networks of a call, given its members, before they are returned.
    """

    calls: list[Call] = field(default_factory=list)
    diverging: set[tuple[int, int]] = field(default_factory=set)
    adjusted: Callable[[Ensemble, Sequence[Member]], None] = lambda _networks, _members: None

    def __call__(
        self,
        recipe: Recipe,
        images: Tensor,
        labels: Tensor,
        classes: int,
        members: Sequence[Member],
        *,
        shape: tuple[int, ...],
        device: str,
    ) -> Ensemble:
        assert (classes, device) == (CLASSES, "cpu")
        widths = recipe.widths(images.shape[1], classes)
        count = sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(widths))
        generators = (torch.Generator().manual_seed(100 * len(self.calls) + place) for place in range(len(members)))
        parameters = torch.stack([torch.randn(count, generator=generator) for generator in generators]) * SPREAD
        losses = torch.arange(len(members), dtype=torch.float64) + 0.5
        diverged = tuple((len(self.calls), place) in self.diverging for place in range(len(members)))
        parameters[list(diverged)], losses[list(diverged)] = nan, nan
        networks = Ensemble(widths, parameters, losses, diverged)
        self.adjusted(networks, members)
        self.calls.append(Call(recipe, images.clone(), labels.clone(), members, shape, networks))
        return networks


@pytest.fixture
def trainer(monkeypatch: pytest.MonkeyPatch, images: dict[str, Images]) -> Trainer:
    assert images
    made = Trainer()
    monkeypatch.setattr(ensemble, "train", made)
    return made
