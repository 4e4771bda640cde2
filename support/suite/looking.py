"""Looks: a claim is asked again with more trials until it is decided or its budget is spent.

A claim is a function of its evidence. Its intervals hold at every number of trials at once, so it may be looked at as
often as one likes. Each look has a judge of its own, and the same number of trials for all experiments and controls;
only the last look's outcome counts. Against a baseline a case goes on, though it be decided and beyond its budget, to
as many trials as the baseline's case had: what moved is told by the trials that both have.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import pytest

from support.cases import Inconclusive, Judge, Refuted
from support.document.types import Look
from support.evidence.collect import NotRecordedError
from support.evidence.rows import NotMeasuredError, Rows, TooFewTrialsError
from support.experiments.experiment import Experiment
from support.statistics import grants
from support.statistics.near_normal import CALIBRATION_TRIALS
from support.statistics.sequence import RAISED, looks
from support.suite.markers import apart_at
from support.suite.not_run import NotRun
from support.suite.settings import Settings


class Collect(Protocol):
    """Rows of the first trials of an experiment."""

    def __call__(self, experiment: Experiment, trials: int, *, recorded: bool = False) -> Rows:
        """Rows of so many trials; with `recorded` nothing is computed."""
        ...


@dataclass
class Evidence:
    """What a claim is handed: ``evidence(experiment)`` gives the rows of the first trials, as many as the look has.

    Attributes
    ----------
    collect : from where.
    judge : of the look, which notes what was used.
    trials : of the look; None for a claim that is not looked at several times.
    asked : whether the claim's rows depend on the look.
    recorded : whether this look computes nothing.
    """

    collect: Collect
    judge: Judge
    trials: int | None = None
    asked: bool = field(default=False)
    recorded: bool = False

    def __call__(self, experiment: Experiment, exactly: int | None = None) -> Rows:
        """The rows of an experiment.

        Parameters
        ----------
        exactly : so many trials, whatever the look: of deterministic claims and of figures.

        Raises
        ------
        ValueError : the claim has no budget of trials and does not say how many it needs.
        """
        trials = exactly if exactly is not None else self.trials
        if trials is None:
            raise ValueError("a claim without a budget must say how many trials it needs: evidence(experiment, 10)")
        self.asked |= exactly is None
        rows = self.collect(experiment, trials, recorded=self.recorded)
        self.judge.evidence.append(rows)
        self.judge.datasets.update(rows.datasets)
        return rows


def call_claim(item: pytest.Function, settings: Settings, at_least: int = 0) -> None:
    """Call a claim at each look; one without a budget or without evidence once, as any test.

    Parameters
    ----------
    at_least : trials that the last look has, where they can be had: as many as the baseline's.

    Raises
    ------
    Refuted, Inconclusive : as the last look says.
    NotRun : the case cannot be asked here, or is not among the evidence where nothing may be computed.
    """
    budget, apart = budget_of(item, settings.scale), apart_at(item, settings.scale)
    waits = apart if apart is not None and settings.only != apart.only else None
    arguments = {name: item.funcargs[name] for name in item._fixtureinfo.argnames}
    try:
        if budget is None or "evidence" not in arguments:
            item.obj(**arguments)
        else:
            beyond, goes_on = settings.until_decided or settings.recorded, settings.until_decided
            look(
                item.obj, arguments, budget, beyond=beyond, goes_on=goes_on, reads=waits is not None, at_least=at_least
            )
    except NotRecordedError as error:
        if waits is not None and not settings.recorded:
            reason = f"{waits.because}: --scale {waits.scale} --only {waits.only} takes the time"
            raise NotRun(reason, why="takes hours") from error
        begins = "--until-decided goes on from earlier evidence: " * settings.until_decided
        raise NotRun(f"{begins}{error}", why="not recorded") from error
    finally:
        item.funcargs["judge"] = arguments.get("judge")


def look(
    test: Callable[..., None],
    arguments: dict[str, Any],
    budget: int,
    *,
    beyond: bool = False,
    goes_on: bool = False,
    reads: bool = False,
    at_least: int = 0,
) -> None:
    """Call a claim at each look until it is decided and has enough trials; what the last call raises is raised.

    A run that calibrates looks once, at as many trials as a grant needs.

    Parameters
    ----------
    arguments : of the test, ``evidence`` among them; ``judge`` is replaced at each look.
    budget : trials of the last look.
    beyond : look on to RAISED times the budget.
    goes_on : from earlier evidence: the first look computes nothing.
    reads : no look computes anything.
    at_least : trials to which a decided case goes on too, whatever the budget, as far as they can be had.

    Raises
    ------
    Refuted, Inconclusive : as the last look says.
    support.evidence.collect.NotRecordedError : nothing may be computed, and the first look is not recorded.
    """
    evidence: Evidence = arguments["evidence"]
    grants.case = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition("::")[2].rpartition(" ")[0]
    numbers = _numbers(budget, at_least, beyond=beyond) if not grants.calibrating else iter([CALIBRATION_TRIALS])
    evidence.recorded = goes_on or reads
    kept = _look_once(test, arguments, Look(trials=next(numbers), budget=budget))
    evidence.recorded = reads
    trials = evidence.trials or 0
    while evidence.asked and not (kept.judge.decided and trials >= at_least):
        if (following := next(numbers, None)) is None:
            break
        try:
            kept, trials = _look_once(test, arguments, Look(trials=following, budget=budget)), following
        except NotRecordedError:
            break  # decided on what is there
    arguments["judge"] = kept.judge
    if kept.outcome is not None:
        raise kept.outcome


def _numbers(budget: int, at_least: int, *, beyond: bool) -> Iterator[int]:
    """Trials at each look, ascending; the budget is one of them, and so is what a look is to have at least."""
    if beyond:
        last = max(RAISED * budget, at_least)
        numbers = {*looks(budget), *(trials for trials in looks(last) if trials > budget)}
    else:
        numbers = set(looks(max(budget, at_least))) | {budget}
    yield from sorted(numbers | ({at_least} if at_least > min(numbers) else set()))


@dataclass(frozen=True)
class _Look:
    """What one look gave."""

    judge: Judge
    outcome: Refuted | Inconclusive | None


def _look_once(test: Callable[..., None], arguments: dict[str, Any], at: Look) -> _Look:
    """Call a claim with a fresh judge and so many trials."""
    evidence: Evidence = arguments["evidence"]
    judge = Judge(look=at)
    evidence.judge, evidence.trials, evidence.asked = judge, at.trials, False
    arguments["judge"] = judge
    try:
        try:
            test(**arguments)
        except (TooFewTrialsError, NotMeasuredError) as error:
            judge.leave_undecided(str(error))
    except (Refuted, Inconclusive) as error:
        return _Look(judge, error)
    return _Look(judge, None)


def budget_of(item: pytest.Item, scale: str) -> int | None:
    """The budget of trials in a claim's marker at a scale; None where it has none.

    Raises
    ------
    ValueError : no number of trials for the scale, fewer than 2, or no reason.
    """
    marker = item.get_closest_marker("claim")
    budget = marker.kwargs.get("budget") if marker else None
    if marker is None or budget is None:
        return None
    if not isinstance(budget, dict) or not isinstance(budget.get(scale), int):
        raise ValueError(f"the marker claim needs a budget of trials for scale {scale}, got {budget!r}")  # noqa: TRY004
    if budget[scale] < 2:
        raise ValueError(f"a budget must be at least 2 trials, got {budget[scale]}")
    if not isinstance(marker.kwargs.get("because"), str):
        raise ValueError("the marker claim needs because=... beside a budget: the reason for its number of trials")  # noqa: TRY004
    return int(budget[scale])
