"""The report in one screen of Markdown, for a pull request or a job summary."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from support.comparing import wording
from support.document.changes import Comparison
from support.document.letters import in_one_line
from support.document.statuses import (
    COLUMNS,
    NOT_CHECKABLE,
    NOT_COVERED,
    certainty,
    reading_status,
    share_tested,
    status,
    status_of,
    untested,
)
from support.document.types import Claim, Conclusion, Reading, Report, Run, Sentence
from support.document.walking import every_case
from support.page.verdicts import in_short

# A pull request's comment holds 65,536 characters; lists are cut where the report can be read instead.
MOST_ROWS = 30
MOST_CHARACTERS = 400

# What means something in Markdown, its last letter to be escaped: anywhere, at the beginning of a line, and in what
# GitHub takes for an address.
_MARKS = re.compile(r"[\\`*_\[\]<>|~#&$]|^[-+](?=[\s+-]|$)|^=+$|^\d+[.)](?=\s|$)|\bwww\.|:(?=//)")


def markdown(report: Report) -> str:
    """The summary of a report."""
    surprises = list(_surprises(report))
    sections = [
        f"## Claims: {_headline(len(surprises), report.comparison)}",
        _run(report.run),
        verdict_table(report),
    ]
    if said := certainty(case for _, _, case in every_case(report.claims)):
        sections.append(said)
    if report.run.notes:
        sections.append("\n".join(f"- {as_text(note)}" for note in report.run.notes))
    if surprises:
        sections += ["### Not as registered", table(("claim", "reading", "case", "what"), surprises)]
    if report.comparison is not None:
        sections += ["### Does it memorize more than before?", *_moved(report.comparison)]
    sections += conclusions(report.conclusions)
    return "\n\n".join(sections) + "\n"


def conclusions(found: Sequence[Conclusion]) -> Iterator[str]:
    """What the verdicts say in sentences, each with the shapes of its verdicts, under a heading for each paper."""
    for conclusion in found:
        yield f"### {as_text(conclusion.title)}"
        yield "\n".join(f"- {_shapes(each)}{as_text(each.text)}" for each in conclusion.sentences)


def _shapes(sentence: Sentence) -> str:
    shapes = "".join(status(verdict, None).shape for verdict in sentence.verdicts)
    return f"{shapes} " if shapes else ""


def verdict_table(report: Report) -> str:
    """How many cases and readings have each verdict, and the claims that these belong to."""
    return table(("verdict", "cases", "readings", "claims"), _verdicts(report.claims))


def _headline(surprises: int, comparison: Comparison | None) -> str:
    said = f"{surprises} not as registered" if surprises else "all as registered"
    return said if comparison is None else f"{wording.headline(comparison)}; {said}"


def _run(run: Run) -> str:
    commit = "unknown" if not run.commit else as_code(run.commit[:12]) + (" (modified)" if run.dirty else "")
    facts = {
        "scale": run.scale,
        "seed": run.seed,
        "device": run.device,
        "seconds": run.seconds,
        "commit": commit,
        "model": run.model,
    }
    said = [
        f"{name} {as_text(value) if name != 'commit' else value}" for name, value in facts.items() if value is not None
    ]
    return ", ".join([*said, *([] if run.complete is not False else ["**not complete**"])])


def _verdicts(claims: Sequence[Claim]) -> Iterator[Sequence[object]]:
    """A row for every status that occurs: cases, readings, and the claims with such a reading."""
    cases = [status_of(reading, case).key for _, reading, case in every_case(claims)]
    readings = [(reading_status(reading).key, _named(claim, reading)) for claim in claims for reading in claim.readings]
    for key, shape, words in COLUMNS:
        names = [name for found, name in readings if found == key]
        if key in cases or names:
            yield f"{shape} {words}", cases.count(key) or "", len(names), " ".join(dict.fromkeys(names))
    idle = [(untested(claim), claim.id) for claim in claims if not claim.readings]
    for shown in (NOT_COVERED, NOT_CHECKABLE):
        if names := [name for found, name in idle if found == shown]:
            yield f"{shown.shape} {shown.words}", "", "", " ".join(names)


def _named(claim: Claim, reading: Reading) -> str:
    """A claim; that it is no paper's, where it is not, and how much was tested where it is supported as far as that."""
    said = ["asked by this suite"] * claim.extension
    said += [share_tested(reading)] * (reading_status(reading).key == "partial")
    return f"{claim.id} ({', '.join(said)})" if said else claim.id


def _surprises(report: Report) -> Iterator[Sequence[object]]:
    for claim, reading, case in every_case(report.claims):
        shown = status_of(reading, case)
        broken = case.not_run is not None and case.not_run.why == "error"
        if broken or not shown.expected:
            yield claim.id, reading.reading, case.id, in_short(shown, case)


def _moved(comparison: Comparison) -> Iterator[str]:
    baseline = comparison.baseline
    facts = [as_code(baseline.file), f"scale {as_text(baseline.scale)}", f"seed {baseline.seed}"]
    if baseline.commit:
        facts.append(f"commit {as_code(baseline.commit[:12])}")
    yield f"**{as_text(wording.headline(comparison))}.**"
    yield f"Against {', '.join(facts)}; {wording.counted(comparison)}."
    if rows := wording.answer_rows(comparison):
        yield table(wording.ANSWER_HEADER, [row.cells for row in rows])
    if left := wording.rows_left(comparison):
        yield f"… {left}."
    if verdicts := wording.verdict_rows(comparison):
        yield "#### Verdicts that changed"
        yield table(wording.VERDICT_HEADER, [row.cells for row in verdicts])
    if others := wording.other_moves(comparison):
        yield "#### Effects that moved, of which neither way is worse"
        yield table(
            ("claim", "case", "what"),
            [(change.claim, f"{change.reading}, {change.case}", change.text) for change in others],
        )
    yield "\n".join(f"- {as_text(note)}" for note in comparison.notes)


def table(
    names: Sequence[str],
    rows: Iterator[Sequence[object]] | Sequence[Sequence[object]],
    most: int | None = MOST_ROWS,
) -> str:
    """A table in Markdown; says how many rows there are beyond the `most` that it shows, None for all."""
    cells = [[as_text(cell) for cell in row] for row in rows]
    left = 0 if most is None else len(cells) - most
    lines = [list(names), ["---"] * len(names), *cells[:most]]
    drawn = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return drawn if left <= 0 else f"{drawn}\n\n… and {left} more, in the report."


def as_text(value: object) -> str:
    """Words that Markdown takes as they are, in one line: no mark-up, no link, no entity, no formula."""
    words = " ".join(in_one_line(str(value)).split())
    if len(words) > MOST_CHARACTERS:
        words = f"{words[:MOST_CHARACTERS]}…"
    return _MARKS.sub(lambda found: f"{found[0][:-1]}\\{found[0][-1]}", words)


def as_code(value: object) -> str:
    """The same as code, within more backticks than follow each other in it."""
    words = " ".join(in_one_line(str(value)).split())
    if not words:
        return "(nothing)"
    fence = "`" * (1 + max(map(len, re.findall("`+", words)), default=0))
    room = " " * (words[0] == "`" or words[-1] == "`")
    return f"{fence}{room}{words}{room}{fence}"
