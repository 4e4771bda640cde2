"""What the page says beyond the report's own fields: statuses, sentences, and what deserves attention."""

import math
import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from support.report import typeset
from support.report.document import by_sequence


class Status(NamedTuple):
    """A verdict as the reader meets it: in words, with a shape, and a key for its colour."""

    key: str
    shape: str
    words: str
    expected: bool  # whether the suite as registered passes with it


NOT_RUN = Status("not-run", "–", "not run", expected=True)
NOT_COVERED = Status("not-covered", "○", "not covered", expected=True)
COLUMNS = (
    ("supported", "✓", "supported"),
    ("erratum", "✗", "refuted, as an erratum says"),
    ("refuted", "✗", "refuted, no erratum"),
    ("contested", "✓", "supported, against an erratum"),
    ("inconclusive", "◇", "inconclusive"),
    ("not-run", "–", "not run"),
)


def status(verdict: str, erratum: str | None) -> Status:
    """Return how a verdict is shown, given the erratum registered for it."""
    if verdict == "refuted":
        if erratum:
            return Status("erratum", "✗", f"refuted, as erratum {erratum} says", expected=True)
        return Status("refuted", "✗", "refuted", expected=False)
    if verdict == "supported":
        if erratum:
            return Status("contested", "✓", f"supported, against erratum {erratum}", expected=False)
        return Status("supported", "✓", "supported", expected=True)
    if verdict == "inconclusive":
        return Status("inconclusive", "◇", "inconclusive", expected=False)
    return NOT_RUN


def erratum_of(reading: dict[str, Any], case: dict[str, Any]) -> str | None:
    """Return a case's erratum; a reading's erratum covers all its cases unless some name their own."""
    named: str | None = case["erratum"]
    if named or any(other["erratum"] for other in reading["cases"]):
        return named
    erratum: str | None = reading["erratum"]
    return erratum


def aggregate(verdicts: Iterable[str]) -> str:
    """Return the verdict of a reading from those of its cases: the worst of those that ran."""
    found = set(verdicts)
    return next((word for word in ("refuted", "inconclusive", "supported") if word in found), "not run")


def reading_status(reading: dict[str, Any]) -> Status:
    """Return the status of a reading; a refutation without erratum outweighs one that has one."""
    cases = [status(case["verdict"], erratum_of(reading, case)) for case in reading["cases"]]
    order = ("refuted", "contested", "erratum", "inconclusive", "supported", "not-run")
    ranked = sorted(cases, key=lambda case: order.index(case.key))
    return ranked[0] if ranked else NOT_RUN


