"""How long pytest takes to collect the claims, before anything is computed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.timing import fastest

ROOT = Path(__file__).parents[1]


def test_collection(row: Callable[..., None], tmp_path: Path) -> None:
    elsewhere = ["--evidence", str(tmp_path / "evidence"), "--report", str(tmp_path / "report")]
    collect = ["-m", "pytest", "claims", "--collect-only", "-q", "-p", "no:cacheprovider", *elsewhere]
    seconds = fastest(
        {
            "collect": lambda: _python(*collect),
            "torch": lambda: _python("-c", "import torch"),
            "pytest": lambda: _python("-c", "import pytest, numpy"),
        },
        turns=3,
    )
    row("pytest claims --collect-only", f"{seconds['collect']:.1f} s")
    row("  as a share of importing torch", f"{seconds['collect'] / seconds['torch']:.2f} x")
    row("  as a share of importing pytest and NumPy", f"{seconds['collect'] / seconds['pytest']:.2f} x")


def _python(*arguments: str) -> None:
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - this interpreter
    assert done.returncode == 0, done.stdout + done.stderr
