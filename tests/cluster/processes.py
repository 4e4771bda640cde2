"""A cluster on this machine: `dask scheduler` and `dask worker`, each a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).parents[2]
# Seconds in which a process must do what is asked of it.
PATIENCE = 60


class LocalCluster:
    """Starts a scheduler and workers; a context manager that ends them.

    Parameters
    ----------
    folder : for the scheduler file and what the processes write.
    tree : of the scheduler's code, of which it needs nothing.
    failures : workers that a task may be lost with before it is given up.
    """

    def __init__(self, folder: Path, tree: Path = ROOT, *, failures: int = 3) -> None:
        self.folder, self.failures = folder, failures
        self.file = folder / "scheduler.json"
        self.workers: list[subprocess.Popen[bytes]] = []
        folder.mkdir(parents=True, exist_ok=True)
        options = ("--port", "0", "--host", "127.0.0.1", "--no-dashboard")
        self.scheduler = self._start("scheduler", [tree], *options)

    def __enter__(self) -> LocalCluster:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for process in (*self.workers, self.scheduler):
            kill(process)

    def add_worker(self, *trees: Path, threads: int = 1) -> subprocess.Popen[bytes]:
        """Start a worker with the code in these folders, or with this project's."""
        options = ("--nthreads", str(threads), "--no-nanny", "--no-dashboard", "--local-directory", str(self.folder))
        self.workers.append(self._start("worker", trees or [ROOT], *options))
        return self.workers[-1]

    @property
    def engine(self) -> str:
        """As `--engine` takes it, once the scheduler is there."""
        wait_until(lambda: self.file.exists() and self.file.stat().st_size > 0)  # it is opened first, then written
        return f"dask:{self.file}"

    def log(self) -> str:
        """What all processes have said."""
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))

    def _start(self, what: str, trees: Sequence[Path], *options: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.dask_{what}", "--scheduler-file", str(self.file), *options]
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join(map(str, trees)),
            "OMP_NUM_THREADS": "1",
            "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": str(self.failures),
        }
        with (self.folder / f"{what}{len(self.workers)}.log").open("wb") as log:
            return subprocess.Popen(  # noqa: S603 - this project's own tests
                command, env=environment, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )


def kill(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL, whether or not it still runs."""
    process.send_signal(signal.SIGKILL)
    process.wait()


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until it comes true, which it must in PATIENCE seconds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"it did not come to pass in {PATIENCE} s")
        time.sleep(0.02)
