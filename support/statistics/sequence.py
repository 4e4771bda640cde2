"""What every confidence sequence has in common: its level, its looks, its trials and what it says of an edge.

A confidence sequence is an interval for every number of trials n, and the chance that any of them, at any n, misses
the truth is at most ALPHA (half of it on each side). So looking is free: one may look after every trial, stop when
a question is decided, and go on later. What was looked at must be the first n trials without a gap: trials chosen by
when they finished, or by what came out, are another sample.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Position = Literal["above", "below", "undecided"]

# The chance that the interval of one effect ever misses it, both sides together.
ALPHA = 0.001

# Numbers of trials at which the suite looks: these two, doubled without end. Ratios of 3/2 and 4/3 in turn.
FIRST_LOOKS = (8, 12)

# How far beyond its budget a case is looked at where that was asked for: what lies on the edge of its region is never
# decided.
RAISED = 32


@dataclass(frozen=True)
class Interval:
    """One interval of a confidence sequence.

    Attributes
    ----------
    low, high : the effects that are not excluded, both included; infinite or the range's end where nothing is known.
    estimate : mean (or median) of the trials, clipped to their range. Where looking stopped by decision it leans away
        from the edge.
    trials : how many there were.
    alpha : chance that the sequence ever misses, half of it on each side.
    clipped : how many trials lay outside the stated range and count as its nearest end.
    silence : why the interval bounds nothing, in a sentence; None where it speaks.
    """

    low: float
    high: float
    estimate: float
    trials: int
    alpha: float = ALPHA
    clipped: int = 0
    silence: str | None = None

    @property
    def empty(self) -> bool:
        """Whether every effect is excluded: the trials are not what was assumed, or the sequence has missed."""
        return self.low > self.high

    def position(self, edge: float) -> Position:
        """Where the effect lies from an edge; undecided where the interval holds the edge, or is empty."""
        if self.empty or self.low <= edge <= self.high:
            return "undecided"
        return "above" if self.low > edge else "below"


def looks(budget: int | None = None) -> Iterator[int]:
    """Numbers of trials at which to look: 8, 12, 16, 24, 32, 48, 64, 96, ...

    Parameters
    ----------
    budget : the last look is at this many trials, whatever the pattern; None: without end.

    Raises
    ------
    ValueError : a budget of fewer than 2 trials, at the first look.
    """
    if budget is not None and budget < 2:
        raise ValueError(f"a budget must be at least 2 trials, got {budget}")
    for doubling in count():
        for first in FIRST_LOOKS:
            look = first << doubling
            if budget is not None and look >= budget:
                yield budget
                return
            yield look


def common_prefix(*arms: Mapping[int, object]) -> int:
    """How many trials, counted from number 0 without a gap, every arm has.

    Parameters
    ----------
    arms : what each arm measured, by number of the trial. A lost trial is a gap: computed again, never passed over.

    Raises
    ------
    ValueError : no arm at all.
    """
    if not arms:
        raise ValueError("a common prefix needs at least one arm")
    return next(trial for trial in count() if not all(trial in arm for arm in arms))


def paired_differences(first: Mapping[int, float], second: Mapping[int, float]) -> Array:
    """First minus second, (n,), over the n trials that both have from number 0 on without a gap.

    With each arm inside [low, high] the differences lie inside [low − high, high − low].

    Parameters
    ----------
    first, second : one number by trial, of arms that share the trial's random numbers.
    """
    both = range(common_prefix(first, second))
    return np.array([first[trial] - second[trial] for trial in both], dtype=np.float64)


def finite_trials(values: ArrayLike) -> Array:
    """The trials as an array, (n,).

    Raises
    ------
    ValueError : another shape, fewer than 2 trials, or one that is not finite.
    """
    trials = np.asarray(values, dtype=np.float64)
    if trials.ndim != 1:
        raise ValueError(f"trials must be one number each, got shape {trials.shape}")
    if len(trials) < 2:
        raise ValueError(f"an interval needs at least 2 trials, got {len(trials)}")
    wrong = np.flatnonzero(~np.isfinite(trials))
    if len(wrong):
        raise ValueError(f"trials must be finite, got {trials[wrong[0]]} as number {wrong[0]} of {len(trials)}")
    return trials


def clipped_trials(values: ArrayLike, low: float, high: float) -> int:
    """How many trials lie outside the range [low, high], and count as its nearest end."""
    trials = np.asarray(values, dtype=np.float64)
    return int(np.count_nonzero((trials < low) | (trials > high)))


def checked_alpha(alpha: float) -> float:
    """The chance of a miss, if it is one.

    Raises
    ------
    ValueError : not inside (0, 1).
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must lie inside (0, 1), got {alpha}")
    return alpha
