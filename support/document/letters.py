"""Text that UTF-8 has letters for: the names of files are bytes, and what of them is no UTF-8 are lone surrogates."""

from __future__ import annotations

import re

_SURROGATE = re.compile("[\ud800-\udfff]")


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
