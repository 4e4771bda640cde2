"""What a look costs beside its trials, and what looking saves against a fixed number of trials."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from benchmarks.timing import elapsed
from support.cases import Inconclusive, Judge
from support.document.reading import read
from support.document.walking import every_case
from support.evidence.collect import Collector
from support.evidence.library import Library
from support.evidence.rows import Rows
from support.evidence.store import Store
from support.experiments.experiment import BITS, Columns, Context, Experiment, OnePass
from support.statistics import Control, Region
from support.statistics.bets import mean_position
from support.statistics.effects import mean_of
from support.statistics.measure import Measure
from support.statistics.sequence import looks
from support.suite.looking import Evidence, look

BUDGET = 400
DIFFERENCE = Measure("difference", "", -1, 1, "bounded", 0.05)


@dataclass(frozen=True)
class Drawn(OnePass):
    """A number near the region's edge, which costs nothing."""

    promise: ClassVar[float] = BITS

    def datasets(self) -> tuple[str, ...]:
        return ()

    def run(self, trial: int, context: Context) -> Columns:  # noqa: ARG002
        value, without = np.random.default_rng(trial).normal([0.05, -0.45], 0.2)
        return {"value": [float(value)], "without": [float(without)]}


def test_what_a_look_costs(row: Callable[..., None], tmp_path: Path, pick: Callable[[Any, Any], Any]) -> None:
    """A claim that is never decided, on evidence that is there: all looks up to the budget."""
    budget = pick(BUDGET, 24)
    collector = Collector(Library(Store(tmp_path)), Context(0))
    collector.rows(Drawn(), budget)
    called: list[int] = []
    region = Region.above(0.05)

    def collect(experiment: Experiment, trials: int, *, recorded: bool = False) -> Rows:
        return collector.rows(experiment, trials, recorded=recorded)

    def claim(evidence: Evidence, judge: Judge) -> None:
        rows = evidence(Drawn())
        values = rows["value"]
        called.append(len(values))
        control = mean_of(rows["without"], DIFFERENCE, "without")
        judge(mean_of(values, DIFFERENCE, "drawn"), region, controls=[Control("without", "half less", control, region)])

    def ask() -> None:
        try:
            look(claim, {"evidence": Evidence(collect, Judge()), "judge": Judge()}, budget)
        except Inconclusive:
            return
        raise AssertionError("the mean lies on the region's edge: no look may decide")

    seconds = elapsed(ask)
    assert called == list(looks(budget))
    row(f"a look, up to {budget} trials, evidence read: mean of {len(called)}", f"{seconds / len(called) * 1e3:.1f} ms")
    row("  the last of them alone", f"{elapsed(lambda: collector.rows(Drawn(), budget)) * 1e3:.1f} ms", "<= 20 ms")


# Mean, spread and edge on [-1, 1] of effects as the published reports have them; the last lies just inside its region.
EFFECTS: Sequence[tuple[str, float, float, float]] = (
    ("what three examples teach, MNIST", 0.87, 0.08, 0.05),
    ("what three examples teach, Fashion-MNIST", 0.40, 0.20, 0.05),
    ("weight decay lowers it", 0.33, 0.15, 0.05),
    ("CNN against MLP", 0.75, 0.40, 0.05),
    ("one example in 60,000, Fashion-MNIST", 0.09, 0.10, 0.05),
)
STREAMS = 200
PUBLISHED = Path(__file__).parents[1] / "reports" / "quick" / "report.json"


def test_trials_to_a_decision(row: Callable[..., None], pick: Callable[[Any, Any], Any]) -> None:
    """Looking until decided against the one number of trials that decides nine streams in ten of the same effect.

    The fixed design knows mean and spread beforehand, which is more than one knows; it may look once.
    """
    streams = pick(STREAMS, 5)
    for name, mean, spread, edge in EFFECTS:
        generator = np.random.default_rng(0)
        drawn = np.clip(generator.normal(mean, spread, (streams, 4096)), -1, 1)
        needed = [_decided_at(trials, edge) for trials in drawn]
        sequential, fixed = float(np.mean(needed)), float(np.quantile(needed, 0.9))
        row(f"trials until decided, {name}: mean of {streams} streams", f"{sequential:.0f}")
        row("  a fixed number that decides nine in ten / that", f"{fixed / sequential:.1f} x")
        assert min(needed) >= 8


def test_trials_of_the_published_verdicts(row: Callable[..., None]) -> None:
    """Of the published quick run: trials that its cases took against their budgets, which a fixed design would run."""
    looked = [
        case.look
        for _, _, case in every_case(read(PUBLISHED).claims)
        if case.verdict in ("supported", "refuted") and case.look is not None
    ]
    taken, budgets = sum(each.trials for each in looked), sum(each.budget for each in looked)
    row(f"trials of {len(looked)} published verdicts by looks, mean", f"{taken / len(looked):.0f}")
    row("  their budgets, which a fixed design would run / that", f"{budgets / taken:.1f} x")
    assert 0 < taken <= budgets


def _decided_at(trials: np.ndarray, edge: float) -> int:
    """The first look that decides."""
    for count in looks(len(trials)):
        if mean_position(trials[:count], edge, -1.0, 1.0) != "undecided":
            return count
    raise AssertionError(f"{len(trials)} trials do not decide")
