"""How numbers, names and paragraphs are set on the page."""

import hashlib
import math
import re
import textwrap
from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from functools import cache
from typing import NamedTuple

from support.page.words import words

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_SIGNIFICANT = 4
# A sign: a hyphen before a number, with nothing before it that it could join or take from.
_MINUS = re.compile(r"(?<![\w.)\]-])-(?=\.?\d)")
# Outside these magnitudes a number is set as a power of ten.
_SMALLEST_PLAIN, _LARGEST_PLAIN = 1e-4, 1e6


def number(value: float | None) -> str:
    """Set a number with four significant digits: `−0.0213`, `1.2×10⁻⁸`, `∞`; integers in full."""
    if value is None:
        return "—"
    if math.isnan(value):
        return "not a number"
    sign = "−" if value < 0 else ""
    size = abs(value)
    if math.isinf(size):
        return f"{sign}∞"
    if isinstance(value, int) and size < _LARGEST_PLAIN:
        return f"{sign}{size}"
    if size == 0:
        return "0"
    mantissa, exponent = f"{size:.{_SIGNIFICANT - 1}e}".split("e")
    if _SMALLEST_PLAIN <= size < _LARGEST_PLAIN:
        decimals = max(0, _SIGNIFICANT - 1 - int(exponent))
        return sign + _trimmed(f"{size:.{decimals}f}")
    power = f"10{str(int(exponent)).translate(_SUPERSCRIPTS)}"
    mantissa = _trimmed(mantissa)
    return sign + (power if mantissa == "1" else f"{mantissa}×{power}")


def _trimmed(decimal: str) -> str:
    return decimal.rstrip("0").rstrip(".") if "." in decimal else decimal


def interval(ends: Sequence[float | None]) -> str:
    """Set an interval; a null end is infinite and therefore open."""
    low, high = ends
    left = "(−∞" if low is None else f"[{number(low)}"
    right = "∞)" if high is None else f"{number(high)}]"
    return f"{left}, {right}"


def percent(share: float) -> str:
    """Set a share of one as a percentage: 0.999 is `99.9 %`."""
    return f"{100 * share:.6g} %"


def region(low: float | None, high: float | None) -> str:
    """Set a region's ends in words."""
    if low is None and high is None:
        return "any value"
    if low is None:
        return f"below {number(high)}"
    if high is None:
        return f"above {number(low)}"
    if low == high:
        return f"exactly {number(low)}"
    return f"between {number(low)} and {number(high)}"


class Paragraph(NamedTuple):
    """A paragraph of plain text; `preformatted` where its own line breaks carry meaning."""

    text: str
    preformatted: bool


def paragraphs(text: str) -> list[Paragraph]:
    """Split plain text at blank lines; lists and indented lines keep their line breaks."""
    lines = text.strip("\n").splitlines()
    # A docstring's first line is not indented, the others are.
    body = "\n".join([lines[0].strip(), textwrap.dedent("\n".join(lines[1:]))]) if lines else ""
    blocks = [block.strip("\n") for block in re.split(r"\n\s*\n", body) if block.strip()]
    split = []
    for block in blocks:
        preformatted = any(re.match(r"\s+\S|[-*•] |\d+\. ", line) for line in block.splitlines())
        split.append(Paragraph(titled(block if preformatted else " ".join(block.split())), preformatted))
    return split


class Anchors:
    """Ids for the page: readable, valid, and each given out once."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def new(self, *names: str) -> str:
        """Return a fresh id from names; `A-03` stays `A-03`."""
        slug = re.sub(r"[^A-Za-z0-9_-]+", "-", "-".join(names)).strip("-")
        if not re.match(r"[A-Za-z]", slug):
            slug = f"x-{slug}" if slug else "x-" + hashlib.sha256("".join(names).encode()).hexdigest()[:8]
        anchor, count = slug, 1
        while anchor in self._given:
            count += 1
            anchor = f"{slug}-{count}"
        self._given.add(anchor)
        return anchor


@cache
def _dataset() -> re.Pattern[str]:
    """The name of a dataset; the longest first, as one is a part of another."""
    known = sorted(map(re.escape, words().datasets), key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(known)})(?!\w)")


def titled(text: str) -> str:
    """The text with datasets called by their titles, and a sign before a number as a minus: ``MNIST, from −1``."""
    return _MINUS.sub("−", _dataset().sub(lambda found: words().datasets[found[0]], text))


def with_titles(name: str, apart: str) -> list[str]:
    """The parts of a name that is joined by `apart`, which stands in names of datasets too; these by their titles."""
    parts, end = [], 0
    for found in _dataset().finditer(name):
        parts += [*name[end : found.start()].split(apart), words().datasets[found[0]]]
        end = found.end()
    return [part for part in [*parts, *name[end:].split(apart)] if part]


def rounded(value: float) -> str:
    """Two significant digits."""
    return number(float(f"{value:.1e}") if math.isfinite(value) else value)


def edge(value: float, *, up: bool) -> str:
    """Two significant digits of an end of an interval, rounded outwards: up for what is at most, else down."""
    if not math.isfinite(value) or value == 0:
        return number(value)
    exact = Decimal(value)
    step = Decimal(1).scaleb(exact.adjusted() - 1)
    # An end with fewer digits than that is not moved by what its binary form adds to it.
    near = exact.quantize(step, rounding=ROUND_HALF_EVEN)
    close = abs(near - exact) <= abs(exact) * Decimal("1e-9")
    return number(float(near if close else exact.quantize(step, rounding=ROUND_CEILING if up else ROUND_FLOOR)))
