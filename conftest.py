"""Options, fixtures and markers of the claims, and the report that the controller writes at the end.

1 options · 2 configuration · 3 collection · 4 fixtures · 5 what each case reports · 6 progress · 7 the report
"""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from support.register import Register, RegisterError, load_register

ROOT = Path(__file__).parent
SCALES = ("quick", "standard", "paper")
DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d+)?")
PROGRESS_SECONDS = 5.0


# ------------------------------------------------------------------------------------------------ 1 options


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of the claims; none changes what a claim says, only what it is decided on."""
    group = parser.getgroup("claims", "spurious-claims")
    group.addoption(
        "--scale", default="quick", metavar="SCALE", help="quick, standard or paper: sizes of the experiments"
    )
    group.addoption("--seed", default="0", metavar="SEED", help="moves every random stream; verdicts must not change")
    group.addoption("--device", default="auto", metavar="DEVICE", help="auto, cpu, mps, cuda or cuda:INDEX")
    group.addoption("--data", default=None, metavar="DIR", help="directory with datasets (default: user cache)")
    group.addoption("--report", default=None, metavar="DIR", help="where the report goes (default: reports/latest)")
    group.addoption("--evidence", default=None, metavar="DIR", help="where evidence is kept (default: user cache)")


# ------------------------------------------------------------------------------------------ 2 configuration


@dataclass
class Settings:
    """The options, checked."""

    scale: str
    seed: int
    device: str
    data: Path | None
    report: Path
    evidence: Path


SETTINGS = pytest.StashKey[Settings]()
REGISTER = pytest.StashKey[Register]()
PROGRESS = pytest.StashKey[Path]()
RUN = pytest.StashKey["Run"]()


def pytest_configure(config: pytest.Config) -> None:
    """Check every option and directory before anything is computed; give each worker its share of threads."""
    config.addinivalue_line("markers", "claim(id, reading='sound', cost=1): decides this claim's reading")
    config.addinivalue_line("markers", "erratum(id): this reading is refuted, as the erratum explains")
    threads = str(_threads(config))
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = threads
    try:
        config.stash[SETTINGS] = settings = _settings(config)
        config.stash[REGISTER] = load_register()
        if _is_controller(config) and _asks_for_claims(config):
            _check_directories(settings)
    except (ValueError, OSError, RegisterError) as error:
        raise pytest.UsageError(str(error)) from error
    if hasattr(config.option, "maxschedchunk"):
        config.option.maxschedchunk = 1  # with the longest case first, no worker is left with a queue
    if _is_controller(config):
        config.stash[PROGRESS] = Path(tempfile.mkdtemp(prefix="spurious-claims-"))
        config.stash[RUN] = Run(set_aside_before=frozenset(_set_aside(config)))
        config.pluginmanager.register(config.stash[RUN], "claim-cases")
    else:
        config.stash[PROGRESS] = Path(config.workerinput["progress"])  # type: ignore[attr-defined]


def _settings(config: pytest.Config) -> Settings:
    option = config.option
    if option.scale not in SCALES:
        raise ValueError(f"unknown scale {option.scale!r}: choose {', '.join(SCALES)}")
    if not option.seed.isdecimal():
        raise ValueError(f"--seed must be a whole number from 0 on, got {option.seed!r}")
    if not DEVICE.fullmatch(option.device):
        raise ValueError(f"unknown device {option.device!r}: choose auto, cpu, mps, cuda or cuda:INDEX")
    if option.data is not None and not Path(option.data).is_dir():
        raise ValueError(f"--data {option.data} is not a directory")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "spurious-claims"
    return Settings(
        scale=option.scale,
        seed=int(option.seed),
        device=_device(option.device),
        data=Path(option.data).absolute() if option.data else None,
        report=Path(option.report or ROOT / "reports" / "latest").absolute(),
        evidence=Path(option.evidence or cache / "evidence").absolute(),
    )


def _device(asked: str) -> str:
    if asked == "cpu" or (asked == "auto" and not Path("/dev/nvidiactl").exists() and sys.platform != "win32"):
        return "cpu"  # without importing torch, which takes seconds
    import torch

    count = torch.cuda.device_count()
    if asked == "auto":
        return "cuda:0" if count else "cpu"
    if asked.startswith("cuda") and int(asked.partition(":")[2] or 0) >= count:
        raise ValueError(f"device {asked} is not there: torch sees {count} CUDA devices")
    if asked == "mps":
        raise ValueError("device mps has no double precision, which interpolation needs: choose cpu")
    return "cuda:0" if asked == "cuda" else asked


def _check_directories(settings: Settings) -> None:
    from support.evidence.store import Store

    Store(settings.evidence)
    try:
        settings.report.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=settings.report):
            pass
    except OSError as error:
        raise OSError(
            f"report directory {settings.report} is not writable ({error.strerror}): give another with --report DIR"
        ) from error


def _is_controller(config: pytest.Config) -> bool:
    return not hasattr(config, "workerinput")


def _asks_for_claims(config: pytest.Config) -> bool:
    claims = ROOT / "claims"
    paths = [Path(config.invocation_params.dir, arg.partition("::")[0]).resolve() for arg in config.args]
    return any(path in (ROOT, claims) or claims in path.parents for path in paths)


def _workers(config: pytest.Config) -> int:
    if not _is_controller(config):
        return int(config.workerinput["workercount"])  # type: ignore[attr-defined]
    return max(1, len(getattr(config.option, "tx", None) or []))


def _threads(config: pytest.Config) -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores // _workers(config))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell each xdist worker where to leave its progress."""
    node.workerinput["progress"] = str(node.config.stash[PROGRESS])


