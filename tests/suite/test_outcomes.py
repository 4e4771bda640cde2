"""What becomes of a claim test: outcome in pytest, case in the report; alike in one process and with two workers.

The small suite with every kind of test runs once in each way, whichever worker of this run comes first.
"""

import json
import re
import subprocess
from typing import Any

import pytest
from filelock import FileLock
from jsonschema import Draft202012Validator

from support.document.reading import read
from support.document.schema import json_schema

MODULE = '''
from support.suite.not_run import not_run, require_budget

CLAIM = pytest.mark.claim("A-01")
PRINTED = pytest.mark.claim("A-02", reading="printed")
E_1 = pytest.mark.erratum("E-1")
SUMMARIZED = pytest.mark.claim("A-06", reading="printed")

@pytest.fixture
def broken():
    raise RuntimeError("no such instrument")

@CLAIM
def test_supported(judge, evidence):
    """Expect one.

    In words.
    """
    evidence(Counting("supported"), 2)
    decide(judge, 0.5, sizes={"d": 3})

@CLAIM
def test_refuted(judge):
    """Expect one."""
    decide(judge, 1.5)

@CLAIM
def test_inconclusive(judge):
    """Expect one."""
    decide(judge, 0.5, controls=[control(), control(3.0, Verdict.SUPPORTED, "kept")])

@PRINTED
@E_1
def test_known(judge):
    """Expect one."""
    decide(judge, 1.5)

@PRINTED
@E_1
def test_holds_after_all(judge):
    """Expect one."""
    decide(judge, 0.5)

@PRINTED
@E_1
def test_undecided_erratum(judge):
    """Expect one."""
    decide(judge, 1.5, controls=[control(0.0)])

@SUMMARIZED
@pytest.mark.slip("S-1", scales=("quick", "standard"))
def test_slip(judge):
    """Expect one."""
    decide(judge, 1.5)

@SUMMARIZED
@pytest.mark.slip("S-1", scales=("paper",))
def test_slip_elsewhere(judge):
    """Expect one."""
    decide(judge, 1.5)

@pytest.mark.claim("A-07")
@pytest.mark.parametrize("n", [3, 10])
def test_in_part(n, judge):
    """Expect one."""
    if n == 3:
        not_run("n = 3 is trained at --scale standard only", scale="standard")
    decide(judge, 0.5)

@CLAIM
def test_skipped(judge):
    """Expect one."""
    pytest.skip("needs --scale paper")

@CLAIM
def test_asked_of_more(judge):
    """Expect one."""
    require_budget(1000, 8)

@CLAIM
def test_asked_elsewhere(judge):
    """Expect one."""
    not_run("it takes a GPU", scale="paper")

@CLAIM
def test_error(judge):
    """Expect one."""
    raise RuntimeError("out of paper")

@CLAIM
def test_error_after_the_verdict(judge):
    """Expect one."""
    decide(judge, 0.5)
    raise RuntimeError("out of ink")

@CLAIM
def test_judges_twice(judge):
    """Expect one."""
    decide(judge, 0.5)
    decide(judge, 0.5)

@CLAIM
def test_never_judges(judge):
    """Expect one."""

@CLAIM
def test_broken_fixture(broken, judge):
    """Expect one."""

@CLAIM
@pytest.mark.parametrize("activation", ["h1+h2", "it's"])
def test_cases(activation, seed, scale, judge):
    """Expect one."""
    decide(judge, 0.5, sizes={"seed": seed, "scale": scale})

@pytest.mark.claim("A-03")
def test_without_a_judge():
    """Expect one."""
'''

