"""In how many cases two networks of a trial do the same: for statements that speak of most cases."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike


def share_alike(differences: Sequence[ArrayLike], margin: float) -> np.ndarray:
    """Share of the cases in which what is compared differs by less than a margin, (trials,), each in [0, 1].

    Parameters
    ----------
    differences : of each case, such as a pattern or a pair of networks, (trials,).
    margin : positive; a difference of just so much is one.

    Raises
    ------
    ValueError : no case, cases of different numbers of trials, a difference that is not finite, or a margin that is not
        positive.
    """
    if not margin > 0:
        raise ValueError(f"margin must be positive, got {margin}")
    columns = [np.asarray(column, dtype=np.float64) for column in differences]
    if not columns or len({column.shape for column in columns}) != 1 or columns[0].ndim != 1:
        raise ValueError(f"differences must be (trials,) of each case, got {[column.shape for column in columns]}")
    table = np.stack(columns)
    if not np.isfinite(table).all():
        raise ValueError("differences must be finite")
    shares: np.ndarray = (np.abs(table) < margin).mean(axis=0)
    return shares
