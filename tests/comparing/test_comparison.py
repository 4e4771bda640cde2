"""What moved between two reports: by hand-made pairs of cases whose moves are known."""

import time
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from support.comparing.comparison import compare
from support.comparing.moves import MARGIN_RULE
from support.comparing.wording import counted, verdict_rows
from support.document import types as document
from support.document.changes import Baseline, Change
from support.document.reading import parse
from support.document.types import Case, Claim, Look, NotRun, Reading, ReadingName, Report, Run, Verdict
from support.document.writing import encoded
from support.statistics import Estimate, Measure, Region, effects, worst_of
from support.statistics.bets import mean_interval

FILE = "reports/baseline.json"
N = 200
RNG = np.random.default_rng(1)
# Shares, and what is left of chance where both runs drew the same random numbers.
TRIALS = RNG.normal(0.4, 0.05, N).clip(0, 0.5)
NOISE = RNG.normal(0, 0.01, N)
TWO_SIDED = Region.near(0.5, 0.1)
ABOVE = Region.above(0.2)
SHARE = Measure("share", "", 0, 1, "bounded", 0.07, "higher")
WIDE = Measure("deviation", "", -np.inf, np.inf, "median", 0.07)


def case(estimate: Estimate, region: Region = ABOVE, verdict: Verdict = "supported", **changes: Any) -> Case:
    """A case of claim A-01, as the judge and the suite would have made it."""
    low, high = (None if np.isinf(end) else float(end) for end in (region.low, region.high))
    ends = [None if np.isinf(end) else float(end) for end in (estimate.low, estimate.high)]
    measure = estimate.measure
    given: dict[str, Any] = {
        "id": "mnist",
        "test": "claims/test_one.py::test_x[mnist]",
        "verdict": verdict,
        "effect": float(estimate.value),
        "effect_label": estimate.label,
        "effect_kind": estimate.kind,
        "conditions": estimate.conditions,
        "interval": (ends[0], ends[1]),
        "level": estimate.level,
        "method": estimate.method,
        "region": document.Region(low=low, high=high, label=str(region)),
        "trials": tuple(estimate.trials),
        "measure": measure
        and document.Measure(
            name=measure.name,
            low=None if np.isinf(measure.low) else measure.low,
            high=None if np.isinf(measure.high) else measure.high,
            route=measure.route,
            margin=measure.margin,
            worse=measure.worse,
        ),
        "sizes": {"N": 10},
        "look": Look(trials=len(estimate.trials), budget=400) if measure else None,
        "datasets": ("mnist",),
    }
    return Case(**(given | changes))


def not_run(reason: str, why: document.Why = "not asked here", **changes: Any) -> Case:
    known: dict[str, Any] = {"id": "mnist", "test": "claims/test_one.py::test_x[mnist]", "verdict": "not run"}
    return Case(**(known | {"not_run": NotRun(why=why, reason=reason)} | changes))


def report(*cases: Case, **run: Any) -> Report:
    """A report with these cases of one claim's sound reading."""
    known: dict[str, Any] = {
        "scale": "quick",
        "seed": 0,
        "commit": "abc",
        "complete": True,
        "datasets": {"mnist": "d1"},
    }
    readings: tuple[Reading, ...] = ()
    if cases:
        name: ReadingName = "sound"
        readings = (Reading(reading=name, verdict="supported", tested=len(cases), settings=len(cases), cases=cases),)
    claim = Claim(id="A-01", paper="A", title="t", statement="s", readings=readings)
    return Report(run=Run(**(known | run)), papers={}, claims=(claim,), departures=())


def only(before: Case, after: Case, *, run: dict[str, Any] | None = None) -> Change:
    """The one change between two cases."""
    (change,) = compare(report(after, **(run or {})), report(before), FILE).changes
    return change


def mean(values: Any) -> Estimate:
    return effects.mean_of(values, SHARE, "share")


# 1. Effects: how the move is measured


def extreme(values: Any) -> Estimate:
    return effects.largest_of([values, values + 0.1], SHARE, "largest share")


def without_range(values: Any) -> Estimate:
    return effects.mean_of(values, WIDE, "deviation")


