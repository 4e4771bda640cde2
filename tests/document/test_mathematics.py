"""Formulas for the page: what SymPy prints is shown, what is no formula is refused."""

import re
from typing import Any

import pytest
import sympy
from sympy.printing.mathml import mathml

from support.document.formulas import Formula, formula
from support.document.mathematics import display
from support.document.types import ReportError, Side

GAMMA, SIGMA, D = sympy.symbols("gamma sigma_inv D", positive=True)
X = sympy.Symbol("x")


def inside(shown: str) -> str:
    """A shown formula without its `<math>` element."""
    found = re.fullmatch(r'<math display="block" style="--glyphs: [1-9]\d*">(.*)</math>', shown)
    assert found is not None, shown
    return found[1]


def glyphs(text: str) -> int:
    found = re.search(r"--glyphs: (\d+)", display(text, "t"))
    assert found is not None
    return int(found[1])


# 1. What is shown


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (SIGMA**2, "<msup><msub><mi>σ</mi><mi>inv</mi></msub><mn>2</mn></msup>"),
        (sympy.sqrt(GAMMA) / D, "<mrow><mfrac><msqrt><mi>γ</mi></msqrt><mi>D</mi></mfrac></mrow>"),
        (GAMMA * D, "<mrow><mi>D</mi><mo>\u2062</mo><mi>γ</mi></mrow>"),
        (-X, "<mrow><mo>−</mo><mi>x</mi></mrow>"),
        (X < -3, "<mrow><mi>x</mi><mo>&lt;</mo><mn>−3</mn></mrow>"),
        (X < 3, "<mrow><mi>x</mi><mo>&lt;</mo><mn>3</mn></mrow>"),
        (sympy.conjugate(sympy.Symbol("z")), "<mover><mrow><mi>z</mi></mrow><mo>¯</mo></mover>"),
    ],
    ids=str,
)
def test_what_sympy_prints(expression: sympy.Basic, expected: str) -> None:
    assert inside(display(mathml(expression, printer="presentation"), "t")) == expected


def test_an_integral_has_plain_letters() -> None:
    integral = sympy.Integral(sympy.exp(-X), (X, 0, sympy.oo))
    shown = display(mathml(integral, printer="presentation"), "t")
    assert "<msubsup><mo>∫</mo><mn>0</mn><mi>∞</mi></msubsup><msup><mi>e</mi>" in shown
    assert "<mo>d</mo><mi>x</mi>" in shown


@pytest.mark.parametrize(
    ("fenced", "expected"),
    [
        ("<mfenced><mi>x</mi></mfenced>", "<mrow><mo>(</mo><mi>x</mi><mo>)</mo></mrow>"),
        (
            "<mfenced><mi>x</mi><mi>y</mi><mi>z</mi></mfenced>",
            "<mrow><mo>(</mo><mi>x</mi><mo>,</mo><mi>y</mi><mo>,</mo><mi>z</mi><mo>)</mo></mrow>",
        ),
        (
            '<mfenced open="[" close=""><mi>x</mi></mfenced>',
            "<mrow><mo>[</mo><mi>x</mi></mrow>",
        ),
        (
            '<mfenced separators="; |"><mi>a</mi><mi>b</mi><mi>c</mi><mi>d</mi></mfenced>',
            "<mrow><mo>(</mo><mi>a</mi><mo>;</mo><mi>b</mi><mo>|</mo><mi>c</mi><mo>|</mo><mi>d</mi><mo>)</mo></mrow>",
        ),
        (
            '<mfenced separators=""><mi>a</mi><mfenced><mi>b</mi></mfenced></mfenced>',
            "<mrow><mo>(</mo><mi>a</mi><mrow><mo>(</mo><mi>b</mi><mo>)</mo></mrow><mo>)</mo></mrow>",
        ),
    ],
)
def test_fences_become_operators(fenced: str, expected: str) -> None:
    assert inside(display(fenced, "t")) == expected


def test_a_formula_may_come_with_its_math_element() -> None:
    given = '<math xmlns="http://www.w3.org/1998/Math/MathML"><mi>x</mi></math>'
    assert inside(display(given, "t")) == "<mrow><mi>x</mi></mrow>"


