"""Memory of the streamed pass at growing numbers of features."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
WIDTHS = (2_000, 20_000, 100_000)
D, M, N = 200, 400, 100

# The features of the widest would take 320 MB and its weights 160 MB; BLAS and the allocator
# keep a few blocks, how many depends on timing.
GROWTH = 64

# The peak of this process alone; what getrusage gives includes the parent's, which a child inherits through exec.
PASS = f"""
import sys, torch
from pathlib import Path
from support.models.gram import grams
inputs = torch.randn({M}, {D}, dtype=torch.float64)
grams("rf", ("h1+h2",), int(sys.argv[1]), inputs, {N}, seed=0, trial=0)
status = Path("/proc/self/status").read_text()
print(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the peak from /proc")
def test_memory_does_not_grow_with_the_number_of_features(
    row: Callable[..., None], pick: Callable[[Any, Any], Any]
) -> None:
    widths = pick(WIDTHS, (2_000, 20_000))
    peaks = [_peak_mebibytes(width) for width in widths]
    for width, peak in zip(widths, peaks, strict=True):
        row(f"peak memory at k={width:,} (PyTorch itself included)", f"{peak:.0f} MiB", "constant")
    assert max(peaks) - peaks[0] < GROWTH, f"peaks in MiB at k={widths}: {peaks}"


def _peak_mebibytes(width: int) -> float:
    command = [sys.executable, "-c", PASS, str(width)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - this interpreter
    assert done.returncode == 0, done.stderr
    return int(done.stdout) / 1024
