"""What the rows of `support.experiments.deletion` say: what is left of a score, and whether methods did their work."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from support.evidence.rows import Rows
from support.experiments.scene import Carriers


class Deletions:
    """Networks before and after the deletion of n patterned examples, a number per trial.

    Trials in which training or the released recursion diverged are left out whole. Numbers stand in the order of the
    trials that are left, so that those of two methods, and of two kinds of carriers, are paired.

    Attributes
    ----------
    rows : of the trials that are left.
    diverged, trials : how many trials are left out, of how many.

    Raises
    ------
    ValueError : something diverged in every trial.
    """

    def __init__(self, rows: Rows) -> None:
        self.rows, self.diverged = rows.without("failed")
        self.trials = rows.trials

    def spurious_score(self, method: str, n: int, carriers: Carriers = "target") -> np.ndarray:
        """Share of test images, in [0, 1], whose target probability the pattern raises; (trials,).

        Parameters
        ----------
        method : a method of `support.experiments.removals`, or a row of the last layer.
        carriers : of the network's own examples.

        Raises
        ------
        ValueError : no such rows, or several of one trial.
        """
        return self._of("score", method, n, carriers)

    def score_removed(self, method: str, n: int, left_of: Carriers = "target") -> np.ndarray:
        """What is gone of the score of target-class carriers before deletion, in [-1, 1]; (trials,).

        Parameters
        ----------
        left_of : of whose carriers the score is that the method leaves.
        """
        removed: np.ndarray = self.spurious_score("before", n) - self.spurious_score(method, n, left_of)
        return removed

    def added(self, method: str, n: int) -> np.ndarray:
        """What target-class carriers add over balanced ones to the mean target probability; (trials,), in [-1, 1].

        After the same method on both; below ten examples over carriers of randomly drawn classes.
        """
        target, balanced = (self._of("probability", method, n, carriers) for carriers in ("target", "balanced"))
        more: np.ndarray = target - balanced
        return more

    def added_removed(self, method: str, n: int) -> np.ndarray:
        """What a method takes away of that; (trials,), in [-2, 2]."""
        removed: np.ndarray = self.added("before", n) - self.added(method, n)
        return removed

    def scores_over_n(self, method: str, sizes: Sequence[int]) -> np.ndarray:
        """Scores (trials, n)."""
        return np.column_stack([self.spurious_score(method, n) for n in sizes])

    def deleted_gradient(self, method: str, n: int) -> np.ndarray:
        """Norm of the examples' loss gradient, summed over N, at the network before deletion; (trials,).

        Raises
        ------
        support.evidence.rows.NotMeasuredError : the method is none that estimates influence.
        """
        return self._of("gradient", method, n)

    def conjugate_gradient_residual(self, n: int) -> np.ndarray:
        """Relative residual at which conjugate gradients stopped, of the influence method; (trials,)."""
        return self._of("residual", "influence", n)

    def newton_error(self, n: int) -> np.ndarray:
        """Share of the distance to the refitted last layer that a Newton step leaves, from 0 on; (trials,)."""
        return self._of("error", "head Newton", n)

    def _of(self, column: str, method: str, n: int, carriers: Carriers = "target") -> np.ndarray:
        _, table = self.rows.where(method=method, n=n, carriers=carriers).per_trial(column, "n")
        return table[:, 0]
