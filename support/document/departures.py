"""Errata, findings and slips: of which kind an id is, and how a sentence names it.

A slip is named with the summary that it is of: the authors of a paper did not write it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from support.document.types import DepartureKind
from support.register import LETTERS

PLURALS: Mapping[DepartureKind, str] = MappingProxyType({"erratum": "errata", "finding": "findings", "slip": "slips"})
_KINDS: dict[str, DepartureKind] = {letter: kind for kind, letter in LETTERS.items()}


def kind_of(departure: str) -> DepartureKind:
    """The kind of a departure, by its id; an erratum where the id is none of the register's form."""
    return _KINDS.get(departure.partition("-")[0], "erratum")


def named(departure: str) -> str:
    """A departure in a sentence: ``erratum E-4``, ``finding F-3``, ``slip S-1 of the summary``."""
    kind = kind_of(departure)
    return f"{kind} {departure}" + (" of the summary" if kind == "slip" else "")


def because(departures: Sequence[str]) -> str:
    """Why a reading is refuted: ``as erratum E-4 says``, ``as findings F-1 and F-2 say``, ``slip S-1 of the summary``.

    Parameters
    ----------
    departures : at least one id, all of one kind.
    """
    kind = kind_of(departures[0])
    many = len(departures) > 1
    names = f"{PLURALS[kind] if many else kind} {' and '.join(departures)}"
    return f"{names} of the summary" if kind == "slip" else f"as {names} {'say' if many else 'says'}"
