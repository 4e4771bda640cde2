"""How many more trials a question will probably take, from the trials seen so far.

Trials seen are kept; those to come are drawn from them with replacement, and the suite's looks are taken until the
question is decided or the budget is spent. That is a forecast, never a verdict: trials that have not shown a rare
value cannot foresee it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import ArrayLike

from support.statistics.sequence import Array, looks

RESAMPLES = 200


@dataclass(frozen=True)
class Forecast:
    """How many more trials are probably needed until a question is decided.

    Attributes
    ----------
    seen : trials so far.
    budget : most trials that may be spent, those seen included.
    decided : share of resamplings that were decided within the budget, in [0, 1].
    median, nine_in_ten : further trials by which half and nine in ten of the resamplings were decided, at one of the
        suite's looks; 0 where the trials seen decide, None where the budget does not suffice.
    """

    seen: int
    budget: int
    decided: float
    median: int | None
    nine_in_ten: int | None


def forecast(
    trials: ArrayLike,
    decided: Callable[[Array], bool],
    budget: int,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Forecast:
    """Forecast when a question will be decided; the same trials and seed give the same forecast.

    Parameters
    ----------
    trials : (n,) or (n, columns) seen so far, at least 2, finite; columns of one trial are drawn together, such as
        an effect beside its controls, or a part beside its whole.
    decided : whether so many trials, of the same shape, decide. It is called once for every look of every resampling.
    budget : most trials that may be spent, those seen included.

    Raises
    ------
    ValueError : fewer than 2 trials, one that is not finite, a budget below the trials seen, or no resamplings.
    """
    seen = np.asarray(trials, dtype=np.float64)
    if seen.ndim not in (1, 2) or len(seen) < 2 or not np.isfinite(seen).all():
        raise ValueError(f"a forecast needs at least 2 finite trials, got shape {seen.shape}")
    n = len(seen)
    if budget < n or resamples < 1:
        raise ValueError(f"a forecast needs budget >= {n} trials seen and resamples >= 1, got {budget}, {resamples}")
    if decided(seen):
        return Forecast(n, budget, 1.0, 0, 0)
    generator = np.random.default_rng((seed, n))
    needed = sorted(
        _further(seen, seen[generator.integers(n, size=budget - n)], decided, budget) for _ in range(resamples)
    )
    within = [further for further in needed if further <= budget - n]

    def quantile(share: float) -> int | None:
        rank = ceil(share * resamples)
        return int(needed[rank - 1]) if rank <= len(within) else None

    return Forecast(n, budget, len(within) / resamples, quantile(0.5), quantile(0.9))


def _further(seen: Array, drawn: Array, decided: Callable[[Array], bool], budget: int) -> float:
    """Trials beyond those seen at the first look that decides; infinite where none within the budget does."""
    continued = np.concatenate([seen, drawn])
    later = (look for look in looks(budget) if look > len(seen))
    return next((look - len(seen) for look in later if decided(continued[:look])), float("inf"))
