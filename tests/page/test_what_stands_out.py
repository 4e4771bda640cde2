"""What a reader must see first: alarms, departures from what is registered, readings in part."""

import copy
from collections.abc import Callable

import pytest

from tests.page.tree import Document, Tree, render, require_links


def test_unexpected_verdicts_stand_at_the_top(tree: Tree) -> None:
    listed = [item.text() for item in tree.by_id("attention").every("li")]
    assert [item.split()[0] for item in listed] == ["A-04", "A-05"]
    assert "the 99.9 % interval [−0.01, 0.03] lies outside the region" in listed[0]
    assert listed[1].endswith("= −0.02 [−0.05, 0.01], the claim holds for effects falls by more than 0.02 per decade")


def only(document: Document, claim: str) -> Document:
    kept = [entry for entry in document["claims"] if entry["id"] == claim]
    return {**document, "claims": kept}


def attention(document: Document) -> str:
    return Tree(render(document)).by_id("attention").text()


def departed(document: Document, departure: str, kind: str) -> Tree:
    """The page where A-03 departs from what is printed by this in place of the erratum."""
    document["claims"][2]["readings"][0]["departure"] = departure
    document["departures"][0] |= {"id": departure, "kind": kind, "formerly": "E-1"}
    return Tree(render(document))


def test_a_slip_of_the_summary_is_not_charged_to_the_authors(document: Document) -> None:
    tree = departed(document, "S-1", "slip")
    require_links(tree)
    assert "summary ✗ refuted, slip S-1 of the summary" in tree.by_id("summary").text()
    section = tree.by_id("slips")
    assert [title.text() for title in section.every("h2")] == ["Slips of the summary 1"]
    assert "The authors of the paper did not write it" in section.text()
    shown = tree.by_id("S-1").text()
    assert "As the summary has it" in shown
    assert "E-1 in earlier reports" in shown
    assert "printed" not in shown.replace(document["departures"][0]["explanation"], "")
    assert "As printed" not in tree.by_id("A-03").text()
    assert "Reading: summary" in tree.by_id("A-03").text()
    assert "errata" not in [element.attributes.get("id") for element in tree.elements]


def test_a_finding_stands_apart_from_errata(document: Document) -> None:
    tree = departed(document, "F-3", "finding")
    require_links(tree)
    assert "printed ✗ refuted, as finding F-3 says" in tree.by_id("summary").text()
    assert "None of these is an error in a paper" in tree.by_id("findings").text()
    (table,) = tree.by_id("summary").every("table", "counts")
    rows = {row.every("th")[0].text(): row.every("td")[-1].text() for row in table.every("tr")[1:]}
    assert (rows["✗ refuted, as an erratum says"], rows["✗ refuted, as a finding says"]) == ("0", "1")


def test_a_reading_names_all_that_it_departs_from(document: Document, make_case: Callable[..., Document]) -> None:
    reading, outside = document["claims"][2]["readings"][0], {"effect": 0.01, "interval": [-0.01, 0.03]}
    names = ("F-10", "F-2", "F-2")
    reading["cases"] = [make_case("refuted", str(index), departure=name, **outside) for index, name in enumerate(names)]
    reading |= {"tested": 3, "settings": 3}
    document["claims"][2]["rests_on"] = ["A-02"]
    tree = Tree(render(document))
    assert "printed ✗ refuted, as findings F-2 and F-10 say" in tree.by_id("summary").text()
    assert "A-03 ✗ F-2/10 printed" in tree.by_id("foundations").text()


def test_a_reading_in_part_never_has_a_bare_tick(document: Document) -> None:
    document["claims"][1]["rests_on"] = ["A-01"]
    tree = Tree(render(document))
    words = "◐ supported in part (2 of 3)"
    assert words in tree.by_id("summary").text()
    assert words in tree.by_id("A-01").every("ul", "verdicts")[0].text()
    assert "A-01 ◐ 2/3" in tree.by_id("foundations").text()


def test_counts_that_the_cases_do_not_bear_out_are_an_alarm(document: Document) -> None:
    report = only(document, "A-01")
    report["claims"][0]["readings"][0]["settings"] = 2
    assert "Recorded as tested in 2 of 2 settings, its cases make it 2 of 3." in attention(report)


def test_a_refutation_with_erratum_is_no_alarm(document: Document) -> None:
    assert "Every verdict reached in this run is as registered" in attention(only(document, "A-03"))


def test_an_erratum_that_does_not_hold_is_an_alarm(document: Document) -> None:
    report = only(document, "A-01")
    report["claims"][0]["readings"][0]["departure"] = "E-1"
    assert "Supported, although registered as not holding 2" in attention(report)


def test_a_case_refuted_beside_one_with_erratum_is_an_alarm(
    document: Document, make_case: Callable[..., Document]
) -> None:
    report = only(document, "A-03")
    reading = report["claims"][0]["readings"][0]
    outside = {"effect": 0.01, "interval": [-0.01, 0.03]}
    reading["cases"] = [
        make_case("refuted", "known", departure="E-1", **outside),
        make_case("refuted", "new", **outside),
    ]
    reading |= {"tested": 2, "settings": 2}
    tree = Tree(render(report))
    assert "A-03 printed, new: Refuted" in tree.by_id("attention").text()
    assert "known" not in tree.by_id("attention").text()
    assert "printed ✗ refuted sound" in tree.by_id("summary").text()


