"""Networks whose logits are known, and the experiments of the tests on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from support.experiments.experiment import Context
from support.experiments.membership import MembershipInference
from support.experiments.membership_pool import Cut, Pool
from support.training.member import Member
from support.training.recipe import Recipe

QUARTER, CANDIDATES, TARGET = 100, 300, 0
RECIPE = Recipe(hidden=(4,), epochs=1, milestones=())
CONTEXT = Context(seed=3)

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass
class Trainer:
    """Returns networks whose logits are known: a difficulty of the image, their own noise, and what they memorized.

    Attributes
    ----------
    bonus : what is added to the own class's logit, of which rows a network was trained on and which are patterned.
    """

    bonus: Callable[[Bools, Bools], Any] = lambda inside, _: 10.0 * inside
    diverged: tuple[int, ...] = ()
    images: Tensor = field(default_factory=lambda: torch.zeros(0))
    labels: Tensor = field(default_factory=lambda: torch.zeros(0))
    members: Sequence[Member] = ()
    answers: Floats = field(default_factory=lambda: np.zeros(0))

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
    ) -> Any:
        assert (recipe, classes, shape, device) == (RECIPE, 10, (28, 28), "cpu")
        self.images, self.labels, self.members = images.clone(), labels.clone(), members
        self.answers = np.stack([self._logits(place) for place in range(len(members))])
        return self

    def _logits(self, place: int) -> Floats:
        rows = np.arange(len(self.labels))
        rng = np.random.default_rng(self.members[place].seed)
        logits = rng.normal(0, 0.2, (len(rows), 10))
        patterned = self.images.numpy()[:, 0] == 1
        inside = np.isin(rows, self.trained(place))
        difficulty = np.random.default_rng(0).normal(1, 2, len(rows))
        own = difficulty + rng.normal(0, 0.5, len(rows)) + self.bonus(inside, patterned)
        logits[rows, self.labels.numpy()] += own
        return logits

    def logits(self, images: Tensor) -> Tensor:
        assert torch.equal(images, self.images)
        return torch.from_numpy(self.answers)

    def trained(self, place: int) -> Rows:
        """Rows that a member sees."""
        member = self.members[place]
        assert member.excluded is not None
        assert len(member.rows) == 0
        return np.setdiff1d(np.arange(len(self.labels)), np.asarray(member.excluded))


def experiment(**changes: Any) -> MembershipInference:
    fields: dict[str, Any] = {"dataset": "mnist", "recipe": RECIPE, "quarter": QUARTER, "sizes": (5, 30)}
    return MembershipInference(**fields | {"networks": 4, "targets": 1, "pattern": "S3"} | changes)


def cuts(given: MembershipInference, trial: int) -> tuple[Cut, ...]:
    """As the experiment cuts the pool of a trial."""
    return Pool.draw("mnist", QUARTER, CANDIDATES, given.networks, given.pattern, TARGET, trial, CONTEXT).cuts


def places(n: int, networks: int, targets: int) -> tuple[range, range]:
    """Where the counterparts and the targets of n stand among the networks for n = 5 and n = 30, shadows first."""
    which = (5, 30).index(n)
    counterparts, first = targets + networks * which, targets + 2 * networks + targets * which
    return range(counterparts, counterparts + networks), range(first, first + targets)
