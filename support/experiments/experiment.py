"""What every experiment is: a frozen dataclass that can run one trial."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

# One trial's rows as columns of equal length, plain Python values only.
Columns = dict[str, list[float]] | dict[str, list[str]] | dict[str, list[float] | list[str]]


@dataclass(frozen=True)
class Context:
    """What a run is given from outside; nothing here may change what is measured except seed and device.

    Attributes
    ----------
    seed : the suite's seed.
    device : a torch device name, such as ``"cpu"`` or ``"cuda:0"``.
    data : directory with datasets, or None for the default cache.
    """

    seed: int
    device: str = "cpu"
    data: Path | None = None


def require_distinct(name: str, values: Sequence[object]) -> None:
    """Refuse an empty or repeating grid of conditions with a ValueError."""
    if not values or len(set(values)) != len(values):
        raise ValueError(f"{name} must name at least one condition, and none twice, got {tuple(values)}")


def require_grid(name: str, values: Sequence[int], smallest: int) -> None:
    """Refuse a grid that is empty, does not increase, or starts below `smallest` with a ValueError."""
    if not values or list(values) != sorted(set(values)) or values[0] < smallest:
        raise ValueError(f"{name} must increase and start at {smallest} or more, got {tuple(values)}")


class Experiment(Protocol):
    """A kind of run. Implementations are frozen dataclasses whose fields say all that is measured."""

    def datasets(self) -> tuple[str, ...]:
        """Names of the datasets it reads; their digests become part of the evidence key."""
        ...

    def run(self, trial: int, context: Context) -> Columns:
        """Run one independent trial; columns of equal length, one entry per condition."""
        ...
