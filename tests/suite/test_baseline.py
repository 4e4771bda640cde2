"""Runs compared with an earlier one: exit status, terminal, report and summary."""

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

# Cases and their trials stand in a file; a case without trials is skipped.
MODULE = '''
import json
from support.statistics import Measure
from support.statistics.effects import mean_of

SHARE = Measure("share", "", 0, 1, "bounded", 0.05, "higher")

VALUES = json.loads(COMPUTED.with_name("values.json").read_text())

@pytest.mark.claim("A-01")
@pytest.mark.parametrize("name", VALUES)
def test_value(name, judge):
    """Expect a share."""
    if not VALUES[name]:
        pytest.skip("no trials")
    judge(mean_of(VALUES[name], SHARE, "share"), Region.within(0, 0.7), controls=[control()])
'''
TRIALS = [0.45, 0.5, 0.55, 0.52, 0.48, 0.5, 0.51, 0.49] * 6
LOW = [trial - 0.35 for trial in TRIALS]
HIGH = [trial + 0.1 + 0.002 * (number % 3) for number, trial in enumerate(TRIALS)]
THREE = {"a": TRIALS, "b": TRIALS, "low": LOW}


def with_values(suite: Any, values: Mapping[str, Sequence[float]]) -> Any:
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


AGAINST = ("claims", "--baseline", "baseline.json")


def test_the_same_run_again_is_unchanged(compared: Any) -> None:
    done = compared.run(*AGAINST, "-n2", "--summary", "summary.md")
    assert done.returncode == 0, done.stdout
    assert "baseline: baseline.json" in done.stdout
    assert "baseline.json (scale quick, seed 0): 0 regressions; 3 unchanged" in done.stdout
    assert kinds(compared) == dict.fromkeys(THREE, "unchanged")
    assert "Claims: all as registered; 0 regressions" in (compared.root / "summary.md").read_text()
    assert compared.leftovers == []


def test_an_effect_that_moved_is_told_and_is_no_regression(compared: Any) -> None:
    done = with_values(compared, THREE | {"low": HIGH}).run(*AGAINST)
    assert done.returncode == 0, done.stdout
    assert kinds(compared) == {"low": "effect", "a": "unchanged", "b": "unchanged"}
    assert "0 regressions; 1 effect moved, 2 unchanged" in done.stdout
    assert "  A-01 sound [low] effect: share moved by +0.45" in done.stdout
    assert (
        "(bounded sequence over 48 paired trials), beyond the margin of 0.35 (half the width of the region)"
        in done.stdout
    )


def test_a_regression_fails_a_run_in_which_every_test_passes(compared: Any) -> None:
    done = with_values(compared, THREE | {"b": []}).run(*AGAINST, "--summary", "summary.md")
    assert "2 passed, 1 skipped" in done.stdout
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "  REGRESSION A-01 sound [b] verdict: was supported, is not run; no trials\n" in done.stdout
    assert kinds(compared) == {"b": "verdict", "a": "unchanged", "low": "unchanged"}
    summary = (compared.root / "summary.md").read_text()
    assert "| A-01 | sound | b | regression: verdict |" in summary


def test_a_case_that_is_gone_is_a_regression_and_one_that_was_not_selected_is_not(compared: Any) -> None:
    with_values(compared, {"a": TRIALS, "b": TRIALS, "d": TRIALS})
    done = compared.run(*AGAINST, "-n2")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout
    assert "REGRESSION A-01 sound [low] gone: was supported, has no test any more" in done.stdout
    assert kinds(compared) == {"low": "gone", "d": "new", "a": "unchanged", "b": "unchanged"}

    done = compared.run("claims/test_claims.py::test_value[a]", *AGAINST[1:])
    assert done.returncode == 0, done.stdout
    assert kinds(compared) == {"a": "unchanged"}
    assert "Cases of the baseline that were not selected in this run: 2." in done.stdout


def test_what_k_leaves_out_is_not_gone(compared: Any) -> None:
    for workers in ("-n0", "-n2"):
        done = compared.run(*AGAINST, "-k", "not low", "--deselect", "claims/test_claims.py::test_value[b]", workers)
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
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout
    assert kinds(compared) == {"a": "gone", "b": "gone", "low": "gone", "other": "new"}


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


def test_a_refuted_claim_fails_as_before(compared: Any) -> None:
    done = with_values(compared, THREE | {"a": [1.0] * len(TRIALS)}).run(*AGAINST, "-n2")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout
    (change,) = [each for each in compared.report["comparison"]["changes"] if each["case"] == "a"]
    assert (change["kind"], change["direction"], change["regression"]) == ("verdict", "up", True)
    assert change["margin"] == 0.35
    assert change["moved"][0] > 0.2