def test_the_same_numbers_are_unchanged() -> None:
    """Of whatever kind the effect is, and however wide its intervals."""
    for effect in (mean, extreme, without_range):
        change = only(case(effect(TRIALS)), case(effect(TRIALS * (1 + 1e-12))))
        assert (change.kind, change.text, change.regression) == ("unchanged", "the same numbers", False)
    before = replace(case(mean(TRIALS)), measure=None, look=None)
    assert only(before, before).text == "the same numbers"


def test_numbers_that_agree_at_another_seed_bound_no_move() -> None:
    """As shares that are all one: what each run leaves open stays open."""
    ones = case(mean(np.ones(20)), TWO_SIDED)
    assert only(ones, ones, run={"seed": 1}).kind == "undecided"
    assert only(ones, ones).kind == "unchanged"


def test_common_random_numbers_are_paired() -> None:
    after = TRIALS + 0.3 + NOISE
    change = only(case(mean(TRIALS)), case(mean(after)))
    expected = mean_interval(after - TRIALS, -1, 1)
    assert (change.kind, change.direction, change.regression) == ("effect", "up", False)
    assert change.moved == pytest.approx((expected.low, expected.high))
    assert f"bounded sequence over {N} paired trials" in change.text
    assert change.before is not None
    assert change.before.startswith(f"{TRIALS.mean():.4g} [")
    assert change.after is not None
    assert change.after.startswith(f"{after.mean():.4g} [")


def from_intervals(before: Estimate, after: Estimate) -> tuple[float, float]:
    return after.low - before.high, after.high - before.low


@pytest.mark.parametrize(
    ("run", "changes"),
    [
        ({"seed": 1}, {}),
        ({}, {"sizes": {"N": 20}}),
        ({}, {"look": Look(trials=N + 1, budget=400)}),
        ({}, {"exclusions": (document.Exclusion(rule="at chance", dropped=1, trials=N),)}),
    ],
    ids=["another seed", "other sizes", "a trial is missing", "a trial was left out"],
)
def test_others_are_compared_by_both_intervals(run: dict[str, Any], changes: dict[str, Any]) -> None:
    before, after = mean(TRIALS), mean(TRIALS + 0.3 + NOISE)
    change = only(case(before), case(after, **changes), run=run)
    assert change.moved == pytest.approx(from_intervals(before, after))
    assert "(from both intervals)" in change.text
    assert change.kind == "effect"


def test_of_another_number_of_trials_the_common_ones_are_paired() -> None:
    change = only(case(mean(TRIALS)), case(mean(TRIALS[:150] + 0.3)))
    assert "bounded sequence over 150 paired trials" in change.text


def test_down_is_down() -> None:
    assert only(case(mean(TRIALS)), case(mean(TRIALS - 0.3 + NOISE))).direction == "down"


def test_a_measure_without_a_range_is_compared_by_both_intervals() -> None:
    before, after = without_range(TRIALS), without_range(TRIALS + 5)
    assert only(case(before), case(after)).moved == pytest.approx(from_intervals(before, after))


@pytest.mark.parametrize("which", ["before", "after"])
def test_effects_that_share_no_measure_are_not_compared(which: str) -> None:
    """As a baseline of a version that decided by Student's t at a fixed number of trials."""
    cases = {"before": case(mean(TRIALS)), "after": case(mean(TRIALS + 0.3))}
    cases[which] = replace(cases[which], measure=None, look=None)
    change = only(cases["before"], cases["after"])
    assert change.kind == "undecided"
    assert change.text == "supported as before; effects are not compared: they share no measure"


# 2. Effects: what the move is held against


def test_the_margin_is_half_the_width_of_a_region_with_two_ends() -> None:
    for shift, kind in ((0.02, "unchanged"), (0.2, "effect")):
        change = only(case(mean(TRIALS), TWO_SIDED), case(mean(TRIALS + shift + NOISE), TWO_SIDED))
        assert change.kind == kind
        assert change.margin == pytest.approx(0.1)
        assert "margin of 0.1 (half the width of the region)" in change.text


def test_else_it_is_the_measures() -> None:
    for shift, kind in ((0.01, "unchanged"), (0.2, "effect")):
        change = only(case(mean(TRIALS)), case(mean(TRIALS + shift + NOISE)))
        assert (change.kind, change.margin) == (kind, SHARE.margin)
        assert "margin of 0.07 (the measure's)" in change.text


