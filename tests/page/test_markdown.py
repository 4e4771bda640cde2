"""The summary in Markdown: what must be in it, and that no text of a report can break it."""

import json
import re
from typing import Any

import pytest
from msgspec.structs import replace

from support.comparing.comparison import compare
from support.document.changes import Answered, Baseline, Change, Comparison
from support.document.reading import parse
from support.document.types import Report
from support.page.markdown import MOST_ROWS, markdown
from tests.fuzzing.oracles import require_markdown, shown, tables

COMMIT = "5f3c9d2e7a1b"


def parsed(document: dict[str, Any]) -> Report:
    return parse(json.dumps(document).encode())


@pytest.fixture
def summary(document: dict[str, Any]) -> str:
    return markdown(parsed(document))


def rows(text: str, heading: str) -> list[list[str]]:
    """The cells of the first table under a heading."""
    lines = text.partition(heading)[2].splitlines()
    table = [line for line in lines if line.startswith("|")]
    return [re.split(r"(?<!\\)\|", line)[1:-1] for line in table]


def test_it_says_how_the_run_was_made(summary: str) -> None:
    assert f"scale quick, seed 0, device cpu, seconds 120.3, commit `{COMMIT}`" in summary
    assert "One bad evidence entry was set aside and recomputed." in summary


@pytest.mark.parametrize(
    ("run", "words"), [({"dirty": True}, f"`{COMMIT}` (modified)"), ({"complete": False}, "**not complete**")]
)
def test_it_says_what_is_amiss_with_the_run(document: dict[str, Any], run: dict[str, Any], words: str) -> None:
    document["run"] |= run | {"model": "net.py:Mine"}
    text = markdown(parsed(document))
    assert words in text
    assert "model net.py:Mine" in text


def test_it_counts_verdicts_and_names_their_claims(summary: str) -> None:
    found = {cells[0].strip(): [cell.strip() for cell in cells[1:]] for cells in rows(summary, "## Claims")[2:9]}
    assert found["✓ supported"] == ["5", "3", "A-02 A-03 B-03"]
    assert found["◐ supported in part"] == ["", "1", "A-01 (2 of 3)"]
    assert found["✗ refuted, as an erratum says"] == ["1", "1", "A-03"]
    assert found["✗ refuted, not registered"] == ["1", "1", "A-04"]
    assert found["◇ inconclusive"] == ["1", "1", "A-05"]
    assert found["– not run"] == ["2", "1", "B-01"]
    assert found["○ not covered"] == ["", "", "B-02"]


@pytest.mark.parametrize(
    ("departure", "words"),
    [("F-3", "✗ refuted, as a finding says"), ("S-1", "✗ refuted, a slip of the summary")],
)
def test_it_counts_errata_findings_and_slips_apart(document: dict[str, Any], departure: str, words: str) -> None:
    document["claims"][2]["readings"][0]["departure"] = departure
    found = {cells[0].strip(): cells[3].strip() for cells in rows(markdown(parsed(document)), "## Claims")[2:9]}
    assert found[words] == "A-03"
    assert "✗ refuted, as an erratum says" not in found


def test_it_lists_what_is_not_as_registered(summary: str) -> None:
    assert summary.startswith("## Claims: 2 not as registered\n")
    listed = [[cell.strip() for cell in cells] for cells in rows(summary, "### Not as registered")[2:]]
    assert [cells[:3] for cells in listed] == [["A-04", "published", "h1+h2"], ["A-05", "printed", "h1+h2"]]
    assert listed[0][3].startswith("refuted; change of spurious accuracy per decade of N = 0.01 ")


def test_a_run_as_registered_says_so(document: dict[str, Any]) -> None:
    document["claims"] = document["claims"][:3]
    text = markdown(parsed(document))
    assert text.startswith("## Claims: all as registered\n")
    assert "### Not as registered" not in text


def test_tests_that_broke_down_and_controls_that_failed_are_listed(document: dict[str, Any], make_case: Any) -> None:
    why = {"why": "error", "reason": "error, no verdict: RuntimeError: out of paper"}
    broken = make_case("not run", "broken", not_run=why)
    failed = make_case("inconclusive", "failed")
    failed["controls"][0]["verdict"] = "supported"
    document["claims"][0]["readings"][0]["cases"] += [broken, failed]
    text = markdown(parsed(document))
    assert "error, no verdict: RuntimeError: out of paper" in text
    assert "controls that did not come out: fresh background" in text


def test_it_tells_what_moved(document: dict[str, Any]) -> None:
    before = parsed(document)
    document["claims"][0]["readings"][0]["cases"][0] |= {"verdict": "refuted", "effect": 0.5, "interval": [0.4, 0.6]}
    after = parsed(document)
    comparison = compare(after, before, "base|line.json")
    text = markdown(replace(after, comparison=comparison))
    assert text.startswith("## Claims: CANNOT TELL whether it memorizes more than before")
    assert "; 3 not as registered\n" in text
    (row,) = rows(text, "#### Verdicts that changed")[2:]
    assert [cell.strip() for cell in row[:4]] == ["A-01", "printed, h1+h2", "supported", "refuted"]
    assert row[4].strip().startswith("no longer as registered; was supported, is refuted")
    assert "Against `base|line.json`, scale quick, seed 0, commit" in text


