"""What a network's alignment predicts of what it memorizes, in the rows of `support.experiments.network_alignments`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from support.evidence.rows import Rows

Kernel = Literal["alignment_start", "alignment_end"]
# Of what a condition is made of, in its place in the rows.
CONDITIONS = ("alpha", "n")


@dataclass(frozen=True)
class Condition:
    """Networks of one condition, a row per trial.

    Attributes
    ----------
    rows : of one α and N.
    """

    rows: Rows

    def __getitem__(self, column: str) -> np.ndarray:
        """A column in the order of trials; (trials,)."""
        values, trials = np.asarray(self.rows[column], dtype=float), np.asarray(self.rows["trial"])
        ordered: np.ndarray = values[np.argsort(trials, kind="stable")]
        return ordered

    def predicted(self, kernel: Kernel) -> np.ndarray:
        """γ [Cov(f(z), g) − Cov(f(z_−), g)], with a held-out sample z_− in the place of a left-out one; (trials,).

        By the identity behind Eq. (11), with γ the mean alignment in the network's kernel and training samples'
        covariance for Var g, which it is where they are fitted.
        """
        predicted: np.ndarray = self[kernel] * (self["training_covariance"] - self["test_covariance"])
        return predicted

    def ratio(self, kernel: Kernel, memorized: str = "covariance") -> np.ndarray:
        """What is memorized over its prediction; (trials,)."""
        ratio: np.ndarray = self[memorized] / self.predicted(kernel)
        return ratio


def conditions(rows: Rows) -> list[Condition]:
    """A table for each α and N, α first where it varies."""
    names = [name for name in CONDITIONS if name in rows.columns]
    found = sorted(set(zip(*(np.asarray(rows[name]).tolist() for name in names), strict=True)))
    return [Condition(rows.where(**dict(zip(names, values, strict=True)))) for values in found]


def rank_correlation(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Spearman's correlation over conditions in each trial; (trials,) of two (trials, conditions) without ties.

    Raises
    ------
    ValueError : fewer than two conditions.
    """
    if first.shape[1] < 2:
        raise ValueError(f"a rank correlation needs two conditions or more, got {first.shape[1]}")
    ranks = [table.argsort(axis=1).argsort(axis=1).astype(float) for table in (first, second)]
    centred = [rank - rank.mean(axis=1, keepdims=True) for rank in ranks]
    scale = np.sqrt((centred[0] ** 2).sum(axis=1) * (centred[1] ** 2).sum(axis=1))
    correlations: np.ndarray = (centred[0] * centred[1]).sum(axis=1) / scale
    return correlations
