"""What stands beside a page in the folder of published reports: tables to link to, and what other runs found.

A case that this run's scale or machine cannot run may have run elsewhere. What was found there is said as that: it is
no verdict of this run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from support.document.reading import read
from support.document.types import Case, Claim, Reading, Report, ReportError
from support.document.walking import case_name, every_case
from support.page import typeset

_TABLES = (
    ("seeds/quick.md", "three other seeds, case by case"),
    ("calibration.md", "how often intervals miss"),
    ("ledger.md", "what each case cost"),
    ("README.md", "all published reports"),
)
# Claim, reading, test function and id.
CaseName = tuple[str, str, str, str]
# Folders of published runs at larger scales, the nearest first; the earlier one knows what the later has not run.
_RUNS = ("standard", "standard-earlier", "paper")


@dataclass(frozen=True)
class Elsewhere:
    """What another run found of a case, in words, where its page says it, and the scale of that run."""

    words: str
    href: str
    scale: str | None = None


@dataclass(frozen=True)
class Beside:
    """Links with what they lead to, and what other runs found by the name of the case."""

    links: tuple[tuple[str, str], ...] = ()
    found: Mapping[CaseName, Sequence[Elsewhere]] = field(default_factory=dict)

    def of(self, claim: Claim, reading: Reading, case: Case) -> Sequence[Elsewhere]:
        """What other runs found of a case that this one could not ask."""
        if case.not_run is None or case.not_run.why not in ("not asked here", "takes hours"):
            return ()
        return self.found.get(case_name(claim.id, reading.reading, case), ())


def beside(folder: Path, report: Report) -> Beside:
    """What stands beside a report's page in `folder`; other runs speak of the papers' models alone.

    A published report that cannot be read is left out: it is no part of this one.
    """
    above = folder.resolve().parent
    links = tuple((f"../{path}", words) for path, words in _TABLES if (above / path).is_file())
    if report.run.model is not None or not links:
        return Beside(links)
    found: dict[CaseName, list[Elsewhere]] = {}
    for name in _RUNS:
        path = above / name / "report.json"
        if name != folder.resolve().name and path.is_file():
            try:
                other = read(path)
            except ReportError:
                continue
            for key, elsewhere in _found(other, name).items():
                known = found.setdefault(key, [])
                if elsewhere.scale not in [each.scale for each in known]:
                    known.append(elsewhere)
    return Beside(links, found)


def _found(report: Report, name: str) -> dict[CaseName, Elsewhere]:
    run = f"the published run at {report.run.scale or name} scale"
    if report.run.commit:
        run += f" (commit {report.run.commit[:12]})"
    rules = "" if report.run.sequences is not None else " by the rules of its time"
    return {
        case_name(claim.id, reading.reading, case): Elsewhere(
            f"{run} found {typeset.number(case.effect)} {typeset.interval(case.interval)}"
            f" and called the claim {case.verdict}{rules}",
            f"../{name}/index.html#{claim.id}",
            report.run.scale,
        )
        for claim, reading, case in every_case(report.claims)
        if case.verdict != "not run" and case.interval is not None and case.effect is not None
    }
