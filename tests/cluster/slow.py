"""An experiment that takes its time, and notes each trial before it computes it and after."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from support.experiments.experiment import BITS, Columns, Context, OnePass


@dataclass(frozen=True)
class Slow(OnePass):
    """Trial t is measured as 10 t + seed, in so many seconds."""

    log: str
    seconds: float = 0.0
    dataset: str = ""
    deadly: bool = False
    promise: ClassVar[float] = BITS

    def datasets(self) -> tuple[str, ...]:
        return (self.dataset,) if self.dataset else ()

    def run(self, trial: int, context: Context) -> Columns:
        self._note("begun", trial)
        time.sleep(self.seconds)
        if self.deadly:
            os._exit(1)
        self._note("done", trial)
        return {"value": [10.0 * trial + context.seed]}

    def noted(self, what: str) -> list[int]:
        """The trials that were begun, or done, so far."""
        path = Path(self.log)
        lines = path.read_text().split("\n") if path.exists() else []
        return [int(line.split()[1]) for line in lines if line.startswith(what)]

    def _note(self, what: str, trial: int) -> None:
        with Path(self.log).open("a") as file:
            file.write(f"{what} {trial}\n")
