"""How large a run of membership inference is: what claim modules on it hold for each scale, and what they share."""

from __future__ import annotations

from dataclasses import dataclass

from support.experiments.membership import CANDIDATES, MembershipInference
from support.training.recipe import Recipe


@dataclass(frozen=True)
class PoolSize:
    """A pool in four quarters, the numbers of patterned members, and how many networks a trial has of each.

    Attributes
    ----------
    recipe : how networks are trained.
    quarter : images of a quarter.
    n : numbers of patterned members that are trained at this size, increasing.
    counterparts, targets : as `support.experiments.membership.MembershipInference`'s `networks` and `targets`.
    """

    recipe: Recipe
    quarter: int
    n: tuple[int, ...]
    counterparts: int = 4
    targets: int = 1

    @property
    def candidates(self) -> int:
        """Patterned examples of the pool, members or not: enough for the largest n, so that every n shares the pool."""
        return max(CANDIDATES, 4 * max(self.n))

    def experiment(self, dataset: str, *n: int) -> MembershipInference:
        """Networks trained with n patterned members; what they share does not depend on the n that are asked for."""
        return MembershipInference(
            dataset, self.recipe, self.quarter, n, self.candidates, self.counterparts, self.targets
        )

    def described(self) -> dict[str, int]:
        """What the report says was run."""
        return {
            "images in a quarter": self.quarter,
            "epochs": self.recipe.epochs,
            "target networks per trial": self.targets,
            "counterparts per trial": self.counterparts,
            "patterned candidates": self.candidates,
        }


# A claim is decided by many networks rather than by large ones. One target a trial decides most by the second: what
# swings is the network, not the example.
SIZES = {
    "quick": PoolSize(Recipe(epochs=8, milestones=(5, 7)), quarter=500, n=(1, 10)),
    "standard": PoolSize(Recipe(epochs=12, milestones=(8, 10)), quarter=1000, n=(1, 3, 10, 100)),
    "paper": PoolSize(Recipe(), quarter=16_500, n=(1, 3, 5, 10, 20, 100, 1000)),
}
