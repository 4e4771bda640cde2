"""Text of others as text: what UTF-8 has no letters for, and what is no letter but an order to a screen.

The names of files are bytes, and what of them is no UTF-8 are lone surrogates. Control characters move a terminal's
cursor and change its colours, marks of direction show a line in another order than it is read in, and separators begin
lines that look like somebody else's. All of these are written out as JSON writes them, such as the six letters \\u202e.
"""

from __future__ import annotations

import re

_SURROGATE = re.compile("[\ud800-\udfff]")
# All control characters but tab and line break; marks of direction; separators; the mark of a byte order.
_ORDERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_BREAKS = re.compile("[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+")


def is_text(text: str) -> bool:
    """Whether UTF-8 has letters for all of it."""
    return _SURROGATE.search(text) is None


def written_out(text: str, *, backslash: str = "\\") -> str:
    r"""The text with the six letters \udcff in the place of a lone surrogate.

    Parameters
    ----------
    backslash : how the first of them is written, as in JSON, where it is doubled.
    """
    return _SURROGATE.sub(lambda found: f"{backslash}u{ord(found[0]):04x}", text)


def is_plain(text: str) -> bool:
    """Whether there is nothing in it that `plain` writes out."""
    return _ORDERS.search(text) is None


def plain(text: str) -> str:
    r"""The text with everything written out that is no letter, such as \u001b; tabs and line breaks stay."""
    return _ORDERS.sub(lambda found: f"\\u{ord(found[0]):04x}", text.replace("\r\n", "\n"))


def in_one_line(text: str) -> str:
    """The same with a space in the place of line breaks and tabs; spaces, as an indentation, stay."""
    return plain(_BREAKS.sub(" ", text))
