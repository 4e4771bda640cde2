"""The papers' figures, redrawn from the run's own trials.

Panels that name the same figure are gathered over cases and claims. Each panel is one small SVG, so that
the page can put them side by side or below each other. Colours are CSS variables of the page.
"""

import html
import io
import math
import re
import statistics
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from support.report import typeset

_COLORS = 8  # the page defines --series-0 ... --series-7
_MARKERS = "os^DvPX*"  # a second sign beside colour
_MOST_MARKERS = 10  # a denser curve needs no more to be told apart
_MOST_TICKS = 6  # a logarithmic axis with no more values than this shows just them
_WIDTH, _AXES_HEIGHT, _LEGEND_ROW, _BELOW_AXES = 4.3, 2.35, 0.19, 0.52  # inches
_LEFT, _RIGHT, _TOP = 0.62, 0.1, 0.1

# matplotlib writes these; the page shows the variables in their place.
_STAND_INS = {f"#fe00{index:02x}": f"var(--series-{index})" for index in range(_COLORS)}
_STAND_INS |= {"#fe0100": "currentColor", "#fe0101": "var(--rule)"}
_SERIES, _INK, _FAINT = list(_STAND_INS)[:_COLORS], "#fe0100", "#fe0101"

_STYLE: dict[str, Any] = {
    "svg.fonttype": "none",
    "font.size": 9,
    "text.color": _INK,
    "text.parse_math": False,
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "axes.unicode_minus": True,
}


@dataclass
class Panel:
    """One axes: the description of its first contributor, and the lines of all."""

    name: str
    order: float
    description: dict[str, Any]
    lines: list[dict[str, Any]] = field(default_factory=list)
    guides: list[dict[str, Any]] = field(default_factory=list)

    def add(self, panel: dict[str, Any], origin: str) -> None:
        """Overlay another case's lines and guides; what is drawn already is drawn once.

        A line with a label in use but other numbers is drawn too, marked by the case it comes from.
        """
        for line in panel["lines"]:
            same = [drawn for drawn in self.lines if drawn["given_label"] == line["label"]]
            if any(drawn["x"] == line["x"] and drawn["trials"] == line["trials"] for drawn in same):
                continue
            label = f"{line['label']} [{origin}]" if same else line["label"]
            color = self._free_color(int(line["color"] or 0), bool(line["dashed"]))
            self.lines.append({**line, "given_label": line["label"], "label": label, "color": color})
        self.guides += [guide for guide in panel["guides"] if guide not in self.guides]

    def _free_color(self, wanted: int, dashed: bool) -> int:
        """Return the wanted colour, or the next that no line of the same stroke has."""
        taken = {line["color"] for line in self.lines if bool(line["dashed"]) == dashed}
        choices = [(wanted + step) % _COLORS for step in range(_COLORS)]
        return next((color for color in choices if color not in taken), wanted % _COLORS)


@dataclass
class Figure:
    """A figure of a paper, with the claims that contribute to it in the report's order."""

    name: str
    claims: list[str] = field(default_factory=list)
    panels: list[Panel] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def gather(claims: Iterable[dict[str, Any]]) -> list[Figure]:
    """Merge all panels of all cases into figures, in order of first appearance."""
    figures: dict[str, Figure] = {}
    for claim in claims:
        for case in (case for reading in claim["readings"] for case in reading["cases"]):
            for panel in case["panels"]:
                figure = figures.setdefault(panel["figure"], Figure(panel["figure"]))
                _contribute(figure, panel, claim["id"], f"{claim['id']} {case['id']}")
    for figure in figures.values():
        figure.panels.sort(key=lambda panel: panel.order)
    return list(figures.values())


def _contribute(figure: Figure, panel: dict[str, Any], claim: str, origin: str) -> None:
    order = panel["order"] or 0
    merged = next((had for had in figure.panels if (had.name, had.order) == (panel["panel"], order)), None)
    if merged is None:
        merged = Panel(panel["panel"], order, panel)
        figure.panels.append(merged)
    merged.add(panel, origin)
    if claim not in figure.claims:
        figure.claims.append(claim)
    if panel["note"] and panel["note"] not in figure.notes:
        figure.notes.append(panel["note"])


