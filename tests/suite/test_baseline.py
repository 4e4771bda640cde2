"""Runs compared with an earlier one: whether they memorize more, in exit status, terminal, report and summary."""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from support.document.reading import read
from support.document.schema import json_schema

pytestmark = pytest.mark.long("starts pytest anew for every test")

ROOT = Path(__file__).parents[2]

# Cases and their trials stand in a file; a case without trials is skipped.
MODULE = '''
import json
from support.statistics import Measure
from support.statistics.effects import mean_of

SHARE = Measure("share", "", 0, 1, "bounded", 0.05, "higher")

pytestmark = [pytest.mark.asks("features")] if COMPUTED.with_name("asks.txt").exists() else []
VALUES = json.loads(COMPUTED.with_name("values.json").read_text())

@pytest.mark.claim("A-01")
@pytest.mark.parametrize("name", VALUES)
def test_value(name, judge):
    """Expect a share."""
    if not VALUES[name]:
        pytest.skip("no trials")
    if VALUES[name] == "broken":
        raise RuntimeError("out of paper")
    region = Region.above(0.3) if name == "learnt" else Region.below(0.7)
    judge(mean_of(VALUES[name], SHARE, "share"), region, controls=[control(), control(0.5, Verdict.SUPPORTED, "kept")])
'''
TRIALS = [0.45, 0.5, 0.55, 0.52, 0.48, 0.5, 0.51, 0.49] * 6
LOW = [trial - 0.35 for trial in TRIALS]
HIGH = [trial + 0.1 + 0.002 * (number % 3) for number, trial in enumerate(TRIALS)]
FULL = [1.0] * len(TRIALS)
THREE = {"a": TRIALS, "b": TRIALS, "low": LOW}


def with_values(suite: Any, values: Mapping[str, Sequence[float] | str]) -> Any:
    (suite.root / "values.json").write_text(json.dumps(values))
    return suite


