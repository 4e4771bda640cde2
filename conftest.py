"""Hooks of the claims; what they do stands in `support/suite`.

1 options and configuration · 2 collection · 3 cases · 4 the report
"""

from __future__ import annotations

import json
import os
import secrets
import shlex
import shutil
import sys
import tempfile
import warnings
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path

import msgspec
import pytest

from support.cluster.client import Cluster
from support.comparing.baseline_trials import BaselineTrials, baseline_trials
from support.document.types import Report
from support.document.writing import encoded
from support.evidence.commit import commit_of, named
from support.evidence.engine import EngineError
from support.evidence.inputs import UserNetwork
from support.interrupts import Interrupts
from support.register import load_register
from support.statistics import grants
from support.suite import machine
from support.suite.failing_verdicts import shows_all, tell
from support.suite.header import header_lines, remarks_on, under_test
from support.suite.markers import check_markers, cost_of, marked
from support.suite.not_run import NOT_RUN, NotRun
from support.suite.options import MARKERS, add_options
from support.suite.places import check_places, hold, require_summary_apart_from_code, require_text
from support.suite.progress import Watching
from support.suite.records import case_of, identity, write_out, write_out_warning
from support.suite.run import Run
from support.suite.selection import Selection, answers_only, asks_for, decides, from_checkout, is_asked, require_once
from support.suite.settings import auto_workers, checked, read_baseline
from support.suite.stash import (
    BASELINE_TRIALS,
    CLAIM_TESTS,
    CLUSTER,
    COMMIT,
    HELD,
    NETWORK,
    PROGRESS,
    REGISTER,
    RUN,
    RUN_NAME,
    SELECTION,
    SETTINGS,
    TERMINAL,
    WORKER_FILES,
)
from support.suite.stopping import PROCESS, Stopping
from support.suite.streams import courteous_terminal, live, replace_closed_stderr
from support.suite.terminal import Ending
from support.suite.twin_conftests import stands_back, twins
from support.suite.user_models import fit_features, fit_network, why_not_asked
from support.suite.worker_files import COSTS, Progress, report_selection, write_worker_file

pytest_plugins = ("support.suite.fixtures",)

ROOT = Path(__file__).parent
ENDING = "\nthis run is ending, its report is being written\n"


