"""Options, fixtures and hooks of the claims; what they do stands in `support/suite`.

1 options · 2 configuration · 3 collection · 4 fixtures · 5 cases · 6 the report
"""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
import warnings
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from support.document.writing import encoded
from support.evidence.commit import commit_of, named
from support.evidence.inputs import UserNetwork
from support.register import Register, load_register
from support.statistics import grants
from support.suite.looking import budget_of
from support.suite.markers import check_markers, cost_of, marked
from support.suite.own import fit_features, fit_network, left_out, load_features, with_network
from support.suite.records import case_text, identity
from support.suite.run import Run, leave_progress, leave_selection, leave_word
from support.suite.selection import Selection, asks_for
from support.suite.settings import Settings, auto_workers, check_places, checked, data_states, library, read_baseline
from support.suite.terminal import claim_lines, comparison_lines

ROOT = Path(__file__).parent
PROGRESS_SECONDS = 5.0

SETTINGS = pytest.StashKey[Settings]()
REGISTER = pytest.StashKey[Register]()
SELECTION = pytest.StashKey[Selection]()
# Both are there only where claims are run: the directory in which workers leave word of what they collected and of
# what they are doing, and what the controller keeps.
WORD = pytest.StashKey[Path]()
RUN = pytest.StashKey[Run]()
# The user's network, looked at once by the controller (None where it is not the user's), and the commit at the start.
NETWORK = pytest.StashKey[UserNetwork | None]()
COMMIT = pytest.StashKey[str | None]()


# ------------------------------------------------------------------------------------------------ 1 options


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of the claims; none changes what a claim says, only what it is asked of, decided on and compared with."""
    group = parser.getgroup("claims", "spurious-claims")
    group.addoption(
        "--scale", default="quick", metavar="SCALE", help="quick, standard or paper: sizes of the experiments"
    )
    group.addoption("--seed", default="0", metavar="SEED", help="moves every random stream; verdicts must not change")
    group.addoption("--device", default="auto", metavar="DEVICE", help="auto, cpu, cuda or cuda:INDEX")
    group.addoption("--data", default=None, metavar="DIR", help="directory with datasets (default: user cache)")
    group.addoption("--report", default=None, metavar="DIR", help="where the report goes (default: reports/latest)")
    group.addoption(
        "--evidence",
        action="append",
        metavar="DIR",
        help="where evidence is kept (default: user cache); given again, a directory or pack that is only read",
    )
    group.addoption(
        "--recorded", action="store_true", help="run no experiment: decide what the evidence decides, skip the rest"
    )
    group.addoption(
        "--calibrate", action="store_true", help="decide nothing: see whether near-normal measures are that (with -n0)"
    )
    group.addoption("--summary", default=None, metavar="FILE", help="a summary in Markdown, for a pull request")
    group.addoption(
        "--model", default=None, metavar="SPEC", help="a network of your own, file.py:function: ask claims of it"
    )
    group.addoption(
        "--features", default=None, metavar="SPEC", help="a feature map of your own, file.py:function: ask claims of it"
    )
    group.addoption(
        "--baseline", default=None, metavar="FILE", help="an earlier report.json: say what moved, fail on a regression"
    )


# ------------------------------------------------------------------------------------------ 2 configuration


def pytest_configure(config: pytest.Config) -> None:
    """Check every option and directory before anything is computed; give each worker its share of threads."""
    config.addinivalue_line(
        "markers", "claim(id, reading='sound', cost=1, budget=None, because=None): decides this claim's reading"
    )
    config.addinivalue_line("markers", "erratum(id): this reading is refuted, as the erratum explains")
    config.addinivalue_line("markers", "asks(of, because=None): what a user may bring that this test can be asked of")
    threads = str(_threads(config))
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = threads
    baseline = None
    try:
        config.stash[SETTINGS] = settings = checked(config.option, ROOT)
        config.stash[REGISTER] = load_register()
        config.stash[SELECTION] = Selection()
        grants.calibrating = config.option.calibrate
        if _is_controller(config) and asks_for(config, ROOT / "claims"):
            check_places(settings)
            baseline = read_baseline(settings.baseline) if settings.baseline else None
            with warnings.catch_warnings():
                warnings.simplefilter("default")  # a user's code may warn
                config.stash[NETWORK] = fit_network(settings.model) if settings.model else None
                if settings.features:
                    fit_features(settings.features)
    except (ValueError, OSError) as error:
        raise pytest.UsageError(str(error)) from error
    if hasattr(config.option, "maxschedchunk"):
        config.option.maxschedchunk = 1  # with the longest case first, no worker is left with a queue
    if not _is_controller(config):
        if "word" in config.workerinput:  # type: ignore[attr-defined]
            config.stash[WORD] = Path(config.workerinput["word"])  # type: ignore[attr-defined]
            network = config.workerinput["network"]  # type: ignore[attr-defined]
            config.stash[NETWORK] = network and msgspec.json.decode(network, type=UserNetwork)
            config.stash[COMMIT] = config.workerinput["commit"]  # type: ignore[attr-defined]
    elif asks_for(config, ROOT / "claims") and not config.option.collectonly:
        config.stash[WORD] = Path(tempfile.mkdtemp(prefix="spurious-claims-"))
        commit, dirty = commit_of(ROOT)
        config.stash[COMMIT] = named(commit, dirty)
        config.stash[RUN] = Run(config.stash[WORD], settings, baseline, _under_test(config), commit=(commit, dirty))
        config.pluginmanager.register(config.stash[RUN], "claim-cases")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave no temporary directory behind."""
    if RUN in config.stash:
        shutil.rmtree(config.stash[WORD], ignore_errors=True)


