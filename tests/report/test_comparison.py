"""What moved between two reports: by hand-made pairs of cases whose moves are known."""

import time
from typing import Any

import numpy as np
import pytest
from scipy import stats

from support.report.comparison import compare, counted, regressions, told
from support.report.moves import MARGIN_RULE
from support.report.schema import SCHEMA, complete
from support.statistics import LEVEL, Region, largest_of, mean_of, share_of, worst_of
from support.statistics.estimates import Estimate

FILE = "reports/baseline.json"
RNG = np.random.default_rng(1)
TRIALS = RNG.normal(0.5, 0.2, 12)
NOISE = RNG.normal(0, 0.01, 12)
TWO_SIDED = Region.near(0.5, 0.1)
ABOVE = Region.above(0.2)

Report = dict[str, Any]


def case(estimate: Estimate, region: Region = ABOVE, verdict: str = "supported", **changes: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "claim": "A-01",
        "reading": "sound",
        "id": "mnist",
        "test": "claims/test_one.py::test_x[mnist]",
        "verdict": verdict,
        "effect": estimate.value,
        "effect_label": estimate.label,
        "interval": [end if np.isfinite(end) else None for end in (estimate.low, estimate.high)],
        "level": estimate.level,
        "method": estimate.method,
        "region": {
            "low": None if region.low == -np.inf else region.low,
            "high": None if region.high == np.inf else region.high,
            "label": str(region),
        },
        "trials": list(estimate.trials),
        "resolution": estimate.resolution,
        "sizes": {"N": 10},
        "datasets": ["mnist"],
    }
    return given | changes


def not_run(reason: str, **changes: Any) -> dict[str, Any]:
    known = {"claim": "A-01", "reading": "sound", "id": "mnist", "test": "claims/test_one.py::test_x[mnist]"}
    return known | {"verdict": "not run", "reason": reason} | changes


def report(*cases: dict[str, Any], **run: Any) -> Report:
    claims: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for each in cases:
        claims.setdefault(each["claim"], {}).setdefault(each["reading"], []).append(each)
    return complete(
        {
            "schema": SCHEMA,
            "run": {"scale": "quick", "seed": 0, "commit": "abc", "complete": True, "datasets": {"mnist": "d1"}} | run,
            "papers": {},
            "claims": [
                {
                    "id": name,
                    "paper": "A",
                    "title": "t",
                    "statement": "s",
                    "readings": [
                        {"reading": reading, "verdict": "supported", "cases": own} for reading, own in readings.items()
                    ],
                }
                for name, readings in claims.items()
            ],
            "errata": [],
        }
    )


def only(before: dict[str, Any], after: dict[str, Any], *, run: Report | None = None) -> dict[str, Any]:
    """The one change between two cases."""
    (change,) = compare(report(after, **(run or {})), report(before), FILE)["changes"]
    assert isinstance(change, dict)
    return change


def mean(values: Any) -> Estimate:
    return mean_of(values, "share")


# 1. Effects: how the move is measured


def test_the_same_numbers_are_unchanged() -> None:
    change = only(case(mean(TRIALS)), case(mean(TRIALS * (1 + 1e-12))))
    assert (change["kind"], change["text"], change["regression"]) == ("unchanged", "the same numbers", False)


def test_common_random_numbers_are_paired() -> None:
    after = TRIALS + 0.3 + NOISE
    change = only(case(mean(TRIALS)), case(mean(after)))
    assert (change["kind"], change["direction"], change["regression"]) == ("effect", "up", False)
    assert change["moved"] == pytest.approx(stats.ttest_rel(after, TRIALS).confidence_interval(LEVEL))
    assert "Student t over 12 paired trials" in change["text"]
    assert change["before"].startswith(f"{TRIALS.mean():.4g} [")
    assert change["after"].startswith(f"{after.mean():.4g} [")


@pytest.mark.parametrize(
    ("run", "changes"), [({"seed": 1}, {}), ({}, {"sizes": {"N": 20}})], ids=["another seed", "other sizes"]
)
def test_others_are_not(run: Report, changes: Report) -> None:
    after = TRIALS + 0.3 + NOISE
    change = only(case(mean(TRIALS)), case(mean(after), **changes), run=run)
    expected = stats.ttest_ind(after, TRIALS, equal_var=False).confidence_interval(LEVEL)
    assert change["moved"] == pytest.approx(expected)
    assert "Welch's t, 12 and 12 trials" in change["text"]


def test_another_number_of_trials_is_not_paired() -> None:
    change = only(case(mean(TRIALS)), case(mean(TRIALS[:9] + 0.3)))
    assert "Welch's t, 12 and 9 trials" in change["text"]


