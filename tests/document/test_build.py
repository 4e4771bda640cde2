"""From cases to the report: no registered claim is left out, and every case stands where it belongs."""

import pytest

from support.document.build import Identity, Placed, build, decided, not_selected, undecided
from support.document.types import Command, Decision, NotRun, ReadingName, Run, Verdict, Why
from support.register import Register, load_register

RUN = Run(complete=True, scale="quick", seed=0)


@pytest.fixture(scope="module")
def register() -> Register:
    return load_register()


def identity(claim: str, name: str, reading: ReadingName = "sound", departure: str | None = None) -> Identity:
    test = f"claims/{claim}::{name}"
    command = Command(tests=(test,))
    return Identity(claim=claim, reading=reading, id=name, test=test, departure=departure, protocol="", command=command)


def case(
    claim: str, verdict: Verdict = "supported", reading: ReadingName = "sound", departure: str | None = None
) -> Placed:
    return decided(identity(claim, verdict, reading, departure), Decision(verdict=verdict), 0.5)


def test_every_claim_stands_in_the_order_of_the_register(register: Register) -> None:
    last, first = register.claims[-1].id, register.claims[0].id
    report = build(register, [case(last), case(first)], RUN)
    assert report.run.seed == 0
    assert [claim.id for claim in report.claims] == [claim.id for claim in register.claims]
    assert [(entry.id, entry.kind) for entry in report.departures] == [
        (entry.id, entry.kind) for entry in register.departures
    ]
    assert set(report.papers) == set(register.papers)
    assert [claim.id for claim in report.claims if claim.readings] == [first, last]
    assert report.claims[0].paper == register.claims[0].paper


def test_readings_and_cases_are_sorted(register: Register) -> None:
    name = register.claims[0].id
    cases = [
        case(name, "supported"),
        case(name, "refuted"),
        case(name, "refuted", "printed", departure="E-1"),
        case(name, "inconclusive", "published"),
    ]
    claims = [build(register, order, RUN).claims[0] for order in (cases, cases[::-1])]
    assert claims[0] == claims[1]
    readings = claims[0].readings
    assert [(reading.reading, reading.verdict, reading.departure) for reading in readings] == [
        ("printed", "refuted", "E-1"),
        ("published", "inconclusive", None),
        ("sound", "refuted", None),
    ]
    assert [entry.id for entry in readings[2].cases] == ["refuted", "supported"]


def test_a_reading_counts_what_was_tested_of_what_could_be_asked(register: Register) -> None:
    whys: list[Why] = ["not asked here", "other model", "not selected", "not recorded", "interrupted", "error"]
    idle = [undecided(identity("A-01", why), NotRun(why=why, reason="words")) for why in whys]
    report = build(register, [case("A-01"), case("A-01", "inconclusive"), *idle], RUN)
    (reading,) = report.claims[0].readings
    assert (reading.tested, reading.settings, len(reading.cases)) == (2, 7, 8)


def test_a_case_is_its_decision_and_its_identity() -> None:
    decision = Decision(verdict="inconclusive", reason="why", effect=0.5, trials=(0.5,), sizes={"N": 3})
    placed = decided(identity("A-01", "mnist", "printed", "E-1"), decision, 1.5)
    made = placed.case
    assert (placed.claim, placed.reading) == ("A-01", "printed")
    assert (made.id, made.test, made.departure, made.seconds) == ("mnist", "claims/A-01::mnist", "E-1", 1.5)
    assert all(getattr(made, name) == getattr(decision, name) for name in decision.__struct_fields__)
    assert made.not_run is None


def test_a_case_that_decided_nothing_says_why() -> None:
    why = NotRun(why="error", reason="it broke")
    made = undecided(identity("A-01", "mnist"), why).case
    assert (made.verdict, made.not_run, made.effect, made.trials) == ("not run", why, None, ())


def test_claims_that_have_tests_and_reported_none_are_not_run(register: Register) -> None:
    covered = [claim for claim in register.claims if claim.covered_by]
    added = not_selected(register, [case(covered[0].id)])
    assert [placed.claim for placed in added] == [claim.id for claim in covered[1:]]
    assert {placed.case.not_run for placed in added} == {NotRun(why="not selected", reason="not selected in this run")}
    assert added[0].case.command == Command(tests=covered[1].covered_by)
