"""Cases and reports made by hand, of which every move is known."""

from typing import Any

import numpy as np

from support.comparing.comparison import compare
from support.document import types as document
from support.document.changes import Change
from support.document.types import Case, Claim, Look, NotRun, Reading, ReadingName, Report, Run, Verdict
from support.statistics import Estimate, Measure, Region, effects

FILE = "reports/baseline.json"
N = 200
RNG = np.random.default_rng(1)
# Shares, and what is left of chance where both runs drew the same random numbers.
TRIALS = RNG.normal(0.4, 0.05, N).clip(0, 0.5)
NOISE = RNG.normal(0, 0.01, N)
TWO_SIDED = Region.near(0.5, 0.1)
ABOVE = Region.above(0.2)
SHARE = Measure("share", "", 0, 1, "bounded", 0.07, "higher")


def case(estimate: Estimate, region: Region = ABOVE, verdict: Verdict = "supported", **changes: Any) -> Case:
    """A case of claim A-01, as the judge and the suite would have made it."""
    low, high = (None if np.isinf(end) else float(end) for end in (region.low, region.high))
    ends = [None if np.isinf(end) else float(end) for end in (estimate.low, estimate.high)]
    measure = estimate.measure
    given: dict[str, Any] = {
        "id": "mnist",
        "test": "claims/test_one.py::test_x[mnist]",
        "verdict": verdict,
        "effect": float(estimate.value),
        "effect_label": estimate.label,
        "effect_kind": estimate.kind,
        "conditions": estimate.conditions,
        "interval": (ends[0], ends[1]),
        "level": estimate.level,
        "method": estimate.method,
        "region": document.Region(low=low, high=high, label=str(region)),
        "trials": tuple(estimate.trials),
        "measure": measure
        and document.Measure(
            name=measure.name,
            low=None if np.isinf(measure.low) else measure.low,
            high=None if np.isinf(measure.high) else measure.high,
            route=measure.route,
            margin=measure.margin,
            worse=measure.worse,
        ),
        "sizes": {"N": 10},
        "look": Look(trials=len(estimate.trials), budget=400) if measure else None,
        "datasets": ("mnist",),
    }
    return Case(**(given | changes))


def not_run(reason: str, why: document.Why = "not asked here", **changes: Any) -> Case:
    known: dict[str, Any] = {"id": "mnist", "test": "claims/test_one.py::test_x[mnist]", "verdict": "not run"}
    return Case(**(known | {"not_run": NotRun(why=why, reason=reason)} | changes))


def report(*cases: Case, **run: Any) -> Report:
    """A report with these cases of one claim's sound reading."""
    known: dict[str, Any] = {
        "scale": "quick",
        "seed": 0,
        "commit": "abc",
        "complete": True,
        "datasets": {"mnist": "d1"},
    }
    readings: tuple[Reading, ...] = ()
    if cases:
        name: ReadingName = "sound"
        readings = (Reading(reading=name, verdict="supported", tested=len(cases), settings=len(cases), cases=cases),)
    claim = Claim(id="A-01", paper="A", title="t", statement="s", readings=readings)
    return Report(run=Run(**(known | run)), papers={}, claims=(claim,), departures=())


def only(before: Case, after: Case, *, run: dict[str, Any] | None = None) -> Change:
    """The one change between two cases."""
    (change,) = compare(report(after, **(run or {})), report(before), FILE).changes
    return change


def mean(values: Any) -> Estimate:
    return effects.mean_of(values, SHARE, "share")
