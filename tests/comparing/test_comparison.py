"""What changed between two reports: verdicts, cases of only one, runs that are not alike, and the whole comparison."""

import time
from typing import Any

import pytest
from msgspec.structs import replace

from support.comparing.comparison import compare
from support.comparing.moves import MARGIN_RULE
from support.comparing.wording import counted, verdict_rows
from support.document.changes import Baseline
from support.document.reading import parse
from support.document.types import Case, Verdict
from support.document.writing import encoded
from support.statistics import Region
from tests.comparing.handmade import FILE, NOISE, TRIALS, TWO_SIDED, case, mean, not_run, only, report

# 1. Verdicts

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


# 2. Cases that only one of the two has


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


# 3. Runs that are not alike


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


# 4. The whole


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