def test_else_it_is_the_baselines_resolution() -> None:
    """Of two reports of a version that had no measures."""
    before, after = (
        replace(case(mean(TRIALS + shift)), measure=None, look=None, resolution=0.05) for shift in (0, 0.3)
    )
    change = only(before, after)
    assert (change.kind, change.margin) == ("effect", 0.05)
    assert "margin of 0.05 (the baseline's resolution)" in change.text
    assert only(replace(before, resolution=None), after).text.endswith("there is no margin to hold it against")


def test_what_is_neither_beyond_nor_within_is_undecided() -> None:
    before = case(mean(TRIALS), TWO_SIDED)
    close = only(before, case(mean(TRIALS + 0.09 + NOISE), TWO_SIDED))
    assert (close.kind, close.direction) == ("undecided", "up")
    assert "neither within nor beyond the margin" in close.text
    wide = only(before, case(mean(TRIALS + 0.07), TWO_SIDED), run={"seed": 1})
    assert wide.kind == "undecided"
    assert "neither within nor beyond the margin" in wide.text


# 3. Extremes over conditions


def test_an_extreme_is_compared_by_its_intervals() -> None:
    """Its trials are those of one condition, which may be another each time."""
    before, after = extreme(TRIALS), extreme(TRIALS + 0.3)
    change = only(case(before), case(after))
    assert change.moved == pytest.approx(from_intervals(before, after))
    assert (change.kind, change.direction) == ("effect", "up")


# 4. Exact cases


@pytest.mark.parametrize(("after", "kind"), [(0.25 * (1 + 1e-11), "unchanged"), (0.25 * (1 + 1e-7), "effect")])
def test_in_an_exact_case_any_difference_beyond_rounding_counts(after: float, kind: str) -> None:
    assert only(case(worst_of([0.25], "gap")), case(worst_of([after], "gap"))).kind == kind


@pytest.mark.parametrize(("bound", "kind"), [(1e-8, "unchanged"), (0.005, "effect")])
def test_an_identity_says_itself_what_rounding_is(bound: float, kind: str) -> None:
    region = Region.below(bound)
    assert only(case(worst_of([3e-13], "gap"), region), case(worst_of([8e-12], "gap"), region)).kind == kind


def test_an_exact_claim_on_other_instances_is_compared_by_its_verdict() -> None:
    change = only(case(worst_of([0.25], "gap")), case(worst_of([0.5], "gap")), run={"seed": 1})
    assert (change.kind, change.moved) == ("undecided", None)
    assert change.text == "supported as before; effects are not compared: an exact claim on other instances"
    assert only(case(worst_of([0.25], "gap")), case(worst_of([0.25], "gap")), run={"seed": 1}).kind == "unchanged"


# 5. Verdicts

Known = tuple[Verdict, str | None]
SUPPORTED, REFUTED = ("supported", None), ("refuted", None)
KNOWN, CONTESTED = ("refuted", "E-1"), ("supported", "E-1")
INCONCLUSIVE, UNKNOWN = ("inconclusive", None), ("inconclusive", "E-1")


@pytest.mark.parametrize(
    ("before", "after", "regression"),
    [
        (SUPPORTED, REFUTED, True),
        (SUPPORTED, INCONCLUSIVE, True),
        (KNOWN, CONTESTED, True),
        (KNOWN, UNKNOWN, True),
        (KNOWN, REFUTED, True),  # the verdict stayed, the erratum went
        (REFUTED, SUPPORTED, False),
        (REFUTED, KNOWN, False),
        (INCONCLUSIVE, SUPPORTED, False),
        (INCONCLUSIVE, REFUTED, False),
        (CONTESTED, KNOWN, False),
    ],
)
def test_a_regression_is_what_came_out_as_registered_and_no_longer_does(
    before: Known, after: Known, regression: bool
) -> None:
    old, new = (case(mean(TRIALS), verdict=verdict, departure=departure) for verdict, departure in (before, after))
    change = only(old, new)
    assert (change.kind, change.regression) == ("verdict", regression)
    assert change.before != change.after


def test_a_changed_verdict_tells_what_else_changed() -> None:
    before = case(mean(TRIALS), TWO_SIDED)
    after = case(mean(TRIALS + 0.3 + NOISE), Region.below(0), "refuted", reason="a reason")
    change = only(before, after)
    assert (change.before, change.after, change.direction) == ("supported", "refuted", "up")
    for words in ("was supported, is refuted", "a reason", "the region was between 0.4 and 0.6, is below 0", "+0.3"):
        assert words in change.text


