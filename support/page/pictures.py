"""The picture of a decision: estimate, interval and trials against the region of the claim.

Positions are shares of the picture's width, so that text keeps its size on any screen: labels and ticks in
percent, what is drawn as paths in thousandths. Heights are in pixels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from support.document.statuses import ends
from support.document.types import Case, Control, Region
from support.page import typeset

MARGIN = 6.0  # percent of the width kept free at either side of the data
# A region that ends this close to zero is an exact claim's error bound: only a logarithm shows its inside.
_TINY = 1e-3
_DECADES_INSIDE = 4  # powers of ten shown inside such a region
_STEPS = (0.5, 1, 2, 5, 10)  # times a power of ten
MOST_DOTS = 64  # beyond this, dots merge: evenly spaced order statistics show the same cloud
_LARGEST = 1e150  # the length of an axis that held more could not be computed with
_SMALLEST = 1e-300  # the length of an axis below which its parts are not told apart any more
_GOLDEN = 0.6180339887498949  # its multiples modulo one spread evenly: jitter without randomness

WIDTH = 1000  # units across a picture in which paths are written
_LABEL_HEIGHT, GAP, _AXIS_HEIGHT = 15, 5, 20
_CASE_LANE, _CONTROL_LANE = 36, 24
_DOTS_FROM, _DOTS_TO, _BAR_AT = 0.14, 0.48, 0.74  # shares of a lane's height
_TIP = 5  # from the bar to either end of its tips
_LEFT_EDGE, _RIGHT_EDGE = 22.0, 78.0  # a label nearer the edge than this turns inwards


@dataclass(frozen=True)
class Axis:
    """A horizontal axis from `low` to `high`.

    Linear, or with a `threshold` symmetric-logarithmic: a value stands at sign(v) log10(1 + |v| / threshold),
    which shows zero, both signs and many powers of ten at once.
    """

    low: float
    high: float
    threshold: float | None

    def _position(self, value: float) -> float:
        if self.threshold is None:
            return value
        # The logarithm of 1 + |v|/threshold, without the quotient, which may be too large for a number.
        return math.copysign(math.log10(self.threshold + abs(value)) - math.log10(self.threshold), value)

    def percent(self, value: float) -> float:
        """Return where a value stands, in percent of the width, within [0, 100]."""
        low, high = self._position(self.low), self._position(self.high)
        share = 100.0 * (self._position(value) - low) / (high - low)
        return round(min(max(share, 0.0), 100.0), 3)

    def ticks(self) -> list[tuple[float, str]]:
        """Return positions and labels at round numbers."""
        values = round_numbers(self.low, self.high) if self.threshold is None else self._powers()
        return [(self.percent(value), typeset.number(value)) for value in values]

    def _powers(self) -> list[float]:
        """Return zero and powers of ten of both signs, some six in all."""
        first = math.ceil(math.log10(self.threshold or 1.0))
        last = math.floor(math.log10(max(abs(self.low), abs(self.high))))
        step = max(1, math.ceil((last - first) / (5 if self.low >= 0 or self.high <= 0 else 2)))
        powers = [10.0**power for power in range(last, first, -step)]
        return [value for value in [-size for size in powers] + [0.0] + powers if self.low <= value <= self.high]


def round_numbers(low: float, high: float) -> list[float]:
    """Return three to seven multiples of 1, 2 or 5 times a power of ten within [low, high]."""
    rough = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    coarse = next(place for place, factor in enumerate(_STEPS) if place and factor * power >= rough * 0.999)
    for factor in (_STEPS[coarse], _STEPS[coarse - 1]):  # the finer one where the coarse one leaves out all but two
        step = factor * power
        multiples = range(math.ceil(low / step), math.floor(high / step) + 1)
        if len(multiples) > 2:
            break
    return [float(f"{multiple * step:.10g}") for multiple in multiples]


@dataclass(frozen=True)
class Label:
    """A text at a position, growing away from it to the `start` or the `end`."""

    x: float
    anchor: str
    text: str


@dataclass(frozen=True)
class Lane:
    """One row: the case itself, or one of its controls. Heights are absolute, positions in percent.

    The verdict is empty where it stands beside the picture.
    """

    name: str
    verdict: str
    top: int
    height: int
    region: tuple[float, float] | None
    region_ends: list[float]
    region_labels: list[Label]
    bar: tuple[float, float] | None
    open_low: bool
    open_high: bool
    estimate: float | None
    dots: list[tuple[float, int]]
    trials: int

    @property
    def lane_top(self) -> int:
        """Where the shaded lane begins, below its name and the labels of its region."""
        return self.top + _LABEL_HEIGHT * (2 if self.name and self.region_labels else 1)

    @property
    def bar_y(self) -> int:
        """The height of interval and estimate."""
        return self.lane_top + round(self.height * _BAR_AT)

    @property
    def bottom(self) -> int:
        """Where the shaded lane ends."""
        return self.lane_top + self.height

    @property
    def paths(self) -> dict[str, str]:
        """The lane's own marks by kind: trials are strokes of no length, whose round caps make the dots."""
        drawn = {"trials": _strokes([(_unit(x), self.lane_top + y) for x, y in self.dots])}
        if self.bar is not None:
            low, high = map(_unit, self.bar)
            closed = [x for x, is_open in ((low, self.open_low), (high, self.open_high)) if not is_open]
            tips = "".join(f"M{x} {self.bar_y - _TIP}v{2 * _TIP}" for x in closed)
            drawn["interval"] = f"M{low} {self.bar_y}H{high}{tips}"
        return drawn


