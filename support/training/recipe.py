"""What all members of an ensemble share: architecture, optimiser and schedule."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import inf
from typing import Literal

OPTIMIZERS = ("adam", "sgd")


@dataclass(frozen=True)
class Recipe:
    """A fully connected ReLU network, and how it is trained on the cross-entropy; paper B's by default (Section 3.1).

    Attributes
    ----------
    hidden : widths of the hidden layers; empty is a linear model.
    optimizer : ``"adam"`` (default moments) or ``"sgd"`` (with `momentum`).
    momentum : of sgd, in [0, 1).
    batch : training examples of a step; the last step of an epoch takes what is left.
    epochs : passes over the training set.
    milestones : after each of these epochs the learning rate is multiplied by `decay`.
    decay : in (0, 1].

    Raises
    ------
    ValueError : a field outside its range.
    """

    hidden: tuple[int, ...] = (256, 256, 256)
    optimizer: Literal["adam", "sgd"] = "adam"
    momentum: float = 0.9
    batch: int = 128
    epochs: int = 70
    milestones: tuple[int, ...] = (40, 50, 60)
    decay: float = 0.1

    def __post_init__(self) -> None:
        if any(width < 1 for width in self.hidden):
            raise ValueError(f"hidden must hold widths of at least 1, got {self.hidden}")
        if self.optimizer not in OPTIMIZERS:
            raise ValueError(f"unknown optimizer {self.optimizer!r}: {' or '.join(OPTIMIZERS)}")
        if not 0 <= self.momentum < 1:
            raise ValueError(f"momentum must lie in [0, 1), got {self.momentum}")
        for name in ("batch", "epochs"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if any(later <= earlier for earlier, later in pairwise((0, *self.milestones, inf))):
            raise ValueError(f"milestones must increase and start at 1 or more, got {self.milestones}")
        if not 0 < self.decay <= 1:
            raise ValueError(f"decay must lie in (0, 1], got {self.decay}")

    def __str__(self) -> str:
        width = "-".join(map(str, self.hidden)) or "linear"
        drops = f", x{self.decay:g} after {', '.join(map(str, self.milestones))}" if self.milestones else ""
        return f"MLP({width}, {self.optimizer}, batch {self.batch}, {self.epochs} epochs{drops})"

    def widths(self, d: int, classes: int) -> tuple[int, ...]:
        """Widths of all layers for inputs of dimension d, the input first."""
        return (d, *self.hidden, classes)

    def learning_rate_scale(self, epoch: int) -> float:
        """What learning rates are multiplied by in an epoch, counted from 0."""
        return self.decay ** sum(milestone <= epoch for milestone in self.milestones)
