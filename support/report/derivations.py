"""Derivations: the formulas that cases handed in, gathered into chapters, each with what decides it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from support.report import mathematics, summary
from support.report.schema import SIDES, ReportError

# A case with its claim and reading.
Origin = tuple[dict[str, Any], dict[str, Any], dict[str, Any]]


@dataclass
class Step:
    """One formula, and the cases that handed it in, in the report's order."""

    formula: dict[str, Any]
    shown: Markup
    cases: list[Origin] = field(default_factory=list)

    def _against(self, reading: dict[str, Any], case: dict[str, Any]) -> bool:
        own: str | None = self.formula["erratum"] if self.formula["side"] == "corrected" else None
        return own is not None and summary.erratum_of(reading, case) == own

    @property
    def deciding(self) -> list[Origin]:
        """The cases whose verdict is one on this formula."""
        return [origin for origin in self.cases if not self._against(*origin[1:])]

    @property
    def contrasting(self) -> list[Origin]:
        """Of a corrected formula: the cases that handed it in to decide the printed one against it."""
        return [origin for origin in self.cases if self._against(*origin[1:])]


def gather(claims: Iterable[dict[str, Any]]) -> dict[str, list[Step]]:
    """Return the steps of each chapter in their order; chapters stand in order of first appearance.

    Raises ReportError where a formula cannot be shown, or where two cases differ about it.
    """
    steps: dict[tuple[str, str, str | None], Step] = {}
    for claim, reading, case in summary.every_case(claims):
        for formula in case["formulas"]:
            key = formula["chapter"], formula["title"], formula["side"]
            if key not in steps:
                steps[key] = Step(formula, mathematics.display(formula["mathml"], formula["title"]))
            _agree(steps[key], formula, f"{claim['id']} {case['id']}")
            if not any(handed is case for _, _, handed in steps[key].cases):
                steps[key].cases.append((claim, reading, case))
    chapters: dict[str, list[Step]] = {}
    for step in sorted(steps.values(), key=lambda step: step.formula["order"]):
        chapters.setdefault(step.formula["chapter"], []).append(step)
    first = list(dict.fromkeys(chapter for chapter, _, _ in steps))
    return {chapter: chapters[chapter] for chapter in first}


def _agree(step: Step, formula: dict[str, Any], origin: str) -> None:
    differing = [name for name, value in formula.items() if step.formula[name] != value]
    if differing:
        claim, _, case = step.cases[0]
        raise ReportError(
            f"formula {formula['title']!r} of chapter {formula['chapter']!r}: "
            f"{claim['id']} {case['id']} and {origin} differ in its {', '.join(differing)}"
        )


def outside_errata(chapters: dict[str, list[Step]], errata: Collection[str]) -> dict[str, list[Step]]:
    """Return the chapters without what stands under errata alone.

    That is what is printed, and chapters of nothing but printed and corrected formulas.
    """
    kept = {}
    for chapter, steps in chapters.items():
        if any(step.formula["erratum"] not in errata for step in steps):
            kept[chapter] = [
                step for step in steps if step.formula["side"] != "printed" or step.formula["erratum"] not in errata
            ]
    return kept


def of_claim(chapters: dict[str, list[Step]], claim: dict[str, Any]) -> list[Step]:
    """Return the steps that a claim's cases handed in."""
    return [
        step for steps in chapters.values() for step in steps if any(handed is claim for handed, _, _ in step.cases)
    ]


def of_erratum(chapters: dict[str, list[Step]], erratum: str) -> list[tuple[Step | None, Step | None]]:
    """Return an erratum's (printed, corrected) pairs, each a formula of the same title where there is one."""
    own = [step for steps in chapters.values() for step in steps if step.formula["erratum"] == erratum]
    printed, corrected = ([step for step in own if step.formula["side"] == side] for side in SIDES)
    by_name = {_name(step): step for step in corrected}
    partners = [by_name.pop(_name(step), None) for step in printed]
    left = iter(by_name.values())
    return [(step, partner or next(left, None)) for step, partner in zip(printed, partners, strict=True)] + [
        (None, step) for step in left
    ]


def _name(step: Step) -> tuple[str, str]:
    return step.formula["chapter"], step.formula["title"]