def test_a_case_that_no_longer_runs_is_a_regression() -> None:
    change = only(case(mean(TRIALS)), not_run("cifar-10 cannot be had"))
    assert (change.kind, change.regression) == ("verdict", True)
    assert change.text == "was supported, is not run; cifar-10 cannot be had"
    assert only(not_run("needs data"), case(mean(TRIALS))).regression is False


# 6. Cases that only one of the two has


def test_what_is_new_and_what_is_gone() -> None:
    old = case(mean(TRIALS), id="old", test="claims/test_one.py::test_x[old]")
    comparison = compare(report(case(mean(TRIALS))), report(old), FILE)
    new, gone = (next(each for each in comparison.changes if each.kind == kind) for kind in ("new", "gone"))
    assert (new.case, new.regression, new.after, new.before) == ("mnist", False, "supported", None)
    assert (gone.case, gone.regression, gone.before, gone.after) == ("old", True, "supported", None)
    assert counted(comparison) == "1 gone, 1 new"
    assert [row.cells[:4] for row in verdict_rows(comparison)] == [("A-01", "sound, old", "supported", "gone")]


def test_what_was_not_selected_is_not_gone() -> None:
    comparison = compare(report(), report(case(mean(TRIALS))), FILE, expected=lambda _: False)
    assert comparison.changes == ()
    assert "Cases of the baseline that were not selected in this run: 1." in comparison.notes
    placeholder = not_run("words", "not selected", id="all", test="claims/test_one.py")
    assert compare(report(placeholder), report(placeholder), FILE).changes == ()


def test_what_was_cut_off_is_not_compared() -> None:
    comparison = compare(report(not_run("words", "interrupted")), report(case(mean(TRIALS))), FILE)
    assert comparison.changes == ()
    assert "Cases that were cut off when the run was interrupted, and are not compared: 1." in comparison.notes


def test_a_test_may_move_to_another_module() -> None:
    moved = case(mean(TRIALS), test="claims/test_two.py::test_x[mnist]")
    assert only(case(mean(TRIALS)), moved).kind == "unchanged"


def test_tests_of_one_name_are_told_apart_by_their_modules() -> None:
    one, two = (
        case(mean(TRIALS + shift), test=f"claims/{name}.py::test_x[mnist]")
        for name, shift in (("one", 0), ("two", 0.4))
    )
    comparison = compare(report(two, one), report(one, two), FILE)
    assert [change.kind for change in comparison.changes] == ["unchanged", "unchanged"]


# 7. Runs that are not alike


def test_another_scale_compares_verdicts_of_what_ran_in_both() -> None:
    idle: dict[str, Any] = {"id": "other", "test": "claims/test_one.py::test_x[other]"}
    before = report(case(mean(TRIALS)), case(mean(TRIALS), **idle))
    after = report(case(mean(TRIALS + 0.4), verdict="refuted"), not_run("needs more", **idle), scale="standard")
    comparison = compare(after, before, FILE)
    (change,) = comparison.changes
    assert comparison.comparable is False
    assert (change.kind, change.moved, change.regression) == ("verdict", None, True)
    assert comparison.notes[0].startswith("The scale is standard, the baseline's quick: only verdicts are compared")
    assert "Cases that did not run in one of the runs or in both, and are not compared: 1." in comparison.notes


def test_another_model_is_compared_where_both_could_be_asked() -> None:
    idle: dict[str, Any] = {"id": "theory", "test": "claims/test_one.py::test_x[theory]"}
    before = report(case(mean(TRIALS)), case(mean(TRIALS), **idle))
    after = report(case(mean(TRIALS + 0.4)), not_run("not about a network", **idle), model="own.py:factory")
    comparison = compare(after, before, FILE)
    (change,) = comparison.changes
    assert (change.case, change.kind, change.regression) == ("mnist", "effect", False)
    assert comparison.comparable is True
    assert comparison.notes[0] == (
        "The model is own.py:factory, the baseline's built in: moves are what the two models differ by."
    )
    assert "Cases that did not run in one of the runs or in both, and are not compared: 1." in comparison.notes


