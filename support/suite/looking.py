"""Looks: a claim is asked again with more trials until it is decided or its budget is spent.

A claim is a function of its evidence. Its intervals hold at every number of trials at once, so it may be looked at as
often as one likes. Each look has a judge of its own, and the same number of trials for all experiments and controls;
only the last look's outcome counts.
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
from support.evidence.rows import Rows
from support.experiments.experiment import Experiment
from support.statistics import grants
from support.statistics.near_normal import CALIBRATION_TRIALS
from support.statistics.sequence import looks


class Collect(Protocol):
    """Rows of the first trials of an experiment."""

    def __call__(self, experiment: Experiment, trials: int) -> Rows:
        """Rows of so many trials."""
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
    """

    collect: Collect
    judge: Judge
    trials: int | None = None
    asked: bool = field(default=False)

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
        rows = self.collect(experiment, trials)
        self.judge.evidence.append(rows)
        self.judge.datasets.update(experiment.datasets())
        return rows


def look(test: Callable[..., None], arguments: dict[str, Any], budget: int) -> None:
    """Call a claim at each look until it is decided; what the last call raises is raised.

    A run that calibrates looks once, at as many trials as a grant needs.

    Parameters
    ----------
    arguments : of the test, ``evidence`` among them; ``judge`` is replaced at each look.

    Raises
    ------
    Refuted, Inconclusive : as the last look says.
    support.evidence.collect.NotRecordedError : nothing may be computed, and the first look is not recorded.
    """
    evidence: Evidence = arguments["evidence"]
    grants.case = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition("::")[2].rpartition(" ")[0]
    outcome: Exception | None = None
    kept: tuple[Judge, Exception | None] | None = None
    for trials, last in _with_last(looks(budget)) if not grants.calibrating else [(CALIBRATION_TRIALS, True)]:
        judge = Judge(look=Look(trials=trials, budget=budget))
        evidence.judge, evidence.trials, evidence.asked = judge, trials, False
        arguments["judge"] = judge
        outcome = None
        try:
            test(**arguments)
        except (Refuted, Inconclusive) as error:
            outcome = error
        except NotRecordedError:
            if kept is None:
                raise
            judge, outcome = kept  # decided on what is there
            break
        kept = judge, outcome
        if judge.decided or last or not evidence.asked:
            break
    arguments["judge"] = judge
    if outcome is not None:
        raise outcome


def _with_last(numbers: Iterator[int]) -> Iterator[tuple[int, bool]]:
    """Each number, and whether it is the last."""
    each = list(numbers)
    yield from ((number, False) for number in each[:-1])
    yield each[-1], True


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