def _is_controller(config: pytest.Config) -> bool:
    return not hasattr(config, "workerinput")


def _workers(config: pytest.Config) -> int:
    if not _is_controller(config):
        return int(config.workerinput["workercount"])  # type: ignore[attr-defined]
    return max(1, len(getattr(config.option, "tx", None) or []))


def _under_test(config: pytest.Config) -> str | None:
    """What the user brings, as the command line has it."""
    features = config.option.features and f"features {config.option.features}"
    return ", ".join(filter(None, (config.option.model, features))) or None


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """What ``-n auto`` means: a worker for each core, but few to a GPU."""
    return auto_workers(config.option.device, _cores(), recorded=config.option.recorded)


def _threads(config: pytest.Config) -> int:
    return max(1, _cores() // _workers(config))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell each xdist worker where to leave word, and what the user's network is."""
    if WORD in node.config.stash:
        node.workerinput["word"] = str(node.config.stash[WORD])
        network = node.config.stash.get(NETWORK, None)
        node.workerinput["network"] = network and msgspec.json.encode(network).decode()
        node.workerinput["commit"] = node.config.stash[COMMIT]


def pytest_report_header(config: pytest.Config) -> list[str]:
    """What is about to run, before it does."""
    if not asks_for(config, ROOT / "claims"):
        return []
    settings, register = config.stash[SETTINGS], config.stash[REGISTER]
    covered = sum(bool(claim.covered_by) for claim in register.claims)
    workers = f"{_workers(config)} workers of {_threads(config)} threads"
    return [
        f"claims: {covered} of {len(register.claims)} registered claims have tests",
        f"scale {settings.scale}, seed {settings.seed}, device {settings.device}, {workers}",
        *([f"model under test: {under_test}"] if (under_test := _under_test(config)) else []),
        f"data: {', '.join(data_states(settings))}",
        f"evidence: {', '.join(map(str, settings.evidence))}",
        f"report: {settings.report}",
        *([f"baseline: {settings.baseline}"] if settings.baseline else []),
    ]


# --------------------------------------------------------------------------------------------- 3 collection


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Refuse markers that the register does not bear out, and expect refutation at an erratum.

    An erratum speaks of the papers' own models: with another it may hold, and that is no error.
    """
    from support.cases import Refuted

    report = yield
    settings = collector.config.stash[SETTINGS]
    own = settings.model or settings.features
    for item in report.result or ():
        if isinstance(item, pytest.Item):
            try:
                erratum = check_markers(collector.config.stash[REGISTER], item)
            except ValueError as error:
                # A collection error and no exception: xdist carries the one and breaks down over the other.
                report.outcome, report.longrepr, report.result = "failed", f"{item.nodeid}: {error}", []
                return report
            if erratum:
                said = f"{erratum.id}: {erratum.title}"
                item.add_marker(pytest.mark.xfail(raises=Refuted, strict=not own, reason=said))
            if own:
                item.add_marker(pytest.mark.filterwarnings("default"))
    if isinstance(collector, pytest.Module) and report.passed:
        collector.config.stash[SELECTION].modules.add(collector.nodeid)
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, items: list[pytest.Item]) -> None:
    """Put long cases first; run nothing where something could not be collected."""
    if session.testsfailed and not session.config.option.continue_on_collection_errors:
        items.clear()  # pytest stops here on its own, a worker of xdist would run the rest
    items.sort(key=cost_of, reverse=True)


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Note what options leave out."""
    for item in items:
        item.config.stash[SELECTION].leave_out([item])


def pytest_collection_finish(session: pytest.Session) -> None:
    """Leave word of every case that is about to run, so that none can go missing from the report."""
    config = session.config
    if WORD in config.stash:
        cases = [identity(item, config.stash[SETTINGS]) for item in session.items if marked(item, "claim") is not None]
        leave_word(config.stash[WORD], "cases", encoded(cases).decode())
        leave_selection(config.stash[WORD], config.stash[SELECTION])


# ----------------------------------------------------------------------------------------------- 4 fixtures


@pytest.fixture(scope="session")
def settings(pytestconfig: pytest.Config) -> Settings:
    """The checked options."""
    return pytestconfig.stash[SETTINGS]


@pytest.fixture(scope="session")
def scale(settings: Settings) -> str:
    """``quick``, ``standard`` or ``paper``: the key into a claim module's sizes."""
    return settings.scale


@pytest.fixture
def size(request: pytest.FixtureRequest, scale: str) -> object:
    """What the claim module's table ``SIZES`` says for the run's scale."""
    return request.module.SIZES[scale]


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
def feature_map(settings: Settings) -> Any:
    """The user's feature map, from inputs (n, 784) to features (n, k), float64 arrays."""
    if settings.features is None:
        raise ValueError("there is no feature map without --features")
    return load_features(settings.features)


@pytest.fixture(scope="session")
def collector(settings: Settings, pytestconfig: pytest.Config) -> Any:
    """Collects evidence for this worker's cases."""
    import torch

    from support.evidence.collect import Collector
    from support.evidence.proofs import Proofs
    from support.experiments.experiment import Context

    torch.set_num_threads(_threads(pytestconfig))
    return Collector(
        library(settings),
        Context(settings.seed, settings.device, settings.data),
        network=pytestconfig.stash.get(NETWORK, None),
        recorded=settings.recorded,
        commit=pytestconfig.stash.get(COMMIT, None),
        proofs=Proofs.read(),
    )


@pytest.fixture(scope="session")
def collected() -> dict[tuple[Any, int], Any]:
    """Rows that this worker has read and verified already: many cases ask for the same experiment."""
    return {}


@pytest.fixture
def evidence(
    settings: Settings,
    judge: Any,
    request: pytest.FixtureRequest,
    collector: Any,
    collected: dict[tuple[Any, int], Any],
) -> Any:
    """``evidence(experiment)``: rows of the look's trials, from the evidence or measured now.

    Networks are the user's where there is one. Skips the case as *not run* where a dataset cannot be had; fails it in
    one sentence where evidence cannot be read or kept.
    """
    from support.data.datasets import NotAvailable
    from support.evidence.inputs import InputsChangedError
    from support.evidence.store import EvidenceDirectoryError
    from support.suite.looking import Evidence

    def progress(what: str, done: int, total: int) -> None:
        _say(request.config, f"{request.node.name}: {what}, trial {done} of {total}")

    def collect(experiment: Any, trials: int) -> Any:
        if settings.model:
            experiment = with_network(experiment, settings.model)
        if (experiment, trials) not in collected:
            try:
                collected[experiment, trials] = collector.rows(experiment, trials, progress)
            except NotAvailable as error:
                pytest.skip(f"not run: {error}")
            except (EvidenceDirectoryError, InputsChangedError) as error:
                pytest.fail(str(error), pytrace=False)
        return collected[experiment, trials]

    return Evidence(collect, judge)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Call a claim at each look; one without a budget once, as any test."""
    from support.evidence.collect import NotRecordedError
    from support.suite.looking import look
    from support.suite.not_run import NOT_RUN, NotRun

    if marked(pyfuncitem, "claim") is None:
        return None
    budget = budget_of(pyfuncitem, pyfuncitem.config.stash[SETTINGS].scale)
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    try:
        if budget is None or "evidence" not in arguments:
            pyfuncitem.obj(**arguments)
        else:
            look(pyfuncitem.obj, arguments, budget)
    except NotRecordedError as error:
        pyfuncitem.stash[NOT_RUN] = NotRun(str(error), why="not recorded")
        pytest.skip(f"not run: {error}")
    except NotRun as error:
        pyfuncitem.stash[NOT_RUN] = error
        pytest.skip(f"not run: {error}")
    finally:
        pyfuncitem.funcargs["judge"] = arguments.get("judge")
    return True


# -------------------------------------------------------------------------------------------------- 5 cases


def _say(config: pytest.Config, text: str) -> None:
    if WORD in config.stash:
        leave_progress(config.stash[WORD], text)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Say what is running now."""
    _say(item.config, item.name)
    try:
        return (yield)
    finally:
        _say(item.config, "")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what cannot be asked of what the user brings; from here, so that pytest tells all of them in one line."""
    if marked(item, "claim") is not None and (reason := left_out(item, item.config.stash[SETTINGS])):
        pytest.skip(f"not run: {reason}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Attach the case to the report of its test as JSON text, which is all that xdist carries."""
    report = yield
    if marked(item, "claim") is None or (report.when != "call" and report.passed) or report.when == "teardown":
        return report
    report.user_properties.append(("case", case_text(item, call, report, item.config.stash[SETTINGS])))
    return report


def pytest_sessionstart(session: pytest.Session) -> None:
    """Show what is running."""
    if RUN in session.config.stash:
        session.config.stash[RUN].show_progress(PROGRESS_SECONDS)


# --------------------------------------------------------------------------------------------- 6 the report


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """At the controller: write the report, also of a run that was interrupted; fail on a regression."""
    config = session.config
    run = config.stash.get(RUN, None)
    if run is None:
        return
    run.end()
    if grants.calibrating:
        grants.write(config.stash[SETTINGS].seed)
    if not run.cases:
        return
    ended = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) and not run.unfinished
    block = run.block(
        shlex.join(["pytest", *map(str, config.invocation_params.args)]),
        threads=_threads(config),
        workers=_workers(config),
        complete=ended,
    )
    selection = run.selection
    run.write_report(config.stash[REGISTER], block, lambda test: selection.includes(test, config))
    if run.regressed and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Verdicts in the terminal, what moved, and where the report is."""
    run = config.stash.get(RUN, None)
    if run is None or not run.cases:
        return
    terminalreporter.section("claims")
    for line in claim_lines(run):
        terminalreporter.write_line(line)
    if run.comparison is not None:
        terminalreporter.section("against the baseline")
        for line in comparison_lines(run.comparison):
            terminalreporter.write_line(line)
    terminalreporter.write_line(f"report: {config.stash[SETTINGS].report / 'index.html'}")
