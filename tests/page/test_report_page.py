"""The page holds what the report holds: readable by a parser, complete, escaped, the same every time."""

import copy
import itertools
import shlex
import time
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support import page as pages
from support.document.types import Case, Claim, Reading, Report, ReportError
from tests.document.generated import struct, values
from tests.page.tree import Document, Tree, render, require_links, require_own_script

MOST_BYTES = 2_000_000  # a page that a mail system and a phone still take
MOST_SECONDS = 5.0


def test_every_link_leads_to_one_place(tree: Tree) -> None:
    require_links(tree)


def test_nothing_is_loaded_and_only_the_page_s_own_script_runs(tree: Tree, page: str) -> None:
    require_own_script(tree, page)


def test_every_claim_can_be_reached(tree: Tree, document: Document) -> None:
    for claim in document["claims"]:
        assert claim["statement"] in tree.by_id(claim["id"]).text()
        (link,) = [row for row in tree.by_id("summary").every("a") if row.attributes["href"] == f"#{claim['id']}"]
        assert link.text() == claim["id"]


@pytest.mark.parametrize(
    ("claim", "verdicts"),
    [
        ("A-01", ["printed ◐ supported in part (2 of 3)"]),
        ("A-03", ["printed ✗ refuted, as erratum E-1 says", "sound ✓ supported"]),
        ("A-04", ["published ✗ refuted"]),
        ("A-05", ["printed ◇ inconclusive"]),
        ("B-01", ["printed – not run"]),
    ],
)
def test_verdicts_are_words_with_a_shape(tree: Tree, claim: str, verdicts: list[str]) -> None:
    rows = {row.every("a")[0].text(): row for row in tree.by_id("summary").every("tr") if row.every("a")}
    assert [reading.text() for reading in rows[claim].every("div", "by-reading")] == verdicts


def test_a_claim_without_a_test_is_not_covered(tree: Tree) -> None:
    assert "B-02 Nobody has tested this ○ not covered" in tree.by_id("summary").text()
    assert tree.by_id("B-02").tag == "tr"
    assert tree.by_id("B-02").every("td")[-1].text() == "no test yet"


def test_what_did_not_run_says_why(tree: Tree) -> None:
    assert "printed ResNet: needs --scale paper" in tree.by_id("B-01").text()
    assert "printed MNIST: needs --scale paper" in tree.by_id("coverage").text()
    assert "Not run: needs --scale paper." in tree.by_id("A-01").text()


def test_counts(tree: Tree) -> None:
    (table,) = tree.by_id("summary").every("table", "counts")
    rows = {row.every("th")[0].text(): [cell.text() for cell in row.every("td")] for row in table.every("tr")[1:]}
    assert rows == {
        "Claims": ["5", "3", "8"],
        "Claims with a test": ["5", "2", "7"],
        "✓ supported": ["2", "1", "3"],
        "◐ supported in part": ["1", "0", "1"],
        "✗ refuted, as an erratum says": ["1", "0", "1"],
        "✗ refuted, as a finding says": ["0", "0", "0"],
        "✗ refuted, a slip of the summary": ["0", "0", "0"],
        "✗ refuted, not registered": ["1", "0", "1"],
        "✓ supported, against what is registered": ["0", "0", "0"],
        "◇ inconclusive": ["1", "0", "1"],
        "– not run": ["0", "1", "1"],
    }


def test_case_shows_its_record(tree: Tree) -> None:
    text = tree.by_id("A-01-printed-h1-h2").text()
    for expected in (
        "change of spurious accuracy per decade of N",
        "trials: 10, from −0.14 to −0.08",
        "99.9 % interval: Student t over 10 independent trials",
        "resolution: 0.03 at power 90 %",
        "region: falls by more than 0.02 per decade",
        "d = 1000; N = 10, 100, 1000; trials = 10",
        "fresh background , negative: ✗ refuted as expected; 0.001 [−0.008, 0.01]",
    ):
        assert expected in text
    summaries = [case.every("summary")[0].text() for case in tree.by_id("A-01").every("details", "case")]
    assert summaries[0] == "h₁ + h₂ ✓ supported −0.11 [−0.13, −0.09], region below −0.02"
    assert summaries[1] == "h₁ + h₄ ✓ supported −0.11 (−∞, −0.09], region below −0.02"


