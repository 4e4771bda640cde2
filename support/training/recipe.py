"""What all members of an ensemble share: architecture, optimiser and schedule."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import inf
from typing import Literal

from support.models.architectures import ARCHITECTURES

OPTIMIZERS = ("adam", "sgd")
LOSSES = ("cross-entropy", "squared")


@dataclass(frozen=True)
class Recipe:
    """A network, and how it is trained; paper B's MLP on the cross-entropy by default (Section 3.1).

    Attributes
    ----------
    hidden : widths of the hidden layers of a fully connected ReLU network; empty is a linear model. Not looked at where
        `network` is given.
    optimizer : ``"adam"`` (default moments) or ``"sgd"`` (with `momentum`).
    momentum : of sgd, in [0, 1).
    batch : training examples of a step; the last step of an epoch takes what is left.
    epochs : passes over the training set.
    milestones : after each of these epochs the learning rate is multiplied by `decay`.
    decay : in (0, 1].
    network : name of one of `support.models.architectures.ARCHITECTURES`, or a function that makes a network
        (`support.models.factories.load_factory`), or None for the fully connected network of `hidden`, which is trained
        several times faster than the same network by name.
    augmentation : whether each image is padded by 4 pixels, cropped to its size at random and flipped left to right
        with probability 1/2 whenever it is seen in training; needs a `network`.
    loss : ``"cross-entropy"``, or ``"squared"`` for two classes: (f - g)² of one output f, with g = -1 for class 0 and
        1 for class 1 (paper A, Gaussian data); for the fully connected network only.
    stop_below : training ends after the first epoch whose mean loss lies below this; None trains all epochs. Losses
        are those before each step, so that a last step that is too long can still undo what they say.
    stop_after : so many such epochs in a row it takes to end, at least 1.
    trainer : a function of the user's own that trains (`support.training.own_training`), in the place of all above
        but `network`, which it needs; None for the optimiser and epochs given here.

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
    network: str | None = None
    augmentation: bool = False
    loss: Literal["cross-entropy", "squared"] = "cross-entropy"
    stop_below: float | None = None
    stop_after: int = 1
    trainer: str | None = None

    def __post_init__(self) -> None:
        if any(width < 1 for width in self.hidden):
            raise ValueError(f"hidden must hold widths of at least 1, got {self.hidden}")
        if self.optimizer not in OPTIMIZERS:
            raise ValueError(f"unknown optimizer {self.optimizer!r}: {' or '.join(OPTIMIZERS)}")
        if not 0 <= self.momentum < 1:
            raise ValueError(f"momentum must lie in [0, 1), got {self.momentum}")
        for name in ("batch", "epochs", "stop_after"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if any(later <= earlier for earlier, later in pairwise((0, *self.milestones, inf))):
            raise ValueError(f"milestones must increase and start at 1 or more, got {self.milestones}")
        if not 0 < self.decay <= 1:
            raise ValueError(f"decay must lie in (0, 1], got {self.decay}")
        if self.network is not None and self.network not in ARCHITECTURES and ":" not in self.network:
            raise ValueError(
                f"unknown network {self.network!r}: {', '.join(ARCHITECTURES)}, file.py:function or module:function"
            )
        if self.augmentation and self.network is None:
            raise ValueError("augmentation needs a network that takes images, got network=None")
        if self.loss not in LOSSES:
            raise ValueError(f"unknown loss {self.loss!r}: {' or '.join(LOSSES)}")
        if self.loss == "squared" and self.network is not None:
            raise ValueError(f"the squared loss is for the fully connected network, got network={self.network!r}")
        if self.stop_below is not None and not 0 < self.stop_below < inf:
            raise ValueError(f"stop_below must be positive and finite, got {self.stop_below}")
        if self.trainer is not None and self.network is None:
            raise ValueError("a trainer needs a network that it trains, got network=None")

    @property
    def end(self) -> str:
        """When training ends: ``8 epochs``, ``until loss < 0.01 for 10 epochs``."""
        if self.stop_below is None:
            return f"{self.epochs} epochs"
        return f"until loss < {self.stop_below:g}" + ("" if self.stop_after == 1 else f" for {self.stop_after} epochs")

    def __str__(self) -> str:
        if self.trainer is not None:
            return f"{self.network}(trained by {self.trainer})"
        width = "-".join(map(str, self.hidden)) or "linear"
        drops = f", x{self.decay:g} after {self._drops}" if self.milestones else ""
        augmented = ", augmented" if self.augmentation else ""
        loss = f", {self.loss} loss" if self.loss != "cross-entropy" else ""
        name = f"MLP({width}, " if self.network is None else f"{self.network}("
        return f"{name}{self.optimizer}, batch {self.batch}, {self.end}{drops}{loss}{augmented})"

    @property
    def _drops(self) -> str:
        """After which epochs the learning rate falls, in words."""
        first, *others = self.milestones
        if others and self.milestones == tuple(range(first, self.epochs, first)):
            return f"every {first}"
        return ", ".join(map(str, self.milestones))

    def outputs(self, classes: int) -> int:
        """Outputs of the network: one for each class, or a single one for the squared loss."""
        return classes if self.loss == "cross-entropy" else 1

    def widths(self, d: int, classes: int) -> tuple[int, ...]:
        """Widths of all layers for inputs of dimension d, the input first."""
        return (d, *self.hidden, self.outputs(classes))

    def learning_rate_scale(self, epoch: int) -> float:
        """What learning rates are multiplied by in an epoch, counted from 0."""
        return self.decay ** sum(milestone <= epoch for milestone in self.milestones)

    def low_for(self, loss: float, before: int) -> int:
        """How many epochs in a row had a low loss after one of this mean loss, where it were so many before."""
        return before + 1 if self.stop_below is not None and loss < self.stop_below else 0
