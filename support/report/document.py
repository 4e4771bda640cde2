"""The claim report as data: every registered claim with its readings and cases, in the order of the register."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from support.register import Claim, Register
from support.report.schema import SCHEMA

READINGS = ("printed", "published", "sound")

# Reasons of cases that have not run for want of being reached; they are no finding.
NOT_SELECTED = "not selected in this run"
INTERRUPTED = "the run was interrupted before this case ended"


def reading_verdict(verdicts: Iterable[str]) -> str:
    """The verdict on a reading: the worst of its cases; those not run count only if none ran."""
    seen = set(verdicts)
    for verdict in ("refuted", "inconclusive", "supported"):
        if verdict in seen:
            return verdict
    return "not run"


def build(register: Register, cases: Iterable[dict[str, Any]], run: dict[str, Any]) -> dict[str, Any]:
    """The report document.

    Parameters
    ----------
    cases : each with ``claim``, ``reading``, ``erratum`` and the fields of a case.
    run : the run block (commit, versions, device, scale, seed and so on).
    """
    by_claim: dict[str, list[dict[str, Any]]] = {}
    given = list(cases)
    for case in given:
        by_claim.setdefault(case["claim"], []).append(case)
    return {
        "schema": SCHEMA,
        "run": run | {"sequences": sum(1 for case in given if by_sequence(case))},
        "papers": {key: asdict(paper) for key, paper in register.papers.items()},
        "claims": [_claim(claim, by_claim.get(claim.id, [])) for claim in register.claims],
        "errata": [asdict(erratum) for erratum in register.errata],
    }


def by_sequence(case: dict[str, Any]) -> bool:
    """Whether a case has a verdict that rests on a confidence sequence."""
    return case["verdict"] in ("supported", "refuted") and case.get("measure") is not None


def not_selected(register: Register, cases: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """A *not run* case for every claim that has tests of which none reported."""
    seen = {case["claim"] for case in cases}
    return [
        undecided(NOT_SELECTED)
        | {
            "claim": claim.id,
            "reading": "sound",
            "erratum": None,
            "id": "all",
            "test": claim.covered_by[0],
            "protocol": "",
            "command": f"pytest {' '.join(claim.covered_by)}",
            "seconds": 0.0,
        }
        for claim in register.claims
        if claim.covered_by and claim.id not in seen
    ]


def undecided(reason: str) -> dict[str, Any]:
    """The fields of a case that has no verdict, and why."""
    return {
        "verdict": "not run",
        "reason": reason,
        "effect": None,
        "effect_label": "",
        "interval": None,
        "level": None,
        "method": "",
        "region": None,
        "trials": [],
        "resolution": None,
        "measure": None,
        "power": None,
        "controls": [],
        "sizes": {},
        "panels": [],
        "formulas": [],
        "datasets": [],
        "evidence": [],
    }


def _claim(claim: Claim, cases: list[dict[str, Any]]) -> dict[str, Any]:
    readings = []
    for reading in READINGS:
        own = [case for case in cases if case["reading"] == reading]
        if own:
            errata = {case["erratum"] for case in own if case["erratum"]}
            readings.append(
                {
                    "reading": reading,
                    "verdict": reading_verdict(case["verdict"] for case in own),
                    "erratum": min(errata) if errata else None,
                    "cases": [
                        {key: value for key, value in case.items() if key not in ("claim", "reading")}
                        for case in sorted(own, key=lambda case: str(case["test"]))
                    ],
                }
            )
    listed = {"rests_on": list(claim.rests_on), "covered_by": list(claim.covered_by)}
    return asdict(claim) | listed | {"paper": claim.paper, "readings": readings}


def write_json(document: dict[str, Any], path: Path) -> None:
    """Write the report, whole or not at all."""
    content = json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False)
    temporary = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        temporary.write_text(content, encoding="utf-8")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
