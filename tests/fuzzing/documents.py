"""Reports to try: right ones whose texts are hostile, ones with a number that none can have, and broken ones."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from hypothesis import strategies as st

from support.document.types import Report
from support.document.writing import encoded
from tests.document.damage import WRONG, Document, Place, damaged, places
from tests.document.generated import REPORTS

# Numbers that no report has, as JSON writes them, in the place of any number.
NO_NUMBERS = ("NaN", "Infinity", "-Infinity", "1e400", "-1.1e150", "1" + "0" * 400, "-" + "9" * 5000)
# What no field of this name may hold, wherever it stands.
NEVER: Mapping[str, Sequence[Any]] = MappingProxyType(
    {
        "level": (0, 1, 1.001, -0.5, 999),
        "power": (-0.1, 1.1),
        "clean_accuracy": (-0.01, 1.01, 95.3),
        "seed": (-1, 2**63, 10**30, 0.5),
        "seconds": (-1, -1e-9),
        "threads": (-1,),
        "workers": (-1, 2**60),
        "conditions": (-1,),
        "dropped": (-1, 2**60),
        "cells": (-5,),
        "planned": (-1, 1.5),
        "budget": (-1, 1_000_001, 10**12),
        "tested": (-1,),
        "settings": (-1,),
        "sequences": (-1,),
        "margin": (-0.1,),
        "resolution": (-0.1,),
        "paired": (-1,),
        "computed": (-1,),
        "interval": ([1, 0], [0.5, -0.5], [1], [0, 1, 2]),
        "moved": ([1e-9, 0],),
        "y_range": ([1, 0.5],),
        "scale": ("huge", "", "Quick", "quick\n", "paper|quick"),
        "started": ("yesterday", "", "2026-13-01T00:00:00+00:00", "2026-02-30", "now\nFAILED"),
        "verdict": ("true", "Supported", ""),
        "route": ("guess",),
        "worse": ("sideways", ""),
    }
)
# Mappings whose names are free.
FREE = frozenset({"sizes", "versions", "datasets", "papers"})


@st.composite
def numberless(draw: st.DrawFn) -> bytes:
    """A right report but for one number that is none."""
    whole = _json(draw(REPORTS))
    numbers = [place for place in places(whole) if type(_at(whole, place)) in (int, float)]
    if not numbers:
        whole["run"]["seconds"], numbers = 0.0, [("run", "seconds")]
    broken = damaged(whole, draw(st.sampled_from(numbers)), "@number@")
    return json.dumps(broken).replace('"@number@"', draw(st.sampled_from(NO_NUMBERS))).encode()


@st.composite
def out_of_bounds(draw: st.DrawFn) -> bytes:
    """A right report but for one field that holds what it never may."""
    whole = _json(draw(REPORTS))
    found = [
        place for place in places(whole) if place[-1] in NEVER and "sizes" not in place and "versions" not in place
    ]
    place = draw(st.sampled_from(found))
    return _bytes(damaged(whole, place, draw(st.sampled_from(NEVER[str(place[-1])]))))


@st.composite
def contradictory(draw: st.DrawFn) -> bytes:
    """A right report but for two fields that cannot be true together."""
    whole = _json(draw(REPORTS))
    choices = [found for found in (_doubled(whole), _beyond(whole)) if found is not None]
    return _bytes(draw(st.sampled_from([*choices, whole | {"departures": [_departure(), _departure()]}])))


@st.composite
def broken(draw: st.DrawFn) -> bytes:
    """A report with a field of another type or none, or one that is cut short."""
    whole = _json(draw(REPORTS))
    if draw(st.booleans()):
        content = _bytes(whole)
        return content[: int(draw(st.floats(0, 1, exclude_max=True)) * len(content))]
    place = draw(st.sampled_from(list(places(whole))))
    return _bytes(damaged(whole, place, draw(st.sampled_from([*WRONG, ...]))))


@st.composite
def right(draw: st.DrawFn) -> bytes:
    """A right report; not `REPORTS.map`, of which Hypothesis would print every part of what failed, for hours."""
    return encoded(draw(REPORTS))


# Each kind with whether it must be read: None where a field that is wrong may be one that can be so.
KINDS: Mapping[str, tuple[st.SearchStrategy[bytes], bool | None]] = MappingProxyType(
    {
        "right, hostile texts": (right(), True),
        "a number that is none": (numberless(), False),
        "out of bounds": (out_of_bounds(), False),
        "contradictory": (contradictory(), False),
        "another type, missing, cut short": (broken(), None),
    }
)


def _doubled(whole: Document) -> Document | None:
    """With a claim twice."""
    return None if not whole["claims"] else whole | {"claims": [*whole["claims"], whole["claims"][0]]}


def _beyond(whole: Document) -> Document | None:
    """With more settings tested than there are."""
    for place in places(whole):
        if place[-1] == "tested":
            return damaged(whole, place, _at(whole, (*place[:-1], "settings")) + 1)
    return None


def _departure() -> Document:
    return {"id": "E-1", "kind": "erratum", "claim": "A-01", "title": "t"}


def _json(report: Report) -> Document:
    whole: Document = json.loads(encoded(report))
    return whole


def _bytes(whole: Document) -> bytes:
    return json.dumps(whole, ensure_ascii=False).encode()


def _at(whole: Document, place: Place) -> Any:
    part: Any = whole
    for key in place:
        part = part[key]
    return part
