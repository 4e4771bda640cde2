"""How the page names cases, topics, papers and what stands beside it; that its words are those of the register."""

import re
from pathlib import Path
from typing import Any

import pytest
from msgspec import json

from support.data.catalogue import DATASETS
from support.document.reading import parse, read
from support.document.types import Case, NotRun, Report
from support.document.walking import every_case
from support.page import typeset
from support.page.beside import Beside, beside
from support.page.citing import citation
from support.page.figures import gather
from support.page.html import render
from support.page.names import names
from support.page.words import sentences, words
from support.register import RegisterError, load_register

REPOSITORY = Path(__file__).parents[2]
Document = dict[str, Any]


def case(name: str, test: str) -> Case:
    return Case(
        id=name, test=f"claims/x.py::{test}" + (f"[{name}]" if f"test_{name}" != test else ""), verdict="supported"
    )


@pytest.mark.parametrize(
    ("name", "test", "words"),
    [
        ("mnist", "test_x", "MNIST"),
        ("fashion-mnist-R3-clipped norm", "test_x", "Fashion-MNIST, R3, clipped norm"),
        ("cifar-10-0", "test_three_examples_are_learnt", "CIFAR-10, class 0"),
        ("rf-h1+h2-0.25", "test_x", "random features, h₁ + h₂, α = 0.25"),
        ("high signal-to-noise", "test_x", "high signal-to-noise ratio"),
        ("a_cnn_learns_from_more", "test_a_cnn_learns_from_more", "a CNN learns from more"),
        ("some_words", "test_x", "some words"),
        ("-", "test_x", "-"),
    ],
)
def test_a_case_is_called_by_words_made_of_its_parameters(name: str, test: str, words: str) -> None:
    assert names([case(name, test)]) == [words]


def test_cases_of_two_tests_that_would_be_called_alike_are_called_by_their_tests() -> None:
    cases = [case("mnist", "test_it_falls"), case("mnist", "test_it_rises"), case("cifar-10", "test_it_falls")]
    assert names([*cases, case("R3", "test_other")]) == [
        "it falls: MNIST",
        "it rises: MNIST",
        "it falls: CIFAR-10",
        "R3",
    ]


def test_what_cannot_be_told_apart_has_its_place() -> None:
    assert names([case("mnist", "test_x"), case("mnist", "test_x")]) == ["x: MNIST (1)", "x: MNIST (2)"]


def test_no_two_cases_of_a_published_reading_are_called_alike_or_by_identifiers() -> None:
    report = read(REPOSITORY / "reports" / "quick" / "report.json")
    for claim in report.claims:
        for reading in claim.readings:
            called = names(reading.cases)
            assert len(set(called)) == len(called)
            assert [name for name in called if "_" in name or "mnist" in name] == []


def test_datasets_have_the_titles_of_the_catalogue() -> None:
    assert dict(words().datasets) == {name: dataset.title for name, dataset in DATASETS.items()}


def test_every_claim_of_the_register_stands_in_one_topic_of_its_paper() -> None:
    placed = [(name, topic.paper) for topic in words().topic for name in topic.claims]
    assert sorted(placed) == [(claim.id, claim.paper) for claim in load_register().claims]


def test_the_figures_that_stand_first_are_in_the_published_report() -> None:
    report = read(REPOSITORY / "reports" / "quick" / "report.json")
    assert set(words().figures) <= {panel.figure for _, _, each in every_case(report.claims) for panel in each.panels}


@pytest.mark.parametrize(
    ("content", "fault"), [(None, "cannot be read"), ("figures = 3", "Expected `array`"), ("[", "words.toml: ")]
)
def test_words_that_cannot_be_read_are_one_sentence(tmp_path: Path, content: str | None, fault: str) -> None:
    if content is not None:
        (tmp_path / "words.toml").write_text(content)
    with pytest.raises(RegisterError, match=f"^{tmp_path}/words.toml") as caught:
        words(tmp_path)
    assert fault in str(caught.value)
    with pytest.raises(RegisterError, match=r"sentences\.toml cannot be read"):
        sentences(tmp_path)


@pytest.mark.parametrize(
    ("value", "down", "up"),
    [
        (0.34463, "0.34", "0.35"),
        (-0.0768, "−0.077", "−0.076"),
        (0.2, "0.2", "0.2"),
        (8.7e-14, "8.7×10⁻¹⁴", "8.7×10⁻¹⁴"),
    ],
)
def test_an_end_is_rounded_outwards(value: float, down: str, up: str) -> None:
    assert (typeset.edge(value, up=False), typeset.edge(value, up=True)) == (down, up)


@pytest.mark.parametrize(
    ("text", "set_text"),
    [
        ("mnist, from -0.5 to [-1, -.2]", "MNIST, from −0.5 to [−1, −.2]"),
        ("A-03, 1e-5, N-1, 3-4", "A-03, 1e-5, N-1, 3-4"),
        ("cifar-10-jpeg", "CIFAR-10 (as JPEG)"),
        ("mnists", "mnists"),
    ],
)
def test_datasets_and_minus_signs_are_set_one_way(text: str, set_text: str) -> None:
    assert typeset.titled(text) == set_text


