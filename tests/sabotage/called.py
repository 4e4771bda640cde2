"""Claims called as they stand, on evidence that is computed here and now, arm by arm, and what comes out of them."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

import numpy as np

from support.cases import Inconclusive, Judge, Refuted
from support.evidence.rows import Rows
from support.experiments.experiment import Columns, Context, Experiment, joined
from support.suite.looking import Evidence

SEED = 0


@dataclass
class Computed:
    """Rows of the first trials of experiments; an arm that was measured once is not measured again."""

    measured: dict[Hashable, Columns] = field(default_factory=dict)

    def __call__(self, experiment: Experiment, trials: int, *, recorded: bool = False) -> Rows:
        """Rows of so many trials, computed now where they are not known."""
        assert not recorded
        found = [self._trial(experiment, trial) for trial in range(trials)]
        columns = {name: _column([value for each in found for value in each[name]]) for name in found[0]}
        columns["trial"] = np.repeat(np.arange(trials), [len(next(iter(each.values()))) for each in found])
        return Rows(str(experiment), columns, (("key", "digest"),), trials, datasets=experiment.datasets())

    def _trial(self, experiment: Experiment, trial: int) -> Columns:
        keys = {arm: (_without_arms(experiment), arm, trial) for arm in experiment.arms}
        missing = [arm for arm, key in keys.items() if key not in self.measured]
        if missing:
            rows = experiment.measure(missing, trial, Context(SEED))
            self.measured |= {keys[arm]: row for arm, row in zip(missing, rows, strict=True)}
        return joined([self.measured[key] for key in keys.values()])


def _without_arms(experiment: Any) -> Hashable:
    """What identifies an experiment apart from the arms that it asks for: the fields that do not choose arms."""
    named = {each.name: getattr(experiment, each.name) for each in fields(experiment) if not each.metadata}
    return type(experiment), repr(named)


def _column(values: list[float | str | None]) -> np.ndarray:
    return np.array(values) if isinstance(values[0], str) else np.array(values, dtype=float)


def verdict_of(
    claim: Callable[..., None], *, trials: int, collect: Callable[..., Rows] | None = None, **arguments: Any
) -> str:
    """What comes out of a claim at one look; "refused" where it is not judged at all.

    Parameters
    ----------
    trials : of the look.
    collect : from where the claim's evidence comes; None for a claim that takes none.
    """
    judge = Judge()
    if collect is not None:
        arguments["evidence"] = Evidence(collect, judge, trials)
    try:
        claim(judge=judge, **arguments)
    except (Refuted, Inconclusive):
        pass
    except ValueError:
        return "refused"
    assert judge.decision is not None
    return judge.decision.verdict


class Asked(NamedTuple):
    """A claim with its arguments, and at how many trials it is decided."""

    claim: Callable[..., None]
    trials: int
    arguments: dict[str, Any]

    def verdict(self, collect: Computed) -> str:
        """What comes out of it."""
        return verdict_of(self.claim, trials=self.trials, collect=collect, **self.arguments)
