"""Formulas as text and MathML, read back the way a reader sees them: grouping that no glyph shows does not count."""

import re
import unicodedata
from xml.etree import ElementTree

import pytest
import sympy
from sympy import Expr, Rational, Symbol
from sympy.parsing.sympy_parser import parse_expr

from support.theory import population as p
from support.theory import printed, theorem
from support.theory.notation import mathml, plain

D, E = sympy.symbols("D E", positive=True)

# What each sign on the page stands for. Longest first where one begins with another.
SIGNS = {
    "x_invᵀβ_inv": "p_inv",
    "x_spᵀβ_sp": "p_sp",
    "‖x_inv‖": "norm_inv",
    "‖x_sp‖": "norm_sp",
    "‖β_inv‖²": "l_inv",
    "‖β_sp‖²": "l_sp",
    "∇L": "slope",
    "√": "sqrt",
    "Φ": "Phi",
    "γ": "gamma",
    "λ": "lambda_",
    "ρ": "rho",
    "σ": "sigma",
    "τ": "tau",
    "β": "beta",
    "ACC_ctest": "ACC_clean",
    "ACC_stest": "ACC_spurious",
    "P_pattern": "share",
    "slope_": "gradient_",
}
NAMES = {symbol.name: symbol for symbol in vars(p).values() if isinstance(symbol, Symbol)}
NAMES |= {symbol.name: symbol for symbol in vars(theorem).values() if isinstance(symbol, Symbol)}
NAMES |= {name: Symbol(name) for name in ("L", "PD", "ACC_clean", "ACC_spurious")}
NAMES |= {symbol.name: symbol for symbol in (D, E, *sympy.symbols("r x", positive=True))}
NAMES |= {"lambda_": p.PENALTY, "Phi": p.PHI, "sqrt": sympy.sqrt}


def parsed(text: str) -> Expr:
    """A line of text as mathematics; factors stand side by side."""
    for sign, name in SIGNS.items():
        text = text.replace(sign, name)
    text = re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda match: f"**{unicodedata.normalize('NFKC', match[0])}", text)
    text = re.sub(r"(?<![+\-(*/]) (?![+\-)*/])", "*", text)
    return parse_expr(text, local_dict=NAMES)


def line(element: ElementTree.Element) -> str:
    """MathML as the line of text that its glyphs are; `mrow` shows nothing."""
    children = [line(child) for child in element]
    match element.tag, children:
        case (("mi" | "mo" | "mn" | "mtext"), []):
            text = element.text or ""
            if text in ("+", "-", "="):
                return f" {text} "
            return {"\u2062": "*"}.get(text, text)
        case "mrow", _:
            return "".join(children)
        case "mfrac", [over, under]:
            return f"(({over})/({under}))"
        case "msqrt", _:
            return f"√({''.join(children)})"
        case "msub", [base, below]:
            return f"{base}_{below}"
        case "msup", [base, "2"] if base in ("‖β_inv‖", "‖β_sp‖"):
            return f"{base}²"
        case "msup", [base, above]:
            return f"{base}**({above})"
        case "msubsup", [base, below, "⊤"]:
            return f"{base}_{below}ᵀ"
        case "msubsup", [base, below, above]:
            return f"{base}_{below}**({above})"
    raise AssertionError(f"{element.tag} with {len(children)} children")


def read(markup: str) -> str:
    """The line of a piece of MathML, which must be XML by itself: no entity that only HTML knows."""
    return line(ElementTree.fromstring(markup)).strip()  # noqa: S314 - made here


def resolved(expression: Expr) -> Expr:
    """An expression without the names of the sums σ² + λ."""
    return expression.subs({theorem.V_INV: p.SIGMA_INV**2 + p.PENALTY, theorem.V_SP: p.SIGMA_SP**2 + p.PENALTY})


def assert_reads_back(expression: Expr) -> None:
    for shown in (plain(expression), read(mathml(expression))):
        sides = expression.args if isinstance(expression, sympy.Eq) else (expression,)
        for side, given in zip(shown.split(" = "), sides, strict=True):
            assert sympy.simplify(parsed(side.strip()) - resolved(given)) == 0, shown


# ------------------------------------------------------------------------------------------------ single signs

TRANSPOSED = "<msubsup><mi>x</mi><mtext>inv</mtext><mo>⊤</mo></msubsup>"
VARIANCE = "<msubsup><mi>σ</mi><mtext>sp</mtext><mn>2</mn></msubsup>"


