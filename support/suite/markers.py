"""What the markers `claim`, `erratum`, `finding` and `slip` say of a test, held against the register."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import pytest

from support.register import LETTERS, Departure, DepartureKind, Reading, Register
from support.suite.settings import SCALES, Only

PAPERS_NETWORK = "the paper's network"
ASKED = ("network", "features", PAPERS_NETWORK)


def check_markers(register: Register, item: pytest.Item, scale: str) -> Departure | None:
    """The erratum, finding or slip that expects the item to be refuted at a scale, if there is one.

    Raises
    ------
    ValueError : a marker without an id or a claim beside it, an unknown reading or scale, a departure of something
        else, two of them, or a marker `asks` that says nothing known.
    RegisterError : no such claim or departure.
    """
    claim, departure = marked(item, "claim"), _departure(item)
    if claim is None:
        if departure is not None:
            raise ValueError(f"the marker {departure[0]}({departure[1]!r}) needs a claim marker beside it")
        return None
    register.claim(claim)
    reading = reading_of(item)
    asked_of(item)
    apart_of(item)
    if reading not in get_args(Reading):
        raise ValueError(f"unknown reading {reading!r}: choose {', '.join(get_args(Reading))}")
    if departure is None:
        return None
    entry = register.departure(*departure)
    if (entry.claim, entry.reading) != (claim, reading):
        raise ValueError(f"{entry.id} is about {entry.claim} as {entry.reading}, not about {claim} as {reading}")
    return entry if departure_of(item, scale) else None


def departure_of(item: pytest.Item, scale: str) -> str | None:
    """The id of what expects a test to be refuted at a scale; None without one, or where it names other scales.

    Raises
    ------
    ValueError : its marker names no scale, or one that is not known.
    """
    found = _departure(item)
    if found is None:
        return None
    kind, name = found
    marker = item.get_closest_marker(kind)
    scales = SCALES if marker is None else marker.kwargs.get("scales", SCALES)
    if not isinstance(scales, tuple) or not scales or not set(scales) <= set(SCALES):
        raise ValueError(f"the marker {kind}({name!r}) needs scales among {', '.join(SCALES)}, got {scales!r}")
    return name if scale in scales else None


def _departure(item: pytest.Item) -> tuple[DepartureKind, str] | None:
    """Kind and id in a test's marker, whatever the scale."""
    found = [(kind, name) for kind in LETTERS if (name := marked(item, kind)) is not None]
    if len(found) > 1:
        raise ValueError(f"one marker of {', '.join(LETTERS)} is enough, got {' and '.join(name for _, name in found)}")
    return found[0] if found else None


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


@dataclass(frozen=True)
class Apart:
    """What a test's marker `apart` says.

    Attributes
    ----------
    only : with which `--only` it runs.
    scale : at which it has a time of its own.
    because : why, a clause.
    """

    only: Only
    scale: str
    because: str


def apart_of(item: pytest.Item) -> Apart | None:
    """The time of its own that a test has; None without one.

    Raises
    ------
    ValueError : its marker does not say for what, at which scale, or why.
    """
    marker = item.get_closest_marker("apart")
    if marker is None:
        return None
    known: dict[object, Only] = {only: only for only in get_args(Only)}
    only, scale, because = (
        marker.args[0] if marker.args else None,
        marker.kwargs.get("scale"),
        marker.kwargs.get("because"),
    )
    if only not in known or scale not in SCALES or not isinstance(because, str):
        raise ValueError(
            f"the marker apart needs {' or '.join(get_args(Only))}, scale=... and because=..., "
            f"got {only!r}, {scale!r} and {because!r}"
        )
    return Apart(known[only], scale, because)


def apart_at(item: pytest.Item, scale: str | None) -> Apart | None:
    """The same where it has it at a scale; raises ValueError as `apart_of`."""
    apart = apart_of(item)
    return apart if apart is not None and apart.scale == scale else None


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