def pytest_report_header(config: pytest.Config) -> list[str]:
    """What is about to run, before it does."""
    if not _asks_for_claims(config):
        return []
    from support.data.datasets import DATASETS, find

    settings, register = config.stash[SETTINGS], config.stash[REGISTER]
    covered = sum(bool(claim.covered_by) for claim in register.claims)
    states = []
    for name in DATASETS:
        found = find(name, settings.data)
        states.append(f"{name} ({found.source if found else 'fetched when first needed, if it can be had'})")
    return [
        f"claims: {covered} of {len(register.claims)} registered claims have tests",
        f"scale {settings.scale}, seed {settings.seed}, device {settings.device}, "
        f"{_workers(config)} workers of {_threads(config)} threads",
        f"data: {', '.join(states)}",
        f"evidence: {settings.evidence}",
        f"report: {settings.report}",
    ]


# --------------------------------------------------------------------------------------------- 3 collection


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Check claim and erratum markers, expect refutation where an erratum says so, and put long cases first."""
    from support.cases import Refuted

    register = config.stash[REGISTER]
    for item in items:
        marker = item.get_closest_marker("claim")
        if marker is None:
            continue
        try:
            register.claim(marker.args[0])
            erratum_marker = item.get_closest_marker("erratum")
            if erratum_marker:
                erratum = register.erratum(erratum_marker.args[0])
                item.add_marker(pytest.mark.xfail(raises=Refuted, strict=True, reason=f"{erratum.id}: {erratum.title}"))
        except RegisterError as error:
            raise pytest.UsageError(f"{item.nodeid}: {error}") from error
    items.sort(key=_cost, reverse=True)


def _cost(item: pytest.Item) -> float:
    marker = item.get_closest_marker("claim")
    return float(marker.kwargs.get("cost", 1)) if marker else 0.0


# ----------------------------------------------------------------------------------------------- 4 fixtures


@pytest.fixture(scope="session")
def settings(pytestconfig: pytest.Config) -> Settings:
    """The checked options."""
    return pytestconfig.stash[SETTINGS]


@pytest.fixture(scope="session")
def scale(settings: Settings) -> str:
    """``quick``, ``standard`` or ``paper``: the key into a claim module's sizes."""
    return settings.scale


@pytest.fixture(scope="session")
def seed(settings: Settings) -> int:
    """The suite's seed."""
    return settings.seed


@pytest.fixture
def judge() -> Any:
    """Decides the case; see `support.cases.Judge`."""
    from support.cases import Judge

    return Judge()


