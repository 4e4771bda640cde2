"""What pytest's list of failures says of a verdict: claim, numbers, a strip, and what to do next."""

import re
from pathlib import Path
from typing import Any

import pytest

from support.document.build import Placed
from support.document.types import Case, Command, Control, Look, Measure, Region, VitalSign
from support.suite.failing_verdicts import verdict_lines
from tests.fuzzing.oracles import require_lines

PAGE = Path("reports/latest")
COMMAND = Command(tests=("claims/test_x.py::test_y[a b]",), scale="quick", seed=0)
SHARE = Measure(name="bets", unit="of probability", low=0, high=1, route="bounded", margin=0.05)


def control(**changes: Any) -> Control:
    given: dict[str, Any] = {
        "name": "removed",
        "expected": "refuted",
        "verdict": "refuted",
        "effect": 0.0,
        "interval": (-0.05, 0.05),
        "level": 0.9995,
        "region": Region(low=0.2),
    }
    return Control(**given | changes)


def told(**changes: Any) -> list[str]:
    given: dict[str, Any] = {
        "id": "a b",
        "test": COMMAND.tests[0],
        "verdict": "refuted",
        "effect": 0.1,
        "effect_label": "what is learnt",
        "interval": (0.05, 0.15),
        "level": 0.9995,
        "method": "bets over 24 trials",
        "region": Region(low=0.2, label="above 0.2"),
        "measure": SHARE,
        "look": Look(trials=24, budget=96),
        "controls": (control(),),
        "command": COMMAND,
    }
    case = Case(**given | changes)
    return list(verdict_lines(Placed(claim="B-02", reading="sound", case=case), "Three teach", PAGE))


def test_a_refuted_verdict() -> None:
    said = "Refuted: the 99.95 % interval [0.05, 0.15] lies outside the region in which the claim holds (above 0.2)."
    assert told() == [
        "B-02 sound [a b] refuted: Three teach",
        f"{said} The control came out as expected.",
        "",
        "  effect    what is learnt = 0.1 of probability",
        "  interval  [0.05, 0.15], 99.95 % interval, bets over 24 trials",
        "  region    the claim holds for effects above 0.2",
        "            ......................................................[====>  where the claim holds",
        "            .....(---------------o----------------).....................  what was found",
        "            0.035                                                  0.215",
        "  trials    24 of a budget of 96",
        "",
        "  alone     pytest 'claims/test_x.py::test_y[a b]' --scale quick --seed 0",
        "  read on   reports/latest/index.html#B-02",
    ]


def test_what_more_trials_may_decide_says_how() -> None:
    """But not where something else is wrong, nor where nothing is computed."""
    go_on = "  go on     pytest 'claims/test_x.py::test_y[a b]' --scale quick --seed 0 --until-decided"
    crossing = {"verdict": "inconclusive", "interval": (0.05, 0.25), "reason": "the interval crosses the edge"}
    assert go_on in told(**crossing)
    assert go_on not in told()
    assert go_on in told(**crossing, controls=(control(verdict="inconclusive"),))
    assert go_on not in told(**crossing, controls=(control(verdict="supported"),))
    sick = VitalSign(name="clean accuracy", found="0.1", healthy=False, expected="0.9")
    assert go_on not in told(**crossing, signs=(sick,))
    recorded = Command(tests=COMMAND.tests, recorded=True)
    assert not any(line.startswith("  go on") for line in told(**crossing, command=recorded))
    assert not any(line.startswith("  go on") for line in told(**crossing, look=None))


def test_how_many_trials_may_decide_is_said_where_they_are_known() -> None:
    """Eight networks of which all do: thirteen say "more than half", and the look after twelve is at sixteen."""
    share = Measure(name="share", low=0, high=1, route="share", margin=0.05)
    half = Region(low=0.5, label="above 0.5")
    crossing = {"verdict": "inconclusive", "effect": 1.0, "interval": (0.3, 1.0), "region": half, "measure": share}
    known = {"trials": (1.0,) * 8, "effect_kind": "mean", "look": Look(trials=8, budget=8), "controls": ()}
    assert told(**crossing, **known)[1].endswith(" Were further trials like these, 16 would decide it.")
    split = known | {"trials": (0.0, 1.0) * 4, "interval": (0.1, 0.9), "effect": 0.5}
    assert told(**crossing | split)[1].endswith(" Were further trials like these, 256 would not decide it.")
    assert "further trials" not in told(**crossing)[1]
    unknown = Measure(name="nobody's", low=None, high=None, route="near-normal", margin=0.05)
    assert "further trials" not in told(**crossing | known | {"measure": unknown})[1]
    assert "further trials" not in told(**crossing | known | {"verdict": "supported"})[1]


def test_a_control_that_did_not_come_out_is_shown_with_its_own_numbers() -> None:
    failed = control(effect_label="without it", effect=0.3, interval=(0.25, 0.35), verdict="supported")
    lines = told(verdict="inconclusive", interval=(0.22, 0.3), effect=0.25, controls=(failed, control(name="other")))
    assert "1 of 2 controls did not come out." in lines[1]
    at = lines.index("  control   removed: expected refuted, came out supported")
    assert lines[at + 1 : at + 3] == ["  effect    without it = 0.3", "  interval  [0.25, 0.35], 99.95 % interval"]
    assert lines[at + 4].endswith("  where the claim holds")
    assert not any("other" in line for line in lines)


def test_a_vital_sign_that_failed_is_told() -> None:
    reason = "vital sign failed: clean accuracy: 0.1, expected 0.9"
    assert told(verdict="inconclusive", reason=reason)[1].endswith(f"{reason.replace('vital', 'Vital', 1)}.")


def test_a_verdict_without_numbers_is_told_too() -> None:
    lines = told(verdict="inconclusive", effect=None, interval=None, region=None, reason="too few trials")
    assert lines[1] == "Inconclusive. The control came out as expected. Too few trials."
    assert lines[3:5] == ["  trials    24 of a budget of 96", ""]


def test_texts_of_others_are_one_line() -> None:
    orders = "\x1b[2J\x1b[31mred\rforged\nFAILED: forged\u2028\u202e"
    lines = told(id=orders, effect_label=orders, method=orders, reason=orders, controls=(control(name=orders),))
    require_lines(lines)
    assert len(lines) == len(told())


MODULE = '''
@pytest.mark.claim("A-01")
def test_refuted(judge):
    """Expect one."""
    decide(judge, 1.5)
'''


@pytest.mark.long("starts pytest anew for every test")
@pytest.mark.parametrize("asked", ["--tb=long", "--full-trace"])
def test_the_whole_traceback_is_there_where_it_is_asked_for(ready: Any, asked: str) -> None:
    for option in (["--tb=short"], []):
        done = ready.run("claims", *option)
        assert "A-01 sound [refuted] refuted: Title of A-01\n" in done.stdout
        assert "cases.py:" not in done.stdout
    done = ready.run("claims", asked)
    assert re.search(r"^support/cases\.py:\d+: Refuted$", done.stdout, re.MULTILINE), done.stdout
    assert "E           support.cases.Refuted: refuted: x = 1.5, exactly [1.5, 1.5]" in done.stdout
