"""How each command is asked within this process: what it says, and what it ends with."""

from __future__ import annotations

import os
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest

from benchmarks import ledger
from support.audit import __main__ as audit
from support.audit import checkpoint, pattern
from support.data import __main__ as data
from support.evidence import __main__ as evidence
from support.page import __main__ as page
from support.statistics import calibration

ROOT = Path(__file__).parents[2]
# Where a bad option is not seen these tests are collected and not run.
COLLECTED = ROOT / "claims" / "kernels" / "test_user_features.py"
PLAIN = ("--collect-only", "-q", "-p", "no:cacheprovider", "-p", "no:benchmark", "--rootdir", str(ROOT))
CRASHED = 70
NOBODY = 65534
SECONDS = 120

COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "audit": audit.main,
    "checkpoint": checkpoint.main,
    "pattern": pattern.main,
    "page": page.main,
    "evidence": evidence.main,
    "data": data.main,
    "ledger": ledger.main,
    "calibration": calibration.main,
}
# What evidence is asked of, in a process of its own.
READS = ROOT / "claims" / "kernels" / "test_kernel_spectrum.py"
RUN = ("-n0", "-p", "no:cacheprovider", "-p", "no:benchmark", "--rootdir", str(ROOT), "--report", "report", "-rN")
MODULES = {
    "audit": ["-m", "support.audit"],
    "checkpoint": ["-m", "support.audit.checkpoint"],
    "pattern": ["-m", "support.audit.pattern"],
    "page": ["-m", "support.page"],
    "evidence": ["-m", "support.evidence"],
    "data": ["-m", "support.data"],
    "ledger": [str(ROOT / "benchmarks" / "ledger.py")],
    "calibration": ["-m", "support.statistics.calibration"],
    "claims": ["-m", "pytest"],
    "recorded": ["-m", "pytest"],
}


@dataclass(frozen=True)
class Answer:
    """What a command ended with, and all that it wrote."""

    status: int
    out: str
    err: str


def arguments(command: str, given: Sequence[str]) -> list[str]:
    """The arguments, ``{root}`` being the checkout; those of pytest with what collects little."""
    filled = [part.replace("{root}", str(ROOT)) for part in given]
    if command == "recorded":
        return [str(READS), *RUN, *filled]
    if command != "claims":
        return filled
    places = [] if any(part.startswith("--report") for part in filled) else ["--report", "report"]
    places += [] if any(part.startswith("--evidence") for part in filled) else ["--evidence", "evidence"]
    return [str(COLLECTED), *PLAIN, *places, *filled]


def answer(command: str, given: Sequence[str]) -> Answer:
    """Ask within this process."""
    out, err = StringIO(), StringIO()
    status: object = CRASHED
    with redirect_stdout(out), redirect_stderr(err):
        try:
            asked = arguments(command, given)
            status = pytest.main(asked) if command == "claims" else COMMANDS[command](asked)
        except SystemExit as ended:
            status = ended.code
        except BaseException:  # noqa: BLE001 - whatever it is, it is counted
            traceback.print_exc()
    return Answer(int(status) if isinstance(status, int) else CRASHED, out.getvalue(), err.getvalue())


@contextmanager
def nobody() -> Iterator[None]:
    """Be a user who owns nothing."""
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def answer_of_process(command: str, given: Sequence[str], world: Path) -> Answer:
    """Ask a process of its own."""
    done = subprocess.run(  # noqa: S603 - this project's own commands
        [sys.executable, *MODULES[command], *arguments(command, given)],
        cwd=world,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    return Answer(done.returncode, done.stdout, done.stderr)
