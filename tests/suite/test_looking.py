"""Looks under pytest: a claim is asked with more trials until it is decided, and only the last look counts."""

import json
from typing import Any

import pytest

pytestmark = pytest.mark.long("starts pytest anew for every test")

MODULE = """
from support.statistics import Measure
from support.statistics.effects import mean_of

SHARE = Measure("share", "", 0, 1, "bounded", 0.05)
CALLS = Path(__file__).parents[1] / "calls.txt"

def ask(evidence, judge, value, region, control=0.0):
    trials = evidence(Counting("shared"))["trial"]
    with CALLS.open("a") as file:
        file.write(f"{len(trials)} ")
    judge(
        mean_of(trials * 0 + value, SHARE, "a share"),
        region,
        controls=[Control("absent", "without", mean_of(trials * 0 + control, SHARE, "a share"), region)],
    )
"""
CASE = '''
@pytest.mark.claim("A-01", budget={"quick": eval(CALLS.with_name("budget.txt").read_text())}, because="to see it end")
def test_case(evidence, judge):
    """Expect more than half."""
    ask(evidence, judge, VALUE, Region.above(0.5), CONTROL)
'''


def asked(suite: Any, value: float, control: float = 0.0, budget: object = 40) -> Any:
    suite.register(("A-01", ["test_claims.py"]))
    suite.module(MODULE + CASE.replace("VALUE", str(value)).replace("CONTROL", str(control)))
    (suite.root / "budget.txt").write_text(str(budget))  # no part of the module, whose file makes the numbers
    return suite


def calls(suite: Any) -> list[int]:
    path = suite.root / "calls.txt"
    return [int(text) for text in path.read_text().split()] if path.exists() else []


def test_looking_stops_as_soon_as_case_and_control_are_decided(suite: Any) -> None:
    done = asked(suite, 1.0).run()
    assert done.returncode == 0, done.stdout
    assert calls(suite) == [8, 12, 16]  # thirteen agreeing trials decide
    case = suite.cases["case"]
    assert (case["verdict"], case["look"]) == ("supported", {"trials": 16, "budget": 40})
    assert len(case["trials"]) == 16
    assert case["measure"]["route"] == "bounded"
    assert len(suite.computed) == 16  # what a look needs and no more
    assert (case["evidence"][0]["cells"], len(case["evidence"])) == (16, 1)  # of the last look alone


def test_a_budget_that_does_not_decide_ends_at_its_last_trial(suite: Any) -> None:
    done = asked(suite, 0.5).run()
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert calls(suite) == [8, 12, 16, 24, 32, 40]
    assert suite.cases["case"]["verdict"] == "inconclusive"


def test_a_control_that_is_decided_the_wrong_way_ends_it(suite: Any) -> None:
    done = asked(suite, 1.0, control=1.0).run()
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert calls(suite) == [8, 12, 16]
    reason = suite.cases["case"]["reason"]
    said = "the measure does not discriminate: control 'absent' came out supported, expected refuted (a share = 1"
    assert reason.startswith(said)


FEW = '''
from support.evidence.rows import TooFewTrialsError

@pytest.mark.claim("A-01", budget={"quick": BUDGET}, because="to see it end")
def test_case(evidence, judge):
    """Expect more than half."""
    if len(evidence(Counting("shared"))["trial"]) < 12:
        raise TooFewTrialsError("networks at chance in 7 of 8 trials")
    ask(evidence, judge, 1.0, Region.above(0.5))
'''


@pytest.mark.parametrize(("budget", "looks"), [(40, [12, 16]), (8, [])])
def test_a_look_with_too_few_trials_is_undecided(suite: Any, budget: int, looks: list[int]) -> None:
    suite.register(("A-01", ["test_claims.py"]))
    suite.module(MODULE + FEW.replace("BUDGET", str(budget)))
    done = suite.run()
    assert calls(suite) == looks
    case = suite.cases["case"]
    if looks:
        assert (done.returncode, case["verdict"]) == (0, "supported"), done.stdout
    else:
        assert (done.returncode, case["verdict"]) == (pytest.ExitCode.TESTS_FAILED, "inconclusive"), done.stdout
        assert case["reason"] == "networks at chance in 7 of 8 trials"
        assert (case["effect"], case["interval"]) == (None, None)


def test_more_trials_go_on_from_what_is_there(suite: Any) -> None:
    asked(suite, 0.5, budget=12).run()
    assert len(suite.computed) == 12
    asked(suite, 0.5, budget=20).run()
    assert len(suite.computed) == 20


def test_what_is_recorded_is_decided_at_the_last_look_that_is_there(suite: Any) -> None:
    asked(suite, 0.5, budget=12).run()
    done = asked(suite, 0.5, budget=40).run("claims", "--recorded")
    assert suite.cases["case"]["look"] == {"trials": 12, "budget": 40}, done.stdout
    assert len(suite.computed) == 12


@pytest.mark.parametrize(
    ("budget", "sentence"),
    [
        ("1", "a budget must be at least 2 trials, got 1"),
        ("'many'", "the marker claim needs a budget of trials for scale quick, got {'quick': 'many'}"),
    ],
)
def test_a_budget_that_is_none_is_refused(suite: Any, budget: str, sentence: str) -> None:
    done = asked(suite, 1.0, budget=budget).run()
    assert done.returncode != 0
    assert sentence in done.stdout
    assert calls(suite) == []


