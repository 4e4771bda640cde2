"""What moved between two reports: verdicts, and effects by more than a margin.

Cases are matched by claim, reading, test function and case. A regression is a case that came out as registered
(supported, or refuted as its erratum says) and no longer does, or that is gone. An effect that moved is none: which
way is worse depends on who asks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from support.report.document import INTERRUPTED, NOT_SELECTED
from support.report.moves import MARGIN_RULE, Runs, interval_of, move_of
from support.report.schema import CHANGES
from support.report.summary import case_name, erratum_of, every_case, status


@dataclass(frozen=True)
class _Entry:
    """A case with where it stands."""

    claim: str
    reading: str
    erratum: str | None
    record: dict[str, Any]

    @property
    def verdict(self) -> str:
        return str(self.record["verdict"])

    @property
    def words(self) -> str:
        """The verdict, with its erratum."""
        return status(self.verdict, self.erratum).words

    @property
    def ran(self) -> bool:
        return self.verdict != "not run"

    @property
    def as_registered(self) -> bool:
        return self.ran and status(self.verdict, self.erratum).expected

    @property
    def test(self) -> str:
        return self.record["test"] or ""

    @property
    def name(self) -> tuple[str, str, str, str]:
        """Stays the same when a test moves to another module."""
        return case_name(self.claim, self.reading, self.record)


def compare(
    document: dict[str, Any],
    baseline: dict[str, Any],
    file: str,
    *,
    expected: Callable[[str], bool] = lambda _: True,
) -> dict[str, Any]:
    """The comparison block of a report.

    Parameters
    ----------
    document, baseline : the run's report and the earlier one, as `support.report.schema.complete` returns them.
    file : where the baseline was read from, for the reader.
    expected : whether this run would have run a test, given by its node id, were it still there; cases of the
        baseline that were not selected are not gone.
    """
    runs = Runs(baseline["run"], document["run"])
    old, new = _entries(baseline), _entries(document)
    pairs, left, added = _matched(old, new)
    changes = [_change(before, after, runs) for before, after in pairs if _decides(before, after, runs)]
    changes += [_record(entry, "new", f"not in the baseline; {entry.words}", after=entry.words) for entry in added]
    gone = [entry for entry in left if expected(entry.test)]
    changes += [
        _record(entry, "gone", f"was {entry.words}, has no test any more", before=entry.words, regression=True)
        for entry in gone
    ]
    changes.sort(key=lambda change: (not change["regression"], CHANGES.index(change["kind"])))
    cut_off = sum(_cut_off(after) for _, after in pairs)
    counts = {
        "Cases of the baseline that were not selected in this run": len(left) - len(gone),
        "Cases that were cut off when the run was interrupted, and are not compared": cut_off,
        "Cases that did not run in one of the runs or in both, and are not compared": (
            len(pairs) - cut_off - sum(_decides(*pair, runs) for pair in pairs)
        ),
    }
    return {
        "baseline": {"file": file} | {field: runs.before[field] for field in ("commit", "scale", "seed", "model")},
        "comparable": runs.same("scale"),
        "notes": [*runs.notes(), *(f"{what}: {count}." for what, count in counts.items() if count), MARGIN_RULE],
        "changes": changes,
    }


def regressions(comparison: dict[str, Any]) -> list[dict[str, Any]]:
    """The changes for the worse: cases that no longer come out as registered, or are gone."""
    return [change for change in comparison["changes"] if change["regression"]]


def told(comparison: dict[str, Any]) -> list[dict[str, Any]]:
    """The changes that a reader must see: regressions, verdicts, effects, and what is gone; not what stayed."""
    return [change for change in comparison["changes"] if change["kind"] in ("verdict", "effect", "gone")]


def counted(comparison: dict[str, Any]) -> str:
    """How many cases changed in which way, in words."""
    words = {
        "verdict": "verdict changed",
        "effect": "effect moved",
        "gone": "gone",
        "new": "new",
        "undecided": "undecided",
        "unchanged": "unchanged",
    }
    kinds = [change["kind"] for change in comparison["changes"]]
    found = [f"{kinds.count(kind)} {said}" for kind, said in words.items() if kind in kinds]
    count = len(regressions(comparison))
    return "; ".join([f"{count} regression{'' if count == 1 else 's'}", ", ".join(found) or "no case in common"])


def _entries(document: dict[str, Any]) -> list[_Entry]:
    return [
        _Entry(claim["id"], reading["reading"], erratum_of(reading, case), case)
        for claim, reading, case in every_case(document["claims"])
        if case["reason"] != NOT_SELECTED
    ]


def _matched(old: list[_Entry], new: list[_Entry]) -> tuple[list[tuple[_Entry, _Entry]], list[_Entry], list[_Entry]]:
    """Pairs of the same case, then what only the old and what only the new has.

    Where a name occurs twice, the one in the same module is meant.
    """
    waiting: dict[tuple[str, str, str, str], list[_Entry]] = {}
    for entry in old:
        waiting.setdefault(entry.name, []).append(entry)
    found: dict[int, _Entry] = {}
    for same_module in (True, False):
        for entry in new:
            candidates = [each for each in waiting.get(entry.name, ()) if each.test == entry.test or not same_module]
            if candidates and id(entry) not in found:
                found[id(entry)] = candidates[0]
                waiting[entry.name].remove(candidates[0])
    pairs = [(found[id(entry)], entry) for entry in new if id(entry) in found]
    left = [entry for entries in waiting.values() for entry in entries]
    return pairs, left, [entry for entry in new if id(entry) not in found]


def _cut_off(after: _Entry) -> bool:
    return bool(after.record["reason"] == INTERRUPTED)


def _decides(before: _Entry, after: _Entry, runs: Runs) -> bool:
    """Whether the two say anything of each other; at another scale or of another model, other cases can be run."""
    ran = (before.ran, after.ran)
    same_cases = runs.same("scale") and runs.same("model")
    return not _cut_off(after) and (any(ran) if same_cases else all(ran))


def _change(before: _Entry, after: _Entry, runs: Runs) -> dict[str, Any]:
    move = move_of(before.record, after.record, runs)
    if before.verdict != after.verdict or before.as_registered != after.as_registered:
        return _verdict_change(before, after, runs)
    if isinstance(move, str):
        return _record(after, "undecided", f"{after.words} as before; effects are not compared: {move}")
    fields: dict[str, Any] = {"moved": move.ends, "margin": move.margin}
    if move.kind == "unchanged":
        return _record(after, "unchanged", move.text, **fields)
    return _record(
        after,
        move.kind,
        f"{after.record['effect_label']} {move.text}",
        before=_effect(before),
        after=_effect(after),
        direction=move.direction,
        **fields,
    )


def _verdict_change(before: _Entry, after: _Entry, runs: Runs) -> dict[str, Any]:
    said = [f"was {before.words}, is {after.words}"]
    fields: dict[str, Any] = {}
    if after.record["reason"]:
        said.append(str(after.record["reason"]))
    if before.ran and after.ran:
        regions = [entry.record["region"] or {} for entry in (before, after)]
        if [regions[0].get(end) for end in ("low", "high")] != [regions[1].get(end) for end in ("low", "high")]:
            said.append(f"the region was {regions[0].get('label')}, is {regions[1].get('label')}")
        move = move_of(before.record, after.record, runs)
        if isinstance(move, str):
            said.append(f"effects are not compared: {move}")
        else:
            said.append(f"{after.record['effect_label']} {move.text}")
            fields = {"moved": move.ends, "margin": move.margin, "direction": move.direction}
    regression = before.as_registered and not after.as_registered
    text = "; ".join(said)
    return _record(after, "verdict", text, before=before.words, after=after.words, regression=regression, **fields)


def _effect(entry: _Entry) -> str:
    value = f"{entry.record['effect']:.4g}"
    if entry.record["level"] is None:
        return value
    low, high = interval_of(entry.record)
    return f"{value} [{low:.4g}, {high:.4g}]"


def _record(entry: _Entry, kind: str, text: str, **fields: Any) -> dict[str, Any]:
    return {
        "claim": entry.claim,
        "reading": entry.reading,
        "case": entry.record["id"],
        "test": entry.record["test"],
        "kind": kind,
        "text": text,
        "before": None,
        "after": None,
        "direction": None,
        "moved": None,
        "margin": None,
        "regression": False,
    } | fields
