"""The files in which workers say what they do, and what they collected; the controller reads them."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from support.suite.selection import Selection


def write_worker_file(folder: Path, what: str, content: str) -> None:
    """Replace this worker's word about `what`, whole or not at all."""
    path = folder / f"{os.environ.get('PYTEST_XDIST_WORKER', 'main')}.{what}"
    temporary = path.with_suffix(".tmp")
    temporary.write_text(content, encoding="utf-8", errors="backslashreplace")
    temporary.replace(path)


def report_progress(folder: Path, text: str) -> None:
    """Say what this worker is doing."""
    with suppress(OSError):  # a courtesy; a full or vanished temporary directory must not fail a claim
        write_worker_file(folder, "now", text)


def report_selection(folder: Path, selection: Selection) -> None:
    """Say what this worker collected and left out."""
    parts = {"modules": sorted(selection.modules), "deselected": sorted(selection.deselected)}
    write_worker_file(folder, "selection", json.dumps(parts))
