"""What each case of a run cost, and how many trials it took: where the line of a scale's time is to be drawn.

    python benchmarks/ledger.py REPORT.json EVIDENCE [EVIDENCE ...] --out reports/ledger

writes reports/ledger.md and reports/ledger.csv. Core-seconds are those that the evidence's manifests state (seconds of
a trial times threads, over the arms that were measured at once). A report says how many cells (arms of trials) a case
read, and of which configuration of an experiment, not which; so a cell costs what a cell of its configuration costs on
average, and *a trial alone* is what the case's own cells of one trial cost. Arms are shared: where the cases read more
cells of a configuration than there are, what was spent on it is divided among them in proportion to the cells that each
read; else each pays for its own, and the rest was read by none. So no case pays more than it would alone, and all of
them with the rest add up to what was spent. What has a time of its own (`--only hours`) is listed apart, and arms are
divided within each list: a scale's own cases pay for what they read, whoever reads it too. A case without evidence
costs the seconds that its test took.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import accumulate
from pathlib import Path
from statistics import mean

import msgspec

from support.command_line import Parser, positive, whole_number
from support.comparing.first_looks import (
    RESAMPLES,
    first_looks,
    looks_again,
    most_imagined,
    resampled_looks,
    trials_to_decide,
)
from support.document.reading import read
from support.document.types import Case, Claim, Reading, Report, ReportError
from support.document.walking import every_case, function_of
from support.evidence.keys import canonical
from support.evidence.places import Stored, look_through
from support.evidence.store import EvidenceDirectoryError
from support.outputs import require_outputs
from support.page.markdown import table

# Two cores for ten minutes.
LINE = 1200.0


@dataclass(frozen=True)
class Spent:
    """What the evidence holds of one configuration of an experiment."""

    core_seconds: float
    cells: int


@dataclass(frozen=True)
class Line:
    """One case that ran.

    Attributes
    ----------
    name : claim, reading and case.
    share : core-seconds, of what was spent on the evidence that it shares; of a case without any, its test's seconds.
    alone : core-seconds of one trial, if nobody shared it; None without evidence.
    effect, controls : trials at which they were decided, in words.
    nine_in_ten : trials by which nine in ten resamplings are decided, in words.
    looked, budget : trials of the last look, and most of them.
    evidence : whether it read any.
    only : the `--only` that it runs with, as it has a time of its own at the scale; empty without one.
    """

    name: str
    share: float
    alone: float | None
    effect: str
    controls: str
    nine_in_ten: str
    looked: int | None
    budget: int | None
    verdict: str
    evidence: bool
    only: str = ""


def spent_on(entries: Iterable[Stored]) -> tuple[dict[bytes, Spent], dict[str, bytes]]:
    """What was spent on each configuration, and the configuration of each key."""
    made: dict[bytes, dict[tuple[str, int], list[float]]] = defaultdict(lambda: defaultdict(list))
    of: dict[str, bytes] = {}
    for stored in entries:
        origin, making = stored.entry.manifest.origin, stored.entry.manifest.making
        # Whichever code made it: a case reads the proven cells of earlier code too, and names one key of all.
        name = canonical([origin.experiment, origin.fields, origin.seed, origin.device, origin.network])
        of[stored.key] = name
        made[name][origin.kind, origin.trial].append(making.seconds * making.threads / making.arms)
    # What two versions of the code have made is read once, and costs what it cost on average.
    spent = {name: Spent(sum(map(mean, cells.values())), len(cells)) for name, cells in made.items()}
    return spent, of


def ledger(
    report: Report, spent: Mapping[bytes, Spent], of: Mapping[str, bytes], resamples: int = RESAMPLES
) -> list[Line]:
    """A line for each case that ran, the cheapest first.

    Parameters
    ----------
    spent, of : as `spent_on` has them.

    Raises
    ------
    ValueError : the evidence is not that of the report.
    """
    ran = [
        (named(claim, reading, case), case)
        for claim, reading, case in every_case(report.claims)
        if case.verdict != "not run"
    ]
    read_by: dict[str, Counter[bytes]] = {name: _cells(case, of) for name, case in ran}
    asked: dict[str, Counter[bytes]] = defaultdict(Counter)
    for name, case in ran:
        asked[_only(case)].update(read_by[name])
    lines = [_line(name, case, read_by[name], spent, asked[_only(case)], resamples) for name, case in ran]
    return sorted(lines, key=lambda line: (line.share, line.name))


def named(claim: Claim, reading: Reading, case: Case) -> str:
    """A case in one line, by what names it in every report."""
    return f"{claim.id} {reading.reading} {function_of(case.test or '')} [{case.id}]"


def _only(case: Case) -> str:
    """With which `--only` a case runs; empty for the scale's own."""
    return (case.command.only if case.command else None) or ""