def test_effects_on_a_stand_in_are_not_compared_with_those_on_what_it_stands_in_for() -> None:
    comparison = compare(
        report(case(mean(TRIALS), datasets=("cifar-10",)), datasets={"cifar-10": "d1", "cifar-10-jpeg": "d2"}),
        report(case(mean(TRIALS), datasets=("cifar-10-jpeg",)), datasets={"cifar-10": None, "cifar-10-jpeg": "d2"}),
        FILE,
    )
    (change,) = comparison.changes
    assert (change.kind, change.text) == (
        "undecided",
        "supported as before; effects are not compared: other data: cifar-10 in the place of cifar-10-jpeg",
    )


def test_other_content_of_a_dataset_compares_its_cases_by_verdict() -> None:
    synthetic = case(mean(TRIALS), datasets=(), id="gaussian", test="claims/test_one.py::test_x[gaussian]")
    cases = (case(mean(TRIALS)), synthetic)
    comparison = compare(report(*cases, datasets={"mnist": "d2"}), report(*cases), FILE)
    kinds = {change.case: (change.kind, change.text) for change in comparison.changes}
    assert kinds["gaussian"][0] == "unchanged"
    assert kinds["mnist"] == ("undecided", "supported as before; effects are not compared: other content of mnist")
    assert comparison.comparable is True
    assert comparison.notes[0].startswith("mnist has other content than in the baseline")
    absent = compare(report(*cases, datasets={"mnist": None}), report(*cases), FILE)
    assert {change.kind for change in absent.changes} == {"unchanged"}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"effect_label": "another share"}, "another effect is measured, it was share"),
        ({"level": None}, "one is exact, the other is not"),
        ({"effect": None}, "one of them is not a finite number"),
    ],
)
def test_other_effects_are_not_compared(changes: dict[str, Any], why: str) -> None:
    change = only(case(mean(TRIALS)), case(mean(TRIALS), **changes))
    assert (change.kind, change.text) == ("undecided", f"supported as before; effects are not compared: {why}")


# 8. The whole


def test_the_comparison_is_a_part_of_the_report() -> None:
    comparison = compare(report(case(mean(TRIALS + 0.4))), report(case(mean(TRIALS)), model="m"), FILE)
    assert comparison.baseline == Baseline(file=FILE, commit="abc", scale="quick", seed=0, model="m")
    assert comparison.notes[-1] == MARGIN_RULE
    whole = replace(report(), comparison=comparison)
    assert parse(encoded(whole)) == whole


def test_regressions_stand_first_then_what_changed_most() -> None:
    def named(name: str, values: Any, verdict: Verdict = "supported") -> Case:
        return case(mean(values), verdict=verdict, id=name, test=f"claims/test_one.py::test_x[{name}]")

    before = [named(name, TRIALS) for name in ("same", "moved", "worse", "gone")] + [named("better", TRIALS, "refuted")]
    after = [named("same", TRIALS), named("moved", TRIALS + 0.4), named("worse", TRIALS, "refuted")]
    after += [named("better", TRIALS), named("new", TRIALS)]
    changes = compare(report(*after), report(*before), FILE).changes
    assert [change.case for change in changes] == ["worse", "gone", "better", "moved", "new", "same"]


POOR: dict[str, Any] = {"region": None, "trials": (), "sizes": {}, "method": None, "datasets": (), "test": None}


@pytest.mark.parametrize(("field", "nothing"), [*POOR.items(), ("interval", None), ("effect_kind", None)])
def test_a_report_that_leaves_fields_out_is_compared_as_far_as_it_goes(field: str, nothing: Any) -> None:
    before, after = (replace(case(mean(TRIALS + shift)), **{field: nothing}) for shift in (0, 0.0001))
    assert only(before, after).kind in ("unchanged", "undecided")


def test_three_hundred_cases_take_a_second_or_two() -> None:
    cases = [case(mean(TRIALS + NOISE), id=str(i), test=f"claims/test_one.py::test_x[{i}]") for i in range(300)]
    others = [replace(each, trials=tuple((trial or 0.0) + 0.001 for trial in each.trials)) for each in cases]
    before, after = report(*cases), report(*others)
    start = time.process_time()
    compare(after, before, FILE)
    assert time.process_time() - start < 10
