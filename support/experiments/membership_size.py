"""How large a run of membership inference is: what claim modules on it hold for each scale."""

from __future__ import annotations

from dataclasses import dataclass

from support.experiments.membership import CANDIDATES, MembershipInference
from support.training.recipe import Recipe


@dataclass(frozen=True)
class PoolSize:
    """A pool in four quarters, and the numbers of patterned members.

    Attributes
    ----------
    recipe : how networks are trained.
    quarter : images of a quarter.
    n : numbers of patterned members that are trained at this size, increasing.
    """

    recipe: Recipe
    quarter: int
    n: tuple[int, ...]

    @property
    def candidates(self) -> int:
        """Patterned examples of the pool, members or not: enough for the largest n, so that every n shares the pool."""
        return max(CANDIDATES, 4 * max(self.n))

    def experiment(self, dataset: str, n: tuple[int, ...], *, attacked: int) -> MembershipInference:
        """Networks trained with n patterned members; what they share does not depend on the n that are asked for.

        Parameters
        ----------
        attacked : networks of each n that the paper's attack is run on; 0 where it is not asked about, which needs no
            shadow networks.
        """
        return MembershipInference(dataset, self.recipe, self.quarter, n, self.candidates, attacked=attacked)

    def described(self) -> dict[str, int]:
        """What the report says was run."""
        return {
            "images in a quarter": self.quarter,
            "epochs": self.recipe.epochs,
            "target networks per trial": MembershipInference.networks,
            "patterned candidates": self.candidates,
        }
