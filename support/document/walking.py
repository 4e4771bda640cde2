"""Every case of a report with where it stands, and what names it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from support.document.types import Case, Claim, Reading


def every_case(claims: Iterable[Claim]) -> Iterator[tuple[Claim, Reading, Case]]:
    """Yield (claim, reading, case) in the report's order."""
    for claim in claims:
        for reading in claim.readings:
            for case in reading.cases:
                yield claim, reading, case


def function_of(test: str) -> str:
    """The test function in a pytest node id: two of them may decide cases of the same name."""
    return test.partition("[")[0].rpartition("::")[2]


def case_name(claim: str, reading: str, case: Case) -> tuple[str, str, str, str]:
    """What names a case in every report: claim, reading, test function and id; not the test's module."""
    return claim, reading, function_of(case.test or ""), case.id


def departure_of(reading: Reading, case: Case) -> str | None:
    """The departure that expects a case to be refuted; a reading's covers all its cases unless some name their own."""
    if case.departure or any(other.departure for other in reading.cases):
        return case.departure
    return reading.departure
