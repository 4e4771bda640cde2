"""What a trained model makes of backgrounds that resemble a seen one, from the rows of `NovelBackgrounds`, and its law.

A query [x', ρ y + √(1 − ρ²) y'] is a standard normal input whose cosine with its sample is αρ, as if a share of αρ of
the sample were left. So its alignment is γ(αρ) of `support.theory.alignment_constant`, at any N/d, and what it brings
back of the label γ(αρ) [Var(g) − Cov(f(z, θ*₋₁), g)], Lemma 4.1. Both are the suite's own derivation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from support.analysis.alignment import NTK_WIDTH
from support.evidence.rows import Rows
from support.experiments.kernel_families import ORDERS
from support.experiments.novel_backgrounds import NovelBackgrounds
from support.models.features import Family, FeatureMap
from support.theory.alignment_constant import predicted_alignment

Table = NDArray[np.float64]


@dataclass(frozen=True)
class ResemblanceRun:
    """Queries at every resemblance, to training sets of several N/d that are cut from the same samples.

    Attributes
    ----------
    d : input dimension.
    ratios : N/d, increasing.
    resemblances : ρ, increasing from 0, a fresh background, to 1, the seen one.
    alphas : spurious shares α of the input.

    Raises
    ------
    ValueError : resemblances that do not go from 0 to 1.
    """

    d: int
    ratios: tuple[float, ...]
    resemblances: tuple[float, ...]
    alphas: tuple[float, ...]

    def __post_init__(self) -> None:
        ends = {min(self.resemblances, default=None), max(self.resemblances, default=None)}
        if list(self.resemblances) != sorted(set(self.resemblances)) or ends != {0, 1}:
            raise ValueError(f"resemblances must increase from 0 to 1, got {self.resemblances}")

    def experiment(self, family: Family) -> NovelBackgrounds:
        """Both activations that the figures compare; random features at infinite width, NTK at k = 1,000."""
        return NovelBackgrounds(
            family=family,
            activations=ORDERS[family],
            width=None if family == "rf" else NTK_WIDTH,
            d=self.d,
            sizes=tuple(round(ratio * self.d) for ratio in self.ratios),
            alphas=self.alphas,
            resemblances=self.resemblances,
        )


@dataclass(frozen=True)
class Reach:
    """One activation, α and N/d: what is left of a trained background at each resemblance.

    Attributes
    ----------
    rows : of this condition only, one per trial and resemblance.
    gamma : the law's γ(αρ) at each resemblance.
    """

    rows: Rows
    gamma: tuple[float, ...]

    def table(self, column: str) -> Table:
        """A column; (trials, resemblances), as all tables here.

        Raises
        ------
        ValueError : not one row per trial and resemblance, or other resemblances than the law's.
        """
        table: Table = self.rows.per_trial(column, "resemblance")[1]
        if table.shape[1] != len(self.gamma):
            raise ValueError(f"{len(self.gamma)} resemblances were asked for, {table.shape[1]} measured")
        return table

    def over_fresh(self, column: str) -> Table:
        """A column minus its value for a fresh background, ρ = 0, of the same trial and core."""
        table = self.table(column)
        return table - table[:, :1]

    @property
    def memorized(self) -> Table:
        """γ(αρ) [Var(g) − Cov(f(z_i, θ*_{−i}), g_i)]: what the law says that each query brings back of the label."""
        return np.asarray(self.gamma) * (self.table("label_variance") - self.table("generalization_covariance"))

    @property
    def shortfall(self) -> Table:
        """Half the alignment with the seen background minus that at ρ = 1/2; (trials,).

        Raises
        ------
        ValueError : ρ = 1/2 was not measured, or as `table`.
        """
        resemblances, table = self.rows.per_trial("alignment", "resemblance")
        if 0.5 not in resemblances or resemblances[-1] != 1:
            raise ValueError(f"half a resemblance was not measured: {resemblances.tolist()}")
        half: Table = table[:, -1] / 2 - table[:, resemblances.tolist().index(0.5)]
        return half


def reach_at(
    found: Sequence[tuple[ResemblanceRun, Rows]], family: Family, activation: str, alpha: float
) -> dict[float, Reach]:
    """What is left at each N/d of the runs.

    Parameters
    ----------
    found : runs with the rows of their experiments.

    Raises
    ------
    ValueError : rows that do not hold the condition.
    """
    features = FeatureMap(family, activation, None)
    return {
        ratio: Reach(
            rows.where(activation=activation, alpha=alpha, n=float(n)),
            tuple(predicted_alignment(features, alpha * rho, ratio) for rho in run.resemblances),
        )
        for run, rows in found
        for ratio, n in zip(run.ratios, run.experiment(family).sizes, strict=True)
    }


def described(runs: Sequence[ResemblanceRun]) -> dict[str, object]:
    """What the report says was run."""
    shown: dict[str, object] = {f"N/d at d = {run.d}": list(run.ratios) for run in runs}
    return shown | {"ρ": list(runs[0].resemblances)}
