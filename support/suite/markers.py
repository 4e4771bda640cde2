"""What the markers `claim` and `erratum` say of a test, held against the register."""

from __future__ import annotations

from typing import get_args

import pytest

from support.register import Erratum, Reading, Register

PAPERS_NETWORK = "the paper's network"
ASKED = ("network", "features", PAPERS_NETWORK)


def check_markers(register: Register, item: pytest.Item) -> Erratum | None:
    """The erratum of the item's reading, if it has one.

    Raises
    ------
    ValueError : a marker without an id or a claim beside it, an unknown reading, an erratum on something else, or a
        marker `asks` that says nothing known.
    RegisterError : no such claim or erratum.
    """
    claim, erratum = marked(item, "claim"), marked(item, "erratum")
    if claim is None:
        if erratum is not None:
            raise ValueError(f"the marker erratum({erratum!r}) needs a claim marker beside it")
        return None
    register.claim(claim)
    reading = reading_of(item)
    asked_of(item)
    if reading not in get_args(Reading):
        raise ValueError(f"unknown reading {reading!r}: choose {', '.join(get_args(Reading))}")
    if erratum is None:
        return None
    entry = register.erratum(erratum)
    if (entry.claim, entry.reading) != (claim, reading):
        raise ValueError(f"{entry.id} is about {entry.claim} as {entry.reading}, not about {claim} as {reading}")
    return entry


def asked_of(item: pytest.Item) -> tuple[str | None, str | None]:
    """What a test can be asked of, by its marker `asks`, and why of nothing else; (None, None) without one.

    Raises
    ------
    ValueError : the marker names something else, or the paper's network without a reason.
    """
    marker = item.get_closest_marker("asks")
    if marker is None:
        return None, None
    if len(marker.args) != 1 or marker.args[0] not in ASKED:
        raise ValueError(f"the marker asks needs one of {', '.join(ASKED)}, got {marker.args}")
    of, because = marker.args[0], marker.kwargs.get("because")
    if (of == PAPERS_NETWORK) != isinstance(because, str):
        raise ValueError(f"the marker asks needs because=... with {PAPERS_NETWORK} and nothing else, got {because!r}")
    return of, because


def marked(item: pytest.Item, name: str) -> str | None:
    """The id in the marker of this name; raises ValueError where it has none."""
    marker = item.get_closest_marker(name)
    if marker is None:
        return None
    if len(marker.args) != 1 or not isinstance(marker.args[0], str):
        raise ValueError(f"the marker {name} needs one id, got {marker.args}")
    return marker.args[0]


def reading_of(item: pytest.Item) -> str:
    """The reading that a test decides."""
    marker = item.get_closest_marker("claim")
    return str(marker.kwargs.get("reading", "sound")) if marker else "sound"


def cost_of(item: pytest.Item) -> float:
    """Seconds that a test is said to take."""
    marker = item.get_closest_marker("claim")
    return float(marker.kwargs.get("cost", 1)) if marker else 0.0
