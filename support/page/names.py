"""What a case is called on the page: words made of the parts of its id, no two alike within a reading.

pytest joins the parameters of a test with hyphens; a test without parameters has its own name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from support.document.types import Case, Reading
from support.document.walking import function_of
from support.page import typeset
from support.page.words import words


def names(cases: Sequence[Case]) -> list[str]:
    """The names of a reading's cases, in order.

    Where cases of two tests would be called alike, those of both tests are called by their tests too; what cannot be
    told apart so has its place in the reading.
    """
    plain = [short(case) for case in cases]
    count = Counter(plain)
    tests = [function_of(case.test or "") for case in cases]
    unclear = {test for test, name in zip(tests, plain, strict=True) if test and count[name] > 1}
    long = [
        f"{own}: {name}" if test in unclear and (own := of_test(case)) != name else name
        for case, test, name in zip(cases, tests, plain, strict=True)
    ]
    again = Counter(long)
    return [f"{name} ({place})" if again[name] > 1 else name for place, name in enumerate(long, start=1)]


def by_case(readings: Iterable[Reading]) -> dict[int, str]:
    """The name of every case, by the id of the object."""
    return {
        id(case): name for reading in readings for case, name in zip(reading.cases, names(reading.cases), strict=True)
    }


def of_test(case: Case) -> str:
    """The name of a test in words."""
    own = function_of(case.test or "").removeprefix("test_").split("_")
    return " ".join(words().tests_words.get(word, word) for word in own)


def short(case: Case) -> str:
    """The parts of an id in words; `h1+h2` is one that is known, and so may be a whole id with hyphens."""
    function = function_of(case.test or "")
    if case.id == function.removeprefix("test_"):
        return of_test(case)
    vocabulary = {**words().cases, **words().tests.get(function, {})}
    if case.id in vocabulary:
        return vocabulary[case.id]
    shown = [vocabulary.get(part, part) for part in typeset.with_titles(case.id, apart="-")]
    return ", ".join(part.replace("_", " ") for part in shown) or case.id
