"""How the page tells errata, findings and slips apart: a section each, which says whose it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from support.document.types import Departure, DepartureKind
from support.register import LETTERS


@dataclass(frozen=True)
class Words:
    """What the page calls one kind.

    Attributes
    ----------
    anchor, title, about : of its section.
    stated, instead : the headings over what a reading departs from, and over what holds instead.
    quoted : what stands before the stated words in a claim's section.
    reading : what the reading is called, where not as in the register.
    """

    anchor: str
    title: str
    about: str
    stated: str
    instead: str
    quoted: str
    reading: str | None = None


WORDS: Mapping[DepartureKind, Words] = MappingProxyType(
    {
        "erratum": Words(
            "errata",
            "Errata",
            "What is printed in a paper and is false as shown in exact arithmetic, or does not agree with another "
            "place of the paper or with its code.",
            "As printed",
            "Corrected",
            "As printed",
        ),
        "finding": Words(
            "findings",
            "Findings",
            "Where experiments of this suite differ from what a paper says, at the sizes that each title names. None "
            "of these is an error in a paper.",
            "What the paper says",
            "What was found here",
            "As the paper has it",
        ),
        "slip": Words(
            "slips",
            "Slips of the summary",
            "What is wrong in the third-party summary through which this suite knows paper A. The authors of the paper "
            "did not write it, and nothing here is charged to them.",
            "As the summary has it",
            "What holds",
            "As the summary has it",
            "summary",
        ),
    }
)


def sections(departures: Sequence[Departure]) -> list[tuple[Words, list[Departure]]]:
    """Each kind that there is, with its entries in the register's order."""
    by_kind = [(WORDS[kind], [entry for entry in departures if entry.kind == kind]) for kind in LETTERS]
    return [(words, entries) for words, entries in by_kind if entries]


def short(departures: Sequence[str]) -> str:
    """Ids of one kind where there is little room: ``F-1``, ``F-1/2``."""
    return "/".join([*departures[:1], *(name.partition("-")[2] for name in departures[1:])])