# Test to (pytest's outcome in the summary, verdict of its case, reason).
OUTCOMES = {
    "supported": (None, "supported", None),
    "refuted": ("FAILED", "refuted", None),
    "inconclusive": ("FAILED", "inconclusive", "control 'kept' came out refuted, expected supported"),
    "known": ("XFAIL", "refuted", None),
    "holds_after_all": ("FAILED", "supported", None),
    "undecided_erratum": ("FAILED", "inconclusive", "control 'removed' came out supported, expected refuted"),
    "slip": ("XFAIL", "refuted", None),
    "slip_elsewhere": ("FAILED", "refuted", None),
    "3": ("SKIPPED", "not run", "n = 3 is trained at --scale standard only"),
    "10": (None, "supported", None),
    "skipped": ("SKIPPED", "not run", "needs --scale paper"),
    "asked_of_more": ("SKIPPED", "not run", "about 1,000 trials decide it"),
    "asked_elsewhere": ("SKIPPED", "not run", "it takes a GPU"),
    "error": ("FAILED", "not run", "error, no verdict: RuntimeError: out of paper"),
    "error_after_the_verdict": ("FAILED", "not run", "error, no verdict: RuntimeError: out of ink"),
    "judges_twice": ("FAILED", "not run", "error, no verdict: ValueError: one test decides one case"),
    "never_judges": ("FAILED", "not run", "error, no verdict: the test ended without asking for one"),
    "broken_fixture": ("ERROR", "not run", "error, no verdict: RuntimeError: no such instrument"),
    "without_a_judge": ("FAILED", "not run", "error, no verdict: the test ended without asking for one"),
    "h1+h2": (None, "supported", None),
    "it's": (None, "supported", None),
}
# What may differ between two ways of running the same.
OF_THE_RUN = {"run", "seconds"}


@pytest.fixture(scope="module", params=["-n0", "-n2"])
def ran(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, worker_id: str, new_suite: Any
) -> Any:
    """The suite after its run, with the run's output as `output`."""
    base = tmp_path_factory.getbasetemp()
    root = (base if worker_id == "master" else base.parent) / f"outcomes{request.param}"
    with FileLock(root.with_suffix(".lock")):
        suite = new_suite(root)
        output = root / "output.txt"
        if not output.exists():
            suite.register(
                ("A-01", ["test_claims.py"]),
                ("A-02", ["test_claims.py"]),
                ("A-03", ["test_claims.py"]),
                ("A-04", ["test_other.py"]),
                ("A-05", []),
                ("A-06", ["test_claims.py"]),
                ("A-07", ["test_claims.py"]),
                departures=[("E-1", "A-02", "printed"), ("S-1", "A-06", "printed")],
            )
            suite.module(MODULE)
            done: subprocess.CompletedProcess[str] = suite.run("claims", request.param, "-rA", "--seed", "3")
            output.write_text(f"{done.returncode}\n{done.stdout}")
    suite.output = output.read_text()
    return suite


def without(value: Any, keys: set[str]) -> Any:
    """The value without these keys, at any depth."""
    if isinstance(value, dict):
        return {key: without(part, keys) for key, part in value.items() if key not in keys}
    return [without(part, keys) for part in value] if isinstance(value, list) else value


def test_every_outcome_is_as_the_verdict_says(ran: Any) -> None:
    assert ran.output.startswith("1\n")
    cases = ran.cases
    for name, (outcome, verdict, reason) in OUTCOMES.items():
        case = cases[name]
        assert case["verdict"] == verdict, name
        assert (case["not_run"] is None) == (verdict != "not run"), name
        said = (case["not_run"] or case)["reason"]
        assert (said or "").startswith(reason or ""), name
        assert reason is not None or said is None, name
        if outcome != "SKIPPED":  # told by place, not by name
            assert f"{outcome or 'PASSED'} {case['test']}" in ran.output, name
    assert "SKIPPED [1] claims/test_claims.py" in ran.output


def test_messages_carry_the_numbers(ran: Any) -> None:
    block = told(ran, "test_refuted")
    lies = "the numeric error bound [1.5, 1.5] lies outside the region in which the claim holds (below 1)"
    controls = "The control came out as expected."
    assert block[:2] == ["A-01 sound [refuted] refuted: Title of A-01", f"Refuted: {lies}. {controls}"]
    assert "  effect    x = 1.5" in block
    assert "  interval  [1.5, 1.5], numeric error bound, largest of 1, computed in double precision" in block
    assert "  region    the claim holds for effects below 1" in block
    assert "  alone     pytest claims/test_claims.py::test_refuted --scale quick --seed 3" in block
    assert f"  read on   {ran.report_folder}/index.html#A-01" in block
    undecided = told(ran, "test_inconclusive")
    assert undecided[1].startswith("Inconclusive: the numeric error bound [0.5, 0.5] lies inside the region ")
    assert "Control 'kept' came out refuted, expected supported (x = 3, exactly [3, 3]" in undecided[1]
    assert "  control   kept: expected supported, came out refuted" in undecided
    assert "  effect    x = 3" in undecided
    assert "[XPASS(strict)] E-1: Title of E-1" in ran.output


