"""What least-squares fits of paper B's linear model say, read from the rows of `support.experiments.linear_fits`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from support.evidence.rows import Rows


@dataclass(frozen=True)
class Fits:
    """Rows of `LinearFits` as arrays with a row per trial.

    Attributes
    ----------
    rows : with one entry per trial, γ and n.
    """

    rows: Rows

    def fitted(self, quantity: str) -> np.ndarray:
        """A quantity of each trial's fits where there is one γ and one n, (trials,).

        Raises
        ------
        KeyError : no such quantity.
        ValueError : there are several γ or n.
        support.evidence.rows.NotMeasuredError : some trial has no number there.
        """
        values = self.rows[quantity]
        if len(values) != len(np.unique(self.rows["trial"])):
            raise ValueError(f"{quantity} has {len(values)} rows in {self.rows.trials} trials: name one γ and one n")
        return values

    def over_gamma(self, quantity: str) -> tuple[np.ndarray, np.ndarray]:
        """γ, increasing, and a quantity of each trial's fits, (trials, γ).

        Raises
        ------
        KeyError, ValueError, support.evidence.rows.NotMeasuredError : as `Rows.per_trial`.
        """
        return self.rows.per_trial(quantity, "gamma")

    def error_about(self, limit: float, repeats: int) -> tuple[np.ndarray, np.ndarray]:
        """n, increasing, and the root mean square error of each trial's prediction differences about a value.

        Returns (n,) and (trials, n). Of m fits, the mean square about a value is its distance from their mean, squared,
        plus (m − 1)/m of their variance.

        Parameters
        ----------
        limit : the value.
        repeats : fits m behind each row, at least 2.

        Raises
        ------
        ValueError : fewer than 2 repeats, or as `Rows.per_trial`.
        support.evidence.rows.NotMeasuredError : rows of one fit each, which have no spread.
        """
        if repeats < 2:
            raise ValueError(f"an error about a value needs at least 2 fits a row, got {repeats}")
        n, mean = self.rows.per_trial("prediction_difference", "n")
        spread = self.rows.per_trial("prediction_difference_sd", "n")[1]
        share = 1 - 1 / repeats
        return n, np.sqrt((mean - limit) ** 2 + share * spread**2)
