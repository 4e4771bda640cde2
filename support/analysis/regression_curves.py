"""Curves of one fitted model over what was varied within a trial: the sample size N, the share α, the label noise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from typing import Literal

import numpy as np

from support.evidence.rows import Rows


@dataclass(frozen=True)
class RegressionCurves:
    """The columns of `GaussianRegression` or `FramedRegression` as tables of a row per trial.

    Attributes
    ----------
    rows : of one activation, and of one value of everything else that was varied.
    over : the column along the curve.
    least, most : the part of the curve, both ends included.
    """

    rows: Rows
    over: Literal["n", "alpha", "label_noise"]
    least: float = -inf
    most: float = inf

    def between(self, least: float, most: float = inf) -> RegressionCurves:
        """The part of the curve between two values, both included.

        Raises
        ------
        ValueError : nothing lies there.
        """
        part = replace(self, least=max(least, self.least), most=min(most, self.most))
        if not part._inside.any():
            raise ValueError(f"{self.over} has no value in [{part.least:g}, {part.most:g}] in {self.rows.experiment}")
        return part

    @property
    def _all(self) -> np.ndarray:
        return np.unique(self.rows[self.over])

    @property
    def _inside(self) -> np.ndarray:
        inside: np.ndarray = (self._all >= self.least) & (self._all <= self.most)
        return inside

    @property
    def values(self) -> np.ndarray:
        """Values along the curve, increasing; (conditions,)."""
        values: np.ndarray = self._all[self._inside]
        return values

    @property
    def decades(self) -> np.ndarray:
        """log10 of the values, in which a slope is a change per decade; (conditions,)."""
        decades: np.ndarray = np.log10(self.values)
        return decades

    def table(self, column: str) -> np.ndarray:
        """A column; (trials, conditions).

        Raises
        ------
        ValueError : the rows do not hold exactly one entry per trial and value.
        support.evidence.rows.NotMeasuredError : some row has no number there.
        """
        return np.compress(self._inside, self.rows.per_trial(column, self.over)[1], axis=1)

    def average(self, column: str) -> np.ndarray:
        """Each trial's mean over the curve; (trials,). Raises as `table`."""
        average: np.ndarray = self.table(column).mean(axis=1)
        return average

    def rises(self, column: str, ceiling: float = inf) -> np.ndarray:
        """Each value's number minus that of the value before it; (trials, conditions − 1). Raises as `table`.

        Parameters
        ----------
        ceiling : value from which on numbers are compared with the number there, since they have no room to rise.
        """
        values, table = self.values, self.table(column)
        at_ceiling = int(np.searchsorted(values, ceiling))
        before = [min(index - 1, at_ceiling) for index in range(1, len(values))]
        rises: np.ndarray = table[:, 1:] - table[:, before]
        return rises

    def whole_rise(self, column: str) -> np.ndarray:
        """Each trial's last number minus its first; (trials,). Raises as `table`."""
        table = self.table(column)
        rise: np.ndarray = table[:, -1] - table[:, 0]
        return rise

    def slopes(self, column: str, against: str) -> np.ndarray:
        """Each trial's least-squares slope of one column against its own values of another; (trials,).

        Raises
        ------
        ValueError : as `table`, or a trial in which the other column does not vary.
        """
        x, y = self.table(against), self.table(column)
        centred = x - x.mean(axis=1, keepdims=True)
        spread = (centred**2).sum(axis=1)
        if not (spread > 0).all():
            raise ValueError(f"{against} does not vary over {self.over}: {column} has no slope against it")
        slopes: np.ndarray = (centred * y).sum(axis=1) / spread
        return slopes