@pytest.fixture
def evidence(settings: Settings, judge: Any, request: pytest.FixtureRequest) -> Any:
    """``evidence(experiment, trials)``: the experiment's rows, from the store or computed now.

    Skips the case as *not run* where a dataset cannot be had.
    """
    import torch

    from support.data.datasets import NotAvailable
    from support.evidence.collect import collect
    from support.evidence.store import Store
    from support.experiments.experiment import Context

    torch.set_num_threads(_threads(request.config))
    store = Store(settings.evidence)
    context = Context(settings.seed, settings.device, settings.data)

    def progress(what: str, done: int, total: int) -> None:
        _leave_progress(request.config, f"{request.node.name}: {what}, trial {done} of {total}")

    def run(experiment: Any, trials: int) -> Any:
        try:
            rows = collect(store, experiment, trials, context, progress)
        except NotAvailable as error:
            pytest.skip(f"not run: {error}")
        judge.evidence.append(rows)
        return rows

    return run


# --------------------------------------------------------------------------------- 5 what each case reports


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Say what is running now."""
    _leave_progress(item.config, item.name)
    try:
        return (yield)
    finally:
        _leave_progress(item.config, "")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[pytest.TestReport]:
    """Attach the case to the report of its test as JSON text, which is all that xdist carries."""
    report: pytest.TestReport = yield
    marker = item.get_closest_marker("claim")
    if marker is None or (report.when != "call" and report.passed) or report.when == "teardown":
        return report
    judge = getattr(item, "funcargs", {}).get("judge")
    record = judge.record if judge is not None else None
    if record is None:
        record = _undecided(report, call)
    erratum = item.get_closest_marker("erratum")
    settings = item.config.stash[SETTINGS]
    device = "" if item.config.option.device == "auto" else f" --device {item.config.option.device}"
    case = record | {
        "claim": marker.args[0],
        "reading": marker.kwargs.get("reading", "sound"),
        "erratum": erratum.args[0] if erratum else None,
        "id": item.callspec.id if hasattr(item, "callspec") else item.name.removeprefix("test_"),
        "test": item.nodeid,
        "protocol": _docstring(item),
        "command": f"pytest '{item.nodeid}' --scale {settings.scale} --seed {settings.seed}{device}",
        "seconds": round(call.duration, 2),
    }
    report.user_properties.append(("case", json.dumps(case, allow_nan=False)))
    return report


def _undecided(report: pytest.TestReport, call: pytest.CallInfo[None]) -> dict[str, Any]:
    from support.report.document import undecided

    if report.skipped and isinstance(report.longrepr, tuple):
        reason = report.longrepr[2].removeprefix("Skipped: ").removeprefix("not run: ")
    elif call.excinfo is not None:
        reason = f"error, no verdict: {call.excinfo.exconly()[:500]}"
    else:
        reason = "error, no verdict: the test ended without asking for one"
        report.outcome = "failed"
        report.longrepr = reason
    return undecided(reason)


def _docstring(item: pytest.Item) -> str:
    import inspect

    module = inspect.getdoc(getattr(item, "module", None)) or ""
    own = inspect.getdoc(getattr(item, "function", None)) or ""
    return f"{own}\n\n{module}".strip()


# ----------------------------------------------------------------------------------------------- 6 progress


def _leave_progress(config: pytest.Config, text: str) -> None:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    path = config.stash[PROGRESS] / worker
    temporary = path.with_suffix(".tmp")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError:
        pass  # progress is a courtesy; a full or vanished temporary directory must not fail a claim


@dataclass
class Run:
    """What the controller keeps while the tests run."""

    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    clock: float = field(default_factory=time.perf_counter)
    cases: list[dict[str, Any]] = field(default_factory=list)
    set_aside_before: frozenset[str] = frozenset()
    stop: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the case out of a test's report."""
        self.cases += [json.loads(str(value)) for name, value in report.user_properties if name == "case"]


