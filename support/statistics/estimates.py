"""Effects with intervals, each from independent per-trial values.

Every interval of the suite has the same level. A verdict can be wrong only if the interval misses the true
effect, so LEVEL bounds the chance of a wrong verdict, per case: at most 0.001, and half of that where the region
has one end. That holds for per-trial effects that are near normal, as means over a hundred samples and more are; for
strongly skewed ones (exponential, 10 trials) intervals miss in 1.5 % of cases. What an interval cannot promise is to
be short; `resolution` says how far from the region's edge the truth must lie to be decided with probability POWER.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite, sqrt

import numpy as np
from numpy.typing import ArrayLike

from support.statistics.measure import Measure

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
        the spread seen here; None for a numeric bound and for a confidence sequence.
    measure : what the effect is measured in, where its interval is that of a confidence sequence: one that holds at
        every number of trials at once, so that looking again costs nothing.
    """

    value: float
    low: float
    high: float
    level: float | None
    trials: tuple[float, ...]
    label: str
    method: str
    resolution: float | None
    measure: Measure | None = None


def _columns(values: ArrayLike | Sequence[ArrayLike]) -> list[np.ndarray]:
    """Per-trial values of each condition, from (trials, conditions) or from one sequence per condition."""
    if isinstance(values, list):
        if not values:
            raise ValueError("the largest of no conditions is not defined")
        columns = [np.asarray(column, dtype=float) for column in values]
    else:
        table = np.asarray(values, dtype=float)
        columns = list(table.T) if table.ndim == 2 else [table]
    for column in columns:
        if column.ndim != 1 or len(column) < 2:
            raise ValueError(f"an interval needs at least 2 independent trials, got shape {column.shape}")
        if not np.isfinite(column).all():
            raise ValueError("per-trial values must be finite")
    return columns


def _student(column: np.ndarray, level: float, grain: float = 0.0) -> tuple[float, float, float]:
    """Mean, half-width and resolution; trials that all agree give an infinite half-width unless there is a grain."""
    n = len(column)
    error = sqrt(float(column.var(ddof=1)) / n + grain**2 / (12 * n))
    # Trials that all agree carry no estimate of their spread, so they bound nothing.
    if error <= 1e-12 * max(1.0, float(np.abs(column).max())):
        return float(column.mean()), inf, inf
    from scipy import special, stats  # takes a second, and collecting the claims needs no quantile

    tail = float(stats.t.ppf((1 + level) / 2, n - 1))
    # (mean − edge)/error is noncentral t: the shift at which it exceeds the quantile with probability POWER.
    shift = float(special.nctdtrinc(n - 1, 1 - POWER, tail))
    return float(column.mean()), tail * error, shift * error


def mean_of(values: ArrayLike, label: str, *, grain: float = 0.0) -> Estimate:
    """Mean over independent trials with a Student t interval.

    Trials that all agree to rounding give an infinite interval, hence `inconclusive`: they say nothing about
    spread. A quantity that is meant to be constant is not statistical; use `worst_of`.

    Parameters
    ----------
    values : (trials,) one effect per trial, at least 2, finite.
    grain : smallest change of an effect that one trial can show, such as one test image in a share of them. Trials
        that agree agree to the grain only: its rounding, of variance grain²/12, is added to each trial's.

    Raises
    ------
    ValueError : fewer than 2 trials, a value that is not finite, or a negative grain.
    """
    if not grain >= 0:
        raise ValueError(f"grain must not be negative, got {grain}")
    (column,) = _columns([np.asarray(values, dtype=float)])
    mean, half, resolution = _student(column, LEVEL, grain)
    return Estimate(
        mean,
        mean - half,
        mean + half,
        LEVEL,
        tuple(column.tolist()),
        label,
        f"Student t over {len(column)} independent trials",
        _finite(resolution),
    )


def slope_of(x: ArrayLike, values: ArrayLike, label: str, *, grain: float = 0.0) -> Estimate:
    """Mean over trials of the least-squares slope of each trial's values against x.

    Parameters
    ----------
    x : (conditions,) at least 2 distinct values.
    values : (trials, conditions).
    grain : smallest change of a value that one trial can show, as in `mean_of`.
    """
    table, positions = np.asarray(values, dtype=float), np.asarray(x, dtype=float)
    centred = positions - positions.mean()
    spread = float((centred**2).sum())
    if table.ndim != 2 or table.shape[1] != len(positions) or not spread > 0:
        raise ValueError(f"a slope needs one value per x and two distinct x, got {table.shape} for {positions}")
    return mean_of(table @ centred / spread, label, grain=grain / sqrt(spread))


