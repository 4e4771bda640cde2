"""At which look trials decide: worked out for shares of networks, where the fewest trials are known."""

from typing import Any

import msgspec
import pytest

from support.comparing.first_looks import first_looks, looks_again, resampled_looks, trials_to_decide
from support.document.types import Case, Control, Look, Measure, Region
from support.statistics.bets import share_position
from support.statistics.sequence import looks

SHARE = Measure(name="share", low=0, high=1, route="share", margin=0.05)
RISE = Measure(name="rise", low=0, high=1, route="bounded", margin=0.05)
# 13 networks that agree say "more than half", and the look after 12 is at 16.
MOST = Region(low=0.5)


def measured(trials: list[float], region: Region = MOST, measure: Measure = SHARE) -> dict[str, Any]:
    """What effects and controls have in common; the interval is not read where there are trials."""
    return {
        "effect": 0.0,
        "effect_kind": "mean",
        "interval": (0.0, 1.0),
        "level": 0.999,
        "region": region,
        "trials": tuple(trials),
        "measure": measure,
    }


def control(trials: list[float], name: str = "none", **changes: Any) -> Control:
    given = measured(trials) | {"name": name, "expected": "refuted", "verdict": "refuted"}
    return Control(**(given | changes))


def case(trials: list[float], *controls: Control, budget: int = 96, **changes: Any) -> Case:
    look = Look(trials=len(trials), budget=budget)
    given = measured(trials) | {"id": "all", "verdict": "supported", "look": look, "controls": controls}
    return Case(**(given | changes))


def test_each_part_has_a_look_of_its_own() -> None:
    """A control of another region cannot come out by lying below the effect, only by lying outside."""
    late, edge = [1.0] * 3 + [0.0] * 45, 0.4
    found = first_looks(case([1.0] * 48, control([0.0] * 48), control(late, "late", region=Region(low=edge))))
    assert (found.effect, found.controls["none"]) == (16, 16)
    below = next(trials for trials in looks(len(late)) if share_position(late[:trials], edge) == "below")
    assert found.controls["late"] == found.case == below
    assert below > 16


def test_what_the_trials_do_not_decide_is_none() -> None:
    found = first_looks(case([1.0] * 12, control([0.0] * 12)))
    assert (found.effect, found.controls, found.case) == (None, {"none": None}, None)


def test_a_control_may_come_out_by_lying_below_the_effect() -> None:
    """It is inside the region, above 0.05, but wholly below the effect's interval."""
    bounded: dict[str, Any] = {"region": Region(low=0.05), "measure": RISE}
    found = first_looks(case([0.9] * 64, control([0.2] * 64, **bounded), **bounded))
    assert found.effect is not None
    assert found.controls["none"] is not None
    assert first_looks(case([0.9] * 64, control([0.9] * 64, **bounded), **bounded)).controls == {"none": None}


def test_a_control_without_a_sampling_error_is_out_at_the_first_look() -> None:
    fixed = control([0.0], level=None, measure=None, interval=(0.0, 0.0), effect_kind="worst")
    assert first_looks(case([1.0] * 16, fixed)).controls == {"none": 8}


@pytest.mark.parametrize(
    "changes",
    [{"effect_kind": "largest"}, {"effect_kind": "ratio"}, {"look": None}, {"measure": None}, {"trials": (1.0, None)}],
)
def test_a_report_that_holds_a_part_only_is_not_looked_at(changes: dict[str, Any]) -> None:
    asked = msgspec.structs.replace(case([1.0] * 16), **changes)
    assert not looks_again(asked)
    with pytest.raises(ValueError, match="does not hold all trials"):
        first_looks(asked)


def test_trials_that_agree_are_decided_alike_when_drawn_again() -> None:
    assert resampled_looks(case([1.0] * 16, control([0.0] * 16)), resamples=5) == 16


def test_trials_on_the_edge_are_not_decided_within_the_budget() -> None:
    assert resampled_looks(case([0.0, 1.0] * 24), resamples=20) is None


def test_drawing_again_gives_the_same() -> None:
    mixed = case([1.0, 1.0, 1.0, 0.0] * 12, control([0.0] * 48), budget=192)
    assert resampled_looks(mixed, resamples=20) == resampled_looks(mixed, resamples=20)


def test_how_many_trials_like_these_would_decide() -> None:
    """13 that agree say "more than half", 38 "more than .8"; the looks after those are at 16 and 48."""
    assert trials_to_decide(case([1.0] * 8, control([0.0] * 8))) == 16
    most = Region(low=0.8)
    assert trials_to_decide(case([1.0] * 8, region=most)) == 48
    # The effect is, and waits for its control.
    late = control([1.0] * 8, "late", region=most, expected="supported")
    assert trials_to_decide(case([1.0] * 8, late)) == 48


def test_trials_that_were_looked_at_are_not_looked_at_again() -> None:
    """Decided they were not, by whatever rule; more of them are asked about."""
    assert trials_to_decide(case([1.0] * 16)) == 24


def test_no_budget_of_a_report_is_too_large_to_look_at() -> None:
    """A report may name any; with a mean on the edge all looks are taken."""
    assert trials_to_decide(case([0.0, 1.0] * 4, budget=10**15)) is None


def test_no_number_of_trials_decides_what_lies_on_the_edge() -> None:
    assert trials_to_decide(case([0.0, 1.0] * 4, budget=8)) is None
    # Nor where a control shows the effect too.
    assert trials_to_decide(case([1.0] * 8, control([1.0] * 8), budget=8)) is None