# ------------------------------------------------------------------------------ 1 options and configuration


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Add the suite's options."""
    replace_closed_stderr()
    if len(twins(pluginmanager, __file__)) == 1:
        add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Check every option and directory before anything is computed; give each worker its share of threads."""
    if stands_back(config, __file__):
        for plugin in config.pluginmanager.get_plugins():
            if getattr(plugin, "__file__", None) == __file__:
                config.pluginmanager.unregister(plugin)
        return
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    machine.limit_threads(config)
    controller, asked = machine.is_controller(config), _asked(config)
    if controller and asked:
        # Which pytest's terminal takes, before it captures what is printed.
        sys.stdout = config.stash[TERMINAL] = courteous_terminal()
    baseline = None
    try:
        if controller and asked:
            require_text(_texts(config))
            require_once(config)
        config.stash[SETTINGS] = settings = checked(config.option, ROOT)
        config.stash[REGISTER] = load_register()
        config.stash[SELECTION] = Selection()
        config.stash[CLAIM_TESTS] = {}
        grants.calibrating = config.option.calibrate
        if controller and asked:
            check_places(settings)
            baseline = read_baseline(settings.baseline) if settings.baseline else None
            config.stash[BASELINE_TRIALS] = (
                baseline_trials(baseline, settings.scale) if baseline is not None else BaselineTrials()
            )
            config.stash[NETWORK] = fit_network(settings.model) if settings.model else None
            with warnings.catch_warnings():
                warnings.simplefilter("default")  # a user's code may warn
                if settings.features:
                    fit_features(settings.features)
            require_summary_apart_from_code(settings)
            if settings.engine is not None:
                config.stash[CLUSTER] = Cluster(settings.engine)
    except (ValueError, OSError, EngineError) as error:
        raise pytest.UsageError(str(error)) from error
    if hasattr(config.option, "maxschedchunk"):
        config.option.maxschedchunk = 1  # with the longest case first, no worker is left with a queue
    if not controller:
        _take_controller_word(config)
    elif asked and decides(config):
        _begin(config, baseline)


def _begin(config: pytest.Config, baseline: Report | None) -> None:
    """Make what the controller keeps of a run; from here on, what asks it to stop lets it end with a report."""
    settings, interrupts = config.stash[SETTINGS], Interrupts(ENDING)
    try:
        config.stash[HELD] = hold(settings.report)
    except ValueError as error:
        raise pytest.UsageError(str(error)) from error
    interrupts.listen()
    config.stash[WORKER_FILES] = Path(tempfile.mkdtemp(prefix="spurious-claims-"))
    config.pluginmanager.register(Stopping(interrupts, config.stash[WORKER_FILES]), "stopping")
    commit, dirty = commit_of(ROOT)
    config.stash[COMMIT] = named(commit, dirty)
    config.stash[RUN_NAME] = secrets.token_hex(4)
    config.stash[RUN] = Run(
        config.stash[WORKER_FILES],
        settings,
        baseline,
        under_test(settings),
        remarks_on(config.stash[NETWORK]),
        commit=(commit, dirty),
        extensions=config.stash[REGISTER].extensions,
    )
    config.pluginmanager.register(config.stash[RUN], "claim-cases")
    config.pluginmanager.register(Ending(config.stash[RUN]), "claims-ending")
    config.stash[PROGRESS] = Progress(config.stash[WORKER_FILES])
    shown = None if config.getoption("usepdb", False) else live(config.stash[TERMINAL])
    config.pluginmanager.register(Watching(config.stash[RUN], shown), "claims-watching")


def _asked(config: pytest.Config) -> bool:
    """Whether claims may be run, or at least collected."""
    return not answers_only(config) and asks_for(config, ROOT / "claims")


def _texts(config: pytest.Config) -> Iterator[tuple[str, object]]:
    """Everything of the command line and its surroundings that the report or a worker is told, with what it is."""
    yield from ((f"--{name.replace('_', '-')}", value) for name, value in vars(config.option).items())
    yield "the command line", [*config.args, *map(str, config.invocation_params.args)]
    places = {"current directory": Path.cwd(), "checkout": ROOT, "folder of temporary files": tempfile.gettempdir()}
    yield from ((f"the name of the {what}", str(place)) for what, place in places.items())
    yield "the name of the cache", [os.environ.get(name, "") for name in ("XDG_CACHE_HOME", "HOME")]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave the cluster, and no temporary directory behind."""
    if CLUSTER in config.stash:
        config.stash[CLUSTER].close()
    if WORKER_FILES in config.stash and machine.is_controller(config):
        shutil.rmtree(config.stash[WORKER_FILES], ignore_errors=True)
    if HELD in config.stash:
        config.stash[HELD].close()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """What ``-n auto`` means: a worker for each core, but few to a GPU."""
    computes_here = not config.option.recorded and config.option.engine is None
    return auto_workers(config.option.device, machine.cores(), computes_here=computes_here)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: machine.WorkerNode) -> None:
    """Tell each xdist worker where to leave word, what the user's network is, and how many trials a baseline had."""
    if WORKER_FILES in node.config.stash:
        network = node.config.stash.get(NETWORK, None)
        node.workerinput["word"] = str(node.config.stash[WORKER_FILES])
        node.workerinput["network"] = network and msgspec.json.encode(network).decode()
        node.workerinput["commit"] = node.config.stash[COMMIT]
        node.workerinput["run"] = node.config.stash[RUN_NAME]
        node.workerinput["baseline_trials"] = encoded(node.config.stash[BASELINE_TRIALS]).decode()


def _take_controller_word(config: pytest.Config) -> None:
    """At a worker: keep what the controller said."""
    if "word" in config.workerinput:  # type: ignore[attr-defined]
        said = config.workerinput  # type: ignore[attr-defined]
        config.stash[WORKER_FILES] = Path(said["word"])
        config.stash[PROGRESS] = Progress(config.stash[WORKER_FILES])
        config.stash[NETWORK] = said["network"] and msgspec.json.decode(said["network"], type=UserNetwork)
        config.stash[COMMIT] = said["commit"]
        config.stash[RUN_NAME] = said["run"]
        config.stash[BASELINE_TRIALS] = msgspec.json.decode(said["baseline_trials"], type=BaselineTrials)
        write_worker_file(config.stash[WORKER_FILES], PROCESS, str(os.getpid()))
        interrupts = Interrupts()
        interrupts.listen()
        config.pluginmanager.register(Stopping(interrupts, None), "stopping")


def pytest_report_header(config: pytest.Config) -> list[str]:
    """What is about to run, before it does."""
    return header_lines(config) if _asked(config) else []


