"""What the rows of `support.experiments.membership` say: how often an attack is right, a mean over a trial's networks.

Trials in which a network diverged are left out whole; numbers stand in the order of the trials that are left.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np

from support.evidence.rows import Rows

Accused = Literal["patterned members", "patterned non-members", "left out", "clean members", "clean non-members"]
Compared = Literal["patterned", "patterned, same network", "clean", "clean, target", "all clean", "nothing"]
_ACCUSED: dict[Accused, str] = {
    "patterned members": "attack_spurious",
    "patterned non-members": "attack_candidates",
    "left out": "attack_left_out",
    "clean members": "attack_clean",
    "clean non-members": "attack_clean_others",
}
_COMPARED: dict[Compared, str] = {
    "patterned": "spurious",
    "patterned, same network": "same",
    "clean": "clean",
    "clean, target": "clean_target",
    "all clean": "all",
    "nothing": "none",
}


class _Attack:
    """An attack on the target networks of every n.

    Attributes
    ----------
    rows : of the trials that are left.
    diverged, trials : how many trials are left out, of how many.

    Raises
    ------
    ValueError : a network diverged in every trial.
    """

    def __init__(self, rows: Rows) -> None:
        self.rows, self.diverged = rows.without("failed")
        self.trials = rows.trials


class OutputAttack(_Attack):
    """The paper's attack, learnt from the sorted outputs of a shadow network; a mean over a trial's targets."""

    def accuracy(self, n: int) -> np.ndarray:
        """Balanced accuracy on all members and as many non-members, in [0, 1]; (trials,)."""
        return self._of("attack_all", n)

    def spurious_accuracy(self, n: int) -> np.ndarray:
        """Balanced accuracy on patterned examples: members of the target, and such as its counterpart never saw."""
        right: np.ndarray = self.accusation_rate("patterned members", n) + 1 - self.accusation_rate("left out", n)
        return right / 2

    def clean_accuracy(self, n: int) -> np.ndarray:
        """Balanced accuracy on clean examples of the target class, by the target's outputs, in [0, 1]; (trials,)."""
        right: np.ndarray = self.accusation_rate("clean members", n) + 1 - self.accusation_rate("clean non-members", n)
        return right / 2

    def released_accuracy(self, n: int) -> np.ndarray:
        """Accuracy on all as the released notebook has it, where non-members come with members' outputs; (trials,)."""
        return self._of("attack_released", n)

    def accusation_rate(self, examples: Accused, n: int) -> np.ndarray:
        """Share of these examples that are taken for members, in [0, 1]; (trials,).

        By the target's outputs; of those left out, patterned ones too, by its counterpart's. Clean ones are of the
        target class.
        """
        return self._of(_ACCUSED[examples], n)

    def difference_of_halves(self, n: int) -> np.ndarray:
        """Accusation rate of one half of the patterned non-members minus that of the other; (trials,)."""
        return self._of("attack_none", n)

    def _of(self, column: str, n: int) -> np.ndarray:
        return _mean_over_networks(self.rows.where(n=n), column)


class LikelihoodRatioAttack(_Attack):
    """The likelihood ratio attack (Carlini et al. 2022): members against non-members of one kind.

    Kinds: *patterned*, members by the target's outputs and non-members by its counterpart's; *patterned, same network*,
    both by the target's; *clean*, of the target class, both by the counterpart's; *clean, target*, the same with
    members by the target's; *all clean*; and *nothing*, one half of the patterned non-members against the other.
    """

    def area_under_curve(self, kind: Compared, n: int) -> np.ndarray:
        """In [0, 1], one half where nothing is known; (trials,)."""
        return self._of(f"auc_{_COMPARED[kind]}", n)

    def true_positive_rate(self, kind: Literal["patterned", "clean"], n: int) -> np.ndarray:
        """At the experiment's `false_positive_rate`, in [0, 1]; (trials,)."""
        return self._of(f"tpr_{_COMPARED[kind]}", n)

    def _of(self, column: str, n: int) -> np.ndarray:
        return _mean_over_networks(self.rows.where(n=n), column)


def over_n(measured: Callable[[int], np.ndarray], sizes: Sequence[int]) -> np.ndarray:
    """What is measured at each n, side by side: (trials, n)."""
    return np.column_stack([measured(n) for n in sizes])


def _mean_over_networks(rows: Rows, column: str) -> np.ndarray:
    _, table = rows.per_trial(column, "network")
    mean: np.ndarray = table.mean(axis=1)
    return mean
