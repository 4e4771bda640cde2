"""Options, fixtures and markers of the claims, and the report that the controller writes at the end.

1 options · 2 configuration · 3 collection · 4 fixtures · 5 what each case reports · 6 progress · 7 the report
"""

from __future__ import annotations

import json
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, get_args

import pytest

from support.register import Erratum, Reading, Register, load_register

ROOT = Path(__file__).parent
SCALES = ("quick", "standard", "paper")
DEVICE = re.compile(r"auto|cpu|cuda(:\d+)?")
PROGRESS_SECONDS = 5.0


# ------------------------------------------------------------------------------------------------ 1 options


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of the claims; none changes what a claim says, only what it is decided on."""
    group = parser.getgroup("claims", "spurious-claims")
    group.addoption(
        "--scale", default="quick", metavar="SCALE", help="quick, standard or paper: sizes of the experiments"
    )
    group.addoption("--seed", default="0", metavar="SEED", help="moves every random stream; verdicts must not change")
    group.addoption("--device", default="auto", metavar="DEVICE", help="auto, cpu, cuda or cuda:INDEX")
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
# Both are there only where claims are run: the directory in which workers leave word of what they collected and of
# what they are doing, and what the controller keeps.
WORD = pytest.StashKey[Path]()
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
    except (ValueError, OSError) as error:
        raise pytest.UsageError(str(error)) from error
    if hasattr(config.option, "maxschedchunk"):
        config.option.maxschedchunk = 1  # with the longest case first, no worker is left with a queue
    if not _is_controller(config):
        if "word" in config.workerinput:  # type: ignore[attr-defined]
            config.stash[WORD] = Path(config.workerinput["word"])  # type: ignore[attr-defined]
    elif _asks_for_claims(config) and not config.option.collectonly:
        config.stash[WORD] = Path(tempfile.mkdtemp(prefix="spurious-claims-"))
        config.stash[RUN] = Run(set_aside_before=frozenset(_set_aside(settings)))
        config.pluginmanager.register(config.stash[RUN], "claim-cases")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave no temporary directory behind."""
    if RUN in config.stash:
        shutil.rmtree(config.stash[WORD], ignore_errors=True)


def _settings(config: pytest.Config) -> Settings:
    option = config.option
    if option.scale not in SCALES:
        raise ValueError(f"unknown scale {option.scale!r}: choose {', '.join(SCALES)}")
    if not option.seed.isdecimal():
        raise ValueError(f"--seed must be a whole number from 0 on, got {option.seed!r}")
    if not DEVICE.fullmatch(option.device):
        raise ValueError(f"unknown device {option.device!r}: choose auto, cpu, cuda or cuda:INDEX")
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
    return "cuda:0" if asked == "cuda" else asked


def _check_directories(settings: Settings) -> None:
    from support.data.datasets import DatasetError
    from support.evidence.store import Store

    try:
        _data_states(settings)
    except DatasetError as error:
        raise ValueError(str(error)) from error
    Store(settings.evidence)
    try:
        settings.report.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=settings.report):
            pass
    except OSError as error:
        raise OSError(
            f"report directory {settings.report} is not writable ({error.strerror}): give another with --report DIR"
        ) from error


def _data_states(settings: Settings) -> list[str]:
    from support.data.datasets import DATASETS, find

    found = {name: find(name, settings.data) for name in DATASETS}
    return [
        f"{name} ({located.source if located else 'fetched when first needed, if it can be had'})"
        for name, located in found.items()
    ]


def _is_controller(config: pytest.Config) -> bool:
    return not hasattr(config, "workerinput")


def _asks_for_claims(config: pytest.Config) -> bool:
    claims = ROOT / "claims"
    paths = [Path(config.invocation_params.dir, arg.partition("::")[0]).resolve() for arg in config.args]
    return any(path == claims or claims in path.parents or path in claims.parents for path in paths)


def _workers(config: pytest.Config) -> int:
    if not _is_controller(config):
        return int(config.workerinput["workercount"])  # type: ignore[attr-defined]
    return max(1, len(getattr(config.option, "tx", None) or []))


def _threads(config: pytest.Config) -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores // _workers(config))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell each xdist worker where to leave word."""
    if WORD in node.config.stash:
        node.workerinput["word"] = str(node.config.stash[WORD])


def pytest_report_header(config: pytest.Config) -> list[str]:
    """What is about to run, before it does."""
    if not _asks_for_claims(config):
        return []
    settings, register = config.stash[SETTINGS], config.stash[REGISTER]
    covered = sum(bool(claim.covered_by) for claim in register.claims)
    workers = f"{_workers(config)} workers of {_threads(config)} threads"
    return [
        f"claims: {covered} of {len(register.claims)} registered claims have tests",
        f"scale {settings.scale}, seed {settings.seed}, device {settings.device}, {workers}",
        f"data: {', '.join(_data_states(settings))}",
        f"evidence: {settings.evidence}",
        f"report: {settings.report}",
    ]


