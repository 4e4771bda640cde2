"""How large a run of deletion is: what claim modules on it hold for each scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from support.experiments.deletion import Deletion
from support.experiments.removals import ALWAYS, INFLUENCED, LAST_LAYER, Influence, Removal
from support.experiments.scene import Carriers
from support.experiments.size import Size


@dataclass(frozen=True, kw_only=True)
class DeletionSize(Size):
    """Beside images and epochs: how many examples are deleted, and how influence is computed.

    Attributes
    ----------
    n : numbers of patterned examples that are trained and deleted at this size, increasing.
    """

    n: tuple[int, ...]
    influence: Influence

    def experiment(self, dataset: str, n: Sequence[int], methods: Sequence[str], *, both: bool = True) -> Deletion:
        """Networks before methods, after them, and from scratch; with influence, the last layer alone too.

        Parameters
        ----------
        methods : of `support.experiments.removals.METHODS`, beside those that are always run.
        both : from examples of the target class and of all classes alike; otherwise of the latter only the network from
            scratch, the score of which target examples' is compared with.
        """
        asked = tuple(dict.fromkeys((*ALWAYS, *methods)))
        balanced = asked if both else ("scratch",)
        arms = [self._removal(count, method, "target") for count in n for method in asked]
        arms += [self._removal(count, method, "balanced") for count in n for method in balanced]
        if "influence" in asked:
            arms += [self._removal(count, LAST_LAYER, "target") for count in n]
        return Deletion(dataset, self.recipe, tuple(arms), subset=self.subset, test=self.test)

    def _removal(self, n: int, method: str, carriers: Carriers) -> Removal:
        return Removal(n, method, self.influence if method in INFLUENCED else None, carriers)