def told(ran: Any, test: str) -> list[str]:
    """What pytest's list of failures says of a test, without the line that names its worker."""
    (block,) = re.findall(rf"^_+ {test} _+\n(.*?)\n(?:_{{4,}}|={{4,}}) ", ran.output, re.MULTILINE | re.DOTALL)
    return [line for line in block.splitlines() if not line.startswith("[gw")]


def test_a_verdict_that_fails_shows_no_code_of_the_suite(ran: Any) -> None:
    """And every other exception all of it."""
    for test in ("test_refuted", "test_inconclusive", "test_holds_after_all", "test_undecided_erratum"):
        block = told(ran, test)
        assert not any(re.match("[E>] |.*\\.py:\\d+", line) for line in block), test
        assert len(block) <= 20, test
    assert told(ran, "test_holds_after_all")[0] == "[XPASS(strict)] E-1: Title of E-1"
    assert "A-02 printed [holds_after_all] supported, against erratum E-1: Title of A-02" in ran.output
    assert "E       RuntimeError: out of ink" in told(ran, "test_error_after_the_verdict")
    assert any(line.startswith("support/cases.py:") for line in told(ran, "test_judges_twice"))
    # Pytest's last list has the exception's own line, cut to the width.
    assert re.search(r"^FAILED \S+::test_refuted - support\.cases\.Refuted: re", ran.output, re.MULTILINE)


def test_the_report_is_what_the_page_is_drawn_from(ran: Any) -> None:
    Draft202012Validator(json.loads(json_schema())).validate(ran.report)
    run = read(ran.report_folder / "report.json").run
    assert (ran.report_folder / "index.html").stat().st_size > 0
    assert run.complete is True
    assert (run.scale, run.seed, run.device) == ("quick", 3, "cpu")
    assert run.notes == ()
    assert run.command is not None
    assert run.command.startswith("pytest -p no:cacheprovider")


def test_every_claim_is_accounted_for(ran: Any) -> None:
    claims = {claim["id"]: claim["readings"] for claim in ran.report["claims"]}
    assert list(claims) == ["A-01", "A-02", "A-03", "A-04", "A-05", "A-06", "A-07"]
    assert [reading["reading"] for reading in claims["A-02"]] == ["printed"]
    assert claims["A-02"][0]["departure"] == "E-1"
    (not_selected,) = claims["A-04"][0]["cases"]
    assert (not_selected["verdict"], not_selected["not_run"]["why"]) == ("not run", "not selected")
    assert claims["A-05"] == []
    assert [(entry["id"], entry["kind"]) for entry in ran.report["departures"]] == [("E-1", "erratum"), ("S-1", "slip")]
    assert [claims["A-07"][0][count] for count in ("tested", "settings")] == [1, 2]


def test_a_marker_may_name_the_scales_at_which_a_case_is_refuted(ran: Any) -> None:
    assert (ran.cases["slip"]["departure"], ran.cases["slip_elsewhere"]["departure"]) == ("S-1", None)


def test_a_case_says_what_was_done(ran: Any) -> None:
    case = ran.cases["supported"]
    assert case["protocol"] == "Expect one.\n\nIn words.\n\nThe module in words."
    assert case["sizes"] == {"d": 3}
    assert case["effect"] == 0.5
    assert case["interval"] == [0.5, 0.5]
    assert [control["verdict"] for control in case["controls"]] == ["refuted"]
    (evidence,) = case["evidence"]
    assert evidence["cells"] == 2
    key = evidence["key"]
    assert (ran.evidence / key[:2] / f"{key}.jsonl").exists()


