"""Effects with intervals, each from independent per-trial values.

Every interval of the suite has the same level. A verdict can be wrong only if the interval misses the true
effect, so LEVEL bounds the chance of a wrong verdict, per case: at most 0.001, and half of that where the region
has one end. What an interval cannot promise is to be short; `resolution` says how far from the region's edge the
truth must lie to be decided with probability POWER.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite, sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

LEVEL = 0.999
POWER = 0.9


@dataclass(frozen=True)
class Estimate:
    """An effect, its interval and the per-trial numbers behind it.

    Attributes
    ----------
    value, low, high : estimate and interval.
    level : confidence level, or None for a numeric bound (exact and deterministic claims).
    trials : one effect per independent trial (per example for exact claims).
    label : what the effect is, in words, with its unit.
    method : how the interval was made.
    resolution : distance from the edge of a region at which the truth is decided with probability POWER, from
        the spread seen here; None for a numeric bound.
    """

    value: float
    low: float
    high: float
    level: float | None
    trials: tuple[float, ...]
    label: str
    method: str
    resolution: float | None


def _table(values: ArrayLike) -> np.ndarray:
    table = np.asarray(values, dtype=float)
    if table.ndim == 1:
        table = table[:, None]
    if table.ndim != 2 or len(table) < 2:
        raise ValueError(f"an interval needs at least 2 independent trials, got shape {table.shape}")
    if not np.isfinite(table).all():
        raise ValueError("per-trial values must be finite")
    return table


def _student(table: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, half-width and resolution per column; identical trials give an infinite half-width."""
    n = len(table)
    error = table.std(axis=0, ddof=1) / sqrt(n)
    tail = float(stats.t.ppf((1 + level) / 2, n - 1))
    # Trials that all agree carry no estimate of their spread, so they bound nothing.
    degenerate = error <= 1e-12 * np.maximum(1.0, np.abs(table).max(axis=0))
    half = np.where(degenerate, inf, tail * error)
    # (mean − edge)/error is noncentral t; its POWER quantile is close to a shift of the central one.
    resolution = np.where(degenerate, inf, (tail + float(stats.t.ppf(POWER, n - 1))) * error)
    return table.mean(axis=0), half, resolution


def mean_of(values: ArrayLike, label: str) -> Estimate:
    """Mean over independent trials with a Student t interval.

    Trials that all agree to rounding give an infinite interval, hence `inconclusive`: they say nothing about
    spread. A quantity that is meant to be constant is not statistical; use `worst_of`.

    Parameters
    ----------
    values : (trials,) one effect per trial, at least 2, finite.
    """
    table = _table(values)
    mean, half, resolution = _student(table, LEVEL)
    return Estimate(
        float(mean[0]),
        float(mean[0] - half[0]),
        float(mean[0] + half[0]),
        LEVEL,
        tuple(table[:, 0].tolist()),
        label,
        f"Student t over {len(table)} independent trials",
        _finite(resolution[0]),
    )


def slope_of(x: ArrayLike, values: ArrayLike, label: str) -> Estimate:
    """Mean over trials of the least-squares slope of each trial's values against x.

    Parameters
    ----------
    x : (conditions,) at least 2 distinct values.
    values : (trials, conditions).
    """
    table, positions = _table(values), np.asarray(x, dtype=float)
    centred = positions - positions.mean()
    if table.shape[1] != len(positions) or not (centred**2).sum() > 0:
        raise ValueError(f"a slope needs one value per x and two distinct x, got {table.shape} for {positions}")
    return mean_of(table @ centred / (centred**2).sum(), label)


def largest_of(values: ArrayLike, label: str, *, absolute: bool = False) -> Estimate:
    """The largest of several conditions' true means, by simultaneous intervals.

    With intervals [L_c, U_c] that hold together (Bonferroni), the largest mean lies in [max L_c, max U_c].

    Parameters
    ----------
    values : (trials, conditions).
    absolute : take the largest absolute mean instead.
    """
    table = _table(values)
    conditions = table.shape[1]
    mean, half, resolution = _student(table, 1 - (1 - LEVEL) / conditions)
    low, high = mean - half, mean + half
    if absolute:
        low, high = np.maximum(np.maximum(low, -high), 0.0), np.maximum(np.abs(low), np.abs(high))
        mean = np.abs(mean)
    top = int(mean.argmax())
    signs = np.sign(table.mean(axis=0)[top]) if absolute else 1.0
    return Estimate(
        float(mean[top]),
        float(low.max()),
        float(high.max()),
        LEVEL,
        tuple((table[:, top] * signs).tolist()),
        label,
        f"largest of {conditions} conditions, simultaneous Student t (Bonferroni), {len(table)} trials",
        _finite(resolution[top]),
    )


def smallest_of(values: ArrayLike, label: str) -> Estimate:
    """The smallest of several conditions' true means, by simultaneous intervals; see `largest_of`."""
    mirrored = largest_of(-_table(values), label)
    return Estimate(
        -mirrored.value,
        -mirrored.high,
        -mirrored.low,
        mirrored.level,
        tuple(-value for value in mirrored.trials),
        label,
        mirrored.method.replace("largest", "smallest"),
        mirrored.resolution,
    )


def worst_of(values: Sequence[float], label: str) -> Estimate:
    """The largest of numbers that an exact claim bounds: no sampling error, so the interval is the number itself.

    Raises
    ------
    ValueError : no value, or a NaN, which no bound may swallow.
    """
    if len(values) == 0 or any(value != value for value in values):
        raise ValueError(f"{label}: needs numbers, got {list(values)[:5]}")
    worst = float(max(values))
    return Estimate(
        worst,
        worst,
        worst,
        None,
        tuple(float(value) for value in values),
        label,
        f"largest of {len(values)}, computed in double precision",
        None,
    )


def _finite(value: float) -> float | None:
    return float(value) if isfinite(value) else None
