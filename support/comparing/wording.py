"""What moved against a baseline in words and rows, once for the terminal, the page and the Markdown summary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import get_args

from support.document.changes import Answer, Answered, Change, Comparison, Two

# What a larger move of a trial counts as, where the measure has a direction and is wider than a unit.
HALF_A_UNIT = 0.5
# More rows than this are for the report's JSON.
MOST_ROWS = 20

HEADLINES: dict[Answer, str] = {
    "worse": "WORSE: it memorizes more than before",
    "better": "BETTER: it memorizes less than before",
    "cannot tell": "CANNOT TELL whether it memorizes more than before",
    "same": "SAME: it memorizes as much as before, within the margins",
    "identical": "IDENTICAL: every number is the same to the bit",
}
ANSWER_HEADER = ("answer", "claim", "case", "before", "after", "move", "what is measured")
VERDICT_HEADER = ("claim", "case", "before", "after", "why")


@dataclass(frozen=True)
class AnswerRow:
    """The answer of one case; every attribute but `answer` is text for the reader.

    Attributes
    ----------
    more : what else there is to say, such as how many more trials would tell; may be empty.
    """

    answer: Answer
    claim: str
    case: str
    before: str
    after: str
    move: str
    measured: str
    more: str

    @property
    def said(self) -> str:
        """What is measured, with what else there is to say."""
        return f"{self.measured} ({self.more})" if self.more else self.measured

    @property
    def cells(self) -> tuple[str, ...]:
        """Under `ANSWER_HEADER`."""
        return self.answer.upper(), self.claim, self.case, self.before, self.after, self.move, self.said


@dataclass(frozen=True)
class VerdictRow:
    """A case whose verdict is another, or that is gone."""

    claim: str
    case: str
    before: str
    after: str
    why: str

    @property
    def cells(self) -> tuple[str, ...]:
        """Under `VERDICT_HEADER`."""
        return self.claim, self.case, self.before, self.after, self.why


def headline(comparison: Comparison) -> str:
    """The answer over all with how many cases gave which; in reports of earlier versions, that they have none."""
    if comparison.answer is None:
        return "not asked whether it memorizes more than before"
    said = HEADLINES[comparison.answer]
    counted = ", ".join(f"{count} {answer}" for answer, count in comparison.counts.items())
    return f"{said} ({counted})" if counted else f"{said}: no case that says so was measured in both"


def answers(comparison: Comparison) -> list[Change]:
    """The changes that have an answer: the worst first, and of one answer the largest move in its margins."""
    order = get_args(Answer)
    own = [change for change in comparison.changes if change.answer is not None]
    return sorted(own, key=lambda change: (order.index(_answer(change).answer), -_in_margins(_answer(change))))


def answer_rows(comparison: Comparison, most: int | None = MOST_ROWS) -> list[AnswerRow]:
    """A row for each answer, the worst first; at most so many, None for all."""
    return [_row(change, _answer(change)) for change in answers(comparison)[:most]]


def rows_left(comparison: Comparison, most: int = MOST_ROWS) -> str | None:
    """How many answers stand in no row, by answer; None where all do."""
    left = [_answer(change).answer for change in answers(comparison)[most:]]
    if not left:
        return None
    counted = ", ".join(f"{left.count(answer)} {answer}" for answer in get_args(Answer) if answer in left)
    return f"and {len(left)} more in the report: {counted}"


def verdict_rows(comparison: Comparison) -> list[VerdictRow]:
    """Cases whose verdict is another or that are gone, those first that no longer come out as registered."""
    told = [change for change in comparison.changes if change.kind in ("verdict", "gone")]
    rows = []
    for change in sorted(told, key=lambda change: not change.regression):
        no_longer = "no longer as registered; " if change.regression and change.kind == "verdict" else ""
        case = f"{change.reading}, {change.case}"
        rows.append(
            VerdictRow(change.claim, case, change.before or "—", change.after or "gone", f"{no_longer}{change.text}")
        )
    return rows


def other_moves(comparison: Comparison) -> list[Change]:
    """Effects that moved and of which neither way is worse for memorization."""
    return [change for change in comparison.changes if change.kind == "effect" and change.answer is None]


def counted(comparison: Comparison) -> str:
    """How many verdicts are others, how many cases came and went, and how many other effects moved."""
    kinds = [change.kind for change in comparison.changes]
    registered = sum(change.regression and change.kind == "verdict" for change in comparison.changes)
    found = {
        "verdict changed": kinds.count("verdict"),
        "gone": kinds.count("gone"),
        "new": kinds.count("new"),
        "effect moved of which neither way is worse": len(other_moves(comparison)),
    }
    said = [f"{count} {what}" for what, count in found.items() if count]
    if registered:
        said[0] += f", {registered} of them no longer as registered"
    return ", ".join(said) if said else "no verdict changed" if kinds else "no case in common"


def clipped_words(clipped_to: float | None, clipped: int) -> str:
    """What became of moves that are larger than they may count; nothing where none can be."""
    if clipped_to is None:
        return ""
    unit = "half a unit" if clipped_to == HALF_A_UNIT else f"{clipped_to:g}"
    return f", moves beyond {unit} count as {unit}: {clipped} of them"


def _answer(change: Change) -> Answered:
    if change.answer is None:
        raise ValueError(f"{change.claim} [{change.case}] has no answer")
    return change.answer


def _in_margins(answer: Answered) -> float:
    return abs(answer.move or 0.0) / (answer.margin or 1.0)


def _row(change: Change, answer: Answered) -> AnswerRow:
    return AnswerRow(
        answer.answer,
        change.claim,
        f"{change.reading}, {change.case}",
        _number(answer.before),
        _number(answer.after),
        _move(answer),
        change.label or answer.measure,
        "; ".join(_more(answer)),
    )


def _move(answer: Answered) -> str:
    if answer.move is None or answer.answer == "identical":
        return "0" if answer.answer == "identical" else "—"
    return f"{answer.move:+.3g} {_interval(answer.interval)}"


def _more(answer: Answered) -> Iterator[str]:
    """What a reader needs beside the numbers."""
    if answer.reason is not None:
        yield f"not compared: {answer.reason}"
    if answer.answer == "cannot tell" and answer.reason is None:
        more = answer.more_trials
        yield "more trials may tell" if more is None else f"about {more} more trials would tell"
    if answer.margin is not None and answer.answer != "identical":
        over = f"{answer.paired} paired trials" if answer.paired else "both intervals"
        yield f"margin {answer.margin:.3g}, over {over}{clipped_words(answer.clipped_to, answer.clipped)}"
    if None not in answer.clean_accuracy:
        before, after = answer.clean_accuracy
        yield f"clean accuracy {before:.3f} -> {after:.3f}"


def _number(value: float | None) -> str:
    return "—" if value is None else f"{value:.3g}"


def _interval(ends: Two | None) -> str:
    """As ``[-0.1, +0.3]``; infinite ends as such."""
    low, high = ends or (None, None)
    return f"[{'-∞' if low is None else f'{low:+.3g}'}, {'∞' if high is None else f'{high:+.3g}'}]"


def aligned(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines with columns as wide as their widest cell, the last one open."""
    table = [list(header), *map(list, rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(header) - 1)]
    for row in table:
        yield "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]])