def controls_failed(case: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the controls of a case that ran which did not come out.

    One that is not outside the region has come out where its interval lies wholly off the effect's.
    """
    if case["verdict"] == "not run":
        return []
    failed = [control for control in case["controls"] if control["verdict"] != control["expected"]]
    return [control for control in failed if not (control.get("separated") and separated(case, control))]


def separated(case: dict[str, Any], control: dict[str, Any]) -> bool:
    """Whether a control's interval, as recorded, lies wholly off the effect's."""
    if case["interval"] is None or control["interval"] is None:
        return False
    (first, last), (low, high) = _ends(*case["interval"]), _ends(*control["interval"])
    return high < first or low > last


def sentence(case: dict[str, Any]) -> str:
    """Say in one or two sentences why a case has its verdict."""
    if case["verdict"] == "not run":
        return f"Not run: {(case['reason'] or 'no reason was recorded').rstrip('.')}."
    said = [_comparison(case)]
    if case["controls"]:
        failed = len(controls_failed(case))
        count = len(case["controls"])
        controls = "The control" if count == 1 else f"All {count} controls"
        said.append(
            f"{failed} of {count} controls did not come out." if failed else f"{controls} came out as expected."
        )
    reason = (case["reason"] or "").rstrip(".")
    if reason:
        said.append(f"{reason[0].upper()}{reason[1:]}.")
    return " ".join(said)


def _comparison(case: dict[str, Any]) -> str:
    if case["interval"] is None or case["region"] is None:
        return f"{case['verdict'].capitalize()}."
    name = f"{typeset.percent(case['level'])} interval" if case["level"] else "numeric error bound"
    region = typeset.region(case["region"]["low"], case["region"]["high"])
    lies = {
        "inside": "lies inside the region in which the claim holds",
        "outside": "lies outside the region in which the claim holds",
        "neither": "lies neither inside nor outside the region in which the claim holds",
    }[placement(case)]
    return f"{case['verdict'].capitalize()}: the {name} {typeset.interval(case['interval'])} {lies} ({region})."


def region_note(region: dict[str, Any]) -> str | None:
    """Return a region's label where it says more than its two ends."""
    low, high = region["low"], region["high"]
    plain = {
        None if low is None else f"above {low:g}",
        None if high is None else f"below {high:g}",
        None if low is None or high is None else f"between {low:g} and {high:g}",
        None if low is None or low != high else f"exactly {low:g}",
    }
    label: str | None = region["label"]
    return None if label in plain else label


def single_value(region: dict[str, Any] | None) -> bool:
    """Whether a region holds one effect and no other."""
    return region is not None and region["low"] is not None and region["low"] == region["high"]


def placement(row: dict[str, Any]) -> str:
    """Return where an interval lies with respect to its region: `inside`, `outside` or `neither`."""
    first, last = _ends(*row["interval"])
    low, high = _ends(row["region"]["low"], row["region"]["high"])
    if low <= first and last <= high:
        return "inside"
    if last < low or high < first:
        return "outside"
    return "neither"


def _ends(low: float | None, high: float | None) -> tuple[float, float]:
    return -math.inf if low is None else low, math.inf if high is None else high


def contradiction(row: dict[str, Any]) -> str | None:
    """Return what a case's or control's verdict contradicts in its own record, or None.

    The page decides anew from the interval and region as written, so that a wrong verdict cannot hide
    behind right numbers.
    """
    verdict = row["verdict"]
    if verdict == "not run":
        return None
    if row["interval"] is None or row["region"] is None:
        return f"{verdict}, but no {'interval' if row['interval'] is None else 'region'} was recorded"
    if row.get("controls") and controls_failed(row):
        return None if verdict == "inconclusive" else f"{verdict}, but a control did not come out"
    found = placement(row)
    decided = {"inside": "supported", "outside": "refuted", "neither": "inconclusive"}[found]
    if verdict == decided:
        return None
    where = f"{found} the recorded region" if found != "neither" else "across an edge of the recorded region"
    return f"{verdict}, but the recorded interval lies {where}"


@dataclass(frozen=True)
class Finding:
    """Something that a reader must see first, with the place where it stands."""

    claim: dict[str, Any]
    reading: str
    case: dict[str, Any]
    text: str


# How the reason of a case begins whose test broke down: not run, but not for a good reason.
ERROR = "error"

FINDINGS = (
    "Failed before reaching a verdict",
    "Refuted, and no erratum says so",
    "Supported, although an erratum says it does not hold",
    "Controls that did not come out",
    "Verdicts that contradict their own record",
    "Inconclusive",
)


def findings(claims: list[dict[str, Any]]) -> dict[str, list[Finding]]:
    """Return everything that did not come out as registered, by kind."""
    found: dict[str, list[Finding]] = {kind: [] for kind in FINDINGS}
    for claim, reading, case in every_case(claims):
        for kind, text in _case_findings(reading, case):
            found[kind].append(Finding(claim, reading["reading"], case, text))
    return {kind: listed for kind, listed in found.items() if listed}


def _case_findings(reading: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, str]]:
    shown = status(case["verdict"], erratum_of(reading, case))
    failed, refuted, contested, controls, contradictions, inconclusive = FINDINGS
    kinds = {"refuted": refuted, "contested": contested, "inconclusive": inconclusive}
    if shown.key in kinds:
        yield kinds[shown.key], sentence(case)
    if case["verdict"] == "not run" and (case["reason"] or "").startswith(ERROR):
        yield failed, case["reason"]
    for control in controls_failed(case):
        yield controls, f"{control['name']}: expected {control['expected']}, got {control['verdict']}."
    broken = contradiction(case)
    if broken:
        yield contradictions, f"{broken}."
    for control in case["controls"]:
        broken = contradiction(control)
        if broken:
            yield contradictions, f"Control {control['name']}: {broken}."
    if case is reading["cases"][0]:
        expected = aggregate(other["verdict"] for other in reading["cases"])
        if reading["verdict"] != expected:
            yield (
                contradictions,
                f"The reading is recorded as {reading['verdict']}, its cases make it {expected}.",
            )


