"""One judged case: from an estimate, a region and controls to a verdict, as the report stores it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite, isnan
from typing import Any

from support.evidence.rows import Rows
from support.statistics import POWER, Control, Estimate, Measure, Region, Verdict
from support.statistics.exclusion import Exclusion
from support.statistics.verdicts import comes_out, decide_with_controls, discriminates


class Refuted(AssertionError):  # noqa: N818 - a verdict, not a mistake
    """The effect's interval lies outside the region in which the claim is true."""


class Inconclusive(AssertionError):  # noqa: N818 - a verdict, not a mistake
    """The interval crosses the region's edge, or a control did not come out."""


def _measure(measure: Measure | None) -> dict[str, Any] | None:
    """A measure as the report stores it; an infinite end of its range is null."""
    if measure is None:
        return None
    ends = {"low": _number(measure.low), "high": _number(measure.high)}
    return dataclasses.asdict(measure) | ends


def _number(value: float) -> float | None:
    return value if isfinite(value) else None


def _estimate(estimate: Estimate, region: Region) -> dict[str, Any]:
    if any(isnan(number) for number in (estimate.value, estimate.low, estimate.high, *estimate.trials)):
        raise ValueError(f"{estimate.label}: NaN is no effect, got {estimate.value} from trials {estimate.trials[:5]}")
    return {
        "effect": _number(estimate.value),
        "effect_label": estimate.label,
        "interval": [_number(estimate.low), _number(estimate.high)],
        "level": estimate.level,
        "method": estimate.method,
        "region": {"low": _number(region.low), "high": _number(region.high), "label": str(region)},
        "trials": [_number(trial) for trial in estimate.trials],
        "resolution": estimate.resolution,
        "measure": _measure(estimate.measure),
        "power": None if estimate.level is None else POWER,
    }


def _proven(rows: Rows) -> tuple[str, ...]:
    """What a reader should know of numbers that earlier code made."""
    return (f"{rows.proven} entries by earlier code, proven to give the same numbers",) if rows.proven else ()


def describe(estimate: Estimate, region: Region) -> str:
    """The decision in one line, with its numbers."""
    level = "exactly" if estimate.level is None else f"{estimate.level:.1%} interval"
    return (
        f"{estimate.label} = {estimate.value:.4g}, {level} [{estimate.low:.4g}, {estimate.high:.4g}], "
        f"{estimate.method}; the claim holds for effects {region}"
    )


@dataclass
class Judge:
    """Collects what one test asked for and decides it once.

    Attributes
    ----------
    evidence : tables that the test used, for their digests.
    datasets : names of the datasets that these were made from.
    decided : whether more trials can change nothing: there is a verdict, or a control shows that there will be none.
    record : the case as the report stores it, after the decision.
    """

    evidence: list[Rows] = field(default_factory=list)
    datasets: set[str] = field(default_factory=set)
    decided: bool = False
    record: dict[str, Any] | None = None

    def __call__(
        self,
        estimate: Estimate,
        region: Region,
        *,
        controls: Sequence[Control] = (),
        sizes: Mapping[str, object] | None = None,
        exclusions: Sequence[Exclusion] = (),
        panels: Sequence[dict[str, Any]] = (),
        formulas: Sequence[dict[str, Any]] = (),
    ) -> None:
        """Decide the case.

        Parameters
        ----------
        estimate, region : the effect and where the claim is true.
        controls : the same decision where the answer is known; at least one must be negative.
        sizes : what was run, for the reader (d, N, k, trials).
        exclusions : trials that were left out, and by which rule; of too many there is no verdict.
        panels : panels of the paper's figures, from `support.report.panels`.
        formulas : steps of a derivation that this case decides, from `support.report.formulas`.

        Raises
        ------
        Refuted, Inconclusive : with the numbers that say why.
        ValueError : no negative control, a second decision in one test, a NaN, or an interval that holds at one number
            of trials only.
        """
        if self.record is not None:
            raise ValueError("one test decides one case")
        for each in (estimate, *(control.estimate for control in controls)):
            if each.level is not None and each.measure is None:
                raise ValueError(f"{each.label}: random trials are decided by a confidence sequence of a measure")
        if not any(control.expected == Verdict.REFUTED for control in controls):
            raise ValueError("a claim needs a negative control, one that must come out refuted")
        verdict = decide_with_controls(estimate, region, tuple(controls))
        excluded = [exclusion for exclusion in exclusions if exclusion.too_many]
        if excluded:
            verdict = Verdict.INCONCLUSIVE
        failed = [control for control in controls if not comes_out(control, estimate, region)]
        blind = [control for control in failed if not discriminates(control, estimate, region)]
        self.decided = verdict != Verdict.INCONCLUSIVE or bool(blind)
        reason = None
        if failed:
            reason = "the measure does not discriminate: " * (estimate.level is not None and bool(blind)) + "; ".join(
                f"control '{control.name}' came out {control.verdict}, expected {control.expected} "
                f"({describe(control.estimate, control.region)})"
                for control in failed
            )
        elif excluded:
            reason = "; ".join(map(str, excluded))
        elif verdict == Verdict.INCONCLUSIVE:
            reason = "the interval crosses the edge of the region"
        record = _estimate(estimate, region) | {
            "verdict": str(verdict),
            "reason": reason,
            "controls": [
                _estimate(control.estimate, control.region)
                | {
                    "name": control.name,
                    "description": control.description,
                    "kind": "negative" if control.expected == Verdict.REFUTED else "positive",
                    "expected": str(control.expected),
                    "verdict": str(control.verdict),
                    "separated": not control.passed and comes_out(control, estimate, region),
                }
                for control in controls
            ],
            "sizes": dict(sizes or {}) | {exclusion.rule: exclusion.dropped for exclusion in exclusions},
            "panels": list(panels),
            "formulas": list(formulas),
            "datasets": sorted(self.datasets),
            "evidence": [
                {
                    "experiment": rows.experiment,
                    "key": rows.cells[0][0],
                    "digest": rows.digest,
                    "cells": rows.trials,
                    "made": "; ".join(rows.made + _proven(rows)) or None,
                }
                for rows in {rows.digest: rows for rows in self.evidence}.values()
            ],
        }
        json.dumps(record, allow_nan=False)  # fail here, with a traceback into the test, not in a worker
        self.record = record
        message = describe(estimate, region) + (f" ({reason})" if reason else "")
        if verdict == Verdict.REFUTED:
            raise Refuted(f"refuted: {message}")
        if verdict == Verdict.INCONCLUSIVE:
            raise Inconclusive(f"inconclusive: {message}")