def test_a_control_that_is_undecided_waits_with_its_case(document: Document) -> None:
    report = only(document, "A-02")
    case = report["claims"][0]["readings"][0]["cases"][0]
    case["verdict"], case["reason"] = "inconclusive", "the interval crosses the edge"
    case["controls"][0] |= {"verdict": "inconclusive"}
    assert "Controls that did not come out" not in attention(report)
    assert "controls that did not come out: other projector" in attention(report)
    case["verdict"] = "supported"
    assert "other projector: expected refuted, got inconclusive." in attention(report)


@pytest.mark.parametrize(("count", "folded"), [(6, 0), (7, 7)])
def test_many_undecided_cases_fold(
    document: Document, make_case: Callable[..., Document], count: int, folded: int
) -> None:
    report = only(document, "A-02")
    reading = report["claims"][0]["readings"][0]
    crossing = {"effect": 0.0, "interval": [-0.1, 0.1], "controls": []}
    reading["cases"] = [make_case("inconclusive", f"case {number}", **crossing) for number in range(count)]
    reading |= {"verdict": "inconclusive", "tested": count, "settings": count}
    box = Tree(render(report)).by_id("attention")
    assert len(box.every("li")) == count
    assert sum(len(fold.every("li")) for fold in box.every("details")) == folded
    assert ("each with why" in box.text()) == bool(folded)
    assert f"Inconclusive {count}" in box.text()


def test_open_questions_come_after_what_was_found_and_alarms_before(document: Document) -> None:
    report = only(document, "A-02")
    case = report["claims"][0]["readings"][0]["cases"][0]
    undecided = {"verdict": "inconclusive", "effect": 0.0, "interval": [-0.1, 0.1], "controls": []}
    case |= undecided
    report["claims"][0]["readings"][0] |= {"verdict": "inconclusive"}
    page = render(report)
    assert page.index('id="first"') < page.index('id="attention"')
    (line,) = [each for each in Tree(page).root.every("p", "attention") if "open" in each.attributes["class"]]
    assert line.text() == "Not as registered: inconclusive (1). Each with why ."
    assert page.index('class="attention raised open"') < page.index('id="first"')
    for change in ({"complete": False}, {}):
        alarmed = copy.deepcopy(report)
        alarmed["run"] |= change
        if not change:
            alarmed["claims"][0]["readings"][0]["cases"][0] |= {"verdict": "refuted", "interval": [0.5, 0.6]}
        page = render(alarmed)
        assert page.index('id="attention"') < page.index('id="first"')
        assert "attention raised open" not in page


def test_a_control_that_did_not_come_out_is_an_alarm(document: Document) -> None:
    report = only(document, "A-02")
    case = report["claims"][0]["readings"][0]["cases"][0]
    case["verdict"], case["reason"] = "inconclusive", "a control did not come out"
    case["controls"][0] |= {"verdict": "supported", "interval": [0.0, 1e-9]}
    text = attention(report)
    assert "other projector: expected refuted, got supported." in text
    assert "controls that did not come out: other projector" in text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"interval": [-0.13, -0.01]},
            "supported, but the recorded interval lies across an edge of the recorded region",
        ),
        ({"interval": None}, "supported, but no interval was recorded"),
        ({"verdict": "refuted"}, "refuted, but the recorded interval lies inside the recorded region"),
        ({"verdict": "inconclusive"}, "inconclusive, but the recorded interval lies inside"),
        ({"verdict": "inconclusive"}, "recorded as supported, its cases make it inconclusive"),
    ],
)
def test_a_verdict_against_its_own_numbers_is_an_alarm(document: Document, change: Document, message: str) -> None:
    report = only(document, "A-03")
    del report["claims"][0]["readings"][0]
    report["claims"][0]["readings"][0]["cases"][0] |= change
    assert message in attention(report)


def test_a_test_that_broke_down_is_an_alarm(document: Document) -> None:
    report = only(document, "B-01")
    why = {"why": "error", "reason": "error, no verdict: ValueError: alpha"}
    report["claims"][0]["readings"][0]["cases"][0]["not_run"] = why
    text = attention(report)
    assert "Failed before reaching a verdict 1 B-01 printed, ResNet: error, no verdict: ValueError" in text


def test_an_incomplete_run_from_a_changed_tree_says_so(document: Document) -> None:
    document["run"] |= {"complete": False, "dirty": True}
    text = attention(document)
    assert "This run is not complete" in text
    assert "The working tree had uncommitted changes" in text


def test_a_run_that_decided_nothing_claims_nothing(document: Document) -> None:
    assert "No claim was decided in this run." in attention(only(document, "B-02"))
    empty = {**document, "claims": [], "departures": [], "papers": {}, "run": {}}
    assert "No claim was decided in this run." in attention(empty)
