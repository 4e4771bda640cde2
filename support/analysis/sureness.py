"""How sure networks are of the true class without some pixels: per-trial numbers of `PixelRemoval`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from support.analysis.excluded_trials import TRAINED, ExcludedTrials, trials_at_chance, without
from support.evidence.rows import Rows

RULE = f"network diverged or below {TRAINED:g} of probability on whole images"


@dataclass(frozen=True)
class Sureness:
    """Numbers of one table, in the order of trials; the untreated network is the one shown whole images.

    Attributes
    ----------
    rows : a row for each share and trial that counts, with the columns of `PixelRemoval`.
    idle : trials that are left out.
    """

    rows: Rows
    idle: tuple[int, ...] = ()

    @property
    def left_out(self) -> ExcludedTrials:
        """The rule, how many trials it drops, and of how many."""
        return ExcludedTrials(RULE, len(self.idle), self.rows.trials)

    def at(self, share: float, column: str = "train_probability") -> np.ndarray:
        """A mean probability of the true class with this share of the non-zero pixels removed, (trials,).

        Raises
        ------
        KeyError : no such column.
        ValueError : no such share.
        NotMeasuredError : a network diverged.
        """
        return self.rows.where(share=share)[column]

    def curve(self, column: str = "train_probability") -> tuple[np.ndarray, np.ndarray]:
        """Shares, (shares,), and the mean probability of the true class at each of them, (trials, shares).

        Raises
        ------
        KeyError : no such column.
        NotMeasuredError : a network diverged.
        """
        return self.rows.per_trial(column, "share")


def sure_where_trained(runs: Mapping[str, Rows]) -> dict[str, Sureness]:
    """Several networks' tables, over the trials in which all of them learnt to tell whole training images.

    Raises
    ------
    ValueError : a table has no whole images.
    TooFewTrialsError : fewer than two trials are left.
    """
    idle = trials_at_chance([rows.where(share=0.0) for rows in runs.values()], "train_probability")
    return {name: Sureness(without(rows, idle), idle) for name, rows in runs.items()}
