"""How large a run of deletion is: what claim modules on it hold for each scale."""

from __future__ import annotations

from dataclasses import dataclass

from support.experiments.deletion import ALWAYS, HEADS, Deletion, Influence
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

    def experiment(self, method: str, dataset: str, n: tuple[int, ...]) -> Deletion:
        """Networks before a method, after it, and from scratch without the examples; with influence, last layers too.

        Parameters
        ----------
        method : one of `support.experiments.deletion.METHODS`.
        """
        methods = (*ALWAYS, method, *(HEADS if method == "influence" else ()))
        return Deletion(dataset, self.recipe, n, methods, self.influence, subset=self.subset, test=self.test)
