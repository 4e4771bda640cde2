"""What the verdicts of both papers say, in at most ten plain sentences.

The sentences are put together from the words that stand with the register and from the verdicts alone, so that no
conclusion can outlive its evidence: what holds with what is known of its effect, what does not with what was found
instead, and what was not run as such.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from support.document.departures import because, named
from support.document.statuses import ends
from support.document.types import Case, Claim, Conclusion, Sentence, Verdict
from support.document.walking import departure_of, every_case, function_of
from support.page import typeset
from support.page.names import short
from support.page.words import Part, Said, sentences

_MOST_NAMED = 3  # settings that a clause names; more are counted
# What stands first in a clause about cases of several verdicts.
_ORDER: tuple[Verdict, ...] = ("supported", "refuted", "inconclusive", "not run")

# A case, and the departure that is registered for it.
_Found = tuple[Case, str | None]


def conclude(claims: Sequence[Claim], said: Sequence[Said] | None = None) -> list[Conclusion]:
    """The conclusions of a report by paper, from its claims.

    A clause says nothing where its claim has no such case or where none was selected; a sentence without a clause and a
    paper without a sentence are left out.

    Parameters
    ----------
    said : the words; those that stand with the register unless given.
    """
    told: dict[str, list[Sentence]] = {}
    for each in sentences() if said is None else said:
        clauses = [(part, found) for part in each.part if (found := _cases(claims, part))]
        if clauses:
            verdicts = {case.verdict for _, found in clauses for case, _ in found}
            text = "; ".join(_clause(part, found) for part, found in clauses)
            told.setdefault(each.paper, []).append(
                Sentence(
                    text=f"{text[:1].upper()}{text[1:]}.",
                    claims=tuple(dict.fromkeys(part.claim for part, _ in clauses)),
                    verdicts=tuple(verdict for verdict in _ORDER if verdict in verdicts),
                )
            )
    return [Conclusion(title=f"Paper {paper}", sentences=tuple(found)) for paper, found in told.items()]


def _cases(claims: Sequence[Claim], part: Part) -> list[_Found]:
    """The cases that a clause is about, as far as they were selected."""
    return [
        (case, departure_of(reading, case))
        for _, reading, case in every_case([claim for claim in claims if claim.id == part.claim])
        if reading.reading == part.reading
        and function_of(case.test or "") == part.test
        and (not part.cases or case.id in part.cases)
        and (case.not_run is None or case.not_run.why not in ("not selected", "other model"))
    ]


def _clause(part: Part, found: Sequence[_Found]) -> str:
    """What is said of the cases with each verdict, and which these are where there are several verdicts."""
    by_verdict = {verdict: [each for each in found if each[0].verdict == verdict] for verdict in _ORDER}
    present = [verdict for verdict in _ORDER if by_verdict[verdict]]
    idle = by_verdict["not run"] if len(present) > 1 else []
    decided = [verdict for verdict in present if verdict != "not run" or not idle]
    said = []
    for verdict in decided:
        own = by_verdict[verdict]
        notes = [_settings(own)] if len(present) > 1 else []
        departures = sorted({departure for _, departure in own if departure})
        if departures and verdict in ("supported", "refuted"):
            notes.append(because(departures) if verdict == "refuted" else f"against {named(departures[0])}")
        said.append(_told(part, verdict, [case for case, _ in own]) + (f" ({'; '.join(notes)})" if notes else ""))
    text = "; ".join(said)
    return f"{text} (not run: {_settings(idle)})" if idle else text


def _told(part: Part, verdict: Verdict, cases: Sequence[Case]) -> str:
    if verdict == "not run":
        scales = sorted({case.not_run.scale for case in cases if case.not_run and case.not_run.scale})
        return f"whether {part.whether} was not run" + (f" (it takes {' or '.join(scales)} scale)" if scales else "")
    if verdict == "inconclusive":
        return f"whether {part.whether} was not decided"
    words = {**_sizes(cases), "effect": _effect(part, cases, holds=verdict == "supported")}
    return (part.supported if verdict == "supported" else part.refuted).format_map(_Known(words))


class _Known(dict[str, str]):
    """Words for names in braces; what a case does not record is said to be unknown."""

    def __missing__(self, key: str) -> str:
        return f"an unknown number of {key}"


def _sizes(cases: Sequence[Case]) -> dict[str, str]:
    """Whole numbers among the sizes, as far as all cases have the same."""
    first, *others = (case.sizes for case in cases)
    return {
        name: f"{value:,} {name}"
        for name, value in first.items()
        if isinstance(value, int) and all(other.get(name) == value for other in others)
    }


def _effect(part: Part, cases: Sequence[Case], *, holds: bool) -> str:
    """What is known of an effect: estimate and interval where that is as narrow as the clause asks for, else an edge.

    Of several cases it is the ends of all their intervals together.
    """
    intervals = [ends(case.interval) for case in cases if case.interval is not None]
    if not intervals:
        return "an amount that was not recorded"
    if part.negative:
        intervals = [(-high, -low) for low, high in intervals]
    low, high = min(first for first, _ in intervals), max(last for _, last in intervals)
    narrow = all(last - first <= 2 * part.half_width for first, last in intervals)
    between = (typeset.edge(low, up=False), typeset.edge(high, up=True))
    if part.half_width and narrow:
        if len(cases) == 1 and (effect := cases[0].effect) is not None:
            return f"{typeset.rounded(-effect if part.negative else effect)} [{', '.join(between)}]"
        return f"between {between[0]} and {between[1]}"
    least = (part.bound == "least") == holds
    if not math.isfinite(low if least else high):
        return "an unknown amount"
    return f"at least {between[0]}" if least else f"at most {between[1]}"


def _settings(found: Sequence[_Found]) -> str:
    """``MNIST and Fashion-MNIST``; how many there are, where they are many."""
    given = [short(case) for case, _ in found]
    if len(given) > _MOST_NAMED:
        return f"{len(given)} settings"
    if any(", " in name for name in given):
        return "; ".join(given)
    return " and ".join(filter(None, (", ".join(given[:-1]), given[-1])))