def _cells(case: Case, of: Mapping[str, bytes]) -> Counter[bytes]:
    """Cells that a case read, by configuration."""
    cells: Counter[bytes] = Counter()
    for part in case.evidence:
        if part.key is None or part.key not in of:
            raise ValueError(
                f"the evidence lacks {part.experiment} (key {(part.key or '')[:16]}), which {case.test} read"
            )
        cells[of[part.key]] += part.cells or 0
    return cells


def _line(
    name: str, case: Case, cells: Counter[bytes], spent: Mapping[bytes, Spent], asked: Counter[bytes], resamples: int
) -> Line:
    share = sum(
        spent[which].core_seconds * count / max(asked[which], spent[which].cells) for which, count in cells.items()
    )
    whole = sum(spent[which].core_seconds / spent[which].cells * count for which, count in cells.items())
    looked = case.look.trials if case.look else None
    effect, controls, nine_in_ten = _decided(case, resamples)
    return Line(
        name=name,
        share=share if cells else case.seconds or 0.0,
        alone=whole / looked if cells and looked else None,
        effect=effect,
        controls=controls,
        nine_in_ten=nine_in_ten,
        looked=looked,
        budget=case.look.budget if case.look else None,
        verdict=case.verdict,
        evidence=bool(cells),
        only=_only(case),
    )


def _decided(case: Case, resamples: int) -> tuple[str, str, str]:
    """Trials of the effect, of each control and of nine in ten resamplings; what is not known is empty."""
    if case.look is None:
        return "", "", ""
    if not looks_again(case):
        return (f"at most {case.look.trials}" if case.verdict != "inconclusive" else "undecided"), "", ""
    found = first_looks(case)
    at = resampled_looks(case, resamples)
    controls = "; ".join(f"{name}: {_trials(trials)}" for name, trials in found.controls.items())
    return _trials(found.effect), controls, f"over {case.look.budget}" if at is None else str(at)


def _trials(trials: int | None) -> str:
    return "undecided" if trials is None else str(trials)


# ------------------------------------------------------------------------------------------------ as files

HEADER = (
    "core-s, summed",
    "core-s",
    "core-s a trial alone",
    "effect at",
    "controls at",
    "9 in 10 by",
    "looked at",
    "budget",
    "verdict",
    "case",
)


def cells_of(lines: Sequence[Line]) -> list[tuple[str, ...]]:
    """The lines as text, with the sum of core-seconds up to each."""
    sums = accumulate(line.share for line in lines)
    return [
        (
            f"{total:.1f}",
            f"{line.share:.2f}",
            "" if line.alone is None else f"{line.alone:.3f}",
            line.effect,
            line.controls,
            line.nine_in_ten,
            "" if line.looked is None else str(line.looked),
            "" if line.budget is None else str(line.budget),
            line.verdict,
            line.name,
        )
        for total, line in zip(sums, lines, strict=True)
    ]


