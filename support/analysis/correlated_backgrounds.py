"""What a background that moves with the label gives back, in two parts, from the rows of kernel regression.

Lemma 4.1 splits an output into f(z₁ˢ, θ*) = F(z₁ˢ, z₁) S(z₁) + f(z₁ˢ, θ*₋₁): what sample 1 put there, and what the
model knows without it. Where F is a constant γ, the first covaries with g₁ by γ [Var(g₁) − Cov(f(z₁, θ*₋₁), g₁)],
whatever the background has to do with the label.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from support.evidence.rows import Rows
from support.models.features import FeatureMap
from support.theory.alignment_constant import predicted_alignment


@dataclass(frozen=True)
class Correlated:
    """One model over the strengths with which the background moves with the label; tables are (trials, strengths).

    Attributes
    ----------
    found : rows of each strength, one per trial.
    features : the feature map.
    alpha, ratio : α and N/d, which decide γ.
    """

    found: Sequence[Rows]
    features: FeatureMap
    alpha: float
    ratio: float

    def table(self, column: str) -> NDArray[np.float64]:
        """A column.

        Raises
        ------
        ValueError : other than one row per trial, or strengths with different numbers of trials.
        """
        if any(len(np.unique(rows["trial"])) != len(rows["trial"]) for rows in self.found):
            raise ValueError("several rows per trial: fix the other conditions with where()")
        return np.stack([rows[column] for rows in self.found], axis=1)

    @property
    def learnt(self) -> NDArray[np.float64]:
        """Cov(f(z_i^s, θ*_{−i}), g_i): what the model knows of a background without its sample."""
        return self.table("unseen_covariance")

    @property
    def memorized(self) -> NDArray[np.float64]:
        """Cov(f(z_i^s, θ*) − f(z_i^s, θ*_{−i}), g_i): what the sample put there."""
        return self.table("covariance") - self.learnt

    @property
    def derived(self) -> NDArray[np.float64]:
        """γ [Var(g) − Cov(f(z_i, θ*_{−i}), g_i)], to which `memorized` is equal at a constant alignment γ, derived."""
        gamma = predicted_alignment(self.features, self.alpha, self.ratio)
        return gamma * (self.table("label_variance") - self.table("generalization_covariance"))
