"""What the rows of `support.experiments.deletion` say: what is left of a score, and whether methods did their work."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from support.evidence.rows import Rows


class Deletions:
    """Networks before and after the deletion of n patterned examples, a number per trial.

    Trials in which training or the released recursion diverged are left out whole. Numbers stand in the order of the
    trials that are left, so that those of two methods are paired.

    Attributes
    ----------
    diverged, trials : how many trials are left out, of how many.

    Raises
    ------
    ValueError : something diverged in every trial.
    """

    def __init__(self, rows: Rows) -> None:
        self._rows, self.diverged = rows.without("failed")
        self.trials = rows.trials

    def spurious_score(self, method: str, n: int) -> np.ndarray:
        """Share of test images, in [0, 1], whose target probability the pattern raises; (trials,).

        Parameters
        ----------
        method : one of `support.experiments.deletion.METHODS`.

        Raises
        ------
        ValueError : no such rows, or several of one trial.
        """
        return self._of("score", method, n)

    def score_removed(self, method: str, n: int) -> np.ndarray:
        """What a method takes from the score before deletion, in [-1, 1]; (trials,)."""
        removed: np.ndarray = self.spurious_score("before", n) - self.spurious_score(method, n)
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

    def _of(self, column: str, method: str, n: int) -> np.ndarray:
        _, table = self._rows.where(method=method, n=n).per_trial(column, "n")
        return table[:, 0]
