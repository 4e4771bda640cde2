"""The papers' figures, redrawn from the run's own trials.

Panels that name the same figure are gathered over cases and claims. Each panel is one small SVG, so that
the page can put them side by side or below each other. Colours are those of the page's style sheet.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from markupsafe import escape
from msgspec.structs import replace

from support.document import types as document
from support.document.types import Claim, Guide, Line
from support.document.walking import every_case
from support.page import bars, maps, pictures, scales, typeset
from support.page.words import words

_COLORS = 8  # the page defines the classes s0 ... s7
_MOST_MARKERS = 6  # a denser curve needs no more to be told apart
_MOST_SAID = 4  # curves of a panel of which words say where they begin and end
_STRAIGHT = 0.1  # units by which a line may leave the one between two of its points
_HALF_BAR = 3  # of the band of a curve with one point
_SLACK = 0.05  # by which the axis of a rate may leave [0, 1], to show its ends
_WIDTH, _HEIGHT = 310, 170  # of the panel, and of its axes, in units of the drawing
_LEFT, _TOP, _RIGHT, _BELOW = 46, 8, 8, 38
_ACROSS = _WIDTH - _LEFT - _RIGHT
PANEL_WIDTH, PANEL_HEIGHT = _WIDTH, _TOP + _HEIGHT + _BELOW
# A second sign beside colour, 4 units across: where its outline begins, as seen from the point, and how it goes on.
_ROUND = (-2, 0, "a2 2 0 1 0 4 0a2 2 0 1 0-4 0z")
_MARKERS = (
    (0, 0, "h0"),  # a stroke of no length, whose round ends make the dot
    (-2, -2, "h4v4h-4z"),
    (0, -2.5, "l2.3 4h-4.6z"),
    (0, -2.6, "l2 2.6-2 2.6-2-2.6z"),
    (0, 2.5, "l2.3-4h-4.6z"),
    (-0.8, -2.3, "h1.6v1.5h1.5v1.6h-1.5v1.5h-1.6v-1.5h-1.5v-1.6h1.5z"),
    (-2.5, 0, "l4-2.3v4.6z"),
    (2.5, 0, "l-4-2.3v4.6z"),
)


@dataclass
class Panel:
    """One axes: the description of its first contributor, and the lines of all, with the labels they came with."""

    name: str
    order: float
    description: document.Panel
    lines: list[Line] = field(default_factory=list)
    guides: list[Guide] = field(default_factory=list)
    given_labels: list[str] = field(default_factory=list)
    published: list[str] = field(default_factory=list)  # labels of lines that are the paper's own

    def add(self, panel: document.Panel, origin: str) -> None:
        """Overlay another case's lines and guides; what is drawn already is drawn once.

        Cases look at more or fewer of the same trials: of two such lines the one with more trials is drawn. A line with
        a label in use but other numbers is drawn too, marked by the case it comes from.
        """
        for line in panel.lines:
            same = [place for place, label in enumerate(self.given_labels) if label == line.label]
            if alike := [place for place in same if _of_the_same_trials(self.lines[place], line)]:
                drawn = self.lines[alike[0]]
                self.lines[alike[0]] = replace(drawn, trials=max(drawn.trials, line.trials, key=len))
                continue
            label = f"{line.label} [{origin}]" if same else line.label
            self.lines.append(replace(line, label=label, color=self._free_color(line.color, line.dashed)))
            self.given_labels.append(line.label)
        self.guides += [guide for guide in panel.guides if guide not in self.guides]

    def add_published(self, figure: str) -> None:
        """Draw the paper's own numbers too, at those of its x that lie among those drawn."""
        drawn = {x for line in self.lines for x in pictures.finite(line.x)}
        for printed in words().published:
            if (printed.figure, printed.panel) != (figure, self.name) or len(drawn) < 2:
                continue
            points = zip(printed.x, printed.y, strict=True)
            within = [(x, y) for x, y in points if min(drawn) <= x <= max(drawn)]
            if within:
                x, y = zip(*within, strict=True)
                color = self._free_color(_COLORS - 1, dashed=False)
                self.lines.append(Line(label=printed.label, x=x, trials=(y,), color=color, dashed=False, band=False))
                self.published.append(printed.label)

    def _free_color(self, wanted: int, dashed: bool) -> int:
        """Return the wanted colour, or the next that no line of the same stroke has."""
        taken = {line.color for line in self.lines if line.dashed == dashed}
        choices = [(wanted + step) % _COLORS for step in range(_COLORS)]
        return next((color for color in choices if color not in taken), wanted % _COLORS)