def test_evidence_is_in_the_json_and_not_on_the_page(page: str) -> None:
    assert "SampleSizeSweep" not in page
    assert ("0123456789abcdef" * 4)[::-1] not in page


def test_protocol_keeps_paragraphs_and_lists(tree: Tree) -> None:
    (protocol,) = tree.by_id("A-01").every("details", "protocol")
    assert protocol.every("summary")[0].text() == "What this run did"
    assert [paragraph.text() for paragraph in protocol.every("p")] == [
        "Spurious accuracy falls as the training set grows.",
        "Decided by the slope over the decimal logarithm of N, per trial.",
        "- SIZES: N from 10 to 1000 - control: a fresh background",
        "Control: fresh background. The query's background was never seen in training.",
    ]
    (listing,) = protocol.every("p", "preformatted")
    assert listing.children == ["- SIZES: N from 10 to 1000\n- control: a fresh background"]


def test_erratum_shows_both_forms(tree: Tree, document: Document) -> None:
    shown = tree.by_id("E-1")
    printed, corrected = (side.text() for side in shown.every("div", "sides")[0].every("p"))
    assert (printed, corrected) == (document["departures"][0]["printed"], document["departures"][0]["corrected"])
    assert document["departures"][0]["changes"] in shown.text()
    assert document["departures"][0]["printed"] in tree.by_id("A-03").every("blockquote")[1].text()
    assert "#E-1" in [link.attributes["href"] for link in tree.by_id("A-03").every("a")]


def test_hostile_texts_stay_texts(tree: Tree, page: str, hostile: str) -> None:
    section = tree.by_id("B-03")
    assert section.text().count(hostile) > 10
    assert page.count("<script") == 1
    assert section.every("b") == section.every("img") == []


def test_a_hostile_command_stays_text(document: Document, make_case: Callable[..., Document]) -> None:
    hostile_test = 'claims/test_x.py::test_y[<img src=x onerror=alert(1)>"\' onclick="]'
    why = {"why": "not asked here", "reason": "words"}
    idle = make_case("not run", "idle", not_run=why, command={"tests": [hostile_test]})
    document["claims"][0]["readings"][0]["cases"].append(idle)
    assert shlex.join(["pytest", hostile_test]) in Tree(render(document)).by_id("A-01").text()


def test_the_same_report_gives_the_same_page_and_is_left_as_it_was(document: Document, page: str) -> None:
    before = copy.deepcopy(document)
    assert render(document) == page
    assert document == before


SEARCHED = {"claims": st.tuples(struct(Claim, readings=st.tuples(struct(Reading, cases=st.tuples(values(Case))))))}


@settings(derandomize=True, database=None, deadline=None, max_examples=20, suppress_health_check=list(HealthCheck))
@given(struct(Report, **SEARCHED))
def test_every_report_can_be_drawn_or_its_formula_is_named(report: Report) -> None:
    try:
        said = pages.render(report)
    except ReportError as error:
        said = str(error)
    assert said.startswith(("<!DOCTYPE html>", "formula "))


def test_the_model_under_test_is_named(document: Document, tree: Tree, hostile: str) -> None:
    assert tree.root.every("title")[0].text() == tree.root.every("h1")[0].text() == "Claim report"
    document["run"]["model"] = hostile
    named = Tree(render(document))
    assert named.root.every("title")[0].text() == named.root.every("h1")[0].text() == f"Claim report for {hostile}"