# --------------------------------------------------------------------------------------------- 3 collection


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Refuse claim and erratum markers that the register does not bear out, and expect refutation at an erratum."""
    from support.cases import Refuted

    report = yield
    for item in report.result or ():
        if isinstance(item, pytest.Item):
            try:
                erratum = _check_markers(collector.config.stash[REGISTER], item)
            except ValueError as error:
                # A collection error and no exception: xdist carries the one and breaks down over the other.
                report.outcome, report.longrepr, report.result = "failed", f"{item.nodeid}: {error}", []
                return report
            if erratum:
                item.add_marker(pytest.mark.xfail(raises=Refuted, strict=True, reason=f"{erratum.id}: {erratum.title}"))
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, items: list[pytest.Item]) -> None:
    """Put long cases first; run nothing where something could not be collected."""
    if session.testsfailed and not session.config.option.continue_on_collection_errors:
        items.clear()  # pytest stops here on its own, a worker of xdist would run the rest
    items.sort(key=_cost, reverse=True)


def _check_markers(register: Register, item: pytest.Item) -> Erratum | None:
    """The erratum of the item's reading, if it has one."""
    claim, erratum = _marked(item, "claim"), _marked(item, "erratum")
    if claim is None:
        if erratum is not None:
            raise ValueError(f"the marker erratum({erratum!r}) needs a claim marker beside it")
        return None
    register.claim(claim)
    reading = _reading(item)
    if reading not in get_args(Reading):
        raise ValueError(f"unknown reading {reading!r}: choose {', '.join(get_args(Reading))}")
    if erratum is None:
        return None
    entry = register.erratum(erratum)
    if (entry.claim, entry.reading) != (claim, reading):
        raise ValueError(f"{entry.id} is about {entry.claim} as {entry.reading}, not about {claim} as {reading}")
    return entry


def _marked(item: pytest.Item, name: str) -> str | None:
    marker = item.get_closest_marker(name)
    if marker is None:
        return None
    if len(marker.args) != 1 or not isinstance(marker.args[0], str):
        raise ValueError(f"the marker {name} needs one id, got {marker.args}")
    return marker.args[0]


def _reading(item: pytest.Item) -> str:
    marker = item.get_closest_marker("claim")
    return str(marker.kwargs.get("reading", "sound")) if marker else "sound"


def _cost(item: pytest.Item) -> float:
    marker = item.get_closest_marker("claim")
    return float(marker.kwargs.get("cost", 1)) if marker else 0.0


def pytest_collection_finish(session: pytest.Session) -> None:
    """Leave word of every case that is about to run, so that none can go missing from the report."""
    cases = [_identity(item) for item in session.items if _marked(item, "claim") is not None]
    _leave_word(session.config, "cases", json.dumps(cases))


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


@pytest.fixture(scope="session")
def collected() -> dict[tuple[Any, int], Any]:
    """Rows that this worker has read and verified already: many cases ask for the same experiment."""
    return {}


@pytest.fixture
def evidence(
    settings: Settings, judge: Any, request: pytest.FixtureRequest, collected: dict[tuple[Any, int], Any]
) -> Any:
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
        if (experiment, trials) not in collected:
            try:
                collected[experiment, trials] = collect(store, experiment, trials, context, progress)
            except NotAvailable as error:
                pytest.skip(f"not run: {error}")
        judge.evidence.append(collected[experiment, trials])
        return collected[experiment, trials]

    return run


# --------------------------------------------------------------------------------- 5 what each case reports


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Say what is running now."""
    _leave_progress(item.config, item.name)
    try:
        return (yield)
    finally:
        _leave_progress(item.config, "")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Attach the case to the report of its test as JSON text, which is all that xdist carries."""
    report = yield
    if _marked(item, "claim") is None or (report.when != "call" and report.passed) or report.when == "teardown":
        return report
    record = _decided(item, call) or _undecided(report, call)
    case = record | _identity(item) | {"seconds": round(call.duration, 2)}
    report.user_properties.append(("case", json.dumps(case, allow_nan=False)))
    return report


def _identity(item: pytest.Item) -> dict[str, Any]:
    """What is known of a case before it runs."""
    settings, option = item.config.stash[SETTINGS], item.config.option
    device = [] if option.device == "auto" else ["--device", option.device]
    return {
        "claim": _marked(item, "claim"),
        "reading": _reading(item),
        "erratum": _marked(item, "erratum"),
        "id": item.callspec.id if hasattr(item, "callspec") else item.name.removeprefix("test_"),
        "test": item.nodeid,
        "protocol": _docstring(item),
        "command": shlex.join(
            ["pytest", item.nodeid, "--scale", settings.scale, "--seed", str(settings.seed), *device]
        ),
    }


def _decided(item: pytest.Item, call: pytest.CallInfo[None]) -> dict[str, Any] | None:
    """The judge's record, unless the test broke down after it had been decided."""
    from support.cases import Inconclusive, Refuted

    if call.excinfo is not None and not call.excinfo.errisinstance((Refuted, Inconclusive)):
        return None
    judge = getattr(item, "funcargs", {}).get("judge")
    record: dict[str, Any] | None = judge.record if judge is not None else None
    return record


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
    with suppress(OSError):  # a courtesy; a full or vanished temporary directory must not fail a claim
        _leave_word(config, "now", text)


