"""The page holds what the report holds: readable by a parser, complete, escaped, the same every time."""

import base64
import copy
import hashlib
import itertools
import json
import re
import shlex
import time
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support import page as pages
from support.document.changes import Comparison
from support.document.reading import parse
from support.document.types import Case, Claim, Reading, Report, ReportError
from support.page.moves import moves_picture
from tests.document.generated import struct, values
from tests.fuzzing.oracles import OWN_PICTURES

Document = dict[str, Any]
VOID = {"meta", "link", "br", "hr", "img", "input", "wbr", "col", "source"}
MOST_BYTES = 2_000_000  # a page that a mail system and a phone still take
MOST_SECONDS = 5.0


def render(document: Document) -> str:
    """The page of a report, from the data of its JSON."""
    return pages.render(parse(json.dumps(document).encode()))


class Element:
    def __init__(self, tag: str, attributes: dict[str, str], parent: "Element | None") -> None:
        self.tag, self.attributes, self.parent = tag, attributes, parent
        self.children: list[Element | str] = []

    def every(self, tag: str, kind: str = "") -> "list[Element]":
        """All elements below this one with a tag and, where given, a class."""
        found = []
        for child in self.children:
            if isinstance(child, Element):
                if child.tag == tag and (not kind or kind in child.attributes.get("class", "").split()):
                    found.append(child)
                found += child.every(tag, kind)
        return found

    def text(self) -> str:
        parts = [child if isinstance(child, str) else child.text() for child in self.children]
        return " ".join(" ".join(parts).split())