@pytest.mark.parametrize(
    ("expression", "text", "markup"),
    [
        (p.GAMMA, "γ", "<mi>γ</mi>"),
        (p.PENALTY, "λ", "<mi>λ</mi>"),
        (p.SIGMA_INV, "σ_inv", "<msub><mi>σ</mi><mtext>inv</mtext></msub>"),
        (p.TEST_SIGMA_SP, "τ_sp", "<msub><mi>τ</mi><mtext>sp</mtext></msub>"),
        (p.INTERCEPT, "β_0", "<msub><mi>β</mi><mtext>0</mtext></msub>"),
        (theorem.BETA_INV, "β_inv", "<msub><mi>β</mi><mtext>inv</mtext></msub>"),
        (theorem.X_SP, "x_sp", "<msub><mi>x</mi><mtext>sp</mtext></msub>"),
        (p.RHO, "ρ", "<mi>ρ</mi>"),
        (p.A, "a", "<mi>a</mi>"),
        (Symbol("PD"), "PD", "<mi>PD</mi>"),
        (Symbol("ACC_clean"), "ACC_ctest", "<msub><mi>ACC</mi><mtext>ctest</mtext></msub>"),
        (Symbol("ACC_spurious"), "ACC_stest", "<msub><mi>ACC</mi><mtext>stest</mtext></msub>"),
        (Symbol("gradient_inv"), "∇L_inv", "<msub><mi>∇L</mi><mtext>inv</mtext></msub>"),
        (Symbol("share"), "P_pattern", "<msub><mi>P</mi><mtext>pattern</mtext></msub>"),
        (
            p.NORM_INV,
            "‖x_inv‖",
            "<mrow><mo>‖</mo><msub><mi>x</mi><mtext>inv</mtext></msub><mo>‖</mo></mrow>",
        ),
        (
            p.LENGTH_SP,
            "‖β_sp‖²",
            "<msup><mrow><mo>‖</mo><msub><mi>β</mi><mtext>sp</mtext></msub><mo>‖</mo></mrow><mn>2</mn></msup>",
        ),
        (
            p.PRODUCT_INV,
            "x_invᵀβ_inv",
            f"<mrow>{TRANSPOSED}<msub><mi>β</mi><mtext>inv</mtext></msub></mrow>",
        ),
        (
            theorem.V_SP,
            "(σ_sp² + λ)",
            f"<mrow><mo>(</mo>{VARIANCE}<mo>+</mo><mi>λ</mi><mo>)</mo></mrow>",
        ),
        (p.PHI(p.GAMMA), "Φ(γ)", "<mrow><mi>Φ</mi><mo>(</mo><mi>γ</mi><mo>)</mo></mrow>"),
        (sympy.sqrt(D), "√(D)", "<msqrt><mi>D</mi></msqrt>"),
        (D**12, "D¹²", "<msup><mi>D</mi><mn>12</mn></msup>"),
    ],
    ids=str,
)
def test_signs(expression: Expr, text: str, markup: str) -> None:
    assert plain(expression) == text
    assert mathml(expression) == markup


@pytest.mark.parametrize(
    ("relation", "text"),
    [
        (sympy.Eq(D, E, evaluate=False), "D = E"),
        (sympy.Ne(D, E), "D ≠ E"),
        (sympy.Le(D, E), "D ≤ E"),
        (sympy.Ge(D, E), "D ≥ E"),
    ],
    ids=str,
)
def test_relations(relation: Expr, text: str) -> None:
    assert plain(relation) == text
    shown = ElementTree.fromstring(mathml(relation))  # noqa: S314 - made here
    assert [child.text for child in shown] == text.split()


def test_no_named_entities() -> None:
    shown = mathml(p.GAMMA * D / E + p.PHI(sympy.sqrt(D)))
    assert "&" not in shown
    assert "\u2062" in shown


# ------------------------------------------------------------------------------------------------ powers and sums


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (p.PRODUCT_SP**2, "(x_spᵀβ_sp)²"),
        (p.NORM_SP**4, "‖x_sp‖⁴"),
        (theorem.V_INV**2, "(σ_inv² + λ)²"),
        ((1 - p.GAMMA) ** 3, "(1 - γ)³"),
    ],
    ids=str,
)
def test_powers(expression: Expr, text: str) -> None:
    assert plain(expression) == text
    shown = ElementTree.fromstring(mathml(expression))  # noqa: S314 - made here
    assert shown.tag == "msup"
    base, above = shown
    assert above.text == str(expression.exp)
    # A power of more than one letter is taken of something in brackets or bars.
    glyphs = "".join(base.itertext())
    assert (glyphs[0], glyphs[-1]) in {("(", ")"), ("‖", "‖")}


@pytest.mark.parametrize(
    "expression",
    [
        p.GAMMA * theorem.V_INV / (2 * D),
        p.GAMMA / 2 * (1 - p.GAMMA / 2) * p.NORM_SP**2 / theorem.V_SP**2,
        -p.GAMMA * p.NORM_SP**2 / 2,
        (D - p.GAMMA) / (D + p.GAMMA) - Rational(3, 7),
        p.PRODUCT_INV * p.PRODUCT_SP + p.PRODUCT_SP**2 * p.GAMMA / 4,
        p.PHI((p.A * p.NORM_INV**2 - p.INTERCEPT) / sympy.sqrt(p.A**2 + p.B**2 * p.TEST_SIGMA_SP**2)) / 2,
        p.LENGTH_INV * p.PENALTY / 2 + p.LENGTH_SP * p.SIGMA_SP**2,
        1 / sympy.sqrt(D + E),
        -(D + E) * (D - E),
        D - (E - p.GAMMA) / 2,
    ],
    ids=str,
)
def test_what_is_shown_is_what_was_given(expression: Expr) -> None:
    assert_reads_back(expression)


def test_every_step_of_the_derivation_reads_back() -> None:
    for step in theorem.derivation():
        assert_reads_back(step.equation)


def test_every_consequence_reads_back() -> None:
    spurious, clean = theorem.accuracy_slopes()
    for expression in (
        theorem.ratio(),
        theorem.scaled_optimum().accuracy(p.CLEAN_TEST),
        theorem.scaled_optimum().accuracy(p.SPURIOUS_TEST),
        theorem.plateau(),
        theorem.knee(),
        *theorem.rescaled_limits(),
        theorem.accuracy_gain(),
        theorem.difference_drop(),
        spurious,
        *clean,
    ):
        assert_reads_back(expression)


@pytest.mark.parametrize("name", ["B", "PREDICTION_DIFFERENCE", "CLEAN_ACCURACY", "SPURIOUS_ACCURACY"])
def test_printed_formulas_read_back(name: str) -> None:
    assert_reads_back(vars(printed)[name])
