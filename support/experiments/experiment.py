"""What every experiment is: a frozen dataclass that says which arms it asks for, and can measure them in one trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

# One arm's rows as columns of equal length, plain Python values only; None is what was not measured.
Columns = Mapping[str, Sequence[float | str | None]]

# Metadata of the dataclass fields that choose arms: they are no part of what identifies an arm's evidence.
CHOOSES_ARMS = {"chooses arms": True}

# How closely the same code gives the same numbers again on machines of one kind: networks to the last bit, whatever is
# trained beside them; linear algebra up to the order of its sums, which changes with the number of threads and with the
# processor that a library takes this one for.
BITS, LINEAR_ALGEBRA = 0.0, 1e-10


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


def joined(parts: Sequence[Columns]) -> dict[str, list[float | str | None]]:
    """The rows of several arms one after another; all have the same columns.

    Raises
    ------
    ValueError : they have not.
    """
    names = list(parts[0])
    if any(set(part) != set(names) for part in parts):
        raise ValueError(f"all arms must have the columns {', '.join(names)}")
    return {name: [value for part in parts for value in part[name]] for name in names}


class Experiment(Protocol):
    """A kind of run. Implementations are frozen dataclasses whose fields say all that is measured.

    The unit of evidence is one arm of one trial. What an arm gives depends on the fields that do not choose arms, on
    the arm, the trial and the context, and on nothing else: not on which other arms are measured beside it.

    Attributes
    ----------
    promise : how closely the same code gives the same numbers again: `BITS` or `LINEAR_ALGEBRA`, relative to the larger
        number or to 1.
    portable : whether it does so on any kind of machine. Trained networks do not: from a last bit on they drift apart.
    arm_type : of its arms, with which they are read from JSON.
    """

    promise: ClassVar[float]
    portable: ClassVar[bool]
    arm_type: ClassVar[Any]

    @property
    def arms(self) -> tuple[Any, ...]:
        """What is measured in a trial: frozen dataclasses, numbers or text; ``(None,)`` where one pass gives all."""
        ...

    @classmethod
    def choosing(cls, arms: Sequence[Any]) -> dict[str, Any]:
        """Values of the fields that choose arms, by which an experiment asks for at least these."""
        ...

    def datasets(self) -> tuple[str, ...]:
        """Names of the datasets it reads; their digests become part of the evidence key."""
        ...

    def measure(self, arms: Sequence[Any], trial: int, context: Context) -> list[Columns]:
        """Measure arms of one independent trial: the columns of each, in order."""
        ...


class ByArm:
    """An experiment whose arms are measured apart, as networks are."""

    portable: ClassVar[bool] = False

    def measure(self, arms: Sequence[Any], trial: int, context: Context) -> list[Columns]:
        """Measure arms of one trial: the columns of each, in order."""
        raise NotImplementedError

    def run(self: Experiment, trial: int, context: Context) -> dict[str, list[float | str | None]]:
        """All arms of one trial, one after another."""
        return joined(self.measure(self.arms, trial, context))


class OnePass:
    """An experiment whose trial is one unit, as kernel experiments that pass over their random weights once."""

    portable: ClassVar[bool] = True
    arm_type: ClassVar[Any] = None

    @property
    def arms(self) -> tuple[None]:
        """The one unit."""
        return (None,)

    @classmethod
    def choosing(cls, arms: Sequence[None]) -> dict[str, Any]:  # noqa: ARG003 - there is but one
        """No field chooses it."""
        return {}

    def run(self, trial: int, context: Context) -> Columns:
        """One trial."""
        raise NotImplementedError

    def measure(self, arms: Sequence[None], trial: int, context: Context) -> list[Columns]:
        """One trial, for each time that it is asked for."""
        return [self.run(trial, context) for _ in arms]