def certainty(cases: Iterable[dict[str, Any]]) -> str | None:
    """What the verdicts of cases on random trials risk together, in a sentence; None where there are none.

    Intervals of confidence sequences hold at every look; that any of them misses has at most the sum of their chances.
    """
    chances = [1 - case["level"] for case in cases if by_sequence(case)]
    if not chances:
        return None
    wrong = sum(chances)
    return (
        f"{len(chances)} verdicts rest on confidence sequences: with probability at least {max(0.0, 1 - wrong):.3f} "
        f"all of them hold at once, and at most {wrong:.3f} are expected to be wrong, looks, reruns and seeds counted."
    )


def every_case(
    claims: Iterable[dict[str, Any]],
) -> Iterator[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
    """Yield (claim, reading, case) in the report's order."""
    for claim in claims:
        for reading in claim["readings"]:
            for case in reading["cases"]:
                yield claim, reading, case


def function_of(test: str) -> str:
    """Return the test function in a pytest node id: two of them may decide cases of the same name."""
    return test.partition("[")[0].rpartition("::")[2]


def case_name(claim: str, reading: str, case: dict[str, Any]) -> tuple[str, str, str, str]:
    """Return what names a case in every report: claim, reading, test function and id; not the test's module."""
    return claim, reading, function_of(case["test"] or ""), case["id"]


def has_section(claim: dict[str, Any]) -> bool:
    """Whether a claim has anything to show beyond a row in the coverage table."""
    return any(case["verdict"] != "not run" or case["panels"] or case["formulas"] for _, _, case in every_case([claim]))


def _listed(names: list[tuple[str, str]]) -> str:
    """List (reading, case) by reading: `printed h1+h2, h1+h4; sound h1+h2`."""
    readings = dict.fromkeys(reading for reading, _ in names)
    return "; ".join(f"{own} {', '.join(case for reading, case in names if reading == own)}" for own in readings)


def not_run(claim: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the cases of a claim that did not run, gathered by their reason: (names, reason)."""
    reasons: dict[str, list[tuple[str, str]]] = {}
    for _, reading, case in every_case([claim]):
        if case["verdict"] == "not run":
            name = (reading["reading"], case["id"])
            reasons.setdefault(case["reason"] or "no reason was recorded", []).append(name)
    if claim["readings"] and not any(reading["cases"] for reading in claim["readings"]):
        return [("no case", "none was recorded")]
    return [(_listed(names), reason) for reason, names in reasons.items()]


@dataclass(frozen=True)
class Protocol:
    """A protocol, and the cases it belongs to."""

    text: str
    cases: str


def protocols(claim: dict[str, Any]) -> list[Protocol]:
    """Return a claim's distinct protocols."""
    found: dict[str, list[tuple[str, str]]] = {}
    for _, reading, case in every_case([claim]):
        if case["protocol"]:
            found.setdefault(case["protocol"], []).append((reading["reading"], case["id"]))
    return [Protocol(text, _listed(cases)) for text, cases in found.items()]


def quoted(claim: dict[str, Any], errata: Iterable[dict[str, Any]]) -> list[tuple[str, str | None]]:
    """Return the paper's own words on a claim, each with the erratum that quotes them, where one does."""
    if claim["quote"]:
        return [(claim["quote"], None)]
    return [(erratum["printed"], erratum["id"]) for erratum in errata if erratum["claim"] == claim["id"]]


def tally(reading: dict[str, Any]) -> str:
    """Count the cases of a reading by status: `17 supported, 1 not run`."""
    found = [status(case["verdict"], erratum_of(reading, case)) for case in reading["cases"]]
    return ", ".join(f"{found.count(shown)} {shown.words}" for shown in dict.fromkeys(found))


def needs_attention(reading: dict[str, Any], case: dict[str, Any]) -> bool:
    """Whether a case did not come out as registered."""
    return next(_case_findings(reading, case), None) is not None


COVERED = Status("covered", "●", "covered", expected=True)
PARTLY = Status("partly", "◐", "covered in part", expected=True)


def coverage(claim: dict[str, Any]) -> Status:
    """Return whether a claim is covered, in part, by tests that did not run, or not at all."""
    if not claim["readings"]:
        return NOT_COVERED
    ran = {case["verdict"] != "not run" for _, _, case in every_case([claim])}
    return PARTLY if len(ran) > 1 else COVERED if ran == {True} else NOT_RUN


def scale_of(case: dict[str, Any], scale: str | None) -> str:
    """Return the scale at which a case ran or, where its reason names one, would."""
    asked = case["verdict"] == "not run" and re.search(r"--scale (\w+)", case["reason"] or "")
    return (asked and asked[1]) or scale or "unknown"


def facets(claim: dict[str, Any], scale: str | None) -> list[tuple[str, str]]:
    """Return the (status key, scale) pairs among a claim's cases: what the page's filters look at."""
    found = [
        (status(case["verdict"], erratum_of(reading, case)).key, scale_of(case, scale))
        for _, reading, case in every_case([claim])
    ]
    return list(dict.fromkeys(found)) or [(NOT_COVERED.key, scale or "unknown")]


def datasets(claim: dict[str, Any]) -> list[str]:
    """Return the names of the datasets behind a claim's evidence."""
    return list(dict.fromkeys(name for _, _, case in every_case([claim]) for name in case["datasets"]))


def command(claim: dict[str, Any]) -> str | None:
    """Return one command that runs every case of a claim again, at the scale and seed of its first."""
    cases = [case for _, _, case in every_case([claim]) if case["test"]]
    if not cases:
        return None
    tests = dict.fromkeys(case["test"].partition("[")[0] for case in cases)
    options = re.search(r"( --\w+ \w+)+$", cases[0]["command"] or "")
    return f"pytest {shlex.join(tests)}{options[0] if options else ''}"


def evidence(claims: Iterable[dict[str, Any]]) -> dict[tuple[Any, ...], list[str]]:
    """Return every entry of stored evidence once, with the claims that rest on it.

    An entry is (experiment, key, digest, cells, made).
    """
    found: dict[tuple[Any, ...], list[str]] = {}
    for claim, _, case in every_case(claims):
        for entry in case["evidence"]:
            users = found.setdefault(entry_of(entry), [])
            if claim["id"] not in users:
                users.append(claim["id"])
    return found


def entry_of(entry: dict[str, Any]) -> tuple[Any, ...]:
    """Return what tells one entry of evidence from another."""
    return entry["experiment"], entry["key"], entry["digest"], entry["cells"], entry["made"]


def spread(trials: Sequence[float | None]) -> str | None:
    """Say how many trials there are, and from where to where they lie."""
    values = [value for value in trials if value is not None and math.isfinite(value)]
    if not values:
        return None
    if len(values) == 1 or min(values) == max(values):
        return f"{len(values)}, {'all ' if len(values) > 1 else ''}at {typeset.number(values[0])}"
    return f"{len(values)}, from {typeset.number(min(values))} to {typeset.number(max(values))}"


@dataclass(frozen=True)
class Count:
    """How the claims and readings of one paper came out."""

    name: str
    claims: int
    covered: int
    readings: dict[str, int]  # by status key


def counts(papers: list[str], claims: list[dict[str, Any]]) -> list[Count]:
    """Count by paper and, where there are several papers, in all."""
    rows = [_count(f"Paper {paper}", [claim for claim in claims if claim["paper"] == paper]) for paper in papers]
    return [*rows, _count("Both" if len(papers) == 2 else "All", claims)] if len(papers) > 1 else rows


def _count(name: str, claims: list[dict[str, Any]]) -> Count:
    keys = [reading_status(reading).key for claim in claims for reading in claim["readings"]]
    return Count(
        name,
        claims=len(claims),
        covered=sum(bool(claim["readings"]) for claim in claims),
        readings={key: keys.count(key) for key, _, _ in COLUMNS},
    )