def test_until_decided_goes_on_beyond_the_budget(suite: Any) -> None:
    asked(suite, 0.9, budget=12).run()
    assert suite.cases["case"]["verdict"] == "inconclusive"
    done = suite.run("claims", "--until-decided")
    assert done.returncode == 0, done.stdout
    # 12 is the budget and the last look before; 0.9 against 0.5 takes more than 12 trials and fewer than 25.
    assert calls(suite) == [8, 12, 8, 12, 16, 24][: len(calls(suite))]
    case = suite.cases["case"]
    assert case["verdict"] == "supported"
    assert case["look"] == {"trials": len(suite.computed), "budget": 12}
    assert len(suite.computed) > 12
    recorded = suite.run("claims", "--recorded")
    assert recorded.returncode == 0, recorded.stdout
    assert suite.cases["case"]["look"] == case["look"]


def test_what_lies_on_the_edge_ends_at_a_multiple_of_its_budget(suite: Any) -> None:
    asked(suite, 0.5, budget=2).run()
    done = suite.run("claims", "--until-decided")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert suite.cases["case"]["verdict"] == "inconclusive"
    assert max(calls(suite)) == 32 * 2


def test_until_decided_needs_earlier_evidence(suite: Any, one_sentence: Any) -> None:
    said = one_sentence(asked(suite, 1.0).run("claims", "--until-decided"))
    assert said == (
        f"--until-decided goes on from earlier evidence, and {suite.evidence} holds none: run without it first"
    )
    assert suite.computed == []


def test_a_case_without_earlier_evidence_is_named(suite: Any) -> None:
    asked(suite, 0.5, budget=12).run()
    (suite.root / "claims" / "test_claims.py").write_text(
        (suite.root / "claims" / "test_claims.py").read_text().replace('Counting("shared")', 'Counting("other")')
    )
    before = suite.report
    done = suite.run("claims", "--until-decided")
    assert done.returncode == pytest.ExitCode.NO_TESTS_COLLECTED
    reason = "--until-decided goes on from earlier evidence: the evidence holds 0 of 8 trials"
    assert f"A-01 sound [case] not run: {reason}" in done.stdout
    assert suite.report == before
    assert len(suite.computed) == 12


def test_recorded_and_until_decided_exclude_each_other(suite: Any, one_sentence: Any) -> None:
    said = one_sentence(asked(suite, 1.0).run("claims", "--until-decided", "--recorded"))
    assert said == "--until-decided computes more trials, --recorded none: choose one"


# Against a baseline

BROUGHT = ("claims", "--baseline", "baseline.json")


def baseline_of(suite: Any, **look: int) -> Any:
    """The last report as a baseline, with another last look of its case."""
    report = suite.report
    for claim in report["claims"]:
        for reading in claim["readings"]:
            for case in reading["cases"]:
                case["look"] |= look
                case["trials"] = (case["trials"] * 4)[: case["look"]["trials"]]
    (suite.root / "baseline.json").write_text(json.dumps(report))
    (suite.root / "calls.txt").unlink()
    return suite


@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_a_decided_case_goes_on_to_as_many_trials_as_the_baseline_had(suite: Any, workers: str) -> None:
    asked(suite, 1.0).run()
    done = baseline_of(suite, trials=30).run(*BROUGHT, workers)
    assert done.returncode == 0, done.stdout
    assert calls(suite) == [8, 12, 16, 24, 30]
    assert suite.cases["case"]["look"] == {"trials": 30, "budget": 40}


def test_it_goes_on_beyond_its_budget(suite: Any) -> None:
    asked(suite, 1.0, budget=20).run()
    done = baseline_of(suite, trials=50).run(*BROUGHT)
    assert done.returncode == 0, done.stdout
    assert calls(suite) == [8, 12, 16, 20, 24, 32, 48, 50]
    assert suite.cases["case"]["look"] == {"trials": 50, "budget": 20}


def test_what_a_baseline_of_few_trials_leaves_undecided_goes_on_to_its_budget(suite: Any) -> None:
    asked(suite, 0.5, budget=20).run()
    done = baseline_of(suite, trials=10).run(*BROUGHT)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert calls(suite) == [8, 10, 12, 16, 20]


def test_a_run_that_computes_nothing_goes_as_far_as_its_evidence(suite: Any) -> None:
    asked(suite, 1.0).run()
    done = baseline_of(suite, trials=48).run(*BROUGHT, "--recorded")
    assert done.returncode == 0, done.stdout
    assert suite.cases["case"]["look"] == {"trials": 16, "budget": 40}
    assert len(suite.computed) == 16


def test_a_baseline_of_another_scale_asks_for_nothing_more(suite: Any) -> None:
    report = baseline_of(asked_and_run(suite), trials=48).root / "baseline.json"
    report.write_text(report.read_text().replace('"scale": "quick"', '"scale": "standard"'))
    suite.run(*BROUGHT)
    assert calls(suite) == [8, 12, 16]


def asked_and_run(suite: Any) -> Any:
    asked(suite, 1.0).run()
    return suite
