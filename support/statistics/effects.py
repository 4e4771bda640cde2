"""Effects by confidence sequence: from the trials of a measure to an estimate whose interval holds at every look."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from math import inf

import numpy as np
from numpy.typing import ArrayLike

from support.statistics import grants
from support.statistics.estimates import LEVEL, Estimate, Kind
from support.statistics.extremes import largest_of_conditions, smallest_of_conditions
from support.statistics.measure import Measure, measured_interval
from support.statistics.ratio import ratio_position
from support.statistics.sequence import ALPHA, Array, Interval, Position, finite_trials

# Halvings of the interval of a ratio, which is shown to four digits.
HALVINGS = 40


def mean_of(trials: ArrayLike, measure: Measure, label: str) -> Estimate:
    """Mean (or median) over independent trials, by the measure's route.

    Parameters
    ----------
    trials : (n,) one effect per trial, at least 2, finite.

    Raises
    ------
    ValueError : trials that are not what they must be, or the near-normal route, and it is not granted.
    """
    values = finite_trials(trials)
    found = _interval(measure, label)(values, ALPHA)
    kind: Kind = "share" if measure.route == "share" else "mean"
    return _estimate(
        found, values.tolist(), measure, label, f"{measure.route} sequence over {len(values)} trials", kind
    )


def slope_of(x: ArrayLike, values: ArrayLike, measure: Measure, label: str) -> Estimate:
    """Mean over trials of the least-squares slope of each trial's values against x.

    Parameters
    ----------
    x : (conditions,) at least 2 distinct values.
    values : (trials, conditions), each in the measure's range; a slope lies in ± half the sum of its weights'
        magnitudes times the range's width.

    Raises
    ------
    ValueError : as `mean_of`, or values that do not fit x.
    """
    slopes, most = slopes_of(x, values)
    width = (measure.high - measure.low) * most
    return dataclasses.replace(mean_of(slopes, of_slopes(measure, width), label), kind="slope")


def slopes_of(x: ArrayLike, values: ArrayLike) -> tuple[np.ndarray, float]:
    """Each trial's least-squares slope (trials,), and half the sum of its weights' magnitudes.

    Raises
    ------
    ValueError : not one value per x, or fewer than two distinct x.
    """
    table, positions = np.asarray(values, dtype=float), np.asarray(x, dtype=float)
    centred = positions - positions.mean()
    spread = float((centred**2).sum())
    if table.ndim != 2 or table.shape[1] != len(positions) or not spread > 0:
        raise ValueError(f"a slope needs one value per x and two distinct x, got {table.shape} for {positions}")
    weights = centred / spread
    return table @ weights, float(np.abs(weights).sum() / 2)


def of_slopes(measure: Measure, most: float) -> Measure:
    """The measure of a slope of this one that lies in ± `most`; by its own route where that needs no range."""
    if measure.route in ("near-normal", "median"):
        return measure
    return Measure(f"slope of {measure.name}", measure.unit, -most, most, "bounded", measure.margin, measure.worse)


def largest_of(conditions: Sequence[ArrayLike], measure: Measure, label: str, *, absolute: bool = False) -> Estimate:
    """The largest of several conditions' means, or of their magnitudes; see `largest_of_conditions`."""
    columns = [finite_trials(condition) for condition in conditions]
    found = largest_of_conditions(columns, _interval(measure, label), absolute=absolute)
    sizes = [abs(column.mean()) if absolute else column.mean() for column in columns]
    shown = columns[int(np.argmax(sizes))]
    trials = (np.sign(shown.mean()) * shown if absolute else shown).tolist()
    what = f"largest of {len(columns)}, {measure.route} sequence over {found.trials} trials"
    return _estimate(found, trials, measure, label, what, "largest", len(columns))


def smallest_of(conditions: Sequence[ArrayLike], measure: Measure, label: str) -> Estimate:
    """The smallest of several conditions' means; see `smallest_of_conditions`."""
    columns = [finite_trials(condition) for condition in conditions]
    found = smallest_of_conditions(columns, _interval(measure, label))
    shown = columns[int(np.argmin([column.mean() for column in columns]))]
    what = f"smallest of {len(columns)}, {measure.route} sequence over {found.trials} trials"
    return _estimate(found, shown.tolist(), measure, label, what, "smallest", len(columns))


def ratio_of(part: ArrayLike, whole: ArrayLike, measure: Measure, parts: Measure, label: str) -> Estimate:
    """Mean of a part over the mean of its whole, paired by trial: every ratio that is not excluded.

    Parameters
    ----------
    measure : of the ratio; its range is where the interval is looked for.
    parts : of part and whole alike.

    Raises
    ------
    ValueError : trials that are not what they must be.
    """
    pieces, wholes = finite_trials(part), finite_trials(whole)
    total = float(wholes.mean())
    value = float(pieces.mean()) / total if total else inf
    span = (parts.low, parts.high)

    def side(edge: float) -> Position:
        return ratio_position(pieces, wholes, edge, part_range=span, whole_range=span)

    inside = min(max(value, measure.low), measure.high) if total > 0 else 0.0
    low, high = _end(side, inside, measure.low, "above"), _end(side, inside, measure.high, "below")
    found = Interval(low, high, value, len(pieces))
    method = f"ratio sequence over {len(pieces)} trials"
    return _estimate(found, (pieces / (total or 1.0)).tolist(), measure, label, method, "ratio")


def _interval(measure: Measure, label: str) -> Callable[[Array, float], Interval]:
    """How trials of a measure become an interval at a level."""
    if measure.route != "near-normal":
        return lambda trials, alpha: measured_interval(measure, trials, alpha=alpha)
    if grants.calibrating:

        def noted(trials: Array, alpha: float) -> Interval:
            grants.note(measure.name, label, trials)
            return Interval(-inf, inf, float(trials.mean()), len(trials), alpha, silence="calibrating")

        return noted
    found = grants.grant_of(measure.name)
    return lambda trials, alpha: measured_interval(measure, trials, grant=found, alpha=alpha)


def _end(ask: Callable[[float], Position], inside: float, end: float, excluded: Position) -> float:
    """The last edge between `inside` and an end of the range from which the ratio is not told apart."""
    if ask(end) != excluded:
        return end
    near, far = inside, end
    for _ in range(HALVINGS):
        middle = (near + far) / 2
        near, far = (near, middle) if ask(middle) == excluded else (middle, far)
    return far


def _estimate(
    found: Interval,
    trials: list[float],
    measure: Measure,
    label: str,
    method: str,
    kind: Kind,
    conditions: int | None = None,
) -> Estimate:
    if found.silence:
        method += f" ({found.silence})"
    if found.clipped:
        method += f", {found.clipped} of them clipped to [{measure.low:g}, {measure.high:g}]"
    return Estimate(
        found.estimate, found.low, found.high, LEVEL, tuple(trials), label, method, measure, kind, conditions
    )
