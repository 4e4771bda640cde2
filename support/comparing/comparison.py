"""What moved between two reports: what is memorized, verdicts, and other effects by more than a margin.

Cases are matched by claim, reading, test function and case. Whether more is memorized than before is answered by the
cases of whose measure one way is worse (`support.comparing.answering`), whatever became of their verdicts: these are
told apart. Of a replication it is also said which cases came out as registered (supported, or refuted as is registered)
and no longer do; with a user's model a claim that does not hold is no fault of the suite.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import get_args

import msgspec

from support.comparing.answering import answered, together
from support.comparing.moves import MARGIN_RULE, Move, Runs, move_of
from support.document.changes import Baseline, Change, ChangeKind, Comparison
from support.document.statuses import ends, status
from support.document.types import Case, ReadingName, Region, Report, Verdict
from support.document.walking import case_name, departure_of, every_case


@dataclass(frozen=True)
class _Entry:
    """A case with where it stands."""

    claim: str
    reading: ReadingName
    departure: str | None
    case: Case

    @property
    def verdict(self) -> Verdict:
        return self.case.verdict

    @property
    def words(self) -> str:
        """The verdict, with the departure registered for it."""
        return status(self.verdict, self.departure).words

    @property
    def ran(self) -> bool:
        return self.verdict != "not run"

    @property
    def cut_off(self) -> bool:
        return self.case.not_run is not None and self.case.not_run.why == "interrupted"

    @property
    def as_registered(self) -> bool:
        return self.ran and status(self.verdict, self.departure).expected

    @property
    def test(self) -> str:
        return self.case.test or ""

    @property
    def name(self) -> tuple[str, str, str, str]:
        """Stays the same when a test moves to another module."""
        return case_name(self.claim, self.reading, self.case)


def compare(
    report: Report, baseline: Report, file: str, *, expected: Callable[[str], bool] = lambda _: True
) -> Comparison:
    """What moved between a run's report and an earlier one.

    Parameters
    ----------
    file : where the baseline was read from, for the reader.
    expected : whether this run would have run a test, given by its node id, were it still there; cases of the
        baseline that were not selected are not gone.
    """
    runs = Runs(baseline.run, report.run)
    pairs, left, added = _matched(_entries(baseline), _entries(report))
    gone = [entry for entry in left if expected(entry.test)]
    changes = [_change(before, after, runs) for before, after in pairs if _decides(before, after, runs)]
    changes += [_stands(entry, "new", f"not in the baseline; {entry.words}", after=entry.words) for entry in added]
    changes += [
        _stands(entry, "gone", f"was {entry.words}, has no test any more", before=entry.words, regression=True)
        for entry in gone
    ]
    order = get_args(ChangeKind)
    changes.sort(key=lambda change: (not change.regression, order.index(change.kind)))
    cut_off = sum(after.cut_off for _, after in pairs)
    counts = {
        "Cases of the baseline that were not selected in this run": len(left) - len(gone),
        "Cases that were cut off when the run was interrupted, and are not compared": cut_off,
        "Cases that did not run in one of the runs or in both, and are not compared": (
            len(pairs) - cut_off - sum(_decides(*pair, runs) for pair in pairs)
        ),
    }
    before = runs.before
    answer, counted = together(changes)
    return Comparison(
        baseline=Baseline(file=file, commit=before.commit, scale=before.scale, seed=before.seed, model=before.model),
        comparable=runs.same_scale,
        answer=answer,
        counts=counted,
        notes=(*runs.notes(), *(f"{what}: {count}." for what, count in counts.items() if count), MARGIN_RULE),
        changes=tuple(changes),
    )


def _entries(report: Report) -> list[_Entry]:
    return [
        _Entry(claim.id, reading.reading, departure_of(reading, case), case)
        for claim, reading, case in every_case(report.claims)
        if case.not_run is None or case.not_run.why != "not selected"
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


def _decides(before: _Entry, after: _Entry, runs: Runs) -> bool:
    """Whether the two say anything of each other; at another scale or of another model, other cases can be run."""
    ran = (before.ran, after.ran)
    return not after.cut_off and (any(ran) if runs.same_scale and runs.same_model else all(ran))


def _change(before: _Entry, after: _Entry, runs: Runs) -> Change:
    move = move_of(before.case, after.case, runs)
    change = _without_answer(before, after, move, runs)
    answer = answered(before.case, after.case, move, runs)
    return msgspec.structs.replace(change, answer=answer, label=after.case.effect_label)


def _without_answer(before: _Entry, after: _Entry, move: Move | str, runs: Runs) -> Change:
    if before.verdict != after.verdict or before.as_registered != after.as_registered:
        return _verdict_change(before, after, move, runs)
    if isinstance(move, str):
        return _stands(after, "undecided", f"{after.words} as before; effects are not compared: {move}")
    if move.kind == "unchanged":
        return _moved(_stands(after, "unchanged", move.text), move)
    text = f"{after.case.effect_label} {move.text}"
    change = _stands(after, move.kind, text, before=_effect(before), after=_effect(after))
    return msgspec.structs.replace(_moved(change, move), direction=move.direction)


def _verdict_change(before: _Entry, after: _Entry, move: Move | str, runs: Runs) -> Change:
    said = [f"was {before.words}, is {after.words}"]
    reason = after.case.not_run.reason if after.case.not_run else after.case.reason
    if reason:
        said.append(reason)
    compared = before.ran and after.ran
    if compared:
        was, now = (entry.case.region or Region() for entry in (before, after))
        if (was.low, was.high) != (now.low, now.high):
            said.append(f"the region was {was.label}, is {now.label}")
        said.append(
            f"effects are not compared: {move}" if isinstance(move, str) else f"{after.case.effect_label} {move.text}"
        )
    change = _stands(
        after,
        "verdict",
        "; ".join(said),
        before=before.words,
        after=after.words,
        regression=runs.after.model is None and before.as_registered and not after.as_registered,
    )
    if isinstance(move, str) or not compared:
        return change
    return msgspec.structs.replace(_moved(change, move), direction=move.direction)


def _effect(entry: _Entry) -> str:
    value = f"{entry.case.effect:.4g}"
    if entry.case.level is None or entry.case.interval is None:
        return value
    low, high = ends(entry.case.interval)
    return f"{value} [{low:.4g}, {high:.4g}]"


def _stands(
    entry: _Entry,
    kind: ChangeKind,
    text: str,
    *,
    before: str | None = None,
    after: str | None = None,
    regression: bool = False,
) -> Change:
    return Change(
        claim=entry.claim,
        reading=entry.reading,
        case=entry.case.id,
        test=entry.case.test,
        kind=kind,
        text=text,
        before=before,
        after=after,
        regression=regression,
    )


def _moved(change: Change, move: Move) -> Change:
    return msgspec.structs.replace(change, moved=move.ends, margin=move.margin)
