"""What the controller keeps while the tests run."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest

from support.comparing.answering import fails
from support.document import types as document
from support.document.build import NOT_SELECTED, Identity, Placed, build, not_selected, undecided
from support.document.changes import Comparison
from support.document.types import NotRun, Report
from support.document.writing import as_read, encoded
from support.register import Register
from support.suite.report_files import ReportFiles, Step
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


@dataclass(eq=False)  # pytest keeps its plugins in sets
class Run:
    """What the controller knows of the run; a plugin of pytest.

    Attributes
    ----------
    folder : of the files of workers.
    baseline : the report to compare with.
    model : what the user brings (`--model`, `--features`), as text.
    remarks : what a reader should know of it.
    commit : of the checkout at the start, and whether files were changed.
    extensions : ids of the claims that this suite asks and no paper.
    unfinished, unselected : cases of what an interruption kept from ending, and of what options left out of the
        modules that were collected.
    broken : tests that failed by something else than a verdict.
    comparison : what moved against the baseline, once the run is over.
    failures : what could not be made of the verdicts at the end, a sentence each.
    written : the files of the report that this run has written, once it is over.
    """

    folder: Path
    settings: Settings
    baseline: Report | None = None
    model: str | None = None
    remarks: tuple[str, ...] = ()
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    clock: float = field(default_factory=time.perf_counter)
    ended: dict[str | None, Placed] = field(default_factory=dict)
    unfinished: list[Placed] = field(default_factory=list)
    unselected: list[Placed] = field(default_factory=list)
    crashes: dict[str, str] = field(default_factory=dict)
    not_collected: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    set_aside_before: frozenset[Path] = frozenset()
    comparison: Comparison | None = None
    failures: list[str] = field(default_factory=list)
    written: list[Path] = field(default_factory=list)
    commit: tuple[str | None, bool | None] = (None, None)
    extensions: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self.set_aside_before = frozenset(self._set_aside())

    @property
    def cases(self) -> list[Placed]:
        """Cases of what ended."""
        return list(self.ended.values())

    @property
    def nothing_recorded(self) -> bool:
        """Whether only recorded evidence was to be read, and none was there for any case."""
        asked = self.settings.recorded or self.settings.until_decided
        reasons = {placed.case.not_run.why if placed.case.not_run else None for placed in self.cases}
        return asked and "not recorded" in reasons and reasons.isdisjoint({None, "error"})

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note what could not be collected."""
        if report.failed:
            self.not_collected.add(report.nodeid)

    @pytest.hookimpl(tryfirst=True)  # before a terminal is told of it, which may be gone
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the case out of a test's report; note the test with which a worker went down.

        Of a test that was run again, as plugins do, the last run counts.
        """
        texts = (str(value) for name, value in report.user_properties if name == "case")
        placed = [msgspec.json.decode(text, type=Placed) for text in texts]
        for each in placed:
            self._take(each)
            self.broken.discard(report.nodeid)
        if report.failed and not any(each.case.verdict in ("refuted", "inconclusive") for each in placed):
            self.broken.add(report.nodeid)
        if report.when not in ("setup", "call", "teardown"):
            self.crashes[report.nodeid] = str(report.longrepr)

    def _take(self, placed: Placed) -> None:
        self.ended[placed.case.test] = placed

    def end(self) -> None:
        """Account for every collected test that reported nothing: its worker crashed, or the run ended before it."""
        collected, left_out = (
            {each.test: each for found in self._worker_files(what, list[Identity]) for each in found}
            for what in ("cases", "unselected")
        )
        why = NotRun(why="not selected", reason=NOT_SELECTED)
        self.unselected = [undecided(left_out[test], why) for test in sorted(left_out.keys() - self.ended.keys())]
        names = {nodeid: test for said in self._worker_files("names", dict[str, str]) for nodeid, test in said.items()}
        crashes = {names.get(nodeid, nodeid): said for nodeid, said in self.crashes.items()}
        for test in sorted(collected.keys() - self.ended.keys()):
            if test in crashes:
                why = NotRun(why="error", reason=f"error, no verdict: {crashes[test]}")
                self._take(undecided(collected[test], why))
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
        try:
            set_aside = sorted(path.name for path in self._set_aside() - self.set_aside_before)
            unlisted = []
        except OSError as error:  # the evidence has gone meanwhile, and the verdicts have not
            set_aside, unlisted = [], [str(error)]
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
            *unlisted,
            *self.failures,
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
            except (DatasetError, OSError):
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
        """Write the report: its JSON first, so that nothing that is then made of it can lose it.

        That is what moved against the baseline, the page and the summary. What fails of these is among `failures` and,
        if it can still be written there, among the report's notes.

        Parameters
        ----------
        block : the block about the run.
        expected : whether this run would have run a test, given by its node id.
        """
        cases = self.cases + self.unfinished + self.unselected
        report = as_read(build(register, cases + not_selected(register, cases), block))
        steps: dict[str, Step] = {
            "the conclusions were not made": _conclude,
            "the comparison was not made": partial(self._compare, expected),
        }
        ReportFiles(self.settings.report, self.settings.summary, self._noted, self.failures, self.written).write(
            report, steps
        )

    def _noted(self, report: Report) -> Report:
        """The report with what is known to have failed."""
        return msgspec.structs.replace(report, run=msgspec.structs.replace(report.run, notes=tuple(self.notes)))

    def _compare(self, expected: Callable[[str], bool], report: Report) -> Report:
        from support.comparing.comparison import compare

        if self.baseline is None:
            return report
        comparison = compare(report, self.baseline, str(self.settings.baseline), expected=expected)
        compared = msgspec.structs.replace(report, comparison=comparison)
        encoded(comparison)  # what could not be written is no comparison
        self.comparison = comparison
        return compared

    @property
    def verdicts_fail(self) -> bool:
        """Whether a verdict that is not as registered fails the run: a replication, and a model that is asked alone.

        Of a model that is compared with an earlier one the question is whether it memorizes more; a claim that does not
        hold of either answers something else.
        """
        return self.comparison is None or self.model is None

    def exit_status(self, ended: int) -> int:
        """The exit status, given that of pytest: what moved fails a run, and so may verdicts.

        Errors, crashes and what an interruption left out keep pytest's; what could not be written fails a run.
        """
        if ended not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            return ended
        if self.failures:
            return pytest.ExitCode.TESTS_FAILED
        if self.comparison is None:
            return ended
        failed = ended == pytest.ExitCode.TESTS_FAILED
        if failed and (self.verdicts_fail or self.broken or self.not_collected or self.unfinished):
            return ended
        moved = fails(self.comparison, self.settings.fail_on)
        return pytest.ExitCode.TESTS_FAILED if moved else pytest.ExitCode.OK


def _conclude(report: Report) -> Report:
    from support.page.conclusions import conclude

    return msgspec.structs.replace(report, conclusions=tuple(conclude(report.claims)))


def _versions(packages: Sequence[str]) -> dict[str, str]:
    """Versions of those that are installed."""
    found = {}
    for name in packages:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found
