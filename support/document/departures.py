"""Errata, findings and slips: of which kind an id is, and how a sentence names it.

A slip is named with the summary that it is of: the authors of a paper did not write it.
"""

from __future__ import annotations

from support.document.types import DepartureKind
from support.register import LETTERS

_KINDS: dict[str, DepartureKind] = {letter: kind for kind, letter in LETTERS.items()}


def kind_of(departure: str) -> DepartureKind:
    """The kind of a departure, by its id; an erratum where the id is none of the register's form."""
    return _KINDS.get(departure.partition("-")[0], "erratum")


def named(departure: str) -> str:
    """A departure in a sentence: ``erratum E-4``, ``finding F-3``, ``slip S-1 of the summary``."""
    kind = kind_of(departure)
    return f"{kind} {departure}" + (" of the summary" if kind == "slip" else "")