def pytest_sessionstart(session: pytest.Session) -> None:
    """Start the thread that shows what is running."""
    config = session.config
    if not _is_controller(config) or not _asks_for_claims(config) or config.option.collectonly:
        return
    run, folder = config.stash[RUN], config.stash[PROGRESS]

    # A copy of stderr is past pytest's capture, or nothing would be seen before a test ends.
    terminal = os.dup(2)

    def show() -> None:
        while not run.stop.wait(PROGRESS_SECONDS):
            now = [path.read_text(encoding="utf-8") for path in sorted(folder.iterdir()) if path.suffix != ".tmp"]
            if any(now):
                elapsed = int(time.perf_counter() - run.clock)
                text = f"  {elapsed // 60}:{elapsed % 60:02d}, {len(run.cases)} cases decided; now: "
                os.write(terminal, f"\n{text}{' | '.join(text for text in now if text)}\n".encode())
        os.close(terminal)

    run.thread = threading.Thread(target=show, daemon=True)
    run.thread.start()


# --------------------------------------------------------------------------------------------- 7 the report


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """At the controller: write the report, also of a run that was interrupted."""
    config = session.config
    if not _is_controller(config):
        return
    run = config.stash[RUN]
    run.stop.set()
    if run.thread is not None:
        run.thread.join()
    if not run.cases:
        return
    from support.report.document import build, not_selected, write_json
    from support.report.html import write_html

    register, settings = config.stash[REGISTER], config.stash[SETTINGS]
    complete = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
    cases = run.cases + not_selected(register, run.cases, interrupted=not complete)
    document = build(register, cases, _run_block(config, complete=complete))
    write_json(document, settings.report / "report.json")
    write_html(settings.report / "report.json", settings.report / "index.html")


def _run_block(config: pytest.Config, *, complete: bool) -> dict[str, Any]:
    from support.data.datasets import DATASETS, DatasetError, content_digest

    settings, run = config.stash[SETTINGS], config.stash[RUN]
    digests: dict[str, str | None] = {}
    for name in DATASETS:
        try:
            digests[name] = content_digest(name, settings.data)
        except DatasetError:
            digests[name] = None
    commit, dirty = _commit()
    packages = ("torch", "numpy", "scipy", "hypothesis", "pytest", "pytest-xdist")
    return {
        "commit": commit,
        "dirty": dirty,
        "versions": {"python": platform.python_version(), "spurious-claims": version("spurious-claims")}
        | {name: version(name) for name in packages},
        "device": settings.device,
        "threads": _threads(config),
        "workers": _workers(config),
        "scale": settings.scale,
        "seed": settings.seed,
        "seconds": round(time.perf_counter() - run.clock, 1),
        "started": run.started.isoformat(timespec="seconds"),
        "command": "pytest " + " ".join(config.invocation_params.args),
        "datasets": digests,
        "complete": complete,
        "notes": _notes(config),
    }


def _commit() -> tuple[str | None, bool | None]:
    def git(*arguments: str) -> str:
        command = ["git", "-C", str(ROOT), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        return git("rev-parse", "HEAD"), bool(git("status", "--porcelain"))
    except (OSError, subprocess.CalledProcessError):
        return None, None  # not a checkout, or no git


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Verdicts in the terminal, and where the report is."""
    run = config.stash[RUN]
    if not run.cases:
        return
    terminalreporter.section("claims")
    counts = Counter(case["verdict"] for case in run.cases)
    terminalreporter.write_line(
        ", ".join(f"{counts[verdict]} {verdict}" for verdict in sorted(counts, key=str)) + f" of {len(run.cases)} cases"
    )
    for case in sorted(run.cases, key=lambda case: (case["claim"], case["test"])):
        if case["verdict"] != "supported":
            known = f" (as {case['erratum']} says)" if case["erratum"] and case["verdict"] == "refuted" else ""
            reason = f": {case['reason']}" if case["reason"] else ""
            terminalreporter.write_line(
                f"  {case['claim']} {case['reading']} [{case['id']}] {case['verdict']}{known}{reason}"
            )
    for note in _notes(config):
        terminalreporter.write_line(f"  {note}")
    terminalreporter.write_line(f"report: {config.stash[SETTINGS].report / 'index.html'}")


def _set_aside(config: pytest.Config) -> set[str]:
    return {path.name for path in (config.stash[SETTINGS].evidence / "set-aside").glob("*/*")}


def _notes(config: pytest.Config) -> list[str]:
    return [
        f"evidence entry {key[:16]} failed its digest check, was set aside and computed again"
        for key in sorted(_set_aside(config) - config.stash[RUN].set_aside_before)
    ]
