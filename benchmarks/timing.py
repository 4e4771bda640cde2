"""Timings that survive a shared machine: procedures take turns, and the fastest turn of each is kept."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

import numpy as np

Name = TypeVar("Name", bound=Hashable)
Size = TypeVar("Size", bound=tuple[int, ...])
Argument = TypeVar("Argument")

# Most turns of one procedure; 1 where a run only shows that every benchmark still runs.
most_turns: int | None = None


@dataclass(frozen=True)
class Growth(Generic[Size]):
    """How the cost of one procedure grows with its sizes.

    Attributes
    ----------
    seconds : of the fastest turn, by size.
    exponents : e_j of seconds = c Π size_j ** e_j, by least squares on logarithms.
    """

    seconds: dict[Size, float]
    exponents: tuple[float, ...]

    def __str__(self) -> str:
        return ", ".join(f"{exponent:.2f}" for exponent in self.exponents)


def growth(procedure: Callable[[Argument], Any], arguments: Mapping[Size, Argument], turns: int = 3) -> Growth[Size]:
    """Time one procedure at several sizes, each size once in every turn."""
    seconds = fastest({size: partial(procedure, argument) for size, argument in arguments.items()}, turns)
    logarithms = np.log(np.array(list(arguments), dtype=float))
    design = np.column_stack([np.ones(len(logarithms)), logarithms])
    coefficients, *_ = np.linalg.lstsq(design, np.log(list(seconds.values())), rcond=None)
    return Growth(seconds, tuple(coefficients[1:].tolist()))


def fastest(procedures: Mapping[Name, Callable[[], Any]], turns: int) -> dict[Name, float]:
    """Seconds of each procedure's fastest turn; in every turn each runs once, so a busy spell meets all of them."""
    seconds = dict.fromkeys(procedures, float("inf"))
    for _ in range(turns if most_turns is None else min(turns, most_turns)):
        for name, procedure in procedures.items():
            seconds[name] = min(seconds[name], elapsed(procedure))
    return seconds


def elapsed(procedure: Callable[[], Any]) -> float:
    """Seconds that one call takes."""
    start = time.perf_counter()
    procedure()
    return time.perf_counter() - start


def cores() -> int:
    """Cores that this process may use: the threads of BLAS here."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
