"""The files in which workers say what they do, and what they collected; the controller reads them."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from support.document.writing import encoded
from support.suite.selection import Selection

# In which file a worker says what it is doing, and in which what each test is said to take.
DOING, COSTS = "doing", "costs"


def write_worker_file(folder: Path, what: str, content: str) -> None:
    """Replace this worker's word about `what`, whole or not at all."""
    path = folder / f"{os.environ.get('PYTEST_XDIST_WORKER', 'main')}.{what}"
    temporary = path.with_suffix(".tmp")
    temporary.write_text(content, encoding="utf-8", errors="backslashreplace")
    temporary.replace(path)


class Doing(msgspec.Struct, kw_only=True):
    """What a worker is doing, empty between two tests, and how many trials it has measured in this run."""

    now: str = ""
    trials: int = 0


@dataclass
class Progress:
    """Keeps the controller told of what this worker is doing.

    Attributes
    ----------
    folder : of the files of workers.
    """

    folder: Path
    doing: Doing = field(default_factory=Doing)

    def say(self, now: str) -> None:
        """Say what this worker is doing."""
        self.doing.now = now
        with suppress(OSError):  # a courtesy; a full or vanished temporary directory must not fail a claim
            write_worker_file(self.folder, DOING, encoded(self.doing).decode())

    def count(self) -> None:
        """Count a trial that was measured here; it is told with what is said next."""
        self.doing.trials += 1


def report_selection(folder: Path, selection: Selection) -> None:
    """Say what this worker collected and left out."""
    parts = {"modules": sorted(selection.modules), "deselected": sorted(selection.deselected)}
    write_worker_file(folder, "selection", json.dumps(parts))
