"""Plain sentences from verdicts: every case is told, and nothing that has no case."""

from pathlib import Path

import pytest

from support.document.reading import read
from support.document.types import Case, Claim, NotRun, Reading, ReadingName, Verdict, Why
from support.page.conclusions import READINGS, TOPICS, Part, Topic, conclude
from support.register import load_register

REPOSITORY = Path(__file__).parents[2]
FADES = "the advantage fades"


def case(
    verdict: Verdict,
    name: str = "mnist",
    function: str = "test_x",
    departure: str | None = None,
    why: Why = "not asked here",
) -> Case:
    test = f"claims/test_one.py::{function}" + ("" if name == function.removeprefix("test_") else f"[{name}]")
    not_run = NotRun(why=why, reason="words") if verdict == "not run" else None
    return Case(id=name, test=test, verdict=verdict, departure=departure, not_run=not_run)


def claim(*cases: Case, name: str = "B-11", reading: ReadingName = "published") -> Claim:
    readings = (Reading(reading=reading, verdict="supported", tested=1, settings=1, cases=cases),) if cases else ()
    return Claim(id=name, paper="B", title="", statement="", readings=readings)


def said(*cases: Case, reading: ReadingName = "published", function: str | None = "test_x") -> str:
    """The one sentence about these cases."""
    topic = Topic("Membership inference", (Part("B-11", reading, function, FADES),))
    (conclusion,) = conclude([claim(*cases, reading=reading)], [topic])
    (sentence,) = conclusion.sentences
    assert (conclusion.title, sentence.claims) == ("Membership inference", ("B-11",))
    return sentence.text


AS_PUBLISHED = "As published, the claim that the advantage fades is "


@pytest.mark.parametrize(
    ("cases", "words"),
    [
        ([case("supported", "x")], "supported."),
        ([case("supported"), case("supported", "fashion-mnist")], "supported on MNIST and Fashion-MNIST."),
        (
            [case("refuted", "fashion-mnist"), case("supported"), case("not run", "cifar-10")],
            "supported on MNIST and refuted on Fashion-MNIST; it was not run on CIFAR-10.",
        ),
        ([case("refuted", departure="E-7")], "refuted on MNIST (as erratum E-7 says)."),
        ([case("supported", departure="E-7")], "supported on MNIST (against erratum E-7)."),
        ([case("refuted", departure="F-3")], "refuted on MNIST (as finding F-3 says)."),
        ([case("refuted", departure="S-1")], "refuted on MNIST (slip S-1 of the summary)."),
        (
            [case("inconclusive", "rf-mnist"), case("refuted", "h1+h2")],
            "refuted for h1+h2 and inconclusive on rf-MNIST.",
        ),
        (
            [case("supported", name) for name in ("mnist", "fashion-mnist", "cifar-10", "n = 3")],
            "supported on MNIST, Fashion-MNIST and CIFAR-10, for n = 3.",
        ),
    ],
)
def test_verdicts_become_one_sentence(cases: list[Case], words: str) -> None:
    assert said(*cases) == AS_PUBLISHED + words


@pytest.mark.parametrize("reading", READINGS)
def test_a_sentence_names_its_reading(reading: ReadingName) -> None:
    assert said(case("supported"), reading=reading).startswith(f"{READINGS[reading]}, the claim that ")


def test_a_part_can_be_about_some_cases_and_does_not_repeat_what_they_have_in_common() -> None:
    cases = [case("supported", "mnist-unchanged"), case("refuted", "mnist-removed"), case("refuted", "unchanged")]
    topic = Topic("Deletion", (Part("B-11", "published", "test_x", FADES, "unchanged"),))
    (conclusion,) = conclude([claim(*cases)], [topic])
    assert conclusion.sentences[0].text == AS_PUBLISHED + "supported on MNIST and refuted."


def test_only_the_named_test_counts() -> None:
    cases = [case("supported"), case("refuted", function="test_y")]
    assert said(*cases) == f"{AS_PUBLISHED}supported on MNIST."
    assert said(*cases, function=None) == f"{AS_PUBLISHED}supported on MNIST and refuted on MNIST."


def test_what_was_not_decided_is_left_out_or_said() -> None:
    parts = tuple(Part(name, "published", "test_x", FADES) for name in ("B-10", "B-11", "B-12"))
    topic = Topic("Membership inference", parts)
    idle = claim(case("not run", "cifar-10"), name="B-10")
    assert conclude([], [topic]) == []
    assert conclude([idle, claim()], [topic]) == []
    (conclusion,) = conclude([idle, claim(case("supported"))], [topic])
    assert [sentence.text for sentence in conclusion.sentences] == [
        "As published, the claim that the advantage fades was not run on CIFAR-10.",
        f"{AS_PUBLISHED}supported on MNIST.",
    ]


def test_claims_that_were_not_selected_are_not_mentioned() -> None:
    placeholder = case("not run", "all", why="not selected")
    topic = Topic("Membership inference", (Part("B-10", "sound", None, FADES), Part("B-11", "sound", None, FADES)))
    claims = [claim(placeholder, name="B-10", reading="sound"), claim(case("supported"), reading="sound")]
    (conclusion,) = conclude(claims, [topic])
    assert len(conclusion.sentences) == 1


def test_every_sentence_has_a_case_in_the_published_report() -> None:
    published = read(REPOSITORY / "reports" / "quick" / "report.json")
    said = {topic.title: len(topic.sentences) for topic in conclude(published.claims)}
    assert said == {topic.title: len(topic.parts) for topic in TOPICS}


def test_the_table_names_claims_of_the_register() -> None:
    register = load_register()
    tests = "".join(module.read_text(encoding="utf-8") for module in (REPOSITORY / "claims").rglob("test_*.py"))
    for topic in TOPICS:
        for part in topic.parts:
            assert register.claim(part.claim).id == part.claim
            assert part.function is None or f"def {part.function}(" in tests
            assert part.reading in READINGS
            assert not part.phrase.endswith(".")
