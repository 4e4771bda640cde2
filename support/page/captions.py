"""What the lines, bands and bars of one figure are, and the signs beside them."""

from __future__ import annotations

from collections.abc import Iterable

from support.document.types import Claim
from support.page import bars
from support.page.figures import Figure, curves_of, limits
from support.page.words import signs_of


def caption(figure: Figure) -> str:
    """What is drawn in this figure, and over how many trials."""
    said: list[str] = []
    curves = [
        (curve, bars.compares(curves_of(panel)))
        for panel in figure.panels
        for curve in curves_of(panel)
        if curve.line.label not in panel.published
    ]
    bounded = any(limits(panel.description)[0] == 0 for panel in figure.panels if panel.lines)
    for barred, kind, mark in ((False, "Line", "band"), (True, "Bar", "whisker")):
        own = [curve for curve, among_bars in curves if among_bars == barred and curve.x]
        over = sorted({len(curve.line.trials) for curve in own if len(curve.line.trials) > 1})
        if over:
            words = f"{kind}: mean over {_range(over)} trials"
            if any(any(curve.deviation) for curve in own):
                words += f"; {mark}: one standard deviation" + (", kept within 0 and 1" if bounded else "")
            said.append(words)
        if any(len(curve.line.trials) == 1 for curve in own):
            said.append(
                f"{kind} without {mark}: one computation, no trials" if over else f"{kind}: computed, no trials"
            )
    if any(panel.published for panel in figure.panels):
        said.append("Line “published”: the paper’s own numbers, at its own sizes")
    if any(panel.description.map for panel in figure.panels):
        said.append("Map: one value for each pixel")
    return "".join(f"{words}. " for words in said).strip()


def published(figure: Figure, claims: Iterable[Claim]) -> list[tuple[str, str]]:
    """The claims of a figure for which the register has numbers of the paper, with these."""
    return [
        (claim.id, claim.published_numbers) for claim in claims if claim.id in figure.claims and claim.published_numbers
    ]


def signs(figure: Figure) -> list[str]:
    """What the signs mean that stand at its axes and lines."""
    texts = [text for panel in figure.panels for text in (panel.name, panel.description.x_label or "")]
    texts += [line.label for panel in figure.panels for line in panel.lines]
    return signs_of(figure.claims[0].partition("-")[0], *texts)


def _range(counts: list[int]) -> str:
    return str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