@pytest.fixture(scope="module")
def first_report(new_suite: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report folder of the run that everything here is compared with."""
    suite = new_suite(tmp_path_factory.mktemp("first") / "suite")
    suite.register(("A-01", ["test_claims.py"]))
    suite.module(MODULE)
    done = with_values(suite, THREE).run()
    assert done.returncode == 0, done.stdout
    return Path(suite.report_folder)


@pytest.fixture
def compared(ready: Any, first_report: Path) -> Any:
    """The suite after that run, whose report is the baseline.json of the next."""
    shutil.copytree(first_report, with_values(ready, THREE).report_folder)
    shutil.copy(first_report / "report.json", ready.root / "baseline.json")
    return ready


def kinds(suite: Any) -> dict[str, str]:
    report = suite.report
    Draft202012Validator(json.loads(json_schema())).validate(report)
    assert read(suite.report_folder / "report.json").comparison is not None
    return {change["case"]: change["kind"] for change in report["comparison"]["changes"]}


def answers(suite: Any) -> dict[str, str]:
    """The answers of the cases that have one, and that of all of them."""
    comparison = suite.report["comparison"]
    told = {change["case"]: change["answer"]["answer"] for change in comparison["changes"] if change["answer"]}
    return told | {"all": comparison["answer"]}


AGAINST = ("claims", "--baseline", "baseline.json")


# 1. Versions of the paper's own models: verdicts are a replication


def test_the_same_run_again_is_identical(compared: Any) -> None:
    done = compared.run(*AGAINST, "-n2", "--summary", "summary.md")
    assert done.returncode == 0, done.stdout
    assert "baseline: baseline.json" in done.stdout
    assert "IDENTICAL: every number is the same to the bit (3 identical)" in done.stdout
    assert "baseline baseline.json (scale quick, seed 0); no verdict changed" in done.stdout
    assert kinds(compared) == dict.fromkeys(THREE, "unchanged")
    assert answers(compared) == dict.fromkeys([*THREE, "all"], "identical")
    assert "## Claims: IDENTICAL: " in (compared.root / "summary.md").read_text()
    assert compared.leftovers == []


@pytest.mark.parametrize(("fail_on", "status"), [((), 1), (("changed",), 1), (("never",), 0)])
def test_what_memorizes_more_fails_a_run_in_which_every_test_passes(
    compared: Any, fail_on: tuple[str, ...], status: int
) -> None:
    options = ("--fail-on", *fail_on) if fail_on else ()
    done = with_values(compared, THREE | {"low": HIGH}).run(*AGAINST, *options, "--summary", "summary.md")
    assert "3 passed" in done.stdout
    assert done.returncode == status, done.stdout
    assert kinds(compared) == {"low": "effect", "a": "unchanged", "b": "unchanged"}
    assert answers(compared) == {"low": "worse", "a": "identical", "b": "identical", "all": "worse"}
    assert "WORSE: it memorizes more than before (1 worse, 2 identical)" in done.stdout
    (row,) = [line.split() for line in done.stdout.splitlines() if line.startswith("  WORSE ")]
    assert row[:7] == ["WORSE", "A-01", "sound,", "low", "0.15", "0.602", "+0.452"]
    assert "share (margin 0.05, over 48 paired trials)" in done.stdout
    assert "| WORSE | A-01 | sound, low | 0.15 | 0.602 |" in (compared.root / "summary.md").read_text()


@pytest.mark.parametrize(("fail_on", "status"), [("worse", 0), ("changed", 1), ("never", 0)])
def test_what_memorizes_less_does_not_fail_a_run(compared: Any, fail_on: str, status: int) -> None:
    done = with_values(compared, THREE | {"a": LOW}).run(*AGAINST, "--fail-on", fail_on)
    assert done.returncode == status, done.stdout
    assert answers(compared)["all"] == "better"
    assert "BETTER: it memorizes less than before (1 better, 2 identical)" in done.stdout


@pytest.mark.parametrize(("fail_on", "status"), [("worse", 0), ("changed", 1)])
def test_a_case_that_no_longer_runs_is_a_change(compared: Any, fail_on: str, status: int) -> None:
    done = with_values(compared, THREE | {"b": []}).run(*AGAINST, "--fail-on", fail_on, "--summary", "summary.md")
    assert "2 passed, 1 skipped" in done.stdout
    assert done.returncode == status, done.stdout
    said = "A-01 sound, b supported not run no longer as registered; was supported, is not run; no trials\n"
    assert said in done.stdout
    assert kinds(compared) == {"b": "verdict", "a": "unchanged", "low": "unchanged"}
    summary = (compared.root / "summary.md").read_text()
    assert "| A-01 | sound, b | supported | not run | no longer as registered; " in summary


def test_a_case_that_is_gone_is_a_change_and_one_that_was_not_selected_is_not(compared: Any) -> None:
    with_values(compared, {"a": TRIALS, "b": TRIALS, "d": TRIALS})
    done = compared.run(*AGAINST, "-n2", "--fail-on", "changed")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout
    assert "A-01 sound, low supported gone was supported, has no test any more" in done.stdout
    assert kinds(compared) == {"low": "gone", "d": "new", "a": "unchanged", "b": "unchanged"}

    done = compared.run("claims/test_claims.py::test_value[a]", *AGAINST[1:], "--fail-on", "changed")
    assert done.returncode == 0, done.stdout
    assert kinds(compared) == {"a": "unchanged"}
    assert "Cases of the baseline that were not selected in this run: 2." in done.stdout


def test_what_k_leaves_out_is_not_gone(compared: Any) -> None:
    deselected = ("-k", "not low", "--deselect", "claims/test_claims.py::test_value[b]")
    for workers in ("-n0", "-n2"):
        done = compared.run(*AGAINST, "--fail-on", "changed", *deselected, workers)
        assert done.returncode == 0, done.stdout
        assert kinds(compared) == {"a": "unchanged"}


def test_a_module_that_is_gone_takes_its_cases_along(compared: Any) -> None:
    compared.register(("A-01", ["test_claims.py"]), ("A-02", ["test_other.py"]))
    (compared.root / "claims" / "test_claims.py").unlink()
    compared.module(
        '@pytest.mark.claim("A-02")\ndef test_other(judge):\n    """Expect one."""\n    decide(judge, 0.5)\n',
        "test_other.py",
    )
    done = compared.run("claims/test_other.py", *AGAINST[1:])
    assert done.returncode == 0, done.stdout
    assert kinds(compared) == {"other": "new"}
    done = compared.run(*AGAINST)
    assert done.returncode == 0, done.stdout
    assert kinds(compared) == {"a": "gone", "b": "gone", "low": "gone", "other": "new"}
    assert "CANNOT TELL whether it memorizes more than before: no case that says so was measured in both" in done.stdout


def test_a_module_that_is_ignored_is_not_gone(compared: Any) -> None:
    compared.module(
        '@pytest.mark.claim("A-01")\ndef test_other(judge):\n    """Expect one."""\n    decide(judge, 0.5)\n',
        "test_other.py",
    )
    done = compared.run(*AGAINST, "--ignore", "claims/test_claims.py")
    assert done.returncode == 0, done.stdout
    assert kinds(compared) == {"other": "new"}


@pytest.mark.parametrize("how", ["itself", "link"])
def test_the_runs_own_report_is_no_baseline(compared: Any, one_sentence: Any, how: str) -> None:
    """It would be written anew, and be gone if the run were interrupted then."""
    path = compared.report_folder / "report.json"
    before = path.read_bytes()
    if how == "link":
        path = compared.root / "link.json"
        path.symlink_to(compared.report_folder / "report.json")
    said = one_sentence(compared.run("claims", "--baseline", str(path)))
    assert said.endswith("which this run writes anew: copy it, or give another with --report")
    assert (compared.report_folder / "report.json").read_bytes() == before


@pytest.mark.parametrize("fail_on", ["worse", "never"])
def test_a_refuted_claim_of_the_papers_models_fails_as_before(compared: Any, fail_on: str) -> None:
    done = with_values(compared, THREE | {"a": FULL}).run(*AGAINST, "-n2", "--fail-on", fail_on)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout
    (change,) = [each for each in compared.report["comparison"]["changes"] if each["case"] == "a"]
    assert (change["kind"], change["direction"], change["regression"]) == ("verdict", "up", True)
    assert (change["margin"], change["answer"]["answer"]) == (0.05, "worse")
    assert change["moved"][0] > 0.2


# 2. A model of one's own: the question is whether it memorizes more


@pytest.fixture
def own(compared: Any) -> Any:
    """The suite with claims that are asked of feature maps, and the baseline of one."""
    (compared.root / "torch.py").unlink()  # features are of the real one
    (compared.root / "asks.txt").touch()
    for name in ("before", "after"):
        shutil.copy(ROOT / "examples" / "fourier.py", compared.root / f"{name}.py")
    values = {"a": TRIALS, "learnt": TRIALS, "open": [0.7, 0.71, 0.69] * 8}
    done = with_values(compared, values).run("claims", "--features", "before.py:features")
    # One is undecided, and without a baseline that fails.
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout
    shutil.copy(compared.report_folder / "report.json", compared.root / "baseline.json")
    return compared


FEATURES = (*AGAINST, "--features", "after.py:features")


def with_changes(suite: Any, **values: Sequence[float] | str) -> Any:
    return with_values(suite, json.loads((suite.root / "values.json").read_text()) | values)


def test_a_claim_that_is_refuted_of_a_better_model_does_not_fail_the_run(own: Any) -> None:
    """What was learnt no longer is, and that is the good news; one that is undecided in both is no news."""
    done = with_changes(own, learnt=LOW).run(*FEATURES, "-n2")
    assert done.returncode == 0, done.stdout
    assert "2 failed, 1 passed" in done.stdout
    assert answers(own) == {"a": "identical", "open": "identical", "learnt": "better", "all": "better"}
    assert "A-01 sound [learnt] refuted" in done.stdout, done.stdout
    assert "A-01 sound, learnt supported refuted was supported, is refuted" in done.stdout
    assert "the exit status says what moved (--fail-on worse), not what claims hold of the model" in done.stdout
    assert [change["regression"] for change in own.report["comparison"]["changes"]] == [False] * 3
    assert own.run(*FEATURES, "--fail-on", "changed").returncode == pytest.ExitCode.TESTS_FAILED


@pytest.mark.parametrize(("fail_on", "status"), [("worse", 1), ("never", 0)])
def test_a_worse_model_fails_the_run(own: Any, fail_on: str, status: int) -> None:
    done = with_changes(own, learnt=HIGH, a=FULL).run(*FEATURES, "--fail-on", fail_on)
    assert done.returncode == status, done.stdout
    assert answers(own)["all"] == "worse"


@pytest.mark.parametrize("fail_on", ["worse", "never"])
def test_what_breaks_down_fails_the_run_whatever_moved(own: Any, fail_on: str) -> None:
    done = with_changes(own, a="broken").run(*FEATURES, "--fail-on", fail_on)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout
    assert "RuntimeError: out of paper" in done.stdout


def test_a_run_that_stops_at_a_verdict_has_not_answered(own: Any) -> None:
    done = with_changes(own, a=FULL).run(*FEATURES, "-x")
    assert "the run was interrupted: 2 more cases have not run" in done.stdout
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
