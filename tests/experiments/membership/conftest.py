"""Images that bear their numbers in place of a dataset, and networks with known logits in place of trained ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from torch import Tensor

from support.data import datasets
from support.data.datasets import Images
from support.training import ensemble
from tests.experiments.membership.known_logits import TARGET, Trainer


@pytest.fixture(autouse=True)
def splits(monkeypatch: pytest.MonkeyPatch) -> list[Images]:
    """1,400 images, half of them of the target class. Each bears its number in two rows, and no other has its corner.

    The first five rows and the last eight are zero.
    """
    rng = np.random.default_rng(4)
    pixels = rng.integers(0, 256, (1400, 28, 28), dtype=np.uint8)
    pixels[:, :5], pixels[:, 20:] = 0, 0
    pixels[:, 6, 6:17] = 255 * (np.arange(1400)[:, None] >> np.arange(11) & 1)
    labels = np.where(np.arange(1400) % 2, TARGET, rng.integers(1, 10, 1400))
    made = {"train": Images(pixels[:1000], labels[:1000]), "test": Images(pixels[1000:], labels[1000:])}
    monkeypatch.setattr(datasets, "load", lambda _name, split, _directory: made[split])
    return [*made.values()]


@pytest.fixture
def trainer(monkeypatch: pytest.MonkeyPatch) -> Trainer:
    made = Trainer()

    def train(*given: Any, **named: Any) -> Any:
        made(*given, **named)
        return _Networks(made, tuple(place in made.diverged for place in range(len(made.members))))

    monkeypatch.setattr(ensemble, "train", train)
    return made


@dataclass
class _Networks:
    trainer: Trainer
    diverged: tuple[bool, ...]

    def logits(self, images: Tensor) -> Tensor:
        return self.trainer.logits(images)
