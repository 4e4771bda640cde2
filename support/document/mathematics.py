"""Presentation MathML for the page: parsed, checked against a list of what may stand in it, written anew.

What SymPy writes and browsers do not show as meant is replaced: fences and overlines by operators, the
double-struck d, e and i by plain letters, hyphens by minus signs.
"""

import html.entities
import re
import xml.etree.ElementTree as ET

from markupsafe import Markup

from support.document.types import ReportError

_TOKENS = frozenset({"mi", "mn", "mo", "ms", "mtext", "mspace"})  # these hold text, the others hold elements
_SCRIPTS = frozenset({"msub", "msup", "msubsup"})
_STACKS = frozenset({"mfrac", "mover", "munder", "munderover", "mtable"})
_ROOTS = frozenset({"msqrt", "mroot"})
_GROUPS = frozenset({"math", "mrow", "mfenced", "mtr", "mtd", "mstyle", "mpadded", "menclose", "mphantom"})
_ELEMENTS = _TOKENS | _SCRIPTS | _STACKS | _ROOTS | _GROUPS
_OF_OPERATORS = frozenset({"form", "fence", "separator", "stretchy", "symmetric", "largeop", "movablelimits"})
_OF_SPACE = frozenset({"lspace", "rspace", "minsize", "maxsize", "width", "height", "depth", "voffset"})
_OF_TABLES = frozenset({"columnalign", "rowalign", "columnspacing", "rowspacing", "columnspan", "rowspan"})
_OF_MARKS = frozenset({"open", "close", "separators", "notation", "accent", "accentunder", "linethickness", "bevelled"})
_OF_STYLE = frozenset({"mathvariant", "displaystyle", "scriptlevel"})
_ATTRIBUTES = _OF_OPERATORS | _OF_SPACE | _OF_TABLES | _OF_MARKS | _OF_STYLE
_NAMESPACE = "{http://www.w3.org/1998/Math/MathML}"
_XML_NAMES = frozenset({"amp", "lt", "gt", "quot", "apos"})
_LETTERS = str.maketrans("ⅆⅇⅈ", "dei")
_FENCES = frozenset("()[]{}|‖")
_INVISIBLE = dict.fromkeys(map(ord, "\u2061\u2062\u2063\u2064"))
# Widths relative to a small letter.
_CAPITAL, _AROUND_OPERATOR, _AROUND_CELL, _ROOT_SIGN = 1.5, 1.3, 2.2, 1.3
_SCRIPT = 0.7  # size of an index relative to its base


def display(mathml: str, title: str) -> Markup:
    """Return a formula as a `<math>` element of the page.

    Its custom property `--glyphs` estimates the width in letters: formulas do not wrap, so that the page
    sets long ones smaller.

    Parameters
    ----------
    mathml : Presentation MathML without the `<math>` element.
    title : names the formula in messages.

    Raises
    ------
    ReportError : the text is no XML, or an element or attribute is not Presentation MathML without styles and links.
    """
    try:
        # Inside an element no document type can stand, so that no entity can be declared.
        root = ET.fromstring(f"<math>{_as_xml(mathml)}</math>")  # noqa: S314
        for element in list(root.iter()):
            _check(element, title)
            _replace(element)
        root.tag = "math"
        root.attrib = {"display": "block", "style": f"--glyphs: {max(1, round(_width(root)))}"}
        # The parser of a page takes <mspace/> for an opening tag in some places.
        return Markup(ET.tostring(root, encoding="unicode", short_empty_elements=False))  # noqa: S704 - checked above
    except ET.ParseError as error:
        raise ReportError(f"formula {title!r}: the MathML is not well-formed: {error}") from error
    except RecursionError as error:
        raise ReportError(f"formula {title!r}: the MathML is nested too deeply") from error


def _as_xml(mathml: str) -> str:
    """Resolve the names of characters, which XML does not know, and escape the one operator SymPy leaves bare."""

    def resolve(name: re.Match[str]) -> str:
        return name[0] if name[1] in _XML_NAMES else html.entities.html5.get(f"{name[1]};", name[0])

    return re.sub(r"&(\w+);", resolve, mathml).replace("<mo><</mo>", "<mo>&lt;</mo>")


def _check(element: ET.Element, title: str) -> None:
    element.tag = element.tag.removeprefix(_NAMESPACE)
    if element.tag not in _ELEMENTS:
        raise ReportError(f"formula {title!r}: <{element.tag}> is no element of a formula")
    for name in element.attrib:
        if name not in _ATTRIBUTES:
            raise ReportError(f"formula {title!r}: <{element.tag}> must not have the attribute {name!r}")
    if element.tag in _TOKENS and len(element):
        raise ReportError(f"formula {title!r}: <{element.tag}> must hold text alone")


def _replace(element: ET.Element) -> None:
    if element.text:
        element.text = element.text.translate(_LETTERS)
        if element.tag in ("mo", "mn"):
            element.text = element.text.replace("-", "−")
    if element.tag == "mfenced":
        _write_fences(element)
    elif element.tag == "math":
        element.tag = "mrow"
        element.attrib.clear()
    elif element.tag == "menclose" and element.get("notation") == "top":
        row = _element("mrow", children=list(element))
        _become(element, "mover", [row, _element("mo", "¯")])


def _write_fences(element: ET.Element) -> None:
    """Turn `<mfenced>` into the operators it stands for; the last separator is repeated."""
    separators = "".join(element.get("separators", ",").split())
    inside: list[ET.Element] = []
    for index, child in enumerate(element):
        if index and separators:
            inside.append(_element("mo", separators[min(index, len(separators)) - 1]))
        inside.append(child)
    fences = [element.get("open", "("), element.get("close", ")")]
    opening, closing = ([_element("mo", fence)] if fence else [] for fence in fences)
    _become(element, "mrow", [*opening, *inside, *closing])


def _element(tag: str, text: str | None = None, children: list[ET.Element] | None = None) -> ET.Element:
    made = ET.Element(tag)
    made.text = text
    made.extend(children or [])
    return made


def _become(element: ET.Element, tag: str, children: list[ET.Element]) -> None:
    tail = element.tail
    element.clear()
    element.tag, element.tail = tag, tail
    element.extend(children)


def _width(element: ET.Element) -> float:
    """Estimate the width of an element in small letters."""
    widths = [_width(child) for child in element]
    if element.tag in _TOKENS:
        shown = (element.text or "").strip().translate(_INVISIBLE)
        letters = sum(_CAPITAL if letter.isupper() else 1.0 for letter in shown)
        return letters + _AROUND_OPERATOR if element.tag == "mo" and shown and shown not in _FENCES else letters
    if element.tag in _STACKS:
        return max(widths, default=0.0)
    if element.tag in _SCRIPTS:
        return sum(widths[:1]) + _SCRIPT * max(widths[1:], default=0.0)
    if element.tag in _ROOTS:
        return sum(widths) + _ROOT_SIGN
    return sum(widths) + (_AROUND_CELL if element.tag == "mtd" else 0.0)
