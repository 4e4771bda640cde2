"""How far one case's effect moved between two runs, and what a move must exceed to count.

A move has an interval at the suite's level: by trial where both runs drew the same random numbers (same seed, sizes
and number of trials), else between independent trials. It is called

    effect      the move exceeds the margin and its interval excludes zero
    unchanged   its interval lies within ±margin, or every number is the same
    undecided   neither

The margin is the one that the case was registered with, half the width of its region, where that has two ends. A
region with one end names none: there it is the baseline's resolution, the distance that the baseline could tell from
the region's edge with the power that its report states. An exact case has no sampling error, so any difference beyond
rounding counts; what an identity's own tolerance calls rounding is rounding here too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import inf, isclose, isfinite
from typing import Any

from support.statistics import LEVEL
from support.statistics.bets import mean_interval
from support.statistics.differences import ROUNDING, Difference, paired_difference, unpaired_difference

MARGIN_RULE = (
    f"An effect has moved where its move exceeds the margin and the {100 * LEVEL:g} % interval of the move excludes "
    "zero; it is unchanged where that interval lies within the margin. The margin is half the width of a region with "
    "two ends, else the measure's, or the baseline's resolution; in exact cases it is rounding."
)
# What a sequence adds to the sizes of a case: how many trials it looked at.
LOOKED = ("trials", "budget of trials")
# Exact claims that are true below a bound as small as this one state how far rounding may carry an identity.
IDENTITY = 1e-6

# How the methods of estimates begin whose effect is the mean of its trials, alone or picked from several; others,
# such as a ratio, have an uncertainty that their trials do not carry.
_MEAN = re.compile(r"Student t over|(?:largest|smallest) of (?P<conditions>\d+) conditions")


@dataclass(frozen=True)
class Runs:
    """The run blocks of the baseline (`before`) and of this run (`after`): what can be compared between them."""

    before: dict[str, Any]
    after: dict[str, Any]

    def same(self, field: str) -> bool:
        """Whether both runs have the same scale, seed or model."""
        return bool(self.before[field] == self.after[field])

    @property
    def other_datasets(self) -> set[str]:
        """Datasets that both runs had, with other content."""
        before, after = ({name: digest for name, digest in (run["datasets"] or {}).items() if digest} for run in self)
        return {name for name in before.keys() & after.keys() if before[name] != after[name]}

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter((self.before, self.after))

    def notes(self) -> Iterator[str]:
        """What of the two runs can be compared, and what cannot, in sentences."""
        before, after = self
        if not self.same("scale"):
            yield (
                f"The scale is {after['scale']}, the baseline's {before['scale']}: only verdicts are compared, and "
                "only of cases that ran in both."
            )
        elif not self.same("seed"):
            yield (
                f"The seed is {after['seed']}, the baseline's {before['seed']}: effects are compared between "
                "independent trials, those of exact cases only where they agree."
            )
        for name in sorted(self.other_datasets):
            yield f"{name} has other content than in the baseline: of cases that use it, only verdicts are compared."
        if not self.same("model"):
            now, then = (run["model"] or "built in" for run in (after, before))
            yield f"The model is {now}, the baseline's {then}: moves are what the two models differ by."
        if before["complete"] is False:
            yield "The baseline's own run was not complete."


@dataclass(frozen=True)
class Move:
    """How far an effect moved, and what it must exceed to count.

    Attributes
    ----------
    difference : after minus before.
    margin : what counts as a move; None where the baseline names nothing to go by, and any counts.
    measure : what the margin is, in words.
    rounding : differences up to this one are none.
    """

    difference: Difference
    margin: float | None
    measure: str
    rounding: float

    @property
    def same_numbers(self) -> bool:
        """Whether nothing moved beyond rounding."""
        return max(abs(self.difference.low), abs(self.difference.high)) <= self.rounding

    @property
    def kind(self) -> str:
        """``effect``, ``unchanged`` or ``undecided``."""
        move, margin = self.difference, self.margin or 0.0
        if self.same_numbers or max(abs(move.low), abs(move.high)) <= margin:
            return "unchanged"
        return "effect" if abs(move.value) > margin and self.direction else "undecided"

    @property
    def direction(self) -> str | None:
        """``up`` or ``down`` where the interval excludes zero."""
        if self.difference.low > 0:
            return "up"
        return "down" if self.difference.high < 0 else None

    @property
    def ends(self) -> list[float | None]:
        """The interval for JSON: null is unbounded."""
        return [end if isfinite(end) else None for end in (self.difference.low, self.difference.high)]

    @property
    def text(self) -> str:
        """The move with its interval, and how it lies to the margin."""
        if self.same_numbers:
            return "the same numbers"
        move = self.difference
        by = f"moved by {move.value:+.3g}"
        if move.low < move.high:
            by += f" [{move.low:+.3g}, {move.high:+.3g}] ({move.method})"
        if self.margin is None:
            return f"{by}; there is no margin to hold it against"
        lies = {"unchanged": "within", "effect": "beyond", "undecided": "neither within nor beyond"}[self.kind]
        return f"{by}, {lies} the margin of {self.margin:.3g} ({self.measure})"


def move_of(before: dict[str, Any], after: dict[str, Any], runs: Runs) -> Move | str:
    """The move of a case's effect, or why the two effects cannot be compared."""
    if not runs.same("scale"):
        return "another scale"
    if changed := runs.other_datasets & {*before["datasets"], *after["datasets"]}:
        return f"other content of {', '.join(sorted(changed))}"
    if None in (before["effect"], after["effect"]) or not before["interval"] or not after["interval"]:
        return "one of them is not a finite number"
    if before["effect_label"] != after["effect_label"]:
        return f"another effect is measured, it was {before['effect_label']}"
    if (before["level"] is None) != (after["level"] is None):
        return "one is exact, the other is not"
    common = runs.same("seed") and _asked(before) == _asked(after)
    rounding = ROUNDING * max(abs(before["effect"]), abs(after["effect"]))
    if before["level"] is not None:
        return Move(_difference(before, after, common=common), *_margin(before), rounding)
    rounding = max(rounding, _tolerance(before))
    move = after["effect"] - before["effect"]
    if abs(move) > rounding and not common:
        return "an exact claim on other instances"
    return Move(Difference(move, move, move, "exact"), rounding, "rounding", rounding)


