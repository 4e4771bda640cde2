"""What the controller keeps while the tests run, and the files in which workers say what they do."""

from __future__ import annotations

import json
import os
import platform
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest

from support.document import types as document
from support.document.build import NOT_SELECTED, Identity, Placed, build, not_selected, undecided
from support.document.types import Comparison, NotRun, Report
from support.document.writing import write
from support.register import Register
from support.suite.selection import Selection
from support.suite.settings import Settings

Word = TypeVar("Word")

PACKAGES = (
    "spurious-claims",
    "torch",
    "numpy",
    "scipy",
    "scikit-learn",
    "sympy",
    "pytest",
    "pytest-xdist",
)


@dataclass
class Run:
    """What the controller knows of the run; a plugin of pytest.

    Attributes
    ----------
    folder : of the files of workers.
    baseline : the report to compare with.
    model : what the user brings (`--model`, `--features`), as text.
    remarks : what a reader should know of it.
    commit : of the checkout at the start, and whether files were changed.
    cases, unfinished, unselected : cases of what ended, of what an interruption kept from ending, and of what options
        left out of the modules that were collected.
    comparison : what moved against the baseline, once the run is over.
    """

    folder: Path
    settings: Settings
    baseline: Report | None = None
    model: str | None = None
    remarks: tuple[str, ...] = ()
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    clock: float = field(default_factory=time.perf_counter)
    cases: list[Placed] = field(default_factory=list)
    unfinished: list[Placed] = field(default_factory=list)
    unselected: list[Placed] = field(default_factory=list)
    crashes: dict[str, str] = field(default_factory=dict)
    not_collected: set[str] = field(default_factory=set)
    set_aside_before: frozenset[Path] = frozenset()
    comparison: Comparison | None = None
    commit: tuple[str | None, bool | None] = (None, None)
    stop: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None

    def __post_init__(self) -> None:
        self.set_aside_before = frozenset(self._set_aside())

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note what could not be collected."""
        if report.failed:
            self.not_collected.add(report.nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the case out of a test's report; note the test with which a worker went down."""
        texts = (str(value) for name, value in report.user_properties if name == "case")
        self.cases += [msgspec.json.decode(text, type=Placed) for text in texts]
        if report.when not in ("setup", "call", "teardown"):
            self.crashes[report.nodeid] = str(report.longrepr)

    def show_progress(self, seconds: float) -> None:
        """Start the thread that shows what is running every so many seconds."""
        # A copy of stderr is past pytest's capture, or nothing would be seen before a test ends.
        terminal = os.dup(2)

        def show() -> None:
            while not self.stop.wait(seconds):
                paths = sorted(self.folder.glob("*.now"))
                if now := [text for path in paths if (text := path.read_text(encoding="utf-8"))]:
                    elapsed = int(time.perf_counter() - self.clock)
                    done = f"{elapsed // 60}:{elapsed % 60:02d}, {len(self.cases)} cases decided"
                    os.write(terminal, f"\n  {done}; now: {' | '.join(now)}\n".encode())
            os.close(terminal)

        self.thread = threading.Thread(target=show, daemon=True)
        self.thread.start()

    def end(self) -> None:
        """Stop showing progress, and account for every collected test that reported nothing.

        Its worker crashed, or the run ended before it did.
        """
        self.stop.set()
        if self.thread is not None:
            self.thread.join()
        reported = {placed.case.test for placed in self.cases}
        collected, left_out = (
            {each.test: each for found in self._worker_files(what, list[Identity]) for each in found}
            for what in ("cases", "unselected")
        )
        why = NotRun(why="not selected", reason=NOT_SELECTED)
        self.unselected = [undecided(left_out[test], why) for test in sorted(left_out.keys() - reported)]
        for test in collected.keys() - reported:
            if test in self.crashes:
                why = NotRun(why="error", reason=f"error, no verdict: {self.crashes[test]}")
                self.cases.append(undecided(collected[test], why))
            else:
                why = NotRun(why="interrupted", reason="the run was interrupted before this case ended")
                self.unfinished.append(undecided(collected[test], why))

    @property
    def selection(self) -> Selection:
        """What the workers collected and left out."""
        words = self._worker_files("selection", Selection)
        return Selection(
            {name for said in words for name in said.modules}, {name for said in words for name in said.deselected}
        )

    def _worker_files(self, what: str, kind: type[Word]) -> list[Word]:
        """What each worker said of it."""
        return [msgspec.json.decode(path.read_bytes(), type=kind) for path in sorted(self.folder.glob(f"*.{what}"))]

    def _set_aside(self) -> set[Path]:
        from support.evidence.store import Store

        return Store(self.settings.evidence[0], writable=False).set_aside()

    @property
    def notes(self) -> list[str]:
        """What a reader should know of the run without a case to show it, such as what went wrong on the way."""
        set_aside = sorted(path.name for path in self._set_aside() - self.set_aside_before)
        passed_over = self.settings.passed_over
        return [
            *(["no experiment was run: verdicts are of the evidence that was there"] if self.settings.recorded else []),
            *(f"model under test: {remark}" for remark in self.remarks),
            *([f"published evidence: {passed_over}"] if passed_over else []),
            *(f"{name} could not be collected: its claims have not run" for name in sorted(self.not_collected)),
            *self._stand_ins(),
            *(
                f"evidence entry {name[:16]} failed its digest check, was set aside and computed again"
                for name in set_aside
            ),
        ]

    def _stand_ins(self) -> list[str]:
        """Which datasets were read in the place of those that the claims speak of."""
        from support.data.catalogue import DATASETS

        used = {name for placed in self.cases for name in placed.case.datasets}
        return [
            f"{dataset.name} stands in for {dataset.stands_in_for}: what is said of "
            f"{DATASETS[dataset.stands_in_for].title} was measured on {dataset.title}"
            for dataset in DATASETS.values()
            if dataset.stands_in_for and dataset.name in used
        ]

    def block(self, command: str, *, threads: int, workers: int, complete: bool) -> document.Run:
        """The report's block about the run."""
        from support.data.datasets import DATASETS, DatasetError, content_digest

        settings = self.settings
        digests: dict[str, str | None] = {}
        for name in DATASETS:
            try:
                digests[name] = content_digest(name, settings.data)
            except DatasetError:
                digests[name] = None
        commit, dirty = self.commit
        return document.Run(
            commit=commit,
            dirty=dirty,
            versions={"python": platform.python_version()} | _versions(PACKAGES),
            device=settings.device,
            threads=threads,
            workers=workers,
            engine=settings.engine and f"dask:{settings.engine}",
            scale=settings.scale,
            seed=settings.seed,
            seconds=round(time.perf_counter() - self.clock, 1),
            started=self.started.isoformat(timespec="seconds"),
            model=self.model,
            command=command,
            datasets=digests,
            complete=complete,
            notes=tuple(self.notes),
        )

    def write_report(self, register: Register, block: document.Run, expected: Callable[[str], bool]) -> None:
        """Write the report, its page and the summary, with what moved against the baseline.

        Parameters
        ----------
        block : the block about the run.
        expected : whether this run would have run a test, given by its node id.
        """
        from support.comparing.comparison import compare
        from support.page.conclusions import conclude
        from support.page.html import render, write_page
        from support.page.markdown import markdown

        cases = self.cases + self.unfinished + self.unselected
        report = build(register, cases + not_selected(register, cases), block)
        if self.baseline is not None:
            self.comparison = compare(report, self.baseline, str(self.settings.baseline), expected=expected)
        report = msgspec.structs.replace(report, conclusions=tuple(conclude(report.claims)), comparison=self.comparison)
        folder = self.settings.report
        write(report, folder / "report.json")
        write_page(render(report), folder / "index.html")
        if self.settings.summary is not None:
            self.settings.summary.write_text(markdown(report), encoding="utf-8")

    @property
    def regressed(self) -> bool:
        """Whether a case came out as registered in the baseline and no longer does, or is gone."""
        return self.comparison is not None and any(change.regression for change in self.comparison.changes)


def write_worker_file(folder: Path, what: str, content: str) -> None:
    """Replace this worker's word about `what`, whole or not at all."""
    path = folder / f"{os.environ.get('PYTEST_XDIST_WORKER', 'main')}.{what}"
    temporary = path.with_suffix(".tmp")
    temporary.write_text(content, encoding="utf-8")
    temporary.replace(path)


def report_progress(folder: Path, text: str) -> None:
    """Say what this worker is doing."""
    with suppress(OSError):  # a courtesy; a full or vanished temporary directory must not fail a claim
        write_worker_file(folder, "now", text)


def report_selection(folder: Path, selection: Selection) -> None:
    """Say what this worker collected and left out."""
    parts = {"modules": sorted(selection.modules), "deselected": sorted(selection.deselected)}
    write_worker_file(folder, "selection", json.dumps(parts))


def _versions(packages: Sequence[str]) -> dict[str, str]:
    """Versions of those that are installed."""
    found = {}
    for name in packages:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found