def test_it_tells_whether_more_is_memorized(document: dict[str, Any], hostile: str) -> None:
    told = Answered(
        answer="worse", worse="higher", measure="score", before=0.1, after=0.4, move=0.3, interval=(0.2, 0.4)
    )
    known: dict[str, Any] = {"claim": "B-01", "reading": "sound", "kind": "effect", "text": "t", "regression": False}
    changes = [Change(case=f"{hostile}|{number}", answer=told, **known) for number in range(25)]
    comparison = Comparison(
        baseline=Baseline(file="b.json"), comparable=True, answer="worse", counts={"worse": 25}, changes=tuple(changes)
    )
    text = markdown(replace(parsed(document), comparison=comparison))
    assert text.startswith("## Claims: WORSE: it memorizes more than before (25 worse); ")
    table = rows(text, "### Does it memorize more than before?")[2:]
    assert [len(row) for row in table] == [7] * 20
    assert [cell.strip() for cell in table[0][:2] + table[0][3:6]] == [
        "WORSE",
        "B-01",
        "0.1",
        "0.4",
        r"+0.3 \[+0.2, +0.4\]",
    ]
    assert "… and 5 more in the report: 5 worse." in text
    assert "<script>" not in text.replace(r"\<", "")


def test_a_question_of_this_suite_is_not_laid_to_a_paper(document: dict[str, Any]) -> None:
    for claim in document["claims"]:
        claim["extension"] = claim["id"] in {"A-01", "A-02"}
    text = markdown(parsed(document))
    assert "A-01 (asked by this suite, 2 of 3)" in text
    assert "A-02 (asked by this suite)" in text
    assert "A-03 (" not in text


def test_conclusions_are_told(document: dict[str, Any]) -> None:
    document["conclusions"] = [{"title": "Deletion", "sentences": [{"text": "It stays.", "claims": ["B-42"]}]}]
    assert "### Deletion\n\n- It stays.\n" in markdown(parsed(document))


def test_no_text_breaks_the_tables(document: dict[str, Any], hostile: str) -> None:
    cases = document["claims"][-1]["readings"][0]["cases"]
    cases[0] |= {"verdict": "refuted", "effect_label": f"{hostile} | `x` \n| [a](b) *"}
    text = markdown(parsed(document))
    assert "<script>" not in text.replace(r"\<", "")
    (row,) = [cells for cells in rows(text, "### Not as registered") if "B-03" in cells[0]]
    assert len(row) == 4
    assert r"\| \`x\` \| \[a\](b) \*" in row[3]


# What others wrote, and what a reader sees of it.
TEXTS = [
    ("<b id=planted>x</b>", "<b id=planted>x</b>"),
    ("a | b `c` **d** _e_ ~~f~~", "a | b `c` **d** _e_ ~~f~~"),
    ("[x](javascript:y) ![z](w)", "[x](javascript:y) ![z](w)"),
    ("https://x.example www.y.example", "https://x.example www.y.example"),
    ("a\n\n# b\r\n- c", "a # b - c"),
    ("# a #", "# a #"),
    ("- a", "- a"),
    ("--- ---", "--- ---"),
    ("12. a", "12. a"),
    ("-0.5 and 0.5", "-0.5 and 0.5"),
    ("&lt;&#60;", "&lt;&#60;"),
    ("$x$ \\", "$x$ \\"),
    ("``` `` `", "``` `` `"),
    ("\x1b[2J\u202ea\x00", r"\u001b[2J\u202ea\u0000"),
]


@pytest.mark.parametrize(("text", "seen"), TEXTS)
def test_text_of_others_is_seen_as_it_is(document: dict[str, Any], text: str, seen: str) -> None:
    """By a parser of Markdown that is not ours."""
    document["run"] |= {"notes": [text], "model": text, "commit": text}
    document["conclusions"] = [{"title": text, "sentences": [{"text": text, "claims": []}]}]
    document["claims"][3]["readings"][0]["cases"][0] |= {"id": text, "effect_label": text}
    baseline = Baseline(file=text, commit=text, scale=text, seed=0)
    told = Change(
        claim=text, reading="sound", case=text, kind="verdict", text=text, before=text, after=text, regression=False
    )
    comparison = Comparison(baseline=baseline, comparable=True, notes=(text,), changes=(told,))
    written = markdown(replace(parsed(document), comparison=comparison))
    require_markdown(written)
    lines = shown(written).splitlines()
    assert lines.count(seen) >= 4  # a note, a title, a sentence, a note of the comparison
    assert f"model {seen}" in lines[1]
    assert any(line.startswith(f"Against {seen}, scale {seen}, seed 0, commit ") for line in lines)
    cells = [cell for table in tables(written) for row in table for cell in row]
    assert cells.count(seen) >= 5  # a case; claim, verdicts and why of what moved
    assert f"sound, {seen}" in cells


def test_long_lists_are_cut(document: dict[str, Any], make_case: Any) -> None:
    names = [f"case {number}" for number in range(2 * MOST_ROWS)]
    document["claims"][3]["readings"][0]["cases"] = [make_case("refuted", name) for name in names]
    document["claims"][4]["title"] = "x" * 10_000
    text = markdown(parsed(document))
    assert len(rows(text, "### Not as registered")) == 2 + MOST_ROWS
    assert f"… and {MOST_ROWS + 1} more, in the report." in text
    assert len(text) < 65_536