def _leave_word(config: pytest.Config, what: str, text: str) -> None:
    if WORD not in config.stash:
        return
    path = config.stash[WORD] / f"{os.environ.get('PYTEST_XDIST_WORKER', 'main')}.{what}"
    temporary = path.with_suffix(".tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


@dataclass
class Run:
    """What the controller keeps while the tests run."""

    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    clock: float = field(default_factory=time.perf_counter)
    cases: list[dict[str, Any]] = field(default_factory=list)
    crashes: dict[str, str] = field(default_factory=dict)
    not_collected: set[str] = field(default_factory=set)
    unfinished: list[dict[str, Any]] = field(default_factory=list)
    set_aside_before: frozenset[Path] = frozenset()
    stop: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note what could not be collected."""
        if report.failed:
            self.not_collected.add(report.nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the case out of a test's report; note the test with which a worker went down."""
        self.cases += [json.loads(str(value)) for name, value in report.user_properties if name == "case"]
        if report.when not in ("setup", "call", "teardown"):
            self.crashes[report.nodeid] = str(report.longrepr)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Start the thread that shows what is running."""
    run = session.config.stash.get(RUN, None)
    if run is None:
        return
    folder = session.config.stash[WORD]

    # A copy of stderr is past pytest's capture, or nothing would be seen before a test ends.
    terminal = os.dup(2)

    def show() -> None:
        while not run.stop.wait(PROGRESS_SECONDS):
            now = [text for path in sorted(folder.glob("*.now")) if (text := path.read_text(encoding="utf-8"))]
            if now:
                elapsed = int(time.perf_counter() - run.clock)
                text = f"  {elapsed // 60}:{elapsed % 60:02d}, {len(run.cases)} cases decided; now: {' | '.join(now)}"
                os.write(terminal, f"\n{text}\n".encode())
        os.close(terminal)

    run.thread = threading.Thread(target=show, daemon=True)
    run.thread.start()


# --------------------------------------------------------------------------------------------- 7 the report


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """At the controller: write the report, also of a run that was interrupted."""
    config = session.config
    run = config.stash.get(RUN, None)
    if run is None:
        return
    run.stop.set()
    if run.thread is not None:
        run.thread.join()
    _account_for_all(run, config.stash[WORD])
    if not run.cases:
        return
    from support.report.document import build, not_selected, write_json
    from support.report.html import write_html

    register, settings = config.stash[REGISTER], config.stash[SETTINGS]
    cases = run.cases + run.unfinished
    complete = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) and not run.unfinished
    cases += not_selected(register, cases)
    document = build(register, cases, _run_block(config, complete=complete))
    write_json(document, settings.report / "report.json")
    write_html(settings.report / "report.json", settings.report / "index.html")


def _account_for_all(run: Run, folder: Path) -> None:
    """A case for every collected test that reported none: its worker crashed, or the run ended before it did."""
    from support.report.document import undecided

    collected = [case for path in folder.glob("*.cases") for case in json.loads(path.read_text(encoding="utf-8"))]
    reported = {case["test"] for case in run.cases}
    for case in {case["test"]: case | {"seconds": 0.0} for case in collected if case["test"] not in reported}.values():
        if case["test"] in run.crashes:
            run.cases.append(undecided(f"error, no verdict: {run.crashes[case['test']]}") | case)
        else:
            run.unfinished.append(undecided("the run was interrupted before this case ended") | case)


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
        "command": shlex.join(["pytest", *map(str, config.invocation_params.args)]),
        "datasets": digests,
        "complete": complete,
        "notes": _notes(config),
    }


def _commit() -> tuple[str | None, bool | None]:
    def git(*arguments: str) -> str:
        command = ["git", "-C", str(ROOT), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - constant arguments
        return done.stdout.strip()

    try:
        return git("rev-parse", "HEAD"), bool(git("status", "--porcelain"))
    except (OSError, subprocess.CalledProcessError):
        return None, None  # not a checkout, or no git


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Verdicts in the terminal, and where the report is."""
    run = config.stash.get(RUN, None)
    if run is None or not run.cases:
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
    if run.unfinished:
        terminalreporter.write_line(f"  the run was interrupted: {len(run.unfinished)} more cases have not run")
    for note in _notes(config):
        terminalreporter.write_line(f"  {note}")
    terminalreporter.write_line(f"report: {config.stash[SETTINGS].report / 'index.html'}")


def _set_aside(settings: Settings) -> set[Path]:
    return set((settings.evidence / "set-aside").glob("*/*"))


def _notes(config: pytest.Config) -> list[str]:
    run = config.stash[RUN]
    set_aside = sorted(path.name for path in _set_aside(config.stash[SETTINGS]) - run.set_aside_before)
    return [
        *(f"{name} could not be collected: its claims have not run" for name in sorted(run.not_collected)),
        *(f"evidence entry {key[:16]} failed its digest check, was set aside and computed again" for key in set_aside),
    ]