def _tolerance(case: dict[str, Any]) -> float:
    """How far an exact identity allows rounding to go: the bound of a region `below` a tiny number."""
    region = case["region"]
    if region is None or region["low"] is not None or not 0 < (region["high"] or inf) <= IDENTITY:
        return 0.0
    return float(region["high"])


def _asked(case: dict[str, Any]) -> dict[str, Any]:
    """What was run, but for how many trials a sequence took."""
    return {
        name: value for name, value in (case["sizes"] or {}).items() if case["measure"] is None or name not in LOOKED
    }


def _margin(before: dict[str, Any]) -> tuple[float | None, str]:
    region = before["region"] or {"low": None, "high": None}
    if None not in (region["low"], region["high"]) and region["low"] < region["high"]:
        return (region["high"] - region["low"]) / 2, "half the width of the region"
    if before["measure"] is not None:
        return before["measure"]["margin"], "the measure's"
    return before["resolution"], "the baseline's resolution"


def _difference(before: dict[str, Any], after: dict[str, Any], *, common: bool) -> Difference:
    """After minus before; `common` where both runs drew the same random numbers."""
    if common and (move := _sequence(before, after)) is not None:
        return move
    conditions = (_conditions(before), _conditions(after))
    if all(conditions):
        selections = conditions[0] * conditions[1]
        if common and len(before["trials"]) == len(after["trials"]):
            return paired_difference(before["trials"], after["trials"], selections=selections)
        if selections == 1:
            return unpaired_difference(before["trials"], after["trials"])
    # Extremes of independent trials, and effects that are no mean of their trials.
    (low, high), (new_low, new_high) = interval_of(before), interval_of(after)
    return Difference(after["effect"] - before["effect"], new_low - high, new_high - low, "from both intervals")


def _sequence(before: dict[str, Any], after: dict[str, Any]) -> Difference | None:
    """The mean move over the common first trials, by a sequence; None where trials cannot be paired by their place."""
    measures = (before["measure"], after["measure"])
    if None in measures or measures[0] != measures[1] or measures[0]["route"] not in ("bounded", "share"):
        return None
    if any(len(case["trials"]) != (case["sizes"] or {}).get("trials", len(case["trials"])) for case in (before, after)):
        return None  # trials were left out
    pairs = list(zip(before["trials"], after["trials"], strict=False))
    width = measures[0]["high"] - measures[0]["low"]
    found = mean_interval([later - earlier for earlier, later in pairs], -width, width)
    return Difference(found.estimate, found.low, found.high, f"bounded sequence over {len(pairs)} paired trials")


def _conditions(case: dict[str, Any]) -> int:
    """From how many conditions the effect was picked, each a mean of trials; 0 where it is no such mean."""
    trials = case["trials"]
    made = _MEAN.match(case["method"] or "")
    if made is None or len(trials) < 2 or None in trials:
        return 0
    # A record that contradicts its own trials is taken at its interval.
    if not isclose(sum(trials) / len(trials), case["effect"], rel_tol=0, abs_tol=ROUNDING * max(map(abs, trials))):
        return 0
    return int(made["conditions"] or 1)


def interval_of(case: dict[str, Any]) -> tuple[float, float]:
    """The interval of a case; null is unbounded."""
    low, high = case["interval"]
    return -inf if low is None else low, inf if high is None else high