def test_down_is_down() -> None:
    assert only(case(mean(TRIALS)), case(mean(TRIALS - 0.4 + NOISE)))["direction"] == "down"


# 2. Effects: what the move is held against


def test_the_margin_is_half_the_width_of_a_region_with_two_ends() -> None:
    for shift, kind in ((0.05, "unchanged"), (0.15, "effect")):
        change = only(case(mean(TRIALS), TWO_SIDED), case(mean(TRIALS + shift + NOISE), TWO_SIDED))
        assert (change["kind"], change["margin"]) == (kind, pytest.approx(0.1))
        assert "margin of 0.1 (half the width of the region)" in change["text"]


def test_else_it_is_the_baselines_resolution() -> None:
    before = case(mean(TRIALS))
    for share, kind in ((0.5, "unchanged"), (1.5, "effect")):
        change = only(before, case(mean(TRIALS + share * before["resolution"] + NOISE)))
        assert (change["kind"], change["margin"]) == (kind, before["resolution"])
        assert "(the baseline's resolution)" in change["text"]


def test_what_is_neither_beyond_nor_within_is_undecided() -> None:
    before = case(mean(TRIALS), TWO_SIDED)
    wide = only(before, case(mean(TRIALS[::-1] + 0.15), TWO_SIDED))
    assert (wide["kind"], wide["direction"]) == ("undecided", None)
    close = only(before, case(mean(TRIALS + 0.1 + 3 * NOISE), TWO_SIDED))
    assert close["moved"][0] < 0.1 < close["moved"][1]
    assert "neither within nor beyond the margin" in wide["text"]


def test_trials_that_all_agree_at_another_seed_bound_nothing() -> None:
    ones = case(mean([1.0] * 5))
    change = only(ones, ones, run={"seed": 1})
    assert (change["kind"], change["moved"], change["margin"]) == ("undecided", [None, None], None)
    assert only(ones, ones)["kind"] == "unchanged"


# 3. Extremes over conditions


def extreme(shift: float) -> Estimate:
    return largest_of([TRIALS + shift, TRIALS + 0.3 + shift + NOISE], "largest share")


def test_an_extreme_is_paired_for_all_choices_of_conditions() -> None:
    before, after = extreme(0), largest_of([TRIALS, TRIALS + 0.8], "largest share")
    change = only(case(before), case(after))
    moves = np.array(after.trials) - np.array(before.trials)
    expected = stats.ttest_1samp(moves, 0).confidence_interval(1 - (1 - LEVEL) / 4)
    assert change["kind"] == "effect"
    assert change["moved"] == pytest.approx(expected)


def test_an_extreme_at_another_seed_is_compared_by_its_intervals() -> None:
    before, after = extreme(0), extreme(5)
    change = only(case(before), case(after), run={"seed": 1})
    assert change["moved"] == pytest.approx([after.low - before.high, after.high - before.low])
    assert (change["kind"], change["direction"]) == ("effect", "up")


# 4. Exact cases


@pytest.mark.parametrize(("after", "kind"), [(0.25 * (1 + 1e-11), "unchanged"), (0.25 * (1 + 1e-7), "effect")])
def test_in_an_exact_case_any_difference_beyond_rounding_counts(after: float, kind: str) -> None:
    change = only(case(worst_of([0.25], "gap")), case(worst_of([after], "gap")))
    assert change["kind"] == kind


@pytest.mark.parametrize(("bound", "kind"), [(1e-8, "unchanged"), (0.005, "effect")])
def test_an_identity_says_itself_what_rounding_is(bound: float, kind: str) -> None:
    region = Region.below(bound)
    change = only(case(worst_of([3e-13], "gap"), region), case(worst_of([8e-12], "gap"), region))
    assert change["kind"] == kind


def test_an_exact_claim_on_other_instances_is_compared_by_its_verdict() -> None:
    change = only(case(worst_of([0.25], "gap")), case(worst_of([0.5], "gap")), run={"seed": 1})
    assert (change["kind"], change["moved"]) == ("undecided", None)
    assert change["text"] == "supported as before; effects are not compared: an exact claim on other instances"
    assert only(case(worst_of([0.25], "gap")), case(worst_of([0.25], "gap")), run={"seed": 1})["kind"] == "unchanged"


# 5. Verdicts

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
    before: tuple[str, str | None], after: tuple[str, str | None], regression: bool
) -> None:
    old, new = (case(mean(TRIALS), verdict=verdict, erratum=erratum) for verdict, erratum in (before, after))
    change = only(old, new)
    assert (change["kind"], change["regression"]) == ("verdict", regression)
    assert change["before"] != change["after"]


