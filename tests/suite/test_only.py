"""What `--only` asks: headline claims, or what has a time of its own at a scale."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.long("starts pytest anew for every test")

MODULE = '''
from support.suite.not_run import not_run, require_budget

@pytest.mark.claim("A-01")
def test_at_once(judge):
    """Expect one."""
    decide(judge, 0.5)

@pytest.mark.apart("hours", scale="standard", because="an hour is long")
@pytest.mark.claim("A-01", budget={"quick": 8, "standard": 8, "paper": 8}, because="to see it wait")
def test_slow(evidence, judge):
    """Expect one."""
    evidence(Counting("shared"))
    decide(judge, 0.5)

@pytest.mark.apart("hours", scale="standard", because="an hour is long")
@pytest.mark.claim("A-01", budget={"quick": 8, "standard": 8, "paper": 8}, because="to see it wait")
def test_slow_and_not_planned(evidence, judge):
    """Expect one."""
    require_budget(1000, 8)

@pytest.mark.apart("hours", scale="standard", because="an hour is long")
@pytest.mark.claim("A-01")
def test_slow_elsewhere(scale, judge):
    """Expect one."""
    if scale == "quick":
        not_run("it takes an hour", scale="standard")
    decide(judge, 0.5)
'''
REASON = "an hour is long: --scale standard --only hours takes the time"


def test_what_has_a_time_of_its_own_waits_for_it(ready: Any) -> None:
    assert ready.run("claims", "--scale", "standard").returncode == 0
    cases = ready.cases
    assert cases["at_once"]["verdict"] == "supported"
    assert (cases["slow"]["not_run"]["why"], cases["slow"]["not_run"]["reason"]) == ("takes hours", REASON)
    assert cases["slow_and_not_planned"]["not_run"]["reason"].startswith("about 1,000 trials decide it")
    assert ready.computed == []
    assert "--only hours" in ready.commands["slow"]
    assert "--only" not in ready.commands["at_once"]


def test_it_is_asked_alone(ready: Any) -> None:
    assert ready.run("claims", "--scale", "standard", "--only", "hours").returncode == 0
    cases = ready.cases
    assert cases["slow"]["verdict"] == "supported"
    assert "at_once" not in cases
    # From then on it is read with all others, and nothing is computed for it.
    computed = ready.computed
    assert len(computed) == 8
    for reading in ([], ["--recorded"]):
        assert ready.run("claims", "--scale", "standard", *reading).returncode == 0
        assert ready.cases["slow"]["verdict"] == ready.cases["at_once"]["verdict"] == "supported"
    assert ready.computed == computed


def test_at_another_scale_it_is_as_any_test(ready: Any) -> None:
    assert ready.run("claims", "--scale", "quick").returncode == 0
    assert ready.cases["slow"]["verdict"] == "supported"
    assert "--only" not in ready.commands["slow"]
    assert "--only hours" in ready.commands["slow_elsewhere"]  # at the scale that its reason names


def test_headline_claims_alone(suite: Any) -> None:
    suite.register(("A-01", ["test_claims.py"]), ("A-02", ["test_claims.py"]))
    path = suite.root / "claims" / "register.toml"
    path.write_text(path.read_text().replace('id = "A-02"', 'id = "A-02"\nheadline = true'))
    suite.module(MODULE + MODULE.replace("A-01", "A-02").replace("_at_once", "_known").replace("_slow", "_known_too"))
    assert suite.run("claims", "--only", "headline").returncode == 0
    ran = {name for name, case in suite.cases.items() if case["verdict"] == "supported"}
    assert ran == {"known", "known_too"}
