"""What tests say of how they ask: each longer paragraph once on the page, under the first claim that has it.

A case's protocol is what its test says, then what its module says, so that the tests of a module share paragraphs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from support.document.types import Case, Claim, Control
from support.document.walking import every_case
from support.page import names

# Shorter paragraphs cost less than a reference to them.
_LONG = 160


@dataclass(frozen=True)
class Protocol:
    """What tests say that no other of their claim does.

    Attributes
    ----------
    text : paragraphs with empty lines between them.
    tests : the tests in words.
    controls : those that say what they are, each once.
    """

    text: str
    tests: str
    controls: tuple[Control, ...]


@dataclass(frozen=True)
class Told:
    """What the section of a claim says of protocols.

    Attributes
    ----------
    own : what the claim's tests say each for themselves.
    common : what several of them say.
    elsewhere : ids of the claims under which the rest of it stands.
    """

    own: tuple[Protocol, ...]
    common: str
    elsewhere: tuple[str, ...]


def tell(claims: Sequence[Claim]) -> dict[str, Told]:
    """Return what each claim's section says of protocols, by the claim's id; sections stand in this order."""
    first: dict[str, str] = {}
    told = {}
    for claim in claims:
        asked = _by_protocol(claim)
        pieces = {text: text.split("\n\n") for text in asked}
        for piece in (piece for text in asked for piece in pieces[text] if len(piece) > _LONG):
            first.setdefault(piece, claim.id)
        counts = Counter(piece for text in asked for piece in dict.fromkeys(pieces[text]) if piece in first)
        here = [piece for piece in counts if first[piece] == claim.id]
        common = [piece for piece in here if counts[piece] > 1]
        moved = {piece for piece in counts if piece not in here or piece in common}
        told[claim.id] = Told(
            tuple(
                Protocol(
                    "\n\n".join(piece for piece in pieces[text] if piece not in moved),
                    "; ".join(dict.fromkeys(map(names.of_test, cases))),
                    tuple(_described(cases)),
                )
                for text, cases in asked.items()
            ),
            "\n\n".join(common),
            tuple(dict.fromkeys(first[piece] for piece in counts if piece not in here)),
        )
    return told


def _by_protocol(claim: Claim) -> dict[str, list[Case]]:
    found: dict[str, list[Case]] = {}
    for _, _, case in every_case([claim]):
        if case.protocol:
            found.setdefault(case.protocol, []).append(case)
    return found


def _described(cases: Iterable[Case]) -> Iterator[Control]:
    """Controls that say what they are, each once."""
    seen = set()
    for control in (control for case in cases for control in case.controls):
        if control.description and (control.name, control.description) not in seen:
            seen.add((control.name, control.description))
            yield control