def test_text_is_escaped_and_empty_elements_are_closed() -> None:
    shown = inside(display('<mtext>a &lt;b&gt; &amp; c</mtext><mspace width="1em"/>', "t"))
    assert shown == '<mtext>a &lt;b&gt; &amp; c</mtext><mspace width="1em"></mspace>'


def test_longer_formulas_are_known_to_be_longer() -> None:
    letters = "".join("<mi>x</mi>" for _ in range(40))
    assert glyphs("<mi>x</mi>") == 1
    assert glyphs(letters) == 40
    assert glyphs(f"<mfrac><mrow>{letters}</mrow><mn>2</mn></mfrac>") == 40
    assert 40 < glyphs(f"<msup><mrow>{letters}</mrow><mn>2</mn></msup>") < 42
    assert glyphs("<mi>x</mi><mo>\u2062</mo><mi>y</mi>") == 2


# 2. What is refused


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("<script>alert(1)</script>", "<script> is no element of a formula"),
        ("<mrow><mi>x</mi><semantics/></mrow>", "<semantics> is no element of a formula"),
        ('<a href="#x"><mi>x</mi></a>', "<a> is no element of a formula"),
        (
            '<s:script xmlns:s="http://www.w3.org/1999/xhtml"/>',
            "<{http://www.w3.org/1999/xhtml}script> is no element of a formula",
        ),
        ('<mi onclick="alert(1)">x</mi>', "<mi> must not have the attribute 'onclick'"),
        ('<mi href="javascript:alert(1)">x</mi>', "<mi> must not have the attribute 'href'"),
        ('<mrow style="position: fixed"/>', "<mrow> must not have the attribute 'style'"),
        ('<mrow id="report"/>', "<mrow> must not have the attribute 'id'"),
        (
            '<mi xmlns:l="http://www.w3.org/1999/xlink" l:href="#">x</mi>',
            "<mi> must not have the attribute '{http://www.w3.org/1999/xlink}href'",
        ),
        ("<mtext><mrow/></mtext>", "<mtext> must hold text alone"),
        ('<!DOCTYPE m [<!ENTITY x "y">]><mi>&x;</mi>', "the MathML is not well-formed: "),
        ("<mi>&x;</mi>", "the MathML is not well-formed: undefined entity"),
        ("</math><script/><math>", "the MathML is not well-formed: "),
        ("<mi>x</mn>", "the MathML is not well-formed: mismatched tag"),
        ("<mrow>" * 5000 + "</mrow>" * 5000, "the MathML is nested too deeply"),
    ],
)
def test_what_is_no_formula_is_refused_in_one_sentence(given: str, message: str) -> None:
    with pytest.raises(ReportError, match=f"^formula 'The bound': {re.escape(message)}") as raised:
        display(given, "The bound")
    assert "\n" not in str(raised.value)
    with pytest.raises(ValueError, match=re.escape(message)):
        formula("Norms", "The bound", 1, given, "x")


def test_comments_and_instructions_do_not_reach_the_page() -> None:
    assert inside(display("<!-- <script> --><?php x ?><mi>x</mi>", "t")) == "<mi>x</mi>"


# 3. What a claim hands in


def test_a_formula_is_plain_data() -> None:
    given = formula("Norms", "The bound", 2.5, "<mi>x</mi>", "x", text="Why.", erratum="E-4", side="corrected")
    assert given == Formula(
        chapter="Norms",
        title="The bound",
        order=2.5,
        mathml="<mi>x</mi>",
        plain="x",
        text="Why.",
        erratum="E-4",
        side="corrected",
    )
    shortest = formula("Norms", "The bound", 1, "<mi>x</mi>", "x")
    assert (shortest.text, shortest.erratum, shortest.side) == ("", None, None)


@pytest.mark.parametrize("given", [{"erratum": "E-4"}, {"side": "printed"}], ids=["erratum", "side"])
def test_an_erratum_has_sides(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="formula 'The bound': erratum and side belong together, got "):
        formula("Norms", "The bound", 1, "<mi>x</mi>", "x", **given)


def test_there_are_two_sides() -> None:
    left: Side = "left"  # type: ignore[assignment]
    with pytest.raises(ValueError, match="side must be one of printed, corrected, got 'left'"):
        formula("Norms", "The bound", 1, "<mi>x</mi>", "x", erratum="E-4", side=left)