def markdown(report: Report, lines: Sequence[Line], total_spent: float, line_at: float = LINE) -> str:
    """The ledger for a reader, with the line.

    Parameters
    ----------
    total_spent : core-seconds of all evidence, those of cells that no case read among them.
    """
    rows: list[tuple[str, ...]] = cells_of([line for line in lines if not line.only])
    within = sum(float(row[0]) <= line_at for row in rows)
    total = rows[-1][0] if rows else "0"
    unread = max(0.0, total_spent - sum(line.share for line in lines if line.evidence))
    rule = (f"{line_at:,.0f} core-s", *["—"] * (len(HEADER) - 2), f"up to here {within} of {len(rows)} cases")
    apart: dict[str, list[Line]] = {}
    for line in lines:
        if line.only:
            apart.setdefault(line.only, []).append(line)
    undecided = [
        (named(claim, reading, case), case.look.trials, _further(case))
        for claim, reading, case in every_case(report.claims)
        if case.verdict == "inconclusive" and case.look is not None
    ]
    planned = [
        (named(claim, reading, case), case.not_run.planned, case.not_run.scale or "")
        for claim, reading, case in every_case(report.claims)
        if case.not_run is not None and case.not_run.planned is not None
    ]
    about = (
        f"Written by `python benchmarks/ledger.py`, which says how shared arms are divided. {len(rows)} cases ran, for "
        f"{total} core-seconds in all, as the machine was loaded; {unread:.1f} more stand in the evidence for cells "
        "that no case read. The cheapest come first. *Effect at* and *controls at* are the looks at which each is "
        "first decided or comes out, in the trials of the report; *9 in 10 by* is the look by which nine in ten "
        "resamplings of these trials are decided in all parts. Where the report holds one part of an effect only (the "
        "largest of several, a ratio), the case's last look is all that is known."
    )
    parts = [
        f"# Ledger: {report.run.scale} scale, seed {report.run.seed}",
        about,
        table(HEADER, [*rows[:within], rule, *rows[within:]], most=None),
    ]
    for only, own in apart.items():
        told = f"With `--only {only}`, not counted above: the scale's own time does not hold them."
        parts += [f"## In a time of their own: {only}", told, table(HEADER, cells_of(own), most=None)]
    if undecided:
        header = ("case", "trials", "that would decide it, were further ones like these")
        parts += ["## Undecided", table(header, undecided, most=None)]
    if planned:
        parts += ["## Not run, for want of trials", table(("case", "trials planned", "scale"), planned, most=None)]
    return "\n\n".join(parts) + "\n"


def _further(case: Case) -> str:
    """Trials that would decide an undecided case."""
    if not looks_again(case):
        return "not known: the report holds a part only"
    found = trials_to_decide(case)
    return f"over {most_imagined(case):,}" if found is None else f"{found:,}"


def as_csv(lines: Sequence[Line]) -> str:
    """The same lines as a table for programs."""
    text = StringIO()
    writer = csv.DictWriter(text, Line.__dataclass_fields__, lineterminator="\n")
    writer.writeheader()
    writer.writerows(msgspec.to_builtins(line) for line in lines)
    return text.getvalue()


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the ledger; what cannot be done ends in one sentence and status 2."""
    parser = Parser(
        prog="python benchmarks/ledger.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("report", type=Path, metavar="REPORT.json")
    parser.add_argument("places", nargs="+", type=Path, metavar="EVIDENCE", help="directories or packs")
    parser.add_argument("--out", type=Path, default=Path("reports/ledger"), help="without an ending")
    parser.add_argument("--resamples", type=whole_number(1), default=RESAMPLES, metavar="N")
    parser.add_argument(
        "--line", type=positive, default=LINE, metavar="CORE-SECONDS", help="of the scale (default: 1200)"
    )
    given = parser.parse_args(arguments)
    try:
        written = {f"--out, as {ending}": given.out.with_suffix(ending) for ending in (".md", ".csv")}
        places = [("the evidence", place) for place in given.places]
        require_outputs(written, [("the report", given.report), *places])
        report = read(given.report)
        spent, of = spent_on(look_through(given.places).entries)
        lines = ledger(report, spent, of, given.resamples)
        total = sum(each.core_seconds for each in spent.values())
        given.out.with_suffix(".md").write_text(markdown(report, lines, total, given.line), encoding="utf-8")
        given.out.with_suffix(".csv").write_text(as_csv(lines), encoding="utf-8")
    except (ReportError, EvidenceDirectoryError, ValueError, OSError) as error:
        parser.exit(2, f"{error}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
