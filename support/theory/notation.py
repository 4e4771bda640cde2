"""Formulas as text and as MathML, in paper B's notation."""

from __future__ import annotations

import html
import re
from typing import Any

from sympy import Basic, Symbol
from sympy.printing.mathml import MathMLPresentationPrinter
from sympy.printing.str import StrPrinter

# Base and subscript; norms carry bars around a vector.
_SYMBOLS = {
    "gamma": ("γ", ""),
    "lambda": ("λ", ""),
    "rho": ("ρ", ""),
    "sigma_inv": ("σ", "inv"),
    "sigma_sp": ("σ", "sp"),
    "tau_inv": ("τ", "inv"),
    "tau_sp": ("τ", "sp"),
    "beta_0": ("β", "0"),
    "beta_inv": ("β", "inv"),
    "beta_sp": ("β", "sp"),
    "x_inv": ("x", "inv"),
    "x_sp": ("x", "sp"),
    "PD": ("PD", ""),
    "ACC_clean": ("ACC", "ctest"),
    "ACC_spurious": ("ACC", "stest"),
    "gradient_inv": ("∇L", "inv"),
    "gradient_sp": ("∇L", "sp"),
    "gradient_0": ("∇L", "0"),
    "share": ("P", "pattern"),
    "slope": ("∂z/∂r", ""),
    "excess": ("Δ(1/b)", ""),
}
_NORMS = {"norm_inv": ("x", "inv"), "norm_sp": ("x", "sp"), "l_inv": ("β", "inv"), "l_sp": ("β", "sp")}
_PRODUCTS = {"p_inv": "inv", "p_sp": "sp"}
# σ² + λ, the variance that the optimum sees.
_EFFECTIVE = {"v_inv": "inv", "v_sp": "sp"}
_FUNCTIONS = {"Phi": "Φ"}
_POWERS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def _is_length(name: str) -> bool:
    return name.startswith("l_")


class _Text(StrPrinter):  # type: ignore[misc]  # SymPy has no type stubs
    def _print_Symbol(self, expr: Any) -> str:
        name = expr.name
        if name in _NORMS:
            base, below = _NORMS[name]
            return f"‖{base}_{below}‖" + ("²" if _is_length(name) else "")
        if name in _PRODUCTS:
            return f"x_{_PRODUCTS[name]}ᵀβ_{_PRODUCTS[name]}"
        if name in _EFFECTIVE:
            return f"(σ_{_EFFECTIVE[name]}² + λ)"
        base, below = _SYMBOLS.get(name, (name, ""))
        return f"{base}_{below}" if below else base

    def _print_Pow(self, expr: Any, rational: bool = False) -> str:
        if isinstance(expr.base, Symbol) and expr.base.name in _PRODUCTS and expr.exp.is_Integer:
            return f"({self._print(expr.base)})**{expr.exp}"
        return str(super()._print_Pow(expr, rational))

    def _print_Function(self, expr: Any) -> str:
        name = _FUNCTIONS.get(expr.func.__name__, expr.func.__name__)
        return f"{name}({self.stringify(expr.args, ', ')})"

    def _print_Relational(self, expr: Any) -> str:
        symbol = {"==": "=", "!=": "≠", "<=": "≤", ">=": "≥"}.get(expr.rel_op, expr.rel_op)
        return f"{self._print(expr.lhs)} {symbol} {self._print(expr.rhs)}"


def plain(expression: Basic) -> str:
    """One line of text: `b = γ (λ + σ_inv²)/(2 D)`."""
    text = _Text().doprint(expression)
    text = re.sub(r"\*\*(?:\((-\d+)\)|(\d+))", lambda match: (match[1] or match[2]).translate(_POWERS), text)
    return text.replace("sqrt(", "√(").replace("*", " ")


class _MathML(MathMLPresentationPrinter):  # type: ignore[misc]
    def _element(self, name: str, *children: Any) -> Any:
        element = self.dom.createElement(name)
        for child in children:
            element.appendChild(self.dom.createTextNode(child) if isinstance(child, str) else child)
        return element

    def _named(self, base: str, below: str) -> Any:
        if not below:
            return self._element("mi", base)
        return self._element("msub", self._element("mi", base), self._element("mtext", below))

    def _print_Symbol(self, sym: Any, style: str = "plain") -> Any:  # noqa: ARG002 - SymPy passes it
        name = sym.name
        if name in _NORMS:
            bars = [self._element("mo", "‖") for _ in range(2)]
            norm = self._element("mrow", bars[0], self._named(*_NORMS[name]), bars[1])
            return self._element("msup", norm, self._element("mn", "2")) if _is_length(name) else norm
        if name in _PRODUCTS:
            block = _PRODUCTS[name]
            transposed = self._element(
                "msubsup", self._element("mi", "x"), self._element("mtext", block), self._element("mo", "⊤")
            )
            return self._element("mrow", transposed, self._named("β", block))
        if name in _EFFECTIVE:
            variance = self._element(
                "msubsup", self._element("mi", "σ"), self._element("mtext", _EFFECTIVE[name]), self._element("mn", "2")
            )
            return self._in_parentheses(variance, self._element("mo", "+"), self._element("mi", "λ"))
        return self._named(*_SYMBOLS.get(name, (name, "")))

    def _in_parentheses(self, *inside: Any) -> Any:
        return self._element("mrow", self._element("mo", "("), *inside, self._element("mo", ")"))

    def _print_Pow(self, e: Any) -> Any:
        if isinstance(e.base, Symbol) and e.base.name in _PRODUCTS and e.exp.is_Integer:
            return self._element("msup", self._in_parentheses(self._print(e.base)), self._print(e.exp))
        return super()._print_Pow(e)

    def _print_Function(self, e: Any) -> Any:
        name = _FUNCTIONS.get(e.func.__name__, e.func.__name__)
        inside = [self._print(argument) for argument in e.args]
        return self._element(
            "mrow", self._element("mi", name), self._element("mo", "("), *inside, self._element("mo", ")")
        )

    def _print_Relational(self, e: Any) -> Any:
        symbol = {"==": "=", "!=": "≠", "<=": "≤", ">=": "≥"}.get(e.rel_op, e.rel_op)
        return self._element("mrow", self._print(e.lhs), self._element("mo", symbol), self._print(e.rhs))


def mathml(expression: Basic) -> str:
    """Presentation MathML of an expression or equation, without the surrounding ``<math>``."""
    printed = str(_MathML()._print(expression).toxml())
    # The printer writes names that only HTML knows; the characters themselves are safe everywhere.
    return re.sub(r"&(?!lt;|gt;|amp;|quot;)\w+;", lambda match: html.unescape(match[0]), printed)
