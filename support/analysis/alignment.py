"""The constant γ of paper A, Theorems 5.4 and 6.3, in the rows of kernel regression.

Alignment of a trial is the mean of F(z_i^s, z_i), Eq. (8), over its samples; its spread is their standard deviation.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from support.data.gaussian import Gaussian
from support.evidence.rows import Rows
from support.experiments.kernel_families import ORDERS
from support.experiments.kernel_regression import GaussianRegression
from support.models.features import Family

# NTK's k: far above N/d, at most 10. Random features would need a k far above N and are taken at infinite width.
NTK_WIDTH = 1000


@dataclass(frozen=True)
class RatioRun:
    """Training sets of several N/d, cut from the same samples of one dimension.

    Attributes
    ----------
    d : input dimension.
    ratios : N/d, increasing.
    alphas : spurious shares α of the input.
    """

    d: int
    ratios: tuple[float, ...]
    alphas: tuple[float, ...] = (0.25, 0.5)

    def experiment(self, family: Family) -> GaussianRegression:
        """Both activations that the figures compare; random features at infinite width, NTK at k = 1,000."""
        return GaussianRegression(
            family=family,
            activations=ORDERS[family],
            width=None if family == "rf" else NTK_WIDTH,
            data=Gaussian(self.d),
            sizes=tuple(round(ratio * self.d) for ratio in self.ratios),
            alphas=self.alphas,
            test=2,
        )


def runs_with(runs: Iterable[RatioRun], ratios: Collection[float]) -> list[RatioRun]:
    """The runs that hold some of the ratios."""
    return [run for run in runs if set(run.ratios) & set(ratios)]


def described(runs: Iterable[RatioRun], ratios: Collection[float]) -> dict[str, object]:
    """What the report says was run: the ratios at each dimension."""
    asked: dict[str, list[float]] = {}
    for run in runs_with(runs, ratios):
        asked.setdefault(f"N/d at d = {run.d}", []).extend(ratio for ratio in run.ratios if ratio in ratios)
    return dict(asked)


def alignment_at(
    found: Iterable[tuple[RatioRun, Rows]], activation: str, alpha: float, ratios: Sequence[float]
) -> list[np.ndarray]:
    """Each trial's alignment at each N/d, in the order of `ratios`; (trials,) each.

    Parameters
    ----------
    found : runs with the rows of their experiments.

    Raises
    ------
    ValueError : a ratio that no run holds, or rows of other sizes than their run's.
    """
    columns: dict[float, np.ndarray] = {}
    for run, rows in found:
        table = rows.where(activation=activation, alpha=alpha).per_trial("alignment", "n")[1]
        columns |= dict(zip(run.ratios, table.T, strict=True))
    if missing := [ratio for ratio in ratios if ratio not in columns]:
        raise ValueError(f"no run holds N/d of {missing}, only of {sorted(columns)}")
    return [columns[ratio] for ratio in ratios]


def spreads(dimensions: Sequence[Rows], activation: str) -> np.ndarray:
    """Each trial's spread of the alignment over its samples; (trials, dimensions).

    Parameters
    ----------
    dimensions : rows of one experiment for each dimension, with as many trials.
    """
    return np.stack([rows.where(activation=activation)["alignment_sd"] for rows in dimensions], axis=1)


def distance_from_ends(alignment: np.ndarray) -> np.ndarray:
    """Distance of an alignment from the nearer end of (0, 1), negative outside; of its shape."""
    distance: np.ndarray = np.minimum(alignment, 1 - alignment)
    return distance