def test_a_case_says_what_runs_it_alone(ran: Any) -> None:
    options = dict.fromkeys(("device", "data", "model", "features", "only")) | {"scale": "quick", "seed": 3}
    command = {"tests": ["claims/test_claims.py::test_cases[it's]"], "recorded": False} | options
    assert ran.cases["it's"]["command"] == command


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("skipped", "not asked here"),
        ("asked_of_more", "not asked here"),
        ("error", "error"),
        ("never_judges", "error"),
        ("broken_fixture", "error"),
    ],
)
def test_why_a_case_has_not_run_is_data(ran: Any, name: str, why: str) -> None:
    assert ran.cases[name]["not_run"]["why"] == why


def test_what_a_claim_says_of_itself_comes_through(ran: Any) -> None:
    assert ran.cases["asked_of_more"]["not_run"] == {
        "why": "not asked here",
        "reason": "about 1,000 trials decide it at this spread, and the budget is 8",
        "scale": None,
        "planned": 1000,
    }
    assert ran.cases["asked_elsewhere"]["not_run"]["scale"] == "paper"


def test_the_header_says_what_is_about_to_run(ran: Any) -> None:
    workers = {"outcomes-n0": "1 workers", "outcomes-n2": "2 workers"}[ran.root.name]
    assert "claims: 6 of 7 registered claims have tests" in ran.output
    assert f"scale quick, seed 3, device cpu, {workers} of " in ran.output
    assert "data: mnist (" in ran.output
    assert f"evidence: {ran.evidence}" in ran.output
    assert f"report: {ran.report_folder}" in ran.output


def test_the_summary_gives_verdicts_and_the_report(ran: Any) -> None:
    counted = "2 inconclusive, 10 not run, 4 refuted (1 by errata, 1 by slips of the summary), 5 supported of 21 cases"
    assert counted in ran.output
    as_registered = "A-02 printed (as erratum E-1 says), A-06 printed (slip S-1 of the summary)"
    assert f"\n  refuted as registered: {as_registered}\n" in ran.output
    assert "\n  supported in part: A-07 sound (1 of 2)\n" in ran.output
    (not_run,) = re.findall(r"^  not run: (.*)$", ran.output, re.MULTILINE)
    assert sorted(not_run.split("; ")) == [
        "1: about 1,000 trials decide it at this spread, and the budget is 8",
        "1: it takes a GPU",
        "1: n = 3 is trained at --scale standard only",
        "1: needs --scale paper",
    ]


def test_the_summary_is_one_table_and_few_lines(ran: Any) -> None:
    lines = ran.output.partition("= claims =")[2].partition("\n===")[0].splitlines()[1:]
    assert lines[0].split() == ["readings", "paper", "A"]
    table = {words.strip(): int(count) for words, count in (line.rsplit(maxsplit=1) for line in lines[1:8])}
    # are refuted; A-02 holds, but for what its erratum says; A-07 is tested in part; of A-03 there is an
    # error alone.
    assert table == {
        "supported": 0,
        "supported in part": 1,
        "refuted, as registered": 0,
        "refuted, not registered": 2,
        "supported, against what is registered": 1,
        "inconclusive": 0,
        "not run": 1,
    }
    unexpected = [line for line in lines if re.match(r"  A-\d\d \w+ \[", line)]
    assert [line.split("]")[0] for line in unexpected] == [
        f"  A-01 sound [{name}" for name in ("broken_fixture", "error", "error_after_the_verdict", "judges_twice")
    ] + ["  A-01 sound [never_judges"]
    assert "  and 6 more in the report" in lines
    assert len(lines) <= 8 + 12
    assert f"report: {ran.report_folder}/index.html" in ran.output


def test_nothing_temporary_is_left(ran: Any) -> None:
    assert ran.leftovers == []


def test_one_process_and_two_workers_report_the_same(ran: Any) -> None:
    own = ran.root / "alike.json"
    own.with_suffix(".part").write_text(json.dumps(without(ran.report, OF_THE_RUN), sort_keys=True))
    own.with_suffix(".part").replace(own)
    other = ran.root.with_name("outcomes-n2" if ran.root.name == "outcomes-n0" else "outcomes-n0") / "alike.json"
    if other.exists():  # whichever of the two comes second compares
        assert json.loads(own.read_text()) == json.loads(other.read_text())