def test_a_changed_verdict_tells_what_else_changed() -> None:
    before = case(mean(TRIALS), TWO_SIDED)
    after = case(mean(TRIALS + 0.3 + NOISE), Region.below(0), "refuted", reason="a reason")
    change = only(before, after)
    assert (change["before"], change["after"], change["direction"]) == ("supported", "refuted", "up")
    for words in ("was supported, is refuted", "a reason", "the region was between 0.4 and 0.6, is below 0", "+0.3"):
        assert words in change["text"]


def test_a_case_that_no_longer_runs_is_a_regression() -> None:
    change = only(case(mean(TRIALS)), not_run("cifar-10 cannot be had"))
    assert (change["kind"], change["regression"]) == ("verdict", True)
    assert change["text"] == "was supported, is not run; cifar-10 cannot be had"
    assert only(not_run("needs data"), case(mean(TRIALS)))["regression"] is False


# 6. Cases that only one of the two has


def test_what_is_new_and_what_is_gone() -> None:
    old = case(mean(TRIALS), id="old", test="claims/test_one.py::test_x[old]")
    comparison = compare(report(case(mean(TRIALS))), report(old), FILE)
    new, gone = (next(each for each in comparison["changes"] if each["kind"] == kind) for kind in ("new", "gone"))
    assert (new["case"], new["regression"], new["after"], new["before"]) == ("mnist", False, "supported", None)
    assert (gone["case"], gone["regression"], gone["before"], gone["after"]) == ("old", True, "supported", None)
    assert regressions(comparison) == [gone]
    assert counted(comparison) == "1 regression; 1 gone, 1 new"
    assert told(comparison) == [gone]


def test_what_was_not_selected_is_not_gone() -> None:
    comparison = compare(report(), report(case(mean(TRIALS))), FILE, expected=lambda _: False)
    assert comparison["changes"] == []
    assert "Cases of the baseline that were not selected in this run: 1." in comparison["notes"]
    placeholder = not_run("not selected in this run", id="all", test="claims/test_one.py")
    assert compare(report(placeholder), report(placeholder), FILE)["changes"] == []


def test_what_was_cut_off_is_not_compared() -> None:
    cut_off = not_run("the run was interrupted before this case ended")
    comparison = compare(report(cut_off), report(case(mean(TRIALS))), FILE)
    assert comparison["changes"] == []
    assert "Cases that were cut off when the run was interrupted, and are not compared: 1." in comparison["notes"]


def test_a_test_may_move_to_another_module() -> None:
    moved = case(mean(TRIALS), test="claims/test_two.py::test_x[mnist]")
    assert only(case(mean(TRIALS)), moved)["kind"] == "unchanged"


def test_tests_of_one_name_are_told_apart_by_their_modules() -> None:
    one, two = (
        case(mean(TRIALS + shift), test=f"claims/{name}.py::test_x[mnist]") for name, shift in (("one", 0), ("two", 9))
    )
    comparison = compare(report(two, one), report(one, two), FILE)
    assert [change["kind"] for change in comparison["changes"]] == ["unchanged", "unchanged"]


# 7. Runs that are not alike


def test_another_scale_compares_verdicts_of_what_ran_in_both() -> None:
    idle = {"id": "other", "test": "claims/test_one.py::test_x[other]"}
    before = report(case(mean(TRIALS)), case(mean(TRIALS)) | idle)
    after = report(case(mean(TRIALS + 5), verdict="refuted"), not_run("needs --scale paper", **idle), scale="standard")
    comparison = compare(after, before, FILE)
    (change,) = comparison["changes"]
    assert comparison["comparable"] is False
    assert (change["kind"], change["moved"], change["regression"]) == ("verdict", None, True)
    assert comparison["notes"][0].startswith("The scale is standard, the baseline's quick: only verdicts are compared")
    assert "Cases that did not run in one of the runs or in both, and are not compared: 1." in comparison["notes"]


def test_another_model_is_compared_where_both_could_be_asked() -> None:
    idle = {"id": "theory", "test": "claims/test_one.py::test_x[theory]"}
    before = report(case(mean(TRIALS)), case(mean(TRIALS)) | idle)
    after = report(case(mean(TRIALS + 1)), not_run("not about a network", **idle), model="own.py:factory")
    comparison = compare(after, before, FILE)
    (change,) = comparison["changes"]
    assert (change["case"], change["kind"], change["regression"]) == ("mnist", "effect", False)
    assert comparison["comparable"] is True
    assert (
        "The model is own.py:factory, the baseline's built in: moves are what the two models differ by."
        in (comparison["notes"])
    )
    assert "Cases that did not run in one of the runs or in both, and are not compared: 1." in comparison["notes"]


