"""Formulas of a derivation: what a claim hands to the report to be shown."""

from __future__ import annotations

from typing import get_args

from support.document.mathematics import display
from support.document.types import Formula, Side

__all__ = ["Formula", "formula"]


def formula(
    chapter: str,
    title: str,
    order: float,
    expression_mathml: str,
    plain: str,
    *,
    text: str = "",
    erratum: str | None = None,
    side: Side | None = None,
) -> Formula:
    """One step of a chapter; steps with the same chapter, title and side from several cases are shown once.

    Parameters
    ----------
    order : place in the chapter, ascending.
    expression_mathml : Presentation MathML without the `<math>` element, as SymPy prints it.
    plain : the same as readable linear text, such as `b = (γ/2)(σ_inv²+λ)/D`.
    text : one to three sentences, shown above the formula.
    erratum, side : the erratum in which the formula stands, and whether as printed or corrected.

    Raises
    ------
    ValueError : an erratum without side or the other way round, or MathML that the report does not show.
    """
    if (erratum is None) != (side is None):
        raise ValueError(f"formula {title!r}: erratum and side belong together, got {erratum!r} and {side!r}")
    if side is not None and side not in get_args(Side):
        raise ValueError(f"formula {title!r}: side must be one of {', '.join(get_args(Side))}, got {side!r}")
    display(expression_mathml, title)  # what cannot be shown fails here, in the test, not when the report is built
    return Formula(
        chapter=chapter,
        title=title,
        order=float(order),
        mathml=expression_mathml,
        plain=plain,
        text=text,
        erratum=erratum,
        side=side,
    )
