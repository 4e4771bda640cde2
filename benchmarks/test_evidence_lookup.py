"""How long ten thousand arms take to be found and verified, beside reading the bytes of their files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from benchmarks.timing import fastest
from support.evidence.collect import Collector
from support.evidence.library import Library
from support.evidence.store import Store
from support.experiments.experiment import BITS, CHOOSES_ARMS, ByArm, Columns, Context

ARMS, TRIALS = 50, 200
FEW = 2, 3


@dataclass(frozen=True)
class Cheap(ByArm):
    """Arms with as many columns as a network has, which cost nothing."""

    promise: ClassVar[float] = BITS
    arm_type: ClassVar[type] = int

    arms: tuple[int, ...] = field(metadata=CHOOSES_ARMS)

    @classmethod
    def choosing(cls, arms: Sequence[int]) -> dict[str, Any]:
        return {"arms": tuple(arms)}

    def datasets(self) -> tuple[str, ...]:
        return ()

    def measure(self, arms: Sequence[int], trial: int, context: Context) -> list[Columns]:  # noqa: ARG002
        return [{f"column {place}": [arm + trial / 7] for place in range(30)} for arm in arms]


def test_looking_up_many_arms(tmp_path: Path, row: Callable[..., None], pick: Callable[[Any, Any], Any]) -> None:
    arms, trials = pick((ARMS, TRIALS), FEW)
    store, experiment = Store(tmp_path), Cheap(tuple(range(arms)))
    collector = Collector(Library(store), Context(0))
    made = collector.rows(experiment, trials)
    paths = [store.path(key) for key, _ in made.cells]
    assert len(paths) == arms * trials
    assert collector.rows(experiment, trials).cells == made.cells
    seconds = fastest(
        {
            "look-up": lambda: collector.rows(experiment, trials),
            "read": lambda: [path.read_bytes() for path in paths],
        },
        turns=3,
    )
    row(f"look-up of {len(paths):,} arms, digests checked", f"{seconds['look-up']:.2f} s", "< 2 s")
    row("  look-up / reading the files' bytes", f"{seconds['look-up'] / seconds['read']:.1f} x")