def _regions(lanes: Sequence[Lane]) -> dict[str, str]:
    """Regions and their ends; lanes below one another that have the same region share one drawing of it."""
    band, edges = "", ""
    for (region, region_ends), alike in groupby(lanes, lambda lane: (lane.region, lane.region_ends)):
        first, *others = alike
        bottom = others[-1].bottom if others else first.bottom
        if region is not None:
            low, high = map(_unit, region)
            band += f"M{low} {first.lane_top}H{high}V{bottom}H{low}z"
        edges += "".join(f"M{_unit(x)} {first.lane_top - 3}V{bottom}" for x in region_ends)
    return {"region": band, "region-end": edges}


def _strokes(dots: Sequence[tuple[int, int]]) -> str:
    """Strokes of no length: from the first dot, each by how far it stands from the one to its left."""
    ordered = sorted(dots)
    moves = [(x - before, y - above) for (before, above), (x, y) in pairwise(ordered)]
    return "".join([f"M{x} {y}h0" for x, y in ordered[:1]] + [f"m{x}{'' if y < 0 else ' '}{y}h0" for x, y in moves])


def _unit(percent: float) -> int:
    return round(percent * WIDTH / 100)


@dataclass(frozen=True)
class Picture:
    """Everything the template needs to draw a decision."""

    axis: Axis
    lanes: list[Lane]
    ticks: list[tuple[float, str]]
    description: str

    @property
    def thinned(self) -> bool:
        """Whether a lane has fewer dots than trials."""
        return any(len(lane.dots) < lane.trials for lane in self.lanes)

    @property
    def paths(self) -> dict[str, str]:
        """Everything but texts, arrow heads and diamonds: one path a kind. Controls show their intervals alone."""
        joined = _regions(self.lanes)
        for lane in self.lanes:
            for kind, path in lane.paths.items():
                if kind == "trials" and lane is not self.lanes[0]:
                    continue
                joined[kind] = joined.get(kind, "") + path
        ticks = "".join(f"M{_unit(x)} {self.axis_y}v4" for x, _ in self.ticks)
        joined["axis"] = f"M0 {self.axis_y}H{WIDTH}{ticks}"
        return {kind: path for kind, path in joined.items() if path}

    @property
    def axis_y(self) -> int:
        """Height of the axis line in pixels."""
        return self.lanes[-1].bottom + GAP

    @property
    def height(self) -> int:
        """Height of the whole picture in pixels."""
        return self.axis_y + _AXIS_HEIGHT


def picture(case: Case) -> Picture | None:
    """Lay out a case and its controls on one axis; None where nothing was measured.

    Controls stand in half the height, and label their region only where it is not the case's.
    """
    if not _values(case):
        return None
    measured: list[Case | Control] = [case, *(control for control in case.controls if _values(control))]
    chosen = _axis(measured)
    lanes: list[Lane] = []
    for row in measured:
        name = "" if isinstance(row, Case) else row.name
        top = lanes[-1].bottom + GAP if lanes else 0
        lanes.append(_lane(row, name, chosen, top, labelled=row is case or _ends(row) != _ends(case)))
    return Picture(chosen, lanes, chosen.ticks(), _in_words(case, lanes[0]))


def finite(values: Sequence[float | None]) -> list[float]:
    """Return the values that can stand on an axis: what is infinite, no number, or as good as infinite cannot."""
    return [value for value in values if value is not None and abs(value) < _LARGEST]