class Tree(HTMLParser):
    """Parses strictly: every element is closed, in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.root = Element("", {}, None)
        self.now = self.root
        self.elements: list[Element] = []
        self.feed(page)
        self.close()
        assert self.now is self.root, f"<{self.now.tag}> is never closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> repeats an attribute: {names}"
        element = Element(tag, {name: value or "" for name, value in attrs}, self.now)
        self.now.children.append(element)
        self.elements.append(element)
        if tag not in VOID:
            self.now = element

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.now.tag == tag, f"</{tag}> closes <{self.now.tag}> at {self.getpos()}"
        assert self.now.parent is not None
        self.now = self.now.parent

    def handle_data(self, data: str) -> None:
        self.now.children.append(data)

    def by_id(self, anchor: str) -> Element:
        (found,) = [element for element in self.elements if element.attributes.get("id") == anchor]
        return found


@pytest.fixture(scope="module")
def tree(page: str) -> Tree:
    return Tree(page)


def test_every_link_leads_to_one_place(tree: Tree) -> None:
    ids = [element.attributes["id"] for element in tree.elements if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    assert not [anchor for anchor in ids if re.search(r"\s", anchor)]
    links = [element.attributes["href"] for element in tree.elements if "href" in element.attributes]
    assert len(links) > len(ids) / 4
    assert [link for link in links if not link.startswith("#") or link[1:] not in ids] == []
    labelled = [element.attributes.get("aria-labelledby", "") for element in tree.elements]
    assert [name for names in labelled for name in names.split() if name not in ids] == []


def test_nothing_is_loaded_and_only_the_page_s_own_script_runs(tree: Tree, page: str) -> None:
    assert not {"link", "iframe", "object"} & {element.tag for element in tree.elements}
    assert {element.attributes["src"] for element in tree.root.every("img")} <= OWN_PICTURES
    handlers = [name for element in tree.elements for name in element.attributes if name.startswith("on")]
    assert handlers == []
    assert re.findall(r"https?://(?!arxiv\.org/abs/)|@import|url\((?!#)", page) == []
    (script,) = tree.root.every("script")
    own = "".join(child for child in script.children if isinstance(child, str))
    (policy,) = [meta for meta in tree.root.every("meta") if "http-equiv" in meta.attributes]
    digest = base64.b64encode(hashlib.sha256(own.encode()).digest()).decode()
    assert policy.attributes["content"].startswith("default-src 'none'; ")
    assert f"script-src 'sha256-{digest}';" in policy.attributes["content"]


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


def test_unexpected_verdicts_stand_at_the_top(tree: Tree) -> None:
    listed = [item.text() for item in tree.by_id("attention").every("li")]
    assert [item.split()[0] for item in listed] == ["A-04", "A-05"]
    assert "the 99.9 % interval [−0.01, 0.03] lies outside the region" in listed[0]
    assert "lies neither inside nor outside the region" in listed[1]


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
    test_every_link_leads_to_one_place(tree)
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
    test_every_link_leads_to_one_place(tree)
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


def test_a_control_that_did_not_come_out_is_an_alarm(document: Document) -> None:
    report = only(document, "A-02")
    case = report["claims"][0]["readings"][0]["cases"][0]
    case["verdict"], case["reason"] = "inconclusive", "a control did not come out"
    case["controls"][0] |= {"verdict": "supported", "interval": [0.0, 1e-9]}
    text = attention(report)
    assert "other projector: expected refuted, got supported." in text
    assert "1 of 1 controls did not come out." in text


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
    assert summaries[0] == "h₁ + h₂ ✓ supported −0.11 [−0.13, −0.09] , region below −0.02"
    assert summaries[1] == "h₁ + h₄ ✓ supported −0.11 (−∞, −0.09] , region below −0.02"


def test_evidence_is_in_the_json_and_not_on_the_page(page: str) -> None:
    assert "SampleSizeSweep" not in page
    assert ("0123456789abcdef" * 4)[::-1] not in page


def test_numbers_can_be_taken_from_the_page(tree: Tree) -> None:
    values = [element.attributes["value"] for element in tree.by_id("A-02").every("data")]
    assert "3.1e-12" in values
    assert "[0.0, 4e-12]" in values


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


@pytest.fixture
def derived(document: Document, make_formula: Callable[..., Document]) -> Document:
    """A derivation in two chapters, handed in by A-02 and by both readings of A-03."""
    first, second = make_formula(order=1), make_formula("The accuracy", 2.5, plain="ACC = Φ(γ)")
    printed = make_formula("The margin", 4, plain="m = γ", text="As in Theorem 3.", erratum="E-1", side="printed")
    corrected = make_formula("The margin", 2, plain="m = γ/2", erratum="E-1", side="corrected")
    elsewhere = make_formula("The bound", 1, chapter="Norms", plain="z < 1")
    given = {("A-02", 0): [second, first], ("A-03", 0): [printed], ("A-03", 1): [elsewhere, corrected, first]}
    for claim in document["claims"]:
        for index, reading in enumerate(claim["readings"]):
            reading["cases"][0]["formulas"] = given.get((claim["id"], index), [])
    return document


def test_a_page_without_formulas_has_no_derivations(tree: Tree, page: str) -> None:
    assert "derivations" not in [element.attributes.get("id") for element in tree.elements]
    assert "math" not in [element.tag for element in tree.elements]
    assert "Derivations" not in page
    assert len(tree.by_id("E-1").every("div", "sides")) == 1


def test_steps_stand_in_order_under_their_chapters(derived: Document) -> None:
    section = Tree(render(derived)).by_id("derivations")
    chapters = section.every("section", "chapter")
    assert [chapter.every("h3")[0].text() for chapter in chapters] == ["The linear model", "Norms"]
    assert [[step.text() for step in chapter.every("h4")] for chapter in chapters] == [
        ["The minimiser", "The margin corrected, see erratum E-1", "The accuracy"],
        ["The bound"],
    ]


def test_a_step_shows_its_text_formula_and_plain_form(derived: Document) -> None:
    tree = Tree(render(derived))
    step = tree.by_id("formula-The-minimiser")
    (box,) = step.every("div", "formula")
    (formula,) = box.every("math")
    assert formula.attributes["display"] == "block"
    assert [element.tag for element in formula.every("mfrac")[0].children if isinstance(element, Element)] == [
        "mi",
        "mn",
    ]
    assert (box.attributes["tabindex"], box.attributes["aria-label"]) == ("0", "Formula: The minimiser")
    assert [code.text() for code in step.every("code")] == ["b = γ/2"]
    assert [child.tag for child in step.children if isinstance(child, Element)] == ["h4", "p", "div", "p", "p"]
    assert step.every("p")[0].text() == "The gradient of the loss vanishes."


def test_a_step_handed_in_twice_stands_once_with_both_cases(derived: Document) -> None:
    tree = Tree(render(derived))
    step = tree.by_id("formula-The-minimiser")
    assert "Decided by A-02 printed, identity ✓ supported ; A-03 sound, h₁ + h₂ ✓ supported ." in step.text()
    assert [link.attributes["href"] for link in step.every("a")] == ["#A-02-printed-identity", "#A-03-sound-h1-h2"]


def test_a_claim_leads_to_its_formulas(derived: Document) -> None:
    tree = Tree(render(derived))
    test_every_link_leads_to_one_place(tree)
    links = {link.text(): link.attributes["href"] for link in tree.by_id("A-02").every("a")}
    assert links["The accuracy"] == "#formula-The-accuracy"
    for claim, said in [
        ("A-02", "Formulas: The minimiser , The accuracy ."),
        ("A-03", "Formulas: The minimiser , The margin corrected, The margin as printed, The bound ."),
    ]:
        assert said in tree.by_id(claim).text()
    assert "Formulas:" not in tree.by_id("A-01").text()
    assert "Derivations" in [link.text() for link in tree.root.every("nav")[0].every("a")]


def test_an_erratum_shows_its_formulas_side_by_side(derived: Document) -> None:
    tree = Tree(render(derived))
    _, formulas = tree.by_id("E-1").every("div", "sides")
    sides = [side for side in formulas.children if isinstance(side, Element)]
    assert [side.every("h4")[0].text() for side in sides] == ["As printed", "Corrected"]
    assert [len(side.every("math")) for side in sides] == [1, 1]
    assert [[code.text() for code in side.every("code")] for side in sides] == [["m = γ"], ["m = γ/2"]]
    assert "Decided by A-03 printed, h₁ + h₂ ✗ refuted, as erratum E-1 says ." in sides[0].text()
    assert tree.by_id(sides[0].attributes["id"]) is sides[0]
    corrected = next(child for child in tree.by_id("derivations").every("li") if "The margin" in child.text())
    assert f"#{corrected.attributes['id']}" in [link.attributes["href"] for link in sides[1].every("a")]


def test_formulas_of_an_erratum_stand_in_order_and_beside_their_namesakes(
    derived: Document, make_formula: Callable[..., Document]
) -> None:
    given = [("c", 3, "printed"), ("a", 1, "printed"), ("c", 7, "corrected"), ("other", 8, "corrected"), ("b", 9, None)]
    derived["claims"][2]["readings"][0]["cases"][0]["formulas"] += [
        make_formula(name, order, plain=name, erratum=side and "E-1", side=side) for name, order, side in given
    ]
    _, *rows = Tree(render(derived)).by_id("E-1").every("div", "sides")
    assert [[title.text() for title in row.every("h5")] for row in rows] == [
        ["a", "other"],
        ["c", "c"],
        ["The margin", "The margin"],
    ]


@pytest.mark.parametrize("side", ["printed", "corrected"])
def test_a_formula_of_an_erratum_may_stand_alone(
    derived: Document, make_formula: Callable[..., Document], side: str
) -> None:
    for claim in derived["claims"]:
        for reading in claim["readings"]:
            reading["cases"][0]["formulas"] = []
    derived["claims"][0]["readings"][0]["cases"][0]["formulas"] = [make_formula(erratum="E-1", side=side)]
    page = render(derived)
    tree = Tree(page)
    test_every_link_leads_to_one_place(tree)
    assert len(tree.by_id("E-1").every("math")) == 1
    assert "Derivations" not in page


def test_a_corrected_formula_is_not_what_its_erratum_refutes(derived: Document) -> None:
    printed, sound = (reading["cases"][0] for reading in derived["claims"][2]["readings"])
    printed["formulas"].append(sound["formulas"][1])
    tree = Tree(render(derived))
    both = "Decided by A-03 sound, h₁ + h₂ ✓ supported . The printed form is decided by A-03 printed, h₁ + h₂ ✗ refuted"
    _, corrected = tree.by_id("E-1").every("div", "step")
    assert "Decided by A-03 sound, h₁ + h₂ ✓ supported . A step of" in corrected.text()
    assert both in tree.by_id("derivations").text()
    del sound["formulas"][1]
    _, corrected = Tree(render(derived)).by_id("E-1").every("div", "step")
    assert "Decided by" not in corrected.text()


def test_a_chapter_of_printed_and_corrected_formulas_stands_under_errata_alone(
    derived: Document, make_formula: Callable[..., Document]
) -> None:
    derived["claims"][2]["readings"][1]["cases"][0]["formulas"] = [
        make_formula("The norm", 1, chapter="Errata", erratum="E-1", side=side) for side in ("printed", "corrected")
    ]
    tree = Tree(render(derived))
    test_every_link_leads_to_one_place(tree)
    assert [chapter.text() for chapter in tree.by_id("derivations").every("h3")] == ["The linear model"]
    assert [title.text() for title in tree.by_id("E-1").every("h5")] == ["The margin", "The norm", "The norm"]


def test_what_is_printed_stands_in_the_chapter_where_its_erratum_is_unknown(derived: Document) -> None:
    derived["departures"] = []
    tree = Tree(render(derived))
    test_every_link_leads_to_one_place(tree)
    steps = [step.text() for step in tree.by_id("derivations").every("h4")]
    assert "The margin as printed, see erratum E-1" in steps


def test_a_formula_of_two_minds_is_refused(derived: Document) -> None:
    handed = derived["claims"][2]["readings"][1]["cases"][0]["formulas"]
    handed[2] = handed[2] | {"plain": "b = γ/3"}
    with pytest.raises(
        ReportError,
        match=r"^formula 'The minimiser' of chapter 'The linear model': A-02 identity and A-03 h1\+h2 differ in its "
        r"plain$",
    ):
        render(derived)


def test_a_formula_that_runs_is_refused(derived: Document) -> None:
    derived["claims"][1]["readings"][0]["cases"][0]["formulas"][0]["mathml"] = "<script>alert(1)</script>"
    with pytest.raises(ReportError, match="formula 'The accuracy': <script> is no element of a formula"):
        render(derived)


def test_hostile_texts_of_a_formula_stay_texts(
    derived: Document, make_formula: Callable[..., Document], hostile: str
) -> None:
    named = dict.fromkeys(("chapter", "plain", "text"), hostile)
    derived["claims"][0]["readings"][0]["cases"][0]["formulas"] = [make_formula(hostile, 1, **named)]
    page = render(derived)
    test_nothing_is_loaded_and_only_the_page_s_own_script_runs(Tree(page), page)
    assert Tree(page).by_id("derivations").text().count(hostile) == 5


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


QUESTIONS = [
    "What is claimed",
    "Is it true here?",
    "How sure, and could the test have failed?",
    "On what evidence",
    "Check it",
]


def test_every_claim_answers_the_same_questions_in_order(tree: Tree) -> None:
    sections = tree.root.every("section", "claim")
    assert len(sections) > 4
    for section in sections:
        assert [heading.text() for heading in section.every("h4")] == QUESTIONS


def test_a_case_answers_them_too(tree: Tree) -> None:
    body = tree.by_id("A-01-printed-h1-h2")
    kinds = [child.attributes.get("class") for child in body.children if isinstance(child, Element)]
    assert kinds == ["decision", "controls", "record"]


def test_a_case_that_is_not_plainly_supported_says_why(tree: Tree) -> None:
    assert "the 99.9 % interval [−0.01, 0.03] lies outside the region" in tree.by_id("A-04").text()
    assert tree.by_id("A-01").every("p", "sentence")[0].text() == "Not run: needs --scale paper."


def test_a_claim_shows_what_the_register_says_of_it(document: Document) -> None:
    said = {
        "quote": "We find that it falls.",
        "protocol": "The paper used d = 1000 throughout.",
        "published_numbers": "From 0.9 to 0.5.",
        "refuted_by": "A slope above −0.02.",
    }
    document["claims"][0] |= {
        **said,
        "rests_on": ["A-02", "Z-99"],
        "covered_by": ["claims/kernels/test_sample_size.py"],
    }
    document["papers"]["A"]["source"] = "Text at hand: all of it."
    tree = Tree(render(document))
    text = tree.by_id("A-01").text()
    for value in said.values():
        assert value in text
    assert "Rests on A-02 ." in text
    assert "Carries A-01 ." in tree.by_id("A-02").text()
    assert "claims/kernels/test_sample_size.py" in tree.by_id("coverage").text()
    assert "Text at hand: all of it." in tree.by_id("cite").text()


def test_a_claim_names_its_data_with_their_digests(document: Document) -> None:
    document["claims"][0]["readings"][0]["cases"][0]["datasets"] = ["mnist", "cifar10"]
    text = Tree(render(document)).by_id("A-01").text()
    assert "Scale quick, seed 0, cpu; the run . Data MNIST 0123456789ab , Data cifar10." in text
    assert "data: MNIST, cifar10" in text


def test_one_command_runs_a_claim_again(tree: Tree) -> None:
    assert tree.by_id("A-01").every("p", "check")[0].text() == (
        "pytest claims/kernels/test_sample_size.py::test_falls claims/test_x.py::test_z --scale quick --seed 0"
    )


def test_what_has_not_run_is_checked_at_a_scale_at_which_it_does(tree: Tree) -> None:

    (check,) = [fact for fact in tree.by_id("A-01").every("code") if "test_z[mnist]" in fact.text()]
    assert check.text() == "pytest 'claims/test_x.py::test_z[mnist]' --scale paper"


def test_the_command_of_a_claim_has_every_option_of_its_cases(document: Document) -> None:
    command = document["claims"][1]["readings"][0]["cases"][0]["command"]
    command |= {"scale": "paper", "device": "cuda", "recorded": True}
    (check,) = Tree(render(document)).by_id("A-02").every("p", "check")
    assert check.text().endswith("test_falls --scale paper --seed 0 --device cuda --recorded")


def test_looks_and_what_was_left_out_stand_with_the_sizes(document: Document) -> None:
    case = document["claims"][0]["readings"][0]["cases"][0]
    case["sizes"], case["look"] = {"d": 1000}, {"trials": 12, "budget": 160}
    case["exclusions"] = [{"rule": "a network at chance", "dropped": 2, "trials": 12}]
    text = Tree(render(document)).by_id("A-01-printed-h1-h2").text()
    assert "d = 1000; a network at chance = 2; trials = 12; budget of trials = 160" in text


SEARCHED = {"claims": st.tuples(struct(Claim, readings=st.tuples(struct(Reading, cases=st.tuples(values(Case))))))}


@settings(derandomize=True, database=None, deadline=None, max_examples=20, suppress_health_check=list(HealthCheck))
@given(struct(Report, **SEARCHED))
def test_every_report_can_be_drawn_or_its_formula_is_named(report: Report) -> None:
    try:
        said = pages.render(report)
    except ReportError as error:
        said = str(error)
    assert said.startswith(("<!DOCTYPE html>", "formula "))


def test_coverage_lists_what_is_not_covered_in_full(tree: Tree) -> None:
    rows = tree.by_id("coverage").every("tr")[1:]
    states = {row.every("th")[0].text(): row.every("td")[1].text() for row in rows}
    assert states == {"A-01": "◐ covered in part", "B-01": "– not run", "B-02": "○ not covered"}


@pytest.fixture
def founded(document: Document) -> Document:
    rests = {"A-03": ["A-02"], "A-01": ["A-03", "A-02"], "A-04": ["A-03", "Z-99"], "A-02": ["A-01"], "A-05": ["A-05"]}
    for claim in document["claims"]:
        claim["rests_on"] = rests.get(claim["id"], [])
    return document


def test_the_graph_puts_each_claim_right_of_those_it_rests_on(founded: Document) -> None:
    tree = Tree(render(founded))
    test_every_link_leads_to_one_place(tree)
    (graph,) = tree.by_id("foundations").every("figure", "graph")
    place = {
        link.attributes["href"][1:]: [float(box.attributes["x"]) for box in link.every("svg")]
        for link in graph.every("a")
    }
    assert list(place) == ["A-02", "A-03", "A-01", "A-04"]  # what would close a circle is left out
    assert place["A-02"] < place["A-03"] < place["A-01"] == place["A-04"]
    (edges,) = graph.every("path", "edge")
    assert edges.attributes["d"].count("M") == 4
    assert "A-03 ✗ E-1 printed ✓ sound" in graph.text()


def test_without_foundations_there_is_no_graph(tree: Tree) -> None:
    assert "foundations" not in [element.attributes.get("id") for element in tree.elements]


def a_change(kind: str, **fields: Any) -> Document:
    known = {"claim": "A-01", "reading": "printed", "case": "h1+h2", "text": kind, "regression": False}
    return {**known, "kind": kind, **fields}


def test_verdicts_that_changed_stand_with_those_first_that_were_registered(document: Document, hostile: str) -> None:
    document["comparison"] = {
        "baseline": {"file": hostile, "commit": "0123456789abcdef", "scale": "quick", "seed": 0},
        "comparable": True,
        "notes": [hostile],
        "changes": [
            a_change("effect", moved=[0.01, 0.02], before="0.1", after="0.115"),
            a_change("unchanged"),
            a_change("verdict", before="supported", after="refuted", regression=True, text=hostile),
            a_change("gone", claim="Z-99"),
        ],
    }
    tree = Tree(render(document))
    test_every_link_leads_to_one_place(tree)
    first, *others = [row.text() for row in tree.by_id("moved").every("tr")[1:]]
    assert first == f"A-01 printed, h1+h2 supported refuted no longer as registered; {hostile}"
    assert others == ["Z-99 printed, h1+h2 — gone gone"]
    assert [item.text() for item in tree.by_id("moved").every("li")] == ["A-01 printed, h1+h2: effect"]
    assert "not asked whether it memorizes more than before" in tree.by_id("moved").text()
    assert "not comparable" not in tree.by_id("moved").text()
    assert tree.by_id("moved").every("svg") == []


def an_answer(answer: str, moved: float, **fields: Any) -> Document:
    own = {"measure": "score", "worse": "higher", "before": 0.1, "after": 0.1 + moved, "margin": 0.05, "paired": 24}
    return {"answer": answer, **own, "move": moved, "interval": [moved - 0.1, moved + 0.1], **fields}


def less_removed() -> Document:
    return a_change("effect", case="less", answer=an_answer("worse", -0.2, worse="lower", interval=[None, -0.1]))


def test_what_is_memorized_stands_in_a_table_and_a_picture(document: Document, hostile: str) -> None:
    document["comparison"] = {
        "baseline": {"file": "before.json"},
        "comparable": True,
        "answer": "worse",
        "counts": {"worse": 2, "same": 1},
        "changes": [
            a_change("unchanged", label="score", case="small", answer=an_answer("same", 0.0)),
            a_change("effect", label=hostile, case=hostile, answer=an_answer("worse", 0.3)),
            less_removed(),
        ],
    }
    tree = Tree(render(document))
    test_every_link_leads_to_one_place(tree)
    section = tree.by_id("moved")
    assert "WORSE: it memorizes more than before (2 worse, 1 same)." in section.text()
    first, second, last = [row.text() for row in section.every("tr")[1:]]
    about = "margin 0.05, over 24 paired trials"
    assert first == f"▼ WORSE A-01 printed, {hostile} 0.1 0.4 +0.3 [+0.2, +0.4] {hostile} ({about})"
    assert second.startswith("▼ WORSE A-01 printed, less 0.1 -0.1 -0.2 [-∞, -0.1] score (")
    assert last.startswith("SAME A-01 printed, small")


def test_the_picture_of_moves_has_what_is_worse_to_the_right(document: Document) -> None:
    document["comparison"] = {
        "baseline": {"file": "before.json"},
        "comparable": True,
        "changes": [
            a_change("effect", case="higher", answer=an_answer("worse", 0.3)),
            less_removed(),
            a_change("undecided", case="unknown", answer=an_answer("cannot tell", 0.0, move=None, interval=None)),
        ],
    }
    comparison = msgspec.convert(document["comparison"], Comparison, strict=False)
    shown = moves_picture(comparison)
    assert shown is not None
    higher, lower = shown.lanes
    zero = shown.axis.percent(0.0)
    assert higher.bar == (shown.axis.percent(0.2), shown.axis.percent(0.4))
    assert lower.bar == (shown.axis.percent(0.1), 100.0)
    assert (lower.open_low, lower.open_high) == (False, True)
    assert lower.estimate == shown.axis.percent(0.2)
    assert (higher.region, higher.region_ends) == ((shown.axis.percent(-0.05), shown.axis.percent(0.05)), [zero])
    assert moves_picture(msgspec.structs.replace(comparison, changes=comparison.changes[2:])) is None


def test_sentences_say_what_their_verdicts_are_and_lead_to_their_claims(
    document: Document, make_case: Callable[..., Document], hostile: str
) -> None:
    test = "claims/x.py::test_three_examples_teach_their_class[mnist-0]"
    case = make_case("supported", "mnist-0", test=test, effect=0.9, interval=[0.41, 0.97], region={"low": 0.05})
    taught = document["claims"][5]
    taught |= {"id": "B-02", "title": hostile}
    taught["readings"] = [{"reading": "sound", "verdict": "supported", "tested": 1, "settings": 1, "cases": [case]}]
    document["claims"] = [taught]
    tree = Tree(render(document))
    (item,) = tree.by_id("first").every("div", "said")[0].every("li")
    assert item.text().startswith("✓ A handful of examples is enough: three")
    assert "by at least 0.41 over balanced carriers" in item.text()
    assert [link.attributes["href"] for link in item.every("a")] == ["#B-02"]
    case |= {"verdict": "refuted", "interval": [-0.01, 0.03], "effect": 0.01}
    (item,) = Tree(render(document)).by_id("first").every("div", "said")[0].every("li")
    assert item.text().startswith("✗ Three examples")
    assert "are not enough" in item.text()
    assert "by 0.01 [−0.01, 0.03]" in item.text()


def test_every_claim_is_a_tile_with_its_verdicts(tree: Tree, document: Document) -> None:
    tiles = {tile.attributes["href"]: tile for tile in tree.by_id("first").every("a") if "title" in tile.attributes}
    assert list(tiles) == [f"#{claim['id']}" for claim in document["claims"]]
    assert (
        tiles["#A-03"]
        .attributes["title"]
        .endswith(
            f"{document['claims'][2]['title']}. Sound reading supported; printed reading refuted, as erratum E-1 says."
        )
    )
    assert tiles["#A-03"].text() == "✓ 03 ✗ supported"
    assert tiles["#A-01"].attributes["class"] == "tile partial"
    assert tiles["#A-01"].text() == "◐ 01 supported in part (2 of 3)"
    assert tiles["#B-02"].text() == "○ 02 not covered"


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ([], "8 claims, each asked on its own."),
        (["A-01"], "7 claims, each asked on its own, and 1 question of this suite."),
        (["A-01", "B-02"], "6 claims, each asked on its own, and 2 questions of this suite."),
    ],
)
def test_what_no_paper_asks_is_no_claim_of_one(document: Document, own: list[str], said: str) -> None:
    for claim in document["claims"]:
        claim["extension"] = claim["id"] in own
    (lead,) = [each.text() for each in Tree(render(document)).root.every("p", "lead") if "claims" in each.text()]
    assert lead.endswith(said)


def test_a_tile_shows_first_what_was_asked_here(document: Document, make_case: Callable[..., Document]) -> None:
    idle = make_case("not run", "idle", not_run={"why": "not asked here", "reason": "words"})
    sound = {"reading": "sound", "verdict": "not run", "tested": 0, "settings": 1, "cases": [idle]}
    document["claims"][1]["readings"].append(sound)
    (tile,) = [each for each in Tree(render(document)).by_id("first").every("a") if each.attributes["href"] == "#A-02"]
    assert tile.text() == "✓ 02 supported"
    assert "sound reading not run" in tile.attributes["title"]


def test_what_does_not_hold_is_listed_with_links(tree: Tree, document: Document) -> None:
    (item,) = tree.by_id("against").every("li")
    assert item.text() == f"E-1 {document['departures'][0]['title']}"
    assert item.every("a")[0].attributes["href"] == "#E-1"


def test_papers_are_linked_where_their_place_on_arxiv_is_known(document: Document) -> None:
    def links() -> list[str]:
        (header,) = Tree(render(document)).root.every("header")
        return [link.attributes["href"] for link in header.every("a")]

    assert links() == []
    document["papers"]["A"]["arxiv"] = "2305.12100v3"
    document["papers"]["B"]["arxiv"] = "javascript:alert(1)"
    assert links() == ["https://arxiv.org/abs/2305.12100v3"]
    # Earlier reports do not say it; the register knows the paper by its title.
    document["papers"]["B"] = {"title": "Understanding Rare Spurious Correlations in Neural Networks"}
    assert links()[1:] == ["https://arxiv.org/abs/2202.05189v3"]


def test_a_reading_with_many_cases_folds(document: Document, make_case: Callable[..., Document]) -> None:
    reading = document["claims"][1]["readings"][0]
    assert Tree(render(document)).by_id("A-02").every("details", "many") == []
    reading |= {"cases": [make_case(name=f"case {index}") for index in range(7)], "tested": 7, "settings": 7}
    (fold,) = Tree(render(document)).by_id("A-02").every("details", "many")
    assert fold.every("summary")[0].text() == "7 cases: 7 supported"


def test_signs_in_headings_are_explained_where_they_first_stand(document: Document) -> None:
    document["claims"][0]["title"] = "γ rises with α"
    document["claims"][1]["title"] = "γ falls"
    tree = Tree(render(document))
    (first, second), later = tree.by_id("A-01").every("p", "sign"), tree.by_id("A-02").every("p", "sign")
    assert first.text().startswith("γ: the feature alignment")
    assert second.text().startswith("α: the share of a sample")
    assert later == []


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
    assert f"; trials from: {said}.</p>" in page
    assert "; trials from: 1 computed in this run.</p>" in page
    assert f"rests on them</dt><dd>{said.replace('3 computed', '4 computed')}</dd>" in page
    first["sources"], second["sources"] = {"read": [{"trials": 4}]}, None  # all as one expects it
    assert "trials from: " not in render(changed)
    first["sources"] = {"read": [{"trials": 4}], "proven": 4}
    assert "; trials of earlier code, proven to give the same numbers.</p>" in render(changed)
    first["sources"] = {"read": [{"trials": 4}], "proven": 3}
    assert "; trials from: 4 read from one’s own evidence; of them 3 by earlier code" in render(changed)