def _of_the_same_trials(one: Line, other: Line) -> bool:
    """Whether the trials of one line are the first of the other's."""
    common = min(len(one.trials), len(other.trials))
    return one.x == other.x and one.trials[:common] == other.trials[:common]


@dataclass
class Figure:
    """A figure of a paper, with the claims that contribute to it in the report's order."""

    name: str
    claims: list[str] = field(default_factory=list)
    panels: list[Panel] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def gather(claims: Iterable[Claim]) -> list[Figure]:
    """Merge all panels of all cases into figures: first those that the register puts first, then as they appear."""
    figures: dict[str, Figure] = {}
    for claim, _, case in every_case(claims):
        for panel in case.panels:
            figure = figures.setdefault(panel.figure, Figure(panel.figure))
            _contribute(figure, panel, claim.id, f"{claim.id} {case.id}")
    for figure in figures.values():
        figure.panels.sort(key=lambda panel: panel.order)
        for merged in figure.panels:
            merged.add_published(figure.name)
    first = [figures[name] for name in words().figures if name in figures]
    return first + [figure for figure in figures.values() if figure not in first]


def _contribute(figure: Figure, panel: document.Panel, claim: str, origin: str) -> None:
    merged = next((had for had in figure.panels if (had.name, had.order) == (panel.panel, panel.order)), None)
    if merged is None:
        merged = Panel(panel.panel, panel.order, panel)
        figure.panels.append(merged)
    merged.add(panel, origin)
    if claim not in figure.claims:
        figure.claims.append(claim)
    if panel.note and panel.note not in figure.notes:
        figure.notes.append(panel.note)


@dataclass(frozen=True)
class Curve:
    """The mean of a line over trials and, where it has a band, one standard deviation to either side within limits."""

    line: Line
    x: list[float]
    mean: list[float]
    deviation: list[float]
    limits: tuple[float, float]

    @property
    def extent(self) -> list[float]:
        """Every height the curve and its band reach: first the lower ends, then the upper ones."""
        low, high = self.limits
        return [
            min(max(mean + sign * deviation, min(low, mean)), max(high, mean))
            for sign in (-1, 1)
            for mean, deviation in zip(self.mean, self.deviation, strict=True)
        ]


def limits(panel: document.Panel) -> tuple[float, float]:
    """What the quantity of a panel cannot leave: zero and one where the axis is that of a rate, else nothing."""
    low, high = (*pictures.finite(panel.y_range or ()), math.inf, math.inf)[:2]
    return (0.0, 1.0) if -_SLACK <= low < high <= 1 + _SLACK else (-math.inf, math.inf)


def curves_of(panel: Panel) -> list[Curve]:
    """What is drawn of the lines of a panel."""
    return [_curve(line, panel.description) for line in panel.lines]


def heights(panel: Panel, curves: Sequence[Curve]) -> scales.Scale:
    """The upright axis of a panel; that of bars has a place for zero."""
    reached = [y for curve in curves for y in curve.extent] + [guide.y for guide in panel.guides]
    foot = [0.0] if bars.compares(curves) else []
    return scales.upright(panel.description.y_range, pictures.finite([*reached, *foot]))


def places(panel: Panel, curves: Sequence[Curve]) -> scales.Scale:
    """The axis below of a panel with lines."""
    return scales.across(sorted({x for curve in curves for x in curve.x}), panel.description.x_scale)


def draw(panel: Panel, anchor: str = "") -> str:
    """Return the panel as SVG with its legend for an HTML page; equal input gives equal text.

    A line is the mean over trials, its band one standard deviation to either side. A panel with a map is an image.

    Parameters
    ----------
    anchor : the id of the drawing on its page; without one it has none.
    """
    if panel.description.map:
        return maps.draw(panel.name, panel.description.map, panel.description.y_range)
    curves = curves_of(panel)
    shared = curves[0].x if curves and all(curve.x == curves[0].x for curve in curves) else None
    legend = [
        _legend(f'<use href="#{sample_id(curve.line)}"/>', typeset.titled(curve.line.label), _numbers(curve, shared))
        for curve in curves
    ]
    legend += [
        _legend('<path class="guide" d="M0 5h24"/>', guide.label or typeset.number(guide.y)) for guide in panel.guides
    ]
    place = f'id="{anchor}" ' if anchor else ""
    x = f' data-x="{_listed(shared)}"' if shared else ""
    return f'{axes(panel, place)}<ul class="legend"{x}>{"".join(legend)}</ul>'


