"""The papers' figures for other people's papers: drawn with matplotlib in the width of a column or of two.

Colours are those of Okabe and Ito, which remain apart to readers who see fewer; each has a marker of its own beside
it, and a line is dashed where the page's is. What is drawn, the axes and their ticks are the page's own.
"""

from __future__ import annotations

import math
import textwrap
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Literal, TypedDict

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.transforms import ScaledTranslation

from support.document.letters import in_one_line
from support.document.types import Line, Values
from support.page import bars, figures, maps, typeset

COLUMN, PAGE = 3.35, 6.9  # inches: one column of a paper, and two with what is between them
_PANEL_HEIGHT = 1.75  # inches, of the axes with their labels
_LEGEND_LINE = 0.125  # inches
_MOST_ACROSS = 3
_BELOW = 0.36  # inches from the axes to a legend of their own: labels of ticks and of the axis
_LETTERS = {1: 48, 2: 48, 3: 30}  # in a line of a panel's name or below its axis, by panels in a row
_LETTERS_UPRIGHT = 26
_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#7F7F7F")
_MARKERS = ("o", "s", "^", "D", "v", "P", "<", ">")
_STYLE = Path(__file__).with_name("paper.mplstyle")

Key = tuple[str, int, bool]


def draw(figure: figures.Figure, about: Mapping[str, str]) -> dict[str, bytes]:
    """The figure in every format, by its ending; equal input gives equal bytes.

    Parameters
    ----------
    about : ``title``, ``caption`` and ``source``, kept in the files' own metadata.
    """
    with _style():
        drawing = _drawing(figure)
        return {
            "svg": _saved(
                drawing,
                "svg",
                {"Title": about["title"], "Description": about["caption"], "Source": about["source"], "Date": None},
            ),
            "pdf": _saved(
                drawing,
                "pdf",
                {
                    "Title": about["title"],
                    "Subject": about["caption"],
                    "Keywords": about["source"],
                    "CreationDate": None,
                },
            ),
        }


@contextmanager
def _style() -> Iterator[None]:
    """Nothing of a user's own matplotlibrc, and no word on letters that the font lacks."""
    with mpl.rc_context(), warnings.catch_warnings():
        mpl.rc_file(_STYLE)
        warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)
        warnings.filterwarnings("ignore", message="constrained_layout not applied", category=UserWarning)
        yield


def _saved(drawing: Drawing, ending: str, about: Mapping[str, str | None]) -> bytes:
    file = BytesIO()
    drawing.savefig(file, format=ending, metadata=dict(about))
    return file.getvalue()


def _drawing(figure: figures.Figure) -> Drawing:
    count = len(figure.panels)
    across = count if count <= _MOST_ACROSS else 2 if count == 4 else _MOST_ACROSS
    keys = [_keys(panel) for panel in figure.panels]
    shared = count > 1 and all(own == keys[0] for own in keys) and bool(keys[0])
    rows = math.ceil(count / across)
    lines = math.ceil(len(keys[0]) / across) if shared else rows * max(map(len, keys), default=0)
    drawing = Drawing(
        figsize=(COLUMN if count == 1 else PAGE, _PANEL_HEIGHT * rows + _LEGEND_LINE * (lines + 1)),
        layout="constrained",
    )
    for place, panel in enumerate(figure.panels, start=1):
        axes = drawing.add_subplot(rows, across, place)
        axes.set_title(_text(panel.name, _LETTERS[across]))
        axes.set_xlabel(_text(panel.description.x_label or "", _LETTERS[across]))
        axes.set_ylabel(_text(panel.description.y_label or "", _LETTERS_UPRIGHT))
        _draw_panel(axes, panel)
        if not shared and keys[place - 1]:
            down = _BELOW + _LEGEND_LINE * axes.get_xlabel().count("\n")
            below = axes.transAxes + ScaledTranslation(0, -down, drawing.dpi_scale_trans)
            axes.legend(
                *_legend(panel), loc="upper center", bbox_to_anchor=(0.5, 0), bbox_transform=below, borderaxespad=0
            )
    if shared:
        drawing.legend(*_legend(figure.panels[0]), loc="outside lower center", ncols=across)
    return drawing