def test_other_content_of_a_dataset_compares_its_cases_by_verdict() -> None:
    synthetic = {"datasets": [], "id": "gaussian", "test": "claims/test_one.py::test_x[gaussian]"}
    cases = [case(mean(TRIALS)), case(mean(TRIALS)) | synthetic]
    comparison = compare(report(*cases, datasets={"mnist": "d2"}), report(*cases), FILE)
    kinds = {change["case"]: (change["kind"], change["text"]) for change in comparison["changes"]}
    assert kinds["gaussian"] == ("unchanged", "the same numbers")
    assert kinds["mnist"] == ("undecided", "supported as before; effects are not compared: other content of mnist")
    assert comparison["comparable"] is True
    assert comparison["notes"][0].startswith("mnist has other content than in the baseline")
    absent = compare(report(*cases, datasets={"mnist": None}), report(*cases), FILE)
    assert {change["kind"] for change in absent["changes"]} == {"unchanged"}


def test_another_model_is_compared_and_said() -> None:
    comparison = compare(report(case(mean(TRIALS)), model="net.py:Mine"), report(case(mean(TRIALS))), FILE)
    assert comparison["notes"][0] == (
        "The model is net.py:Mine, the baseline's built in: moves are what the two models differ by."
    )
    assert comparison["changes"][0]["kind"] == "unchanged"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"effect_label": "another share"}, "another effect is measured, it was share"),
        ({"level": None}, "one is exact, the other is not"),
        ({"effect": None}, "one of them is not a finite number"),
    ],
)
def test_other_effects_are_not_compared(changes: Report, why: str) -> None:
    change = only(case(mean(TRIALS)), case(mean(TRIALS)) | changes)
    assert (change["kind"], change["text"]) == ("undecided", f"supported as before; effects are not compared: {why}")


def test_a_ratio_is_compared_by_intervals() -> None:
    """Its trials are over one mean, whose own uncertainty they do not show."""
    before, after = (share_of(TRIALS + shift, TRIALS + 2, "share", grain=1e-3) for shift in (0, 5))
    assert only(case(before), case(after))["moved"] == pytest.approx([after.low - before.high, after.high - before.low])


def test_an_effect_that_is_no_mean_of_its_trials_is_compared_by_intervals() -> None:
    before, after = (
        case(mean(TRIALS), effect=0.9, interval=[0.8, 1.0]),
        case(mean(TRIALS), effect=1.9, interval=[1.8, 2.0]),
    )
    change = only(before, after)
    assert change["moved"] == pytest.approx([0.8, 1.2])
    assert "(from both intervals)" in change["text"]


# 8. The whole


def test_the_block_follows_the_schema() -> None:
    comparison = compare(report(case(mean(TRIALS + 1))), report(case(mean(TRIALS)), model="m"), FILE)
    assert comparison["baseline"] == {"file": FILE, "commit": "abc", "scale": "quick", "seed": 0, "model": "m"}
    assert comparison["notes"][-1] == MARGIN_RULE
    assert complete(report() | {"schema": SCHEMA, "comparison": comparison})["comparison"] == comparison


def test_regressions_stand_first_then_what_changed_most() -> None:
    def named(name: str, values: Any, verdict: str = "supported") -> dict[str, Any]:
        return case(mean(values), verdict=verdict, id=name, test=f"claims/test_one.py::test_x[{name}]")

    before = [named(name, TRIALS) for name in ("same", "moved", "worse", "gone")] + [named("better", TRIALS, "refuted")]
    after = [named("same", TRIALS), named("moved", TRIALS + 5 + NOISE), named("worse", TRIALS, "refuted")]
    after += [named("better", TRIALS), named("new", TRIALS)]
    changes = compare(report(*after), report(*before), FILE)["changes"]
    assert [change["case"] for change in changes] == ["worse", "gone", "better", "moved", "new", "same"]


@pytest.mark.parametrize("drop", ["region", "trials", "sizes", "method", "resolution", "datasets", "test", "interval"])
def test_a_report_that_leaves_fields_out_is_compared_as_far_as_it_goes(drop: str) -> None:
    def poor(values: Any) -> dict[str, Any]:
        return {key: value for key, value in case(mean(values)).items() if key != drop}

    assert only(poor(TRIALS), poor(TRIALS + 0.01 * NOISE))["kind"] in ("unchanged", "undecided")


def test_three_hundred_cases_take_less_than_a_second() -> None:
    cases = [case(mean(TRIALS + NOISE), id=str(i), test=f"claims/test_one.py::test_x[{i}]") for i in range(300)]
    others = [
        each | {"trials": [trial + 0.1 * noise for trial, noise in zip(each["trials"], NOISE, strict=True)]}
        for each in cases
    ]
    before, after = report(*cases), report(*others)
    start = time.perf_counter()
    compare(after, before, FILE)
    assert time.perf_counter() - start < 1
