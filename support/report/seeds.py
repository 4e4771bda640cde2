"""Reports of the same suite at several seeds, side by side: what each says, and what all their trials say together.

Seeds are independent replications. Effects that are means over trials (Student t) are pooled: the mean over the trials
of all seeds, decided by the suite's one rule with the controls pooled alike. Other effects are only told side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

from support.report.markdown import table
from support.report.schema import ReportError
from support.report.summary import case_name, controls_failed, every_case, status
from support.statistics import Control, Estimate, Measure, Region, Verdict, effects, mean_of
from support.statistics.verdicts import decide_with_controls

# How `mean_of` and `slope_of` name their intervals.
POOLED_METHOD = "Student t over "

Case = dict[str, Any]
Name = tuple[str, str, str, str]


@dataclass(frozen=True)
class Row:
    """One case at all seeds.

    Attributes
    ----------
    name : claim, reading, test function and case.
    cases : by seed, for the seeds at which it ran.
    pooled : the estimate over the trials of all seeds and its verdict, or None where it cannot be had.
    """

    name: Name
    cases: dict[int, Case]
    pooled: tuple[Estimate, Verdict] | None

    @property
    def verdicts(self) -> set[str]:
        """Those of the seeds."""
        return {case["verdict"] for case in self.cases.values()}

    @property
    def contradictory(self) -> bool:
        """Whether it is supported at one seed and refuted at another."""
        return {"supported", "refuted"} <= self.verdicts


def rows(reports: Sequence[dict[str, Any]]) -> list[Row]:
    """The cases that ran at two seeds or more.

    Parameters
    ----------
    reports : as `support.report.schema.complete` returns them; several of one seed complete each other, the first that
        ran a case counts.

    Raises
    ------
    ReportError : fewer than two seeds, or reports of several scales or models.
    """
    for field in ("scale", "model"):
        found = dict.fromkeys(report["run"][field] for report in reports)
        if len(found) > 1:
            raise ReportError(f"reports of one {field} can be compared by seed, got {', '.join(map(str, found))}")
    cases: dict[Name, dict[int, Case]] = {}
    for report in reports:
        for claim, reading, case in every_case(report["claims"]):
            if case["verdict"] != "not run":
                name = case_name(claim["id"], reading["reading"], case)
                cases.setdefault(name, {}).setdefault(int(report["run"]["seed"]), case)
    if len({report["run"]["seed"] for report in reports}) < 2:
        raise ReportError("a comparison by seed needs reports of at least two seeds")
    return [
        Row(name, dict(sorted(found.items())), _pooled(list(found.values())))
        for name, found in sorted(cases.items())
        if len(found) > 1
    ]


def markdown(reports: Sequence[dict[str, Any]]) -> str:
    """A table of what the seeds say, and how far they agree; parameters and errors as for `rows`."""
    found = rows(reports)
    seeds = sorted({int(report["run"]["seed"]) for report in reports})
    alike = sum(len(row.verdicts) == 1 and "inconclusive" not in row.verdicts for row in found)
    open_cases = [row for row in found if "inconclusive" in row.verdicts and not row.contradictory]
    decided = sum(row.pooled is not None and row.pooled[1] != Verdict.INCONCLUSIVE for row in open_cases)
    said = f"""{len(found)} cases ran at two seeds or more, at {reports[0]["run"]["scale"]} scale.

- {alike} have the same verdict, supported or refuted, at every seed that ran them.
- {len(open_cases)} are undecided at some seed or at all; over the trials of all seeds {decided} of these are decided.
- {sum(row.contradictory for row in found)} are supported at one seed and refuted at another.

✓ supported, ✗ refuted, ◇ inconclusive, (c) a control did not come out; effect and 99.9 % interval. Empty: not run, or
no mean over trials.
"""
    header = ("claim", "case", *(f"seed {seed}" for seed in seeds), "all trials")
    lines = [
        (
            " ".join(row.name[:2]),
            f"{row.name[2].removeprefix('test_')}: {row.name[3]}",
            *(_cell(row.cases.get(seed)) for seed in seeds),
            _pooled_cell(row),
        )
        for row in found
    ]
    return said + "\n" + table(header, lines, most=None) + "\n"


def write(reports: Sequence[dict[str, Any]], file: Path) -> None:
    """Write that table; parameters and errors as for `rows`, and ReportError where the file cannot be written."""
    text = markdown(reports)
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ReportError(f"{file}: cannot be written: {error.strerror or error}") from error


def _pooled(cases: Sequence[Case]) -> tuple[Estimate, Verdict] | None:
    estimate, region = _over_all(cases), _region(cases)
    if estimate is None or region is None:
        return None
    controls: list[Control] = []
    for number, control in enumerate(cases[0]["controls"]):
        alike = [case["controls"][number] for case in cases if len(case["controls"]) > number]
        if [each["name"] for each in alike] != [control["name"]] * len(cases):
            return None
        pooled, known = _over_all(alike), _region(alike)
        if pooled is None or known is None:
            # No mean over trials, such as the largest of them: it counts where it came out at every seed.
            if any(each["verdict"] != each["expected"] for each in alike):
                return estimate, Verdict.INCONCLUSIVE
        else:
            controls.append(Control(control["name"], "", pooled, known, Verdict(control["expected"])))
    return estimate, decide_with_controls(estimate, region, tuple(controls))


def _over_all(parts: Sequence[dict[str, Any]]) -> Estimate | None:
    """The mean over the trials of cases or controls, or None where it is none or its trials have no spread."""
    trials = [trial for part in parts for trial in part["trials"]]
    measures = [part["measure"] for part in parts]
    if measures[0] is not None:
        return _by_sequence(measures[0], trials) if all(each == measures[0] for each in measures) else None
    if not all(str(part["method"]).startswith(POOLED_METHOD) for part in parts):
        return None
    return mean_of(trials, "over all seeds") if len(set(trials)) > 1 else None


def _by_sequence(measure: dict[str, Any], trials: list[float]) -> Estimate | None:
    """The mean by the measure's route; of all seeds together it is one more look at one sequence."""
    if measure["route"] not in ("bounded", "share"):
        return None
    return effects.mean_of(trials, Measure(**measure), "over all seeds")


def _region(parts: Sequence[dict[str, Any]]) -> Region | None:
    """The region, where it is the same for all."""
    ends = {(part["region"]["low"], part["region"]["high"]) for part in parts}
    if len(ends) != 1:
        return None
    ((low, high),) = ends
    return Region(-inf if low is None else low, inf if high is None else high)


def _cell(case: Case | None) -> str:
    if case is None:
        return ""
    text = f"{status(case['verdict'], None).shape} {_numbers(case['effect'], *case['interval'])}"
    return text + (" (c)" if controls_failed(case) else "")


def _pooled_cell(row: Row) -> str:
    if row.pooled is None:
        return ""
    estimate, verdict = row.pooled
    return f"{status(verdict, None).shape} {_numbers(estimate.value, estimate.low, estimate.high)}"


def _numbers(effect: float | None, low: float | None, high: float | None) -> str:
    first, *ends = ("∞" if number is None else f"{number:.3g}" for number in (effect, low, high))
    return f"{first} [{', '.join(ends)}]"
