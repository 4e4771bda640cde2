"""One judged case: from an estimate, a region and controls to a decision, as the report stores it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite, isnan

from msgspec.structs import asdict

from support.document import types as document
from support.document.trial_sources import Read, TrialSources, total
from support.document.types import Decision, Formula, Look, Panel, Size
from support.document.writing import encoded
from support.evidence.repeated_trials import repeated_trials
from support.evidence.rows import Rows
from support.statistics import Control, Estimate, Measure, Region, Verdict
from support.statistics.exclusion import Exclusion
from support.statistics.verdicts import (
    can_refute,
    comes_out,
    decide,
    decide_with_controls,
    discriminates,
    repeats_the_effect,
    stands_still,
)
from support.statistics.vital_sign import VitalSign


class Refuted(AssertionError):  # noqa: N818 - a verdict, not a mistake
    """The effect's interval lies outside the region in which the claim is true."""


class Inconclusive(AssertionError):  # noqa: N818 - a verdict, not a mistake
    """The interval crosses the region's edge, or a control did not come out."""


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
    look : how many trials this look has, of how many; None for a claim that is not looked at several times.
    evidence : tables that the test used, for their digests.
    datasets : names of the datasets that these were made from.
    decided : whether more trials can change nothing: there is a verdict, or a control shows that there will be none.
    decision : what the report stores, after the decision.
    """

    look: Look | None = None
    evidence: list[Rows] = field(default_factory=list)
    datasets: set[str] = field(default_factory=set)
    decided: bool = False
    decision: Decision | None = None

    def __call__(
        self,
        estimate: Estimate,
        region: Region,
        *,
        controls: Sequence[Control] = (),
        sizes: Mapping[str, object] | None = None,
        exclusions: Sequence[Exclusion] = (),
        signs: Sequence[VitalSign] = (),
        panels: Sequence[Panel] = (),
        formulas: Sequence[Formula] = (),
    ) -> None:
        """Decide the case.

        Parameters
        ----------
        estimate, region : the effect and where the claim is true.
        controls : the same decision where the answer is known; at least one must be negative.
        sizes : what was run, for the reader (d, N, k, trials).
        exclusions : trials that were left out, and by which rule; of too many there is no verdict.
        signs : what must be true of a healthy run; where one is not, there is no verdict.
        panels : panels of the paper's figures, from `support.document.panels`.
        formulas : steps of a derivation that this case decides, from `support.document.formulas`.

        Raises
        ------
        Refuted, Inconclusive : with the numbers that say why; there is no verdict either on trials that are copies of
            each other, nor beside a control that never moves and does not say why.
        ValueError : no negative control, one that is computed from the effect's own trials, a second decision in one
            test, a NaN, or an interval that holds at one number of trials only.
        """
        if self.decision is not None:
            raise ValueError("one test decides one case")
        _check(estimate, controls)
        if reason := _unhealthy(estimate, self.evidence, signs):
            verdict = Verdict.INCONCLUSIVE
        else:
            verdict, reason = _verdict(estimate, region, controls, exclusions)
        blind = any(not discriminates(control, estimate, region) for control in controls)
        # No further trial brings the positive control that is missing.
        unanswerable = decide(estimate, region) == Verdict.REFUTED and not can_refute(estimate, controls)
        decision = Decision(
            **asdict(_measured(estimate, region)),
            verdict=verdict.value,
            reason=reason,
            controls=tuple(_control(control, estimate, region) for control in controls),
            sizes=_plain(sizes or {}),
            look=self.look,
            exclusions=tuple(
                document.Exclusion(rule=each.rule, dropped=int(each.dropped), trials=int(each.trials))
                for each in exclusions
            ),
            signs=tuple(document.VitalSign(**vars(sign)) for sign in signs),
            panels=tuple(panels),
            formulas=tuple(formulas),
            datasets=tuple(sorted(self.datasets)),
            evidence=tuple(map(_evidence, self._tables)),
            sources=_sources(self._tables),
        )
        encoded(decision)  # a NaN fails here, with a traceback into the test, not in a worker
        self.decided = verdict != Verdict.INCONCLUSIVE or blind or unanswerable
        self.decision = decision
        message = describe(estimate, region) + (f" ({reason})" if reason else "")
        if verdict == Verdict.REFUTED:
            raise Refuted(f"refuted: {message}")
        if verdict == Verdict.INCONCLUSIVE:
            raise Inconclusive(f"inconclusive: {message}")

    @property
    def _tables(self) -> list[Rows]:
        """The tables that were used, each once."""
        return list({rows.digest: rows for rows in self.evidence}.values())

    def leave_undecided(self, reason: str) -> None:
        """Say that the trials of this look tell no effect, and why; more trials may mend it.

        Raises
        ------
        Inconclusive : always.
        """
        self.decision = Decision(
            verdict=Verdict.INCONCLUSIVE.value,
            reason=reason,
            look=self.look,
            datasets=tuple(sorted(self.datasets)),
            evidence=tuple(map(_evidence, self._tables)),
            sources=_sources(self._tables),
        )
        raise Inconclusive(f"inconclusive: {reason}")


def _check(estimate: Estimate, controls: Sequence[Control]) -> None:
    """Refuse what cannot be decided."""
    for each in (estimate, *(control.estimate for control in controls)):
        if each.level is not None and each.measure is None:
            raise ValueError(f"{each.label}: random trials are decided by a confidence sequence of a measure")
        if any(isnan(number) for number in (each.value, each.low, each.high, *each.trials)):
            raise ValueError(f"{each.label}: NaN is no effect, got {each.value} from trials {each.trials[:5]}")
    if not any(control.expected == Verdict.REFUTED for control in controls):
        raise ValueError("a claim needs a negative control, one that must come out refuted")
    names = [control.name for control in controls]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ValueError(f"{estimate.label}: two controls are called '{twice}', and a reader could not tell them apart")
    for control in controls:
        if repeats_the_effect(control, estimate):
            raise ValueError(
                f"{estimate.label}: control '{control.name}' is computed from the effect's own trials (correlation 1 "
                "or −1) and comes out whatever was measured; a control needs trials of its own"
            )


def _unhealthy(estimate: Estimate, evidence: Sequence[Rows], signs: Sequence[VitalSign]) -> str | None:
    """Which vital sign failed, where one did: nothing that such a run says is evidence."""
    failed = [f"vital sign failed: {sign}" for sign in signs if not sign.healthy]
    repeated = None if estimate.level is None else _repeated(evidence)
    return "; ".join(failed) or repeated


def _repeated(evidence: Sequence[Rows]) -> str | None:
    """Which trials are copies of others, where there are some: intervals take them for independent."""
    for rows in evidence:
        if copies := repeated_trials(rows):
            return f"trial {copies[0]} of {rows.experiment} gives every number of an earlier trial again"
    return None


def _verdict(
    estimate: Estimate, region: Region, controls: Sequence[Control], exclusions: Sequence[Exclusion]
) -> tuple[Verdict, str | None]:
    """The verdict, and why it is inconclusive where it is."""
    failed = [control for control in controls if not comes_out(control, estimate, region)]
    if failed:
        blind = any(not discriminates(control, estimate, region) for control in failed)
        said = "; ".join(
            f"control '{control.name}' came out {control.verdict}, expected {control.expected} "
            f"({describe(control.estimate, control.region)})"
            for control in failed
        )
        silent = "the measure does not discriminate: " if estimate.level is not None and blind else ""
        return Verdict.INCONCLUSIVE, silent + said
    if still := [control for control in controls if stands_still(control, estimate)]:
        number = still[0].estimate.trials[0]
        return Verdict.INCONCLUSIVE, (
            f"control '{still[0].name}' is {number:.4g} in all {len(still[0].estimate.trials)} trials and does not say "
            "why it may be"
        )
    if excluded := [exclusion for exclusion in exclusions if exclusion.too_many]:
        return Verdict.INCONCLUSIVE, "; ".join(map(str, excluded))
    verdict = decide_with_controls(estimate, region, controls)
    if verdict != Verdict.INCONCLUSIVE:
        return verdict, None
    if decide(estimate, region) == Verdict.REFUTED:
        return verdict, (
            "refuted without a positive control: nothing shows that the measure could have seen the effect"
        )
    return verdict, "the interval crosses the edge of the region"


def _measured(estimate: Estimate, region: Region) -> document.Measured:
    return document.Measured(
        effect=_number(estimate.value),
        effect_label=estimate.label,
        effect_kind=estimate.kind,
        conditions=estimate.conditions,
        interval=(_number(estimate.low), _number(estimate.high)),
        level=estimate.level,
        method=estimate.method,
        region=document.Region(low=_number(region.low), high=_number(region.high), label=str(region)),
        trials=tuple(map(_number, estimate.trials)),
        measure=_measure(estimate.measure),
    )


def _control(control: Control, effect: Estimate, region: Region) -> document.Control:
    return document.Control(
        **asdict(_measured(control.estimate, control.region)),
        name=control.name,
        description=f"{control.description}; the same in every trial, as {control.constant_because}"
        if control.constant_because
        else control.description,
        kind="negative" if control.expected == Verdict.REFUTED else "positive",
        expected=control.expected.value,
        verdict=control.verdict.value,
        separated=not control.passed and comes_out(control, effect, region),
    )


def _measure(measure: Measure | None) -> document.Measure | None:
    if measure is None:
        return None
    return document.Measure(
        name=measure.name,
        unit=measure.unit,
        low=_number(measure.low),
        high=_number(measure.high),
        route=measure.route,
        margin=float(measure.margin),
        worse=measure.worse,
    )


def _evidence(rows: Rows) -> document.Evidence:
    proven = (f"{rows.proven} entries by earlier code, proven to give the same numbers",) if rows.proven else ()
    return document.Evidence(
        experiment=rows.experiment,
        key=rows.cells[0][0],
        digest=rows.digest,
        cells=len(rows.cells),
        made="; ".join((*rows.made, *proven)) or None,
    )


def _sources(tables: Sequence[Rows]) -> TrialSources | None:
    trials = [trial for rows in tables for trial in rows.sources]
    if not trials:
        return None
    read = Counter(trial.place for trial in trials if not trial.computed)
    return total(
        [
            TrialSources(
                computed=sum(trial.computed for trial in trials),
                read=tuple(Read(place=place, trials=count) for place, count in read.items()),
                proven=sum(trial.proven for trial in trials),
                rechecked=sum(trial.rechecked is True for trial in trials),
                differing=sum(trial.rechecked is False for trial in trials),
            )
        ]
    )


def _number(value: float) -> float | None:
    """A number as the report stores it; one that is infinite is null."""
    return float(value) if isfinite(value) else None


def _plain(sizes: Mapping[str, object]) -> dict[str, Size]:
    """Sizes without the types of other packages, such as NumPy's numbers.

    Raises
    ------
    ValueError : a NaN or an infinity.
    """
    plain: dict[str, Size] = json.loads(json.dumps(dict(sizes), allow_nan=False))
    return plain
