"""Panels of earlier reports over 1 + n, which had no other place for zero on a logarithmic axis: now over n itself."""

from __future__ import annotations

from msgspec.structs import replace

from support.document.types import Case, Claim, Line, Panel, Reading, Report

_LABEL = "1 + n"


def over_n(report: Report) -> Report:
    """The report with such panels over n; the same report where it has none."""
    if not any(_is_shifted(panel) for panel in _panels(report)):
        return report
    return replace(report, claims=tuple(_claim(claim) for claim in report.claims))


def _panels(report: Report) -> list[Panel]:
    return [
        panel
        for claim in report.claims
        for reading in claim.readings
        for case in reading.cases
        for panel in case.panels
    ]


def _is_shifted(panel: Panel) -> bool:
    return (panel.x_label, panel.x_scale) == (_LABEL, "log")


def _claim(claim: Claim) -> Claim:
    return replace(claim, readings=tuple(_reading(reading) for reading in claim.readings))


def _reading(reading: Reading) -> Reading:
    return replace(reading, cases=tuple(_case(case) for case in reading.cases))


def _case(case: Case) -> Case:
    if not any(map(_is_shifted, case.panels)):
        return case
    return replace(case, panels=tuple(_panel(panel) if _is_shifted(panel) else panel for panel in case.panels))


def _panel(panel: Panel) -> Panel:
    return replace(panel, x_label="n", x_scale="log1p", lines=tuple(map(_line, panel.lines)))


def _line(line: Line) -> Line:
    return replace(line, x=tuple(None if x is None else x - 1 for x in line.x))
