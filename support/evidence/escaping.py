"""What a random sample does not see: how likely forged trials escape when some of all are computed again."""

from __future__ import annotations

import math


def escape(total: int, rechecked: int, forged: int) -> float:
    """Probability that none of `forged` among `total` trials is among `rechecked` that were drawn without return.

    The hypergeometric distribution at 0: C(total - forged, rechecked) / C(total, rechecked).

    Raises
    ------
    ValueError : rechecked or forged lies outside [0, total].
    """
    if not 0 <= rechecked <= total or not 0 <= forged <= total:
        raise ValueError(f"rechecked and forged must lie in [0, {total}], got {rechecked} and {forged}")
    return math.comb(total - forged, rechecked) / math.comb(total, rechecked)


def least_noticed(total: int, rechecked: int, confidence: float = 0.99) -> int:
    """The smallest number of forged trials that would have been noticed with this probability.

    Raises
    ------
    ValueError : nothing was rechecked, of which nothing is noticed.
    """
    if rechecked < 1:
        raise ValueError(f"rechecked must be at least 1, got {rechecked}")
    low, high = 0, total  # unnoticed, noticed
    while high - low > 1:
        middle = (low + high) // 2
        if 1 - escape(total, rechecked, middle) >= confidence:
            high = middle
        else:
            low = middle
    return high
