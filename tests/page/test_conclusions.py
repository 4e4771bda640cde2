"""Plain sentences from verdicts: what holds, what was found instead, and what was not run; numbers from intervals."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from support.document.reading import read
from support.document.types import Case, Claim, NotRun, Pair, Reading, Report, Sentence, Verdict, Why
from support.document.walking import function_of
from support.page.conclusions import conclude
from support.page.words import Part, Said, sentences
from support.register import load_register

REPOSITORY = Path(__file__).parents[2]
MOST_SENTENCES = 10


def case(
    verdict: Verdict = "supported",
    name: str = "mnist",
    interval: Pair = (0.24, 0.46),
    function: str = "test_x",
    why: Why = "not asked here",
    **fields: Any,
) -> Case:
    not_run = NotRun(why=why, reason="words", scale="standard") if verdict == "not run" else None
    test = f"claims/test_one.py::{function}[{name}]"
    return Case(id=name, test=test, verdict=verdict, not_run=not_run, effect=0.351, interval=interval, **fields)


def claim(*cases: Case, name: str = "B-11") -> Claim:
    readings = (Reading(reading="sound", verdict="supported", tested=1, settings=1, cases=cases),) if cases else ()
    return Claim(id=name, paper="B", title="", statement="", readings=readings)


def part(**fields: Any) -> Part:
    known: dict[str, Any] = {
        "claim": "B-11",
        "reading": "sound",
        "test": "test_x",
        "supported": "it falls by {effect}",
        "refuted": "it does not fall: by {effect}",
        "whether": "it falls",
        "bound": "least",
    }
    return Part(**(known | fields))


def told(*cases: Case, **fields: Any) -> Sentence:
    """The one sentence about these cases."""
    (conclusion,) = conclude([claim(*cases)], [Said(paper="B", part=(part(**fields),))])
    (sentence,) = conclusion.sentences
    assert (conclusion.title, sentence.claims) == ("Paper B", ("B-11",))
    return sentence


def said(*cases: Case, **fields: Any) -> str:
    return told(*cases, **fields).text


@pytest.mark.parametrize(
    ("cases", "words"),
    [
        ([case()], "It falls by at least 0.24."),
        ([case(), case(name="fashion-mnist", interval=(0.1234, 0.5))], "It falls by at least 0.12."),
        ([case("refuted")], "It does not fall: by at most 0.46."),
        ([case("inconclusive")], "Whether it falls was not decided."),
        ([case("not run")], "Whether it falls was not run (it takes standard scale)."),
        (
            [case("refuted", "fashion-mnist"), case(), case("not run", "cifar-10")],
            "It falls by at least 0.24 (MNIST); it does not fall: by at most 0.46 (Fashion-MNIST) (not run: CIFAR-10).",
        ),
        ([case("refuted", departure="F-3")], "It does not fall: by at most 0.46 (as finding F-3 says)."),
        ([case(departure="E-7")], "It falls by at least 0.24 (against erratum E-7)."),
        ([case(interval=(None, 0.5))], "It falls by an unknown amount."),
    ],
)
def test_verdicts_become_one_sentence(cases: list[Case], words: str) -> None:
    assert said(*cases) == words


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"half_width": 0.12}, "It falls by 0.35 [0.24, 0.46]."),
        ({"half_width": 0.1}, "It falls by at least 0.24."),
        ({"bound": "most"}, "It falls by at most 0.46."),
        ({"negative": True}, "It falls by at least −0.46."),
        ({"negative": True, "half_width": 0.2}, "It falls by −0.35 [−0.46, −0.24]."),
    ],
)
def test_an_estimate_is_told_where_its_interval_is_narrow_and_an_edge_elsewhere(
    fields: dict[str, Any], words: str
) -> None:
    assert said(case(), **fields) == words


def test_of_several_narrow_intervals_their_ends_together_are_told() -> None:
    cases = [case(interval=(0.24, 0.31)), case(name="fashion-mnist", interval=(0.29, 0.36))]
    assert said(*cases, half_width=0.05) == "It falls by between 0.24 and 0.36."


def test_ends_are_rounded_away_from_the_estimate() -> None:
    assert said(case(interval=(0.2999, 0.9))) == "It falls by at least 0.29."
    assert said(case(interval=(0.1, 0.2001)), bound="most") == "It falls by at most 0.21."


def test_a_sentence_may_name_a_size_that_all_cases_have() -> None:
    words = "{images} are enough: {effect}"
    assert said(case(sizes={"images": 60_000}), supported=words) == "60,000 images are enough: at least 0.24."
    one, other = case(sizes={"images": 1}), case(name="two", sizes={"images": 2})
    assert said(one, other, supported=words).startswith("An unknown number of images are enough")


def test_only_the_named_test_and_cases_count() -> None:
    cases = [case(), case("refuted", "three", function="test_y"), case("refuted", "fashion-mnist")]
    assert said(*cases, cases=("mnist",)) == "It falls by at least 0.24."


def test_clauses_are_joined_and_the_verdicts_of_all_are_told() -> None:
    claims = [claim(case()), claim(case("refuted", function="test_y"), name="B-12")]
    second = part(claim="B-12", test="test_y")
    (conclusion,) = conclude(claims, [Said(paper="B", part=(part(), second))])
    (sentence,) = conclusion.sentences
    assert sentence.text == "It falls by at least 0.24; it does not fall: by at most 0.46."
    assert (sentence.claims, sentence.verdicts) == (("B-11", "B-12"), ("supported", "refuted"))


@pytest.mark.parametrize("why", ["not selected", "other model"])
def test_what_was_not_asked_is_left_out(why: Why) -> None:
    given = [Said(paper="B", part=(part(),))]
    assert conclude([claim(case("not run", why=why))], given) == []
    assert conclude([claim()], given) == []
    assert conclude([], given) == []


@cache
def published() -> Report:
    return read(REPOSITORY / "reports" / "quick" / "report.json")


def test_both_papers_are_told_in_at_most_ten_sentences() -> None:
    told = conclude(published().claims)
    assert [conclusion.title for conclusion in told] == ["Paper A", "Paper B"]
    assert sum(len(conclusion.sentences) for conclusion in told) == len(sentences()) <= MOST_SENTENCES


PARTS = [each for said in sentences() for each in said.part]
NOT_RUN = NotRun(why="not asked here", reason="words")


def turned(part: Part, verdict: Verdict) -> Sequence[Claim]:
    """The published claims where every case of a clause has this verdict and no departure."""

    def turn(case: Case) -> Case:
        if function_of(case.test or "") != part.test or (part.cases and case.id not in part.cases):
            return case
        ran = {"effect": 0.3, "interval": (0.1, 0.5), "departure": None, "sizes": {"training images": 5}}
        return replace(case, verdict=verdict, not_run=NOT_RUN if verdict == "not run" else None, **ran)

    return [
        replace(
            claim,
            readings=tuple(
                replace(reading, departure=None, cases=tuple(map(turn, reading.cases)))
                if reading.reading == part.reading
                else reading
                for reading in claim.readings
            ),
        )
        if claim.id == part.claim
        else claim
        for claim in published().claims
    ]


@pytest.mark.parametrize("verdict", ["supported", "refuted", "inconclusive", "not run"])
@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.test)
def test_every_clause_turns_with_its_verdict(part: Part, verdict: Verdict) -> None:
    """Before the effect, and after it, stand the words for this verdict and for no other."""
    (text,) = [
        sentence.text.lower()
        for conclusion in conclude(turned(part, verdict))
        for sentence in conclusion.sentences
        if (part.claim in sentence.claims and _has(part, sentence))
    ]
    words = {
        "supported": part.supported.partition("{")[0],
        "refuted": part.refuted.partition("{")[0],
        "inconclusive": f"whether {part.whether} was not decided",
        "not run": f"whether {part.whether} was not run",
    }
    assert words[verdict].lower() in text
    assert [other for other, said in words.items() if other != verdict and said.lower() in text] == []


def _has(part: Part, sentence: Sentence) -> bool:
    """Whether a sentence is the one that a clause belongs to: claims of it, all of them."""
    (home,) = [said for said in sentences() if part in said.part]
    return set(sentence.claims) == {each.claim for each in home.part}


def test_the_sentences_name_claims_of_the_register() -> None:
    register = load_register()
    for each in PARTS:
        assert register.claim(each.claim)
    assert {said.paper for said in sentences()} == set(register.papers)