def _values(row: Case | Control) -> list[float]:
    return finite([row.effect, *(row.interval or ()), *row.trials])


def _ends(row: Case | Control) -> list[float]:
    region = row.region or Region()
    return finite([region.low, region.high])


def _axis(rows: Sequence[Case | Control]) -> Axis:
    """Choose the axis that holds every estimate, interval, trial and region end."""
    edges = [end for row in rows for end in _ends(row)]
    everything = edges + [value for row in rows for value in _values(row)]
    low, high = min(everything), max(everything)
    if not has_length(low, high):
        low, high = low - half_of(low), high + half_of(high)
    smallest_end = min((abs(end) for end in edges if abs(end) > _SMALLEST), default=math.inf)
    if smallest_end <= _TINY:
        return Axis(min(0.0, 5 * low), max(0.0, 5 * high), smallest_end / 10**_DECADES_INSIDE)
    margin = (high - low) * MARGIN / (100.0 - 2 * MARGIN)
    return Axis(low - margin, high + margin, None)


def has_length(low: float, high: float) -> bool:
    """Whether an axis from low to high has a length that can be divided."""
    return high - low > _SMALLEST


def half_of(value: float) -> float:
    """How far an axis around one value alone goes to either side: half its size, or of one where it has none."""
    return (abs(value) if abs(value) > _SMALLEST else 1.0) / 2


def _lane(row: Case | Control, name: str, axis: Axis, top: int, *, labelled: bool) -> Lane:
    region = row.region
    height = _CONTROL_LANE if name else _CASE_LANE
    band: tuple[float, float] | None = None
    labels: list[Label] = []
    if region is not None:
        low, high = region.low, region.high
        band = (0.0 if low is None else axis.percent(low), 100.0 if high is None else axis.percent(high))
        labels = _region_labels(low, high, band)
    bar, open_low, open_high = None, False, False
    if row.interval is not None and not any(end is not None and math.isnan(end) for end in row.interval):
        first, last = ends(row.interval)
        open_low, open_high = first == -math.inf, last == math.inf
        bar = (0.0 if open_low else axis.percent(first), 100.0 if open_high else axis.percent(last))
    trials = finite(row.trials)
    estimate = finite([row.effect])
    return Lane(
        name=name,
        verdict="",
        top=top,
        height=height,
        region=band,
        region_ends=[label.x for label in labels],
        region_labels=labels if labelled else [],
        bar=bar,
        open_low=open_low,
        open_high=open_high,
        estimate=axis.percent(estimate[0]) if estimate else None,
        dots=_dots(trials, axis, height),
        trials=len(trials),
    )


def _region_labels(low: float | None, high: float | None, band: tuple[float, float]) -> list[Label]:
    """Label a region's finite ends, each outside of it unless that would leave the picture; a single value once."""
    if low is not None and low == high:
        anchor = "start" if band[0] < _LEFT_EDGE else "end" if band[0] > _RIGHT_EDGE else "middle"
        return [Label(band[0], anchor, f"exactly {typeset.number(low)}")]
    labels = []
    if low is not None:
        text = f"{'above' if high is None else 'from'} {typeset.number(low)}"
        labels.append(Label(band[0], "start" if band[0] < _LEFT_EDGE else "end", text))
    if high is not None:
        text = f"{'below' if low is None else 'to'} {typeset.number(high)}"
        labels.append(Label(band[1], "end" if band[1] > _RIGHT_EDGE else "start", text))
    return labels


def _dots(trials: list[float], axis: Axis, height: int) -> list[tuple[float, int]]:
    """Place one dot a trial, spread over the lane's upper part so that equal values stay visible."""
    if len(trials) > MOST_DOTS:
        ordered = sorted(trials)
        trials = [ordered[index * (len(ordered) - 1) // (MOST_DOTS - 1)] for index in range(MOST_DOTS)]
    top, spread = height * _DOTS_FROM, height * (_DOTS_TO - _DOTS_FROM)
    return [
        (axis.percent(value), round(top + spread * ((index * _GOLDEN + 0.5) % 1.0)))
        for index, value in enumerate(trials)
    ]


def _in_words(case: Case, lane: Lane) -> str:
    """What a picture shows beside estimate, interval and region, which stand in the line above it."""
    trials = finite(case.trials)
    if not trials:
        return "no single trials"
    return f"{lane.trials} trials from {typeset.number(min(trials))} to {typeset.number(max(trials))}"