# --------------------------------------------------------------------------------------------- 2 collection


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Refuse markers that the register does not bear out, and expect refutation at an erratum, finding or slip.

    These speak of the papers' own models: with another the reading may hold, and that is no error.
    """
    from support.cases import Refuted

    report = yield
    settings = collector.config.stash[SETTINGS]
    users = settings.model or settings.features
    for item in report.result or ():
        if isinstance(item, pytest.Item):
            try:
                departure = check_markers(collector.config.stash[REGISTER], item, settings.scale)
            except ValueError as error:
                # A collection error and no exception: xdist carries the one and breaks down over the other.
                report.outcome, report.longrepr, report.result = "failed", f"{item.nodeid}: {error}", []
                return report
            if departure:
                said = f"{departure.id}: {departure.title}"
                item.add_marker(pytest.mark.xfail(raises=Refuted, strict=not users, reason=said))
            if users:
                item.add_marker(pytest.mark.filterwarnings("default"))
            if marked(item, "claim") is not None:
                collector.config.stash[CLAIM_TESTS][item.nodeid] = item
    if isinstance(collector, pytest.Module) and report.passed:
        collector.config.stash[SELECTION].modules.add(from_checkout(collector, ROOT))
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, items: list[pytest.Item]) -> None:
    """Leave out what `--only` does, put long cases first; run nothing where something could not be collected."""
    if session.testsfailed and not session.config.option.continue_on_collection_errors:
        items.clear()  # pytest stops here on its own, a worker of xdist would run the rest
    config = session.config
    if (only := config.stash[SETTINGS].only) is not None:
        kept = [item for item in items if is_asked(config.stash[REGISTER], item, only)]
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept
    items.sort(key=cost_of, reverse=True)


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Note what options leave out."""
    for item in items:
        item.config.stash[SELECTION].leave_out([item])


def pytest_collection_finish(session: pytest.Session) -> None:
    """Leave word of every case that is about to run, and of those left out, so that none can go missing."""
    config = session.config
    if WORKER_FILES in config.stash:
        chosen = {item.nodeid for item in session.items}
        cases = {test: identity(item, config.stash[SETTINGS]) for test, item in config.stash[CLAIM_TESTS].items()}
        for what, own in (("cases", chosen), ("unselected", cases.keys() - chosen)):
            told = [case for test, case in cases.items() if test in own]
            write_worker_file(config.stash[WORKER_FILES], what, encoded(told).decode())
        names = {nodeid: case.test for nodeid, case in cases.items() if case.test != nodeid}
        write_worker_file(config.stash[WORKER_FILES], "names", json.dumps(names))
        costs = {cases[test].test: cost_of(item) for test, item in config.stash[CLAIM_TESTS].items() if test in chosen}
        write_worker_file(config.stash[WORKER_FILES], COSTS, json.dumps(costs))
        report_selection(config.stash[WORKER_FILES], config.stash[SELECTION])


# -------------------------------------------------------------------------------------------------- 3 cases


def _say(config: pytest.Config, text: str) -> None:
    if PROGRESS in config.stash:
        config.stash[PROGRESS].say(text)


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
    """Skip what this run leaves out; from here, so that pytest tells all of them in one line."""
    if marked(item, "claim") is not None and (reason := why_not_asked(item, item.config.stash[SETTINGS])):
        item.stash[NOT_RUN] = NotRun(reason, why="other model")
        pytest.skip(f"not run: {reason}")
    if item.get_closest_marker("long") and not item.config.option.long:
        pytest.skip("takes long: run with --long")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Call a claim at each look; any other test as pytest does."""
    if marked(pyfuncitem, "claim") is None:
        return None
    from support.suite.looking import call_claim

    settings = pyfuncitem.config.stash[SETTINGS]
    own, trials = identity(pyfuncitem, settings), pyfuncitem.config.stash.get(BASELINE_TRIALS, BaselineTrials())
    try:
        call_claim(pyfuncitem, settings, trials.at_least(own.claim, own.reading, own.id, own.test))
    except NotRun as error:
        pyfuncitem.stash[NOT_RUN] = error
        pytest.skip(f"not run: {error}")
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Attach the case to the report of its test as JSON text, which is all that xdist carries."""
    report = yield
    write_out(report)
    if marked(item, "claim") is None or (report.when != "call" and report.passed) or report.when == "teardown":
        return report
    settings, register = item.config.stash[SETTINGS], item.config.stash[REGISTER]
    placed = case_of(item, call, report, settings)
    report.user_properties.append(("case", encoded(placed).decode()))
    if not shows_all(item.config):
        tell(report, call, placed, register.claim(placed.claim).title, settings.report)
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_warning_recorded(warning_message: warnings.WarningMessage) -> None:
    """Let it be text that can be shown."""
    write_out_warning(warning_message)


# --------------------------------------------------------------------------------------------- 4 the report


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """At the controller: write the report, also of a run that was interrupted; say with the exit status what moved."""
    config = session.config
    run = config.stash.get(RUN, None)
    if run is None:
        return
    run.end()
    if grants.calibrating:
        grants.write(config.stash[SETTINGS].seed)
        return  # it decides nothing
    if run.nothing_recorded and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED
    if run.nothing_recorded or not run.cases:
        return
    ended = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) and not run.unfinished
    block = run.block(
        shlex.join(["pytest", *map(str, config.invocation_params.args)]),
        threads=machine.threads(config),
        workers=machine.workers(config),
        complete=ended,
    )
    selection = run.selection
    run.write_report(config.stash[REGISTER], block, lambda test: selection.includes(test, config, ROOT))
    session.exitstatus = run.exit_status(exitstatus)
