"""What an audit says in a terminal and in a pull request: one table, one answer."""

from __future__ import annotations

import textwrap

from support.audit.result import Audit, Move, Reading, Row
from support.document.letters import in_one_line
from support.page.markdown import as_text
from support.statistics.answers import Answer

WIDTH = 79
# What the answer over all questions means.
MEANING: dict[Answer, str] = {
    "worse": "it memorizes more than before",
    "better": "it memorizes less than before",
    "same": "no question moved by as much as its margin",
    "identical": "every number is the same to the bit",
    "cannot tell": "more trials may tell",
}
# A move of less is shown as none.
SHOWN = 3


def lines(audit: Audit) -> list[str]:
    """The whole audit, for a terminal of 79 columns."""
    told = [*titles(audit)[1:], ""]
    for row in audit.rows:
        told += _question(row)
    told += ["", *notes(audit)]
    if audit.answer is not None:
        told += ["", f"{audit.answer.upper()}: {MEANING[audit.answer]}"]
    return [part for line in told for part in _wrapped(line)]


def markdown(audit: Audit) -> str:
    """The same for a pull request."""
    title, *head = map(as_text, titles(audit))
    told = [f"## {title}", "", *(f"{line}  " for line in head), ""]
    if audit.answer is not None:
        told += [f"**{audit.answer.upper()}**: {MEANING[audit.answer]}.", ""]
        told += ["| question | before | after | move | |", "| --- | --- | --- | --- | --- |"]
    else:
        told += ["| question | effect | above | |", "| --- | --- | --- | --- |"]
    told += [f"| {' | '.join(as_text(cell) for cell in (row.label, *cells(row)))} |" for row in audit.rows]
    return "\n".join([*told, "", *(f"- {as_text(note)}" for note in notes(audit)), ""])


def titles(audit: Audit) -> list[str]:
    """What was asked, of which models and on which images."""
    on = f"on {audit.data}, the pattern on images of class {audit.target}"
    if audit.before is None:
        return ["What does it memorize?", f"{audit.model} ({audit.trained})", on]
    before, after = f"before: {audit.before} ({audit.trained_before})", f"after: {audit.model} ({audit.trained})"
    return ["Does it memorize more than before?", before, after, on]


def cells(row: Row) -> tuple[str, ...]:
    """What was found: effect, edge and answer; or before, after, move and answer."""
    if row.move is None or row.before is None:
        return _shown(row.after), f"{row.edge:g}", row.after.says
    return f"{row.before.value:.3f}", f"{row.after.value:.3f}", _moved(row.move), _answered(row.move)


def notes(audit: Audit) -> list[str]:
    """What stands beside the table."""
    told = []
    if audit.clean_accuracy is not None:
        before = "" if audit.clean_accuracy_before is None else f"{audit.clean_accuracy_before:.3f} -> "
        told.append(f"clean accuracy: {before}{audit.clean_accuracy:.3f}")
    told += [f"not asked: {key}: {reason}" for key, reason in audit.not_asked.items()]
    told += [f"note: {remark}" for remark in audit.remarks]
    parts = [part for row in audit.rows for part in (row.after, row.before, row.move) if part is not None]
    if any(part.clipped for part in parts):
        told.append("clipped: trials beyond half a unit count as half a unit in intervals, so that few of them tell")
    return told if audit.complete else [*told, "note: the audit was ended before every question was decided"]


def _question(row: Row) -> list[str]:
    """What is asked, what was found, and what that says."""
    trials = f"{len(row.after.trials)} trials"
    if row.move is None or row.before is None:
        asked = f"{trials}; above {row.edge:g}? {row.after.says.upper()}"
        return [row.label, f"    {_shown(row.after)} at {row.after.level:.1%},", f"    {asked}"]
    found = f"{row.before.value:.3f} -> {row.after.value:.3f}, moved by {_moved(row.move)} at {row.move.level:.1%}"
    beside = f"{_answered(row.move)}, no part of the answer" if row.beside else _answered(row.move)
    return [row.label, f"    {found},", f"    {trials}: {beside}"]


def _answered(move: Move) -> str:
    more = f" ({move.more} more trials may)" if move.answer == "cannot tell" and move.more else ""
    return f"{move.answer.upper()}{more}"


def _moved(move: Move) -> str:
    clipped = f", {move.clipped} clipped" if move.clipped else ""
    return f"{move.value:+.{SHOWN}f} {_interval(move.low, move.high)}{clipped}"


def _shown(reading: Reading) -> str:
    clipped = ", clipped to half a unit" if reading.clipped else ""
    return f"{reading.value:.{SHOWN}f}{clipped} {_interval(reading.low, reading.high)}"


def _interval(low: float | None, high: float | None) -> str:
    ends = ("-inf" if low is None else f"{low:.{SHOWN}f}", "inf" if high is None else f"{high:.{SHOWN}f}")
    return f"[{ends[0]}, {ends[1]}]"


def _wrapped(line: str) -> list[str]:
    line = in_one_line(line)
    indent = " " * (len(line) - len(line.lstrip()))
    return textwrap.wrap(line, WIDTH, subsequent_indent=f"{indent}  ", break_on_hyphens=False) or [""]