def share_of(part: ArrayLike, whole: ArrayLike, label: str, *, grain: float) -> Estimate:
    """Mean of a part over mean of its whole, paired by trial, with Fieller's interval.

    The interval holds every share r for which the mean of part − r·whole may be zero. It is unbounded where the
    whole itself may be zero: a share of nothing means nothing.

    Parameters
    ----------
    part, whole : (trials,) each, at least 2. The trials of the result are the parts over the *mean* whole.
    grain : smallest change of a part that one trial can show. Trials that agree agree to the grain only, so the
        standard error is never taken to be below grain/√(12 trials), that of rounding.

    Raises
    ------
    ValueError : fewer than 2 trials, lengths that differ, a value that is not finite, or a grain not above 0.
    """
    parts, wholes = _columns([np.asarray(part, dtype=float), np.asarray(whole, dtype=float)])
    n = len(parts)
    if len(wholes) != n:
        raise ValueError(f"part and whole must have the same trials, got {n} and {len(wholes)}")
    if not grain > 0:
        raise ValueError(f"grain must be positive, got {grain}")
    from scipy import special, stats

    tail = float(stats.t.ppf((1 + LEVEL) / 2, n - 1))
    covariance = np.cov(parts, wholes) / n + np.diag([grain**2 / (12 * n)] * 2)
    mean, total = float(parts.mean()), float(wholes.mean())
    # r²(total² − t² V_ww) − 2r(mean·total − t² V_pw) + (mean² − t² V_pp) <= 0
    leading = total**2 - tail**2 * covariance[1, 1]
    middle = mean * total - tail**2 * covariance[0, 1]
    constant = mean**2 - tail**2 * covariance[0, 0]
    low, high, resolution = -inf, inf, inf
    if leading > 0:
        root = sqrt(max(middle**2 - leading * constant, 0.0))
        low, high = (middle - root) / leading, (middle + root) / leading
        spread = covariance[0, 0] - 2 * (mean / total) * covariance[0, 1] + (mean / total) ** 2 * covariance[1, 1]
        resolution = float(special.nctdtrinc(n - 1, 1 - POWER, tail)) * sqrt(spread) / abs(total)
    return Estimate(
        mean / total if total else inf,
        low,
        high,
        LEVEL,
        tuple((parts / (total or 1.0)).tolist()),
        label,
        f"ratio of means, Fieller, over {n} independent trials",
        _finite(resolution),
    )


def largest_of(values: ArrayLike | Sequence[ArrayLike], label: str, *, absolute: bool = False) -> Estimate:
    """The largest of several conditions' true means, by simultaneous intervals.

    With intervals [L_c, U_c] that hold together (Bonferroni), the largest mean lies in [max L_c, max U_c].

    Parameters
    ----------
    values : (trials, conditions), or a list with each condition's own trials.
    absolute : take the largest absolute mean instead.
    """
    columns = _columns(values)
    bounds = [_student(column, 1 - (1 - LEVEL) / len(columns)) for column in columns]
    signs = [-1.0 if absolute and mean < 0 else 1.0 for mean, _, _ in bounds]
    # The mirrored interval of a negative mean bounds the absolute mean too, cut at zero.
    low = [sign * mean - half for sign, (mean, half, _) in zip(signs, bounds, strict=True)]
    high = [sign * mean + half for sign, (mean, half, _) in zip(signs, bounds, strict=True)]
    top = max(range(len(columns)), key=lambda which: signs[which] * bounds[which][0])
    return Estimate(
        signs[top] * bounds[top][0],
        max(max(low), 0.0) if absolute else max(low),
        max(high),
        LEVEL,
        tuple((signs[top] * columns[top]).tolist()),
        label,
        f"largest of {len(columns)} conditions, simultaneous Student t (Bonferroni), {len(columns[top])} trials",
        _finite(bounds[top][2]),
    )


def smallest_of(values: ArrayLike | Sequence[ArrayLike], label: str) -> Estimate:
    """The smallest of several conditions' true means, by simultaneous intervals; see `largest_of`."""
    mirrored = largest_of([-column for column in _columns(values)], label)
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


def worst_of(values: Sequence[float], label: str, *, exact: bool = False) -> Estimate:
    """The largest of numbers that an exact claim bounds: no sampling error, so the interval is the number itself.

    Parameters
    ----------
    exact : the numbers come from exact arithmetic and were rounded only to be shown; zero means equality.

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
        f"largest of {len(values)}, " + ("exact arithmetic" if exact else "computed in double precision"),
        None,
    )


def _finite(value: float) -> float | None:
    return float(value) if isfinite(value) else None
