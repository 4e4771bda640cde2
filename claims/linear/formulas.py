"""Steps of the linear model's derivation as formulas of the report: SymPy's equations become data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from support.document.formulas import Formula, formula

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support.theory.errata import Erratum
    from support.theory.theorem import Step

DERIVED = "Theorem 1 of paper B, derived from the loss"
CORRECTED = "Theorem 1 of paper B, printed and corrected"
IMPLIED = "What Theorem 1 of paper B implies"
# After all steps of the derivation.
LAST = 100
# Of the errata's formulas in their chapter; Equation (2) and the prediction difference are two of one erratum.
PLACES: dict[Erratum, int] = {"E-4": 1, "E-5": 3, "E-6": 4, "E-7": 5, "E-8": 6, "E-9": 7, "E-10": 8}


def derivation(*titles: str) -> list[Formula]:
    """Steps from the loss to the expansions at γ = 0, by the start of their titles.

    Raises
    ------
    ValueError : no step has such a title.
    """
    from support.theory.theorem import derivation as steps

    return _chosen(DERIVED, steps(), titles, first=0)


def consequences(*titles: str) -> list[Formula]:
    """What follows from the theorem, by the start of the titles.

    Raises
    ------
    ValueError : no step has such a title.
    """
    from support.theory.consequences import consequences as steps

    return _chosen(IMPLIED, steps(), titles, first=1)


def _chosen(chapter: str, steps: Sequence[Step], titles: tuple[str, ...], first: int) -> list[Formula]:
    from support.theory.notation import mathml, plain

    for title in titles:
        if not any(step.title.startswith(title) for step in steps):
            raise ValueError(f"no step of {chapter!r} is called {title!r}")
    return [
        formula(chapter, step.title, order, mathml(step.equation), plain(step.equation), text=step.text)
        for order, step in enumerate(steps, first)
        if step.title.startswith(titles)
    ]


def what_equation_2_adds() -> Formula:
    """1/b as printed minus 1/b as derived."""
    import sympy

    from support.theory.notation import mathml, plain
    from support.theory.theorem import excess_of_equation_2

    excess = sympy.Eq(sympy.Symbol("excess"), excess_of_equation_2(), evaluate=False)
    return formula(
        DERIVED,
        "What Equation (2) adds to 1/b",
        LAST,
        mathml(excess),
        plain(excess),
        text="1/b as printed minus 1/b as derived: the other factor is positive, so the printed formula is right where "
        "the two norms are equal and nowhere else.",
    )


def printed_and_corrected(erratum: Erratum) -> list[Formula]:
    """Both sides of every formula that an erratum corrects."""
    import sympy

    from support.theory.errata import corrections
    from support.theory.notation import mathml, plain
    from support.theory.theorem import in_sums

    shown = []
    sides: tuple[Literal["printed", "corrected"], ...] = ("printed", "corrected")
    for order, correction in enumerate(corrections(erratum), PLACES[erratum]):
        for side in sides:
            right = correction.printed if side == "printed" else correction.corrected
            equation = sympy.Eq(sympy.Symbol(correction.left), in_sums(sympy.sympify(right)), evaluate=False)
            both = mathml(equation), plain(equation)
            shown.append(formula(CORRECTED, correction.title, order, *both, erratum=erratum, side=side))
    return shown


def counterexample(erratum: Erratum) -> dict[str, object]:
    """The smallest problem at which a printed formula is false, in words, as what was run."""
    from support.theory.errata import smallest_counterexample

    return {"smallest counterexample": str(smallest_counterexample(erratum))}


def counterexample_by_unit() -> dict[str, object]:
    """What the third term of the printed estimate gives where lengths are measured in halves, in words."""
    from support.theory.errata import third_term_by_unit

    one, doubled = third_term_by_unit(2)
    return {
        "smallest counterexample": f"σ_inv = σ_sp = ‖x_inv‖ = ‖x_sp‖ = 1, λ = 0: the third term is {one}; every length "
        f"doubled, by which no curve changes: {doubled}"
    }