def a_whole_suite(document: Document, make_case: Callable[..., Document], make_panel: Callable[..., Document]) -> None:
    """400 cases on 80 claims, 32 panels, as full as those of a real run."""
    template, control = document["claims"][0], make_case()["controls"][0]
    curves = [[0.9 - 0.01 * step for step in range(10)] for _ in range(10)]
    trials = [-0.1 - 0.001 * trial for trial in range(40)]
    document["claims"] = []
    for number in range(80):
        panels = []
        if number < 32:
            panel = make_panel("curve", curves, figure=f"Paper A, Figure {number // 4}", order=number % 4)
            panel["panel"] = f"panel {number % 4}"
            panel["lines"] = [
                {**panel["lines"][0], "label": f"curve {line}", "x": list(range(1, 11)), "color": line}
                for line in range(4)
            ]
            panels = [panel]
        controls = [control | {"trials": trials, "name": name} for name in ("fresh", "permuted")]
        cases = [make_case(name=f"case {index}", trials=trials, controls=controls, panels=panels) for index in range(5)]
        reading = {"reading": "printed", "verdict": "supported", "tested": 5, "settings": 5, "cases": cases}
        document["claims"].append({**template, "id": f"A-{number:02d}", "readings": [reading]})


def test_a_whole_suite_stays_small_and_is_built_at_once(
    document: Document, make_case: Callable[..., Document], make_panel: Callable[..., Document]
) -> None:
    a_whole_suite(document, make_case, make_panel)
    began = time.process_time()
    page = render(document)
    assert time.process_time() - began < MOST_SECONDS
    assert len(page.encode()) < MOST_BYTES
    assert page.count('<details class="paper-figure"') == 8
    assert page.count('<details class="case"') == 400


def with_makers(document: Document, *makers: str | None) -> str:
    """The page where the pieces of evidence were computed with these, in turn."""
    changed, turns = copy.deepcopy(document), itertools.cycle(makers)
    cases = [case for claim in changed["claims"] for reading in claim["readings"] for case in reading["cases"]]
    for number, case in enumerate(cases):
        for entry in case.get("evidence", ()):
            entry |= {"key": f"{number:064d}", "made": next(turns)}
    return render(changed)


def test_the_page_says_what_evidence_was_computed_with(document: Document) -> None:
    cpu, gpu = "cpu, Python 3.11.7, torch 2.13.0", "cuda, Python 3.12.3, torch 2.11.0"
    alike, mixed, unknown = with_makers(document, cpu), with_makers(document, cpu, gpu), with_makers(document, None)
    assert f"<dt>Trials computed with</dt><dd>{cpu}</dd>" in alike
    assert f"<dt>Trials computed with</dt><dd>{cpu}; {gpu}</dd>" in mixed
    assert "computed with" not in unknown


def test_the_page_says_of_every_case_where_its_trials_are_from(document: Document) -> None:
    """In the case, and over all cases; nothing of reports that do not know."""
    assert "trials from: " not in render(document)
    changed = copy.deepcopy(document)
    first, second = [case for claim in changed["claims"] for reading in claim["readings"] for case in reading["cases"]][
        :2
    ]
    first["sources"] = {"computed": 3, "read": [{"place": "<b>pack", "trials": 4}], "rechecked": 2}
    second["sources"] = {"computed": 1}
    page = render(changed)
    said = "3 computed in this run, 4 read from &lt;b&gt;pack; of them 2 rechecked, with the same numbers"
    assert f"; trials from: {said.replace(' from &lt;b&gt;pack', '')}.</p>" in page
    assert "; trials from: 1 computed in this run.</p>" in page
    over_all = f"{said.replace('3 computed', '4 computed')} (a case that names no place has its trials from "
    assert f"rests on them</dt><dd>{over_all}&lt;b&gt;pack)</dd>" in page
    first["sources"]["read"] += [{"place": "another", "trials": 3}]
    assert "; trials from: 3 computed in this run, 4 read, 3 read from another; of them 2 rechecked" in render(changed)
    first["sources"], second["sources"] = {"read": [{"place": "pack", "trials": 4}]}, None
    assert "trials from: " not in render(changed)
    assert "(a case that names no place has its trials from pack)" in render(changed)
    first["sources"], second["sources"] = {"read": [{"trials": 4}]}, None  # all as one expects it
    assert "trials from: " not in render(changed)
    first["sources"] = {"read": [{"trials": 4}], "proven": 4}
    assert "; trials of earlier code, proven to give the same numbers.</p>" in render(changed)
    first["sources"] = {"read": [{"trials": 4}], "proven": 3}
    assert "; trials from: 4 read; of them 3 by earlier code.</p>" in render(changed)
    assert "4 read from one’s own evidence; of them 3 by earlier code that was proven" in render(changed)
