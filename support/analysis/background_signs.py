"""What must be true of networks that are asked about backgrounds for their numbers to be evidence."""

from __future__ import annotations

import numpy as np

from support.evidence.rows import Rows
from support.statistics.vital_sign import VitalSign

# What is measured of a network, in numbers that two networks do not share.
MEASURED = ("loss", "covariance", "test_covariance", "fresh_covariance")


def background_signs(rows: Rows, *, fits: bool = True) -> list[VitalSign]:
    """Training and test samples are disjoint, every training sample is fitted, and networks that should differ do.

    Parameters
    ----------
    fits : whether networks must fit; one with weight decay need not, and `least_fitted` says how many samples it does.
    """
    return [*(fitted_and_apart(rows) if fits else [_apart(rows)]), _different(rows)]


def fitted_and_apart(rows: Rows) -> list[VitalSign]:
    """Training and test samples are disjoint, and every training sample is fitted."""
    least = least_fitted(rows)
    return [_apart(rows), VitalSign("training accuracy", f"at least {least:.3f}", least == 1, "1 in every network")]


def least_fitted(rows: Rows) -> float:
    """The lowest training accuracy of a network."""
    return float(np.min(rows["train_accuracy"]))


def _apart(rows: Rows) -> VitalSign:
    both = float(np.max(rows["tests_in_training"]))
    return VitalSign("test samples among the training samples", f"at most {both:g}", both == 0, "none")


def _different(rows: Rows) -> VitalSign:
    """Whether networks of different arms or trials are different networks.

    By all that is measured of each, as a loss alone may be exactly 0 for many: on raw pixels probabilities round to 1.
    """
    numbers = np.column_stack([rows[name] for name in MEASURED if name in rows.columns])
    same = len(numbers) - len(np.unique(numbers, axis=0))
    return VitalSign("networks that are the same as another", str(same), same == 0, "0")