def axes(panel: Panel, place: str = "") -> str:
    """Return the panel's axes and curves as SVG, `PANEL_WIDTH` by `PANEL_HEIGHT`, without the legend.

    Lines without a second point compare categories: such a panel has bars.

    Parameters
    ----------
    place : attributes, with a space behind, that put it into another drawing.
    """
    description = panel.description
    curves = curves_of(panel)
    up, y_ticks = heights(panel, curves).over(_HEIGHT, 0)
    if bars.compares(curves):
        drawn, x_ticks = bars.draw(curves, up, _ACROSS)
    else:
        across, x_ticks = places(panel, curves).over(0, _ACROSS)
        drawn = "".join(_draw_curve(curve, across, up) for curve in curves)
    middle, bottom = _LEFT + _ACROSS / 2, _TOP + _HEIGHT
    guides = "".join(f'<path class="guide" d="M0 {_short(up(guide.y))}H{_ACROSS}"/>' for guide in panel.guides)
    return (
        f'<svg {place}class="drawn" viewBox="0 0 {PANEL_WIDTH} {PANEL_HEIGHT}" role="img" '
        f'aria-label="{escape(_in_words(panel, curves))}">'
        + _draw_ticks(x_ticks, y_ticks)
        + f'<text x="{middle:g}" y="{bottom + 30}" text-anchor="middle">'
        + f"{escape(typeset.titled(description.x_label or ''))}</text>"
        + f'<text transform="translate(11 {_TOP + _HEIGHT / 2:g})rotate(-90)" text-anchor="middle">'
        + f"{escape(typeset.titled(description.y_label or ''))}</text>"
        # A nested drawing clips what leaves the axes.
        + f'<svg x="{_LEFT}" y="{_TOP}" width="{_ACROSS}" height="{_HEIGHT}">{guides}{drawn}</svg></svg>'
    )


def _curve(line: Line, panel: document.Panel) -> Curve:
    columns = [
        pictures.finite([trial[index] for trial in line.trials if index < len(trial)]) for index in range(len(line.x))
    ]
    drawn = [
        (x, column)
        for place, column in zip(line.x, columns, strict=True)
        for x in pictures.finite([place])
        if column and x > scales.SMALLEST_X[panel.x_scale]
    ]
    return Curve(
        line,
        [x for x, _ in drawn],
        [statistics.fmean(column) for _, column in drawn],
        [statistics.stdev(column) if line.band and len(column) > 1 else 0.0 for _, column in drawn],
        limits(panel),
    )


def _short(value: float) -> str:
    """A tenth of a unit is below what a screen shows."""
    short = f"{value:.1f}".removesuffix(".0").replace("-0.", "-.")
    return short[1:] if short.startswith("0.") else short


def _path(x: Sequence[float], y: Sequence[float]) -> str:
    """A line through points: where it begins, and from each by how far to the next, in tenths that do not add up."""
    places = [(round(10 * here), round(10 * there)) for here, there in zip(x, y, strict=True)]
    steps = [f"{_short((x - a) / 10)} {_short((y - b) / 10)}" for (a, b), (x, y) in pairwise(places)]
    (first, above), *_ = places
    return f"M{_short(first / 10)} {_short(above / 10)}" + (f"l{' '.join(steps)}".replace(" -", "-") if steps else "")


def _bends(x: Sequence[float], y: Sequence[float]) -> tuple[list[float], list[float]]:
    """The points of a line that is straight between them to less than a screen shows (Douglas and Peucker 1973)."""
    kept, spans = {0, len(x) - 1}, [(0, len(x) - 1)]
    while spans:
        first, last = spans.pop()
        width, height = x[last] - x[first], y[last] - y[first]
        off = [abs(width * (y[i] - y[first]) - height * (x[i] - x[first])) for i in range(first + 1, last)]
        if off and max(off) > _STRAIGHT * math.hypot(width, height):
            far = first + 1 + off.index(max(off))
            kept.add(far)
            spans += [(first, far), (far, last)]
    places = sorted(kept)
    return [x[i] for i in places], [y[i] for i in places]