# ------------------------------------------------------------------------------------------------ beside the page


@pytest.fixture
def report(document: Document) -> Report:
    return parse(json.encode(document))


@pytest.fixture
def folder(tmp_path: Path, document: Document) -> Path:
    """A folder of reports, with one of standard scale in which what this one did not run was supported."""
    (tmp_path / "README.md").write_text("reports")
    (tmp_path / "standard").mkdir()
    (tmp_path / "paper").mkdir()
    ran = document["claims"][0]["readings"][0]["cases"][0]
    idle = document["claims"][0]["readings"][0]["cases"][2]
    other = {**document, "run": {"scale": "standard", "commit": "c" * 40}}
    found = {**ran, "id": idle["id"], "test": idle["test"], "effect": -0.25, "interval": [-0.5, -0.125]}
    reading = {**document["claims"][0]["readings"][0], "cases": [found]}
    other["claims"] = [{**document["claims"][0], "readings": [reading]}]
    (tmp_path / "standard" / "report.json").write_bytes(json.encode(other))
    (tmp_path / "paper" / "report.json").write_text("no report")
    (tmp_path / "quick").mkdir()
    return tmp_path / "quick"


def test_what_another_run_found_is_told_as_that_and_is_no_verdict(folder: Path, report: Report) -> None:
    page = render(report, beside(folder, report))
    (said,) = [part.partition("</p>")[0] for part in page.split('<p class="elsewhere">')[1:]]
    assert said == (
        'Known from elsewhere, and no verdict of this run: <a href="../standard/index.html#A-01">the published run at '
        "standard scale (commit cccccccccccc) found −0.25 [−0.5, −0.125] and called the claim supported by the rules "
        "of its time</a>."
    )
    # The claim is as it was: two of three settings were tested here.
    assert "supported in part (2 of 3)" in page
    assert '<a href="../README.md">all published reports</a>' in page


def test_the_later_of_two_runs_at_one_scale_is_told(folder: Path, report: Report) -> None:
    """The earlier one is told of what the later has not run."""
    later, earlier = folder.parent / "standard" / "report.json", folder.parent / "standard-earlier" / "report.json"
    earlier.parent.mkdir()
    earlier.write_bytes(later.read_bytes())
    told = json.decode(later.read_bytes())
    told["run"] |= {"sequences": 1, "commit": "d" * 40}
    later.write_bytes(json.encode(told))
    page = render(report, beside(folder, report))
    assert page.count('<p class="elsewhere">') == 1
    assert "(commit dddddddddddd) found −0.25 [−0.5, −0.125] and called the claim supported</a>." in page
    told["claims"] = []
    later.write_bytes(json.encode(told))
    assert 'href="../standard-earlier/index.html#A-01"' in render(report, beside(folder, report))


def test_other_runs_say_nothing_of_a_user_s_model(folder: Path, document: Document) -> None:
    document["run"]["model"] = "model.py:factory"
    report = parse(json.encode(document))
    assert beside(folder, report).found == {}
    assert "elsewhere" not in render(report, beside(folder, report)).partition("<body>")[2]


def test_nothing_is_said_of_what_was_not_selected(folder: Path, report: Report) -> None:
    claim, reading, idle = next(each for each in every_case(report.claims) if each[2].not_run)
    known = beside(folder, report)
    assert known.of(claim, reading, idle)
    left_out = Case(id=idle.id, test=idle.test, verdict="not run", not_run=NotRun(why="not selected", reason="-k"))
    assert not known.of(claim, reading, left_out)


def test_elsewhere_a_page_stands_alone(tmp_path: Path, report: Report) -> None:
    assert beside(tmp_path / "somewhere", report) == Beside()


def test_a_report_is_cited_with_its_run_and_papers(report: Report) -> None:
    assert citation(report).splitlines() == [
        "spurious-claims, claim report, quick scale, seed 0, commit 5f3c9d2e7a1b, 2026-01-01.",
        "First, Second. How spurious features are memorized. ICML 2024.",
        "Third. The other paper. TMLR 2025.",
    ]


def test_curves_of_the_papers_are_what_the_register_has() -> None:
    """Each number of a drawn curve stands in the claim's published numbers, and its figure in a published report."""
    register = load_register()
    published = {claim.id: claim.published_numbers for claim in register.claims}
    reports = [read(REPOSITORY / "reports" / name / "report.json") for name in ("standard", "standard-earlier")]
    figures = [figure for report in reports for figure in gather(report.claims)]
    drawn = {(figure.name, panel.name) for figure in figures for panel in figure.panels}
    assert words().published
    for curve in words().published:
        assert len(curve.x) == len(curve.y)
        numbers = set(map(float, re.findall(r"\d+(?:\.\d+)?", published[curve.claim] or "")))
        assert set(curve.x) | set(curve.y) <= numbers
        assert (curve.figure, curve.panel) in drawn
