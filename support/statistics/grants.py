"""Which measures are granted the near-normal route: from calibration trials at a seed that decides nothing.

The table is made by `pytest claims -n0 --seed SEED --calibrate`, which asks every claim with a near-normal measure at
200 trials and writes down how its effects are distributed. A measure is granted the route if each of its effects is.
Effects of one case that share a label, as a control and the conditions of a largest do, stand there as the worst of
them.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from support.statistics.near_normal import CALIBRATION_TRIALS, Grant, grant
from support.statistics.sequence import Array

TABLE = Path(__file__).with_name("grants.json")

# Whether this run calibrates and decides nothing, the case that it asks now, and the effects that it has seen, by
# measure, and by case and label.
calibrating = False
case = ""
_seen: dict[str, dict[str, Grant]] = defaultdict(dict)


@cache
def granted() -> dict[str, Grant]:
    """The grant of each calibrated measure: its effect with the largest skewness, or the first that was refused."""
    if not TABLE.exists():
        return {}
    return {
        name: worst(
            [
                Grant(effect["trials"], effect["skewness"], effect["kurtosis"], effect["refusal"])
                for effect in effects.values()
            ]
        )
        for name, effects in json.loads(TABLE.read_text(encoding="utf-8"))["measures"].items()
    }


def worst(found: Sequence[Grant]) -> Grant:
    """The first that was refused, or else the one with the largest skewness."""
    return min(found, key=lambda each: (each.granted, -abs(each.skewness or 0.0) if each.granted else 0.0))


def grant_of(measure: str) -> Grant:
    """The grant of a measure, by name; refused where it was never calibrated."""
    return granted().get(measure) or Grant(0, None, None, "the measure was never calibrated")


def note(measure: str, label: str, trials: Array) -> None:
    """Write down how an effect of the case is distributed, if it has trials enough."""
    if len(trials) >= CALIBRATION_TRIALS:
        name, found = f"{case}: {label}", grant(trials)
        earlier = _seen[measure].get(name, found)
        _seen[measure][name] = worst([earlier, found])


def write(seed: int, path: Path = TABLE) -> None:
    """Write what was noted into the table; effects of a table at the same seed that were not seen again stay."""
    earlier: dict[str, Any] = (
        json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"seed": seed, "measures": {}}
    )
    measures = earlier["measures"] if earlier["seed"] == seed else {}
    for name, effects in _seen.items():
        measures.setdefault(name, {}).update(
            {
                label: {
                    "trials": each.trials,
                    "skewness": None if each.skewness is None else round(each.skewness, 3),
                    "kurtosis": None if each.kurtosis is None else round(each.kurtosis, 3),
                    "refusal": each.refusal,
                }
                for label, each in effects.items()
            }
        )
    content = json.dumps({"seed": seed, "measures": measures}, indent=1, ensure_ascii=False, sort_keys=True)
    path.write_text(content + "\n", encoding="utf-8")