def draw(panel: Panel, prefix: str) -> str:
    """Return the panel as SVG for an HTML page; ids in it begin with `prefix`, equal input gives equal text.

    A line is the mean over trials, its band one standard deviation to either side.
    """
    import matplotlib as mpl  # slow to import, and a report without figures needs none of it
    from matplotlib.figure import Figure as Canvas

    height = _TOP + _AXES_HEIGHT + _BELOW_AXES + _LEGEND_ROW * (len(panel.lines) + len(panel.guides))
    style: Any = {**_STYLE, "svg.hashsalt": prefix}
    with mpl.rc_context(style), warnings.catch_warnings():
        # The reader's own font sets the text, not matplotlib's.
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from font", category=UserWarning)
        canvas = Canvas(figsize=(_WIDTH, height))
        canvas.patch.set_visible(False)
        bottom = (height - _TOP - _AXES_HEIGHT) / height
        width = (_WIDTH - _LEFT - _RIGHT) / _WIDTH
        axes = canvas.add_axes((_LEFT / _WIDTH, bottom, width, _AXES_HEIGHT / height))
        axes.patch.set_visible(False)
        _draw_axes(axes, panel)
        handles = [_draw_line(axes, line) for line in panel.lines] + [
            axes.axhline(guide["y"], color=_INK, linewidth=0.8, linestyle=(0, (1, 2))) for guide in panel.guides
        ]
        if panel.description["y_range"] is not None:
            axes.set_ylim(*panel.description["y_range"])
        labels = [line["label"] for line in panel.lines]
        labels += [guide["label"] or typeset.number(guide["y"]) for guide in panel.guides]
        canvas.legend(
            handles,
            labels,
            loc="lower left",
            bbox_to_anchor=(0.02, 0),
            frameon=False,
            fontsize=8,
            borderpad=0.2,
        )
        text = io.StringIO()
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        canvas.savefig(text, format="svg", metadata=nothing)
    return _for_the_page(text.getvalue(), prefix, panel.name)


def _draw_axes(axes: Any, panel: Panel) -> None:
    description = panel.description
    axes.set_xlabel(description["x_label"] or "")
    axes.set_ylabel(description["y_label"] or "")
    axes.set_xscale("log" if description["x_scale"] == "log" else "linear")
    axes.grid(visible=True, color=_FAINT, linewidth=0.5)
    axes.set_axisbelow(True)
    if description["x_scale"] == "log":
        positions = sorted({x for line in panel.lines for x in line["x"] if x is not None and x > 0})
        if len(positions) <= _MOST_TICKS:
            axes.set_xticks(positions)
        axes.xaxis.set_minor_formatter(lambda *_: "")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: typeset.number(value))


def _draw_line(axes: Any, line: dict[str, Any]) -> Any:
    columns = [
        [trial[index] for trial in line["trials"] if index < len(trial) and _is_finite(trial[index])]
        for index in range(len(line["x"]))
    ]
    drawn = [(x, column) for x, column in zip(line["x"], columns, strict=True) if column and _is_finite(x)]
    positions = [x for x, _ in drawn]
    means = [statistics.fmean(column) for _, column in drawn]
    color = _SERIES[line["color"]]
    (curve,) = axes.plot(
        positions,
        means,
        color=color,
        linewidth=1.4,
        linestyle=(0, (4, 2)) if line["dashed"] else "-",
        marker=_MARKERS[line["color"]],
        markersize=3.5,
        markevery=max(1, math.ceil(len(drawn) / _MOST_MARKERS)),
        markerfacecolor="none" if line["dashed"] else color,
    )
    if line["band"]:
        deviations = [statistics.stdev(column) if len(column) > 1 else 0.0 for _, column in drawn]
        lower = [mean - deviation for mean, deviation in zip(means, deviations, strict=True)]
        upper = [mean + deviation for mean, deviation in zip(means, deviations, strict=True)]
        axes.fill_between(positions, lower, upper, color=color, alpha=0.16, linewidth=0)
    return curve


def _is_finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _for_the_page(svg: str, prefix: str, title: str) -> str:
    """Make a standalone SVG part of a page: own ids, the page's colours, nothing that leaks out.

    Only tags are rewritten, never text: matplotlib escapes `<` in texts and `>` in attributes.
    """
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<style[^>]*>.*?</style>|<!--.*?-->", "", svg, flags=re.DOTALL)
    referenced = set(re.findall(r"(?:href=\"|url\()#([^\")]+)", svg))

    def rewrite(tag: re.Match[str]) -> str:
        text = tag.group()
        text = re.sub(r' id="([^"]*)"', lambda i: f' id="{prefix}-{i[1]}"' if i[1] in referenced else "", text)
        text = re.sub(r'(?:xlink:)?href="#', f'href="#{prefix}-', text)
        text = text.replace("url(#", f"url(#{prefix}-")
        # A hundredth of a point is below what a screen shows.
        text = re.sub(r"\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}", text)
        for written, shown in _STAND_INS.items():
            text = text.replace(written, shown)
        return text

    svg = re.sub(r"<[^>]*>", rewrite, svg)
    opening, rest = svg.split(">", 1)
    view = re.search(r'viewBox="[^"]*"', opening)
    named = f'role="img" aria-labelledby="{prefix}-title"><title id="{prefix}-title">{html.escape(title)}</title>'
    return f"<svg {view[0] if view else ''} {named}{rest}".strip()