def _draw_panel(axes: Axes, panel: figures.Panel) -> None:
    if panel.description.map:
        _draw_map(axes, panel.description.map, maps.reach(panel.description.map, panel.description.y_range))
        return
    curves = figures.curves_of(panel)
    heights = figures.heights(panel, curves)
    if bars.compares(curves):
        _draw_bars(axes, curves)
    else:
        across = figures.places(panel, curves)
        axes.set_xlim(across.low, across.high)
        axes.set_xticks([place for place, _ in across.ticks], [label for _, label in across.ticks])
        for curve in curves:
            _draw_curve(axes, curve, [across.place(x) for x in curve.x])
    axes.set_ylim(heights.low, heights.high)
    axes.set_yticks([place for place, _ in heights.ticks], [label for _, label in heights.ticks])
    for guide in panel.guides:
        axes.axhline(guide.y, color="black", linewidth=0.8, linestyle=":")


def _draw_curve(axes: Axes, curve: figures.Curve, places: Sequence[float]) -> None:
    if not places:
        return
    if any(curve.deviation):
        low, high = curve.extent[: len(places)], curve.extent[len(places) :]
        color = _COLORS[curve.line.color]
        if len(places) > 1:
            axes.fill_between(places, low, high, color=color, alpha=0.18, linewidth=0)
        else:
            axes.vlines(places, low, high, color=color, linewidth=0.8)
    axes.plot(places, curve.mean, markevery=figures.marker_step(curve), **_stroke(curve.line))


def _draw_bars(axes: Axes, curves: Sequence[figures.Curve]) -> None:
    groups = sorted({x for curve in curves for x in curve.x})
    for place, group in enumerate(groups):
        there = [curve for curve in curves if group in curve.x]
        width = (1 - bars.FREE) / len(there)
        for index, curve in enumerate(there):
            at = curve.x.index(group)
            middle = place + bars.FREE / 2 + width * (index + 0.5)
            axes.bar(middle, curve.mean[at], width * 0.94, **_fill(curve.line))
            if curve.deviation[at]:
                low, high = curve.extent[at], curve.extent[at + len(curve.x)]
                ends = [[max(curve.mean[at] - low, 0.0)], [max(high - curve.mean[at], 0.0)]]
                axes.errorbar([middle], [curve.mean[at]], yerr=ends, color="black", linewidth=0.8, capsize=2)
    axes.set_xlim(0, len(groups))
    axes.set_xticks([place + 0.5 for place in range(len(groups))], [typeset.number(group) for group in groups])
    axes.grid(visible=False, axis="x")


def _draw_map(axes: Axes, values: Sequence[Values], ends: tuple[float, float]) -> None:
    wide = max(map(len, values))
    rows = [
        [*(math.nan if value is None else value for value in row), *[math.nan] * (wide - len(row))] for row in values
    ]
    axes.grid(visible=False)
    axes.set_xticks([])
    axes.set_yticks([])
    if any(math.isfinite(value) for row in rows for value in row):
        drawn = axes.imshow(rows, cmap="cividis", vmin=ends[0], vmax=ends[1], interpolation="nearest")
        axes.figure.colorbar(drawn, ax=axes, shrink=0.8)


def _keys(panel: figures.Panel) -> list[Key]:
    """What a legend of the panel's own would show."""
    return [(line.label, line.color, line.dashed) for line in panel.lines] + [
        (guide.label or typeset.number(guide.y), -1, False) for guide in panel.guides
    ]


def _legend(panel: figures.Panel) -> tuple[list[Artist], list[str]]:
    barred = bars.compares(figures.curves_of(panel))
    signs: list[Artist] = [Patch(**_fill(line)) if barred else Line2D([], [], **_stroke(line)) for line in panel.lines]
    signs += [Line2D([], [], color="black", linewidth=0.8, linestyle=":") for _ in panel.guides]
    return signs, [_text(label) for label, _, _ in _keys(panel)]


class Stroke(TypedDict):
    """How a line is drawn."""

    color: str
    linestyle: Literal["-", "--"]
    marker: str
    markerfacecolor: str


class Fill(TypedDict):
    """How a bar is drawn."""

    facecolor: str
    edgecolor: str
    hatch: str


def _stroke(line: Line) -> Stroke:
    """A marker of a dashed line is hollow."""
    color = _COLORS[line.color]
    return {
        "color": color,
        "linestyle": "--" if line.dashed else "-",
        "marker": _MARKERS[line.color],
        "markerfacecolor": "white" if line.dashed else color,
    }


def _fill(line: Line) -> Fill:
    color = _COLORS[line.color]
    return {"facecolor": "white" if line.dashed else color, "edgecolor": color, "hatch": "////" if line.dashed else ""}


def _text(label: str, letters: int | None = None) -> str:
    """A label, in lines of so many letters where it is not to stay in one."""
    said = in_one_line(typeset.titled(label))
    return said if letters is None else "\n".join(textwrap.wrap(said, letters))