def _draw_curve(curve: Curve, across: Callable[[float], float], up: Callable[[float], float]) -> str:
    if not curve.x:
        return ""
    x = [across(value) for value in curve.x]
    y = [up(value) for value in curve.mean]
    dashed = " dashed" if curve.line.dashed else ""
    color = curve.line.color
    step = marker_step(curve)
    markers = "".join(_marker(curve.line, x[i], y[i]) for i in range(0, len(x), step))
    band = ""
    if any(curve.deviation):
        half = len(curve.x)
        edge = [up(value) for value in curve.extent]
        low, high = edge[:half], edge[half:]
        # A curve of one point has a bar for a band.
        there = x if half > 1 else [x[0] - _HALF_BAR, x[0] + _HALF_BAR]
        low, high = (low, high) if half > 1 else (low * 2, high * 2)
        band = f'<path class="band" d="{_path(there + there[::-1], low + high[::-1])}z"/>'
    return (
        f'<g class="s{color}{dashed}">{band}<path class="curve" d="{_path(*_bends(x, y))}"/>'
        f'<path class="marks" d="{markers}"/></g>'
    )


def marker_step(curve: Curve) -> int:
    """Every how many points of a curve have a marker."""
    return max(1, math.ceil(len(curve.x) / _MOST_MARKERS))


def _marker(line: Line, x: float, y: float) -> str:
    """A hollow dot, of a dashed line, has an outline."""
    across, down, shape = _ROUND if line.dashed and line.color == 0 else _MARKERS[line.color]
    return f"M{_short(x + across)} {_short(y + down)}{shape}".replace(" -", "-")


def _draw_ticks(across: Iterable[tuple[float, str]], up: Iterable[tuple[float, str]]) -> str:
    """Draw grid, axes and the labels of both."""
    bottom = _TOP + _HEIGHT
    grid, below, beside = "", "", ""
    for x, label in across:
        grid += f"M{_short(_LEFT + x)} {_TOP}v{_HEIGHT}"
        below += f'<text x="{_short(_LEFT + x)}" y="{bottom + 13}">{label}</text>'
    for y, label in up:
        grid += f"M{_LEFT} {_short(_TOP + y)}h{_ACROSS}"
        beside += f'<text x="{_LEFT - 5}" y="{_short(_TOP + y + 3)}">{label}</text>'
    axes = f'<path class="axes" d="M{_LEFT} {_TOP}V{bottom}H{_WIDTH - _RIGHT}"/>'
    return f'<path class="grid" d="{grid}"/>{axes}<g text-anchor="middle">{below}</g><g text-anchor="end">{beside}</g>'


def sample_id(line: Line) -> str:
    """The id under which a page holds a piece of such a line."""
    return f"line-{line.color}{'-dashed' if line.dashed else ''}"


def samples() -> Iterator[tuple[str, str]]:
    """The id and the piece of every line that there can be."""
    for color in range(_COLORS):
        for dashed in (False, True):
            line = Line(label="", x=(), trials=(), color=color, dashed=dashed)
            yield sample_id(line), sample(line)


def sample(line: Line) -> str:
    """Draw a piece of a line as it stands in the axes, 24 across and 10 high."""
    marker = f'<path class="marks" d="{_marker(line, 12, 5)}"/>'
    dashed = " dashed" if line.dashed else ""
    return f'<g class="s{line.color}{dashed}"><path class="curve" d="M0 5h24"/>{marker}</g>'


def _numbers(curve: Curve, shared: list[float] | None) -> str:
    """What the page's script makes a table of, as attributes: x where not shared, mean and one standard deviation."""
    columns = {"x": curve.x if curve.x != shared else [], "mean": curve.mean}
    columns |= {"sd": curve.deviation} if any(curve.deviation) else {}
    return "".join(f' data-{name}="{_listed(values)}"' for name, values in columns.items() if values)


def _listed(values: Sequence[float]) -> str:
    return " ".join(f"{value:.4g}" for value in values)


def _legend(drawn: str, label: str, numbers: str = "") -> str:
    return f'<li{numbers}><svg aria-hidden="true">{drawn}</svg> {escape(label)}</li>'


def _in_words(panel: Panel, curves: Sequence[Curve]) -> str:
    """Say of each curve where it begins and ends; of many how many there are, as a table of them can be saved."""
    said = [typeset.titled(panel.name)]
    if len(curves) > _MOST_SAID:
        return f"{said[0]}; {len(curves)} curves"
    for curve in curves:
        if curve.x:
            first, last = (f"{typeset.number(curve.mean[i])} at {typeset.number(curve.x[i])}" for i in (0, -1))
            said.append(
                f"{curve.line.label} {first}" if len(curve.x) == 1 else f"{curve.line.label} from {first} to {last}"
            )
    return "; ".join(said)
