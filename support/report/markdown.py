"""The report in one screen of Markdown, for a pull request or a job summary."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from support.report.comparison import counted, told
from support.report.summary import (
    COLUMNS,
    ERROR,
    certainty,
    controls_failed,
    erratum_of,
    every_case,
    reading_status,
    status,
)

# A pull request's comment holds 65,536 characters; lists are cut where the report can be read instead.
MOST_ROWS = 30
MOST_CHARACTERS = 400


def markdown(report: dict[str, Any]) -> str:
    """The summary of a report, given as `support.report.schema.complete` returns it."""
    surprises = list(_surprises(report))
    comparison = report["comparison"]
    sections = [
        f"## Claims: {_headline(len(surprises), comparison)}",
        _run(report["run"]),
        verdict_table(report),
    ]
    if said := certainty(case for _, _, case in every_case(report["claims"])):
        sections.append(said)
    if report["run"]["notes"]:
        sections.append("\n".join(f"- {_text(note)}" for note in report["run"]["notes"]))
    if surprises:
        sections += ["### Not as registered", table(("claim", "reading", "case", "what"), surprises)]
    if comparison is not None:
        sections += ["### Against the baseline", *_moved(comparison)]
    for conclusion in report["conclusions"]:
        sections += [
            f"### {_text(conclusion['title'])}",
            "\n".join(f"- {_text(sentence['text'])}" for sentence in conclusion["sentences"]),
        ]
    return "\n\n".join(sections) + "\n"


def verdict_table(report: dict[str, Any]) -> str:
    """How many cases and readings have each verdict, and the claims that these belong to."""
    return table(("verdict", "cases", "readings", "claims"), _verdicts(report["claims"]))


def _headline(surprises: int, comparison: dict[str, Any] | None) -> str:
    said = f"{surprises} not as registered" if surprises else "all as registered"
    return said if comparison is None else f"{said}; {counted(comparison).partition(';')[0]}"


def _run(run: dict[str, Any]) -> str:
    commit = "unknown" if not run["commit"] else f"`{run['commit'][:12]}`" + (" (modified)" if run["dirty"] else "")
    facts = {
        "scale": run["scale"],
        "seed": run["seed"],
        "device": run["device"],
        "seconds": run["seconds"],
        "commit": commit,
        "model": run["model"],
    }
    said = [
        f"{name} {_text(value) if name != 'commit' else value}" for name, value in facts.items() if value is not None
    ]
    return ", ".join([*said, *([] if run["complete"] is not False else ["**not complete**"])])


def _verdicts(claims: Sequence[dict[str, Any]]) -> Iterator[Sequence[object]]:
    """A row for every status that occurs: cases, readings, and the claims with such a reading."""
    cases = [status(case["verdict"], erratum_of(reading, case)).key for _, reading, case in every_case(claims)]
    readings = [(reading_status(reading).key, claim["id"]) for claim in claims for reading in claim["readings"]]
    for key, shape, words in COLUMNS:
        names = [name for found, name in readings if found == key]
        if key in cases:
            yield f"{shape} {words}", cases.count(key), len(names), " ".join(dict.fromkeys(names))
    idle = [claim["id"] for claim in claims if not claim["readings"]]
    if idle:
        yield "○ not covered", "", "", " ".join(idle)


def _surprises(report: dict[str, Any]) -> Iterator[Sequence[object]]:
    for claim, reading, case in every_case(report["claims"]):
        shown = status(case["verdict"], erratum_of(reading, case))
        broken = case["verdict"] == "not run" and (case["reason"] or "").startswith(ERROR)
        if broken or not shown.expected:
            failed = ", ".join(control["name"] for control in controls_failed(case))
            reason = f"controls that did not come out: {failed}" if failed else case["reason"]
            what = "; ".join(filter(None, (shown.words, _decision(case), reason)))
            yield claim["id"], reading["reading"], case["id"], what


def _decision(case: dict[str, Any]) -> str | None:
    if case["effect"] is None or not case["interval"] or not case["region"]:
        return None
    ends = ", ".join("∞" if end is None else f"{end:.4g}" for end in case["interval"])
    return (
        f"{case['effect_label']} = {case['effect']:.4g} [{ends}], the claim holds for effects {case['region']['label']}"
    )


def _moved(comparison: dict[str, Any]) -> Iterator[str]:
    baseline = comparison["baseline"]
    facts = [f"`{_code(baseline['file'])}`", f"scale {baseline['scale']}", f"seed {baseline['seed']}"]
    if baseline["commit"]:
        facts.append(f"commit `{baseline['commit'][:12]}`")
    yield f"{', '.join(facts)}: {counted(comparison)}."
    changes = [
        (
            change["claim"],
            change["reading"],
            change["case"],
            f"regression: {change['kind']}" if change["regression"] else change["kind"],
            {"up": "↑", "down": "↓", None: ""}[change["direction"]],
            change["text"],
        )
        for change in told(comparison)
    ]
    if changes:
        yield table(("claim", "reading", "case", "change", "", "what"), changes)
    yield "\n".join(f"- {_text(note)}" for note in comparison["notes"])


def table(
    names: Sequence[str],
    rows: Iterator[Sequence[object]] | Sequence[Sequence[object]],
    most: int | None = MOST_ROWS,
) -> str:
    """A table in Markdown; says how many rows there are beyond the `most` that it shows, None for all."""
    cells = [[_text(cell) for cell in row] for row in rows]
    left = 0 if most is None else len(cells) - most
    lines = [list(names), ["---"] * len(names), *cells[:most]]
    drawn = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return drawn if left <= 0 else f"{drawn}\n\n… and {left} more, in the report."


def _text(value: object) -> str:
    """Words that Markdown takes as they are, in one line."""
    words = " ".join(str(value).split())
    if len(words) > MOST_CHARACTERS:
        words = f"{words[:MOST_CHARACTERS]}…"
    return re.sub(r"([\\`*_\[\]<>|~])", r"\\\1", words)


def _code(value: str) -> str:
    return value.replace("`", "'").replace("\n", " ")
