"""The report as types: what `report.json` holds, and nothing else.

A list that may be empty is empty, and what is not known is null. Ends of intervals and regions that are infinite are
null too, as are infinite effects and trials. Fields that a reader does not know are passed over.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from support import register
from support.document import bounds
from support.document.bounds import Count, Level, Margin, Scale, Seed, Share, Trials
from support.document.changes import Comparison
from support.document.letters import in_one_line
from support.document.trial_sources import TrialSources

SCHEMA = "spurious-claims/report/3"

ClaimKind = register.Kind
ReadingName = register.Reading
DepartureKind = register.DepartureKind
Verdict = Literal["supported", "refuted", "inconclusive", "not run"]
EffectKind = Literal["mean", "slope", "largest", "smallest", "ratio", "share", "worst"]
Why = Literal["not asked here", "takes hours", "other model", "not selected", "not recorded", "interrupted", "error"]
Route = Literal["bounded", "share", "ratio", "near-normal", "median"]
Side = Literal["printed", "corrected"]

# Letters of a message.
MOST_TOLD = 1000

# Two numbers, each null where it is infinite or not given.
Pair = tuple[float | None, float | None]
Values = tuple[float | None, ...]
Scalar = bool | int | float | str | None
# What a case says of its sizes: a value, a list of values, or values by name.
Size = bool | int | float | str | None | list[Scalar] | dict[str, Scalar]


class ReportError(ValueError):
    """A report that cannot be read, drawn or written; the message is one sentence for its user.

    It is one line without control characters, and no longer than a screen, whatever the report or its file is called.
    """

    def __init__(self, message: str) -> None:
        plain = in_one_line(message)
        super().__init__(plain if len(plain) <= MOST_TOLD else f"{plain[:MOST_TOLD]}…")


# ------------------------------------------------------------------------------------------------ figures, formulas


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A curve of a panel: a list of values over x for each trial; drawn as their mean, with a band where asked for."""

    label: str
    x: Values
    trials: tuple[Values, ...]
    dashed: bool = False
    band: bool = False
    color: int = 0


class Guide(msgspec.Struct, frozen=True, kw_only=True):
    """A horizontal line that helps to read a panel."""

    y: float
    label: str | None = None


class Panel(msgspec.Struct, frozen=True, kw_only=True):
    """A panel of a figure of the papers: lines, or a map with one value for each pixel, shown in y_range.

    An x_scale of log1p is the logarithm of 1 + x, which has a place for zero.
    """

    figure: str
    panel: str
    order: float = 0.0
    x_label: str | None = None
    y_label: str | None = None
    x_scale: Literal["linear", "log", "log1p"] = "linear"
    y_range: Pair | None = None
    guides: tuple[Guide, ...] = ()
    lines: tuple[Line, ...]
    map: tuple[Values, ...] | None = None
    note: str | None = None


class Formula(msgspec.Struct, frozen=True, kw_only=True):
    """A step of a derivation, as presentation MathML and as plain text; erratum and side stand together."""

    chapter: str
    title: str
    order: float
    mathml: str
    plain: str
    text: str | None = None
    erratum: str | None = None
    side: Side | None = None


# ------------------------------------------------------------------------------------------------ decisions


class Region(msgspec.Struct, frozen=True, kw_only=True):
    """The effects for which the claim is true, both ends included; null is unbounded."""

    low: float | None = None
    high: float | None = None
    label: str | None = None


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """What a confidence sequence is of: the range of one trial, null where infinite, and the route to it."""

    name: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    route: Route
    margin: Margin
    worse: Literal["higher", "lower"] | None = None


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """An effect with its interval and the region in which the claim is true.

    effect_kind says what the effect is of its trials; of the largest or smallest, conditions is of how many. A level
    of null marks a numeric bound. method is for the reader. Only fixed numbers of trials, as earlier versions had
    them, have a resolution, with the power at which it is one.
    """

    effect: float | None = None
    effect_label: str | None = None
    effect_kind: EffectKind | None = None
    conditions: Count | None = None
    interval: Pair | None = None
    level: Level | None = None
    method: str | None = None
    region: Region | None = None
    trials: Values = ()
    resolution: bounds.Size | None = None
    power: Share | None = None
    measure: Measure | None = None


class Control(Measured, frozen=True, kw_only=True):
    """The same decision where the answer is known.

    separated where it came out by lying wholly off the effect's interval, inside the region or across its edge.
    """

    name: str
    description: str | None = None
    kind: Literal["negative", "positive"] | None = None
    expected: Verdict
    verdict: Verdict
    separated: bool = False


class Exclusion(msgspec.Struct, frozen=True, kw_only=True):
    """Trials that were left out, by which rule: so many of so many."""

    rule: str
    dropped: Count
    trials: Count


class VitalSign(msgspec.Struct, frozen=True, kw_only=True):
    """What must be true of a healthy run: what was found, and what was expected.

    clean_accuracy is a mean over networks without a treatment, where that is what was found.
    """

    name: str
    found: str
    healthy: bool
    expected: str
    clean_accuracy: Share | None = None


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """How many trials a sequence was last looked at with, and how many it was allowed."""

    trials: Trials
    budget: Trials


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """The stored numbers that a case was decided on: key of the first, digest of all, what made them.

    cells counts arms of trials; before November 2026 reports counted trials there.
    """

    experiment: str | None = None
    key: str | None = None
    digest: str | None = None
    cells: Count | None = None
    made: str | None = None


class Decision(Measured, frozen=True, kw_only=True):
    """What was asked and what came out, before it is known whose it is.

    sources is null where it is not known, as in earlier reports, and where nothing stored was asked for.
    """

    verdict: Verdict
    reason: str | None = None
    controls: tuple[Control, ...] = ()
    sizes: dict[str, Size] = {}
    look: Look | None = None
    exclusions: tuple[Exclusion, ...] = ()
    signs: tuple[VitalSign, ...] = ()
    panels: tuple[Panel, ...] = ()
    formulas: tuple[Formula, ...] = ()
    datasets: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    sources: TrialSources | None = None


# ------------------------------------------------------------------------------------------------ cases


class NotRun(msgspec.Struct, frozen=True, kw_only=True):
    """Why a case has no verdict; scale is one at which it runs, planned the trials that would decide it.

    takes hours where it has a time of its own at this run's scale, with the option that its command names; other model
    where it is asked of something else than this run's networks or features: that is no setting left out.
    """

    why: Why
    reason: str
    scale: Scale | None = None
    planned: Count | None = None


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """What runs tests again; options that are null or false were not given."""

    tests: tuple[str, ...]
    scale: Scale | None = None
    seed: Seed | None = None
    device: str | None = None
    data: str | None = None
    model: str | None = None
    features: str | None = None
    only: str | None = None
    recorded: bool = False


class Case(Decision, frozen=True, kw_only=True):
    """One test: what it decided, or why it has not run. test is its node id in pytest, not_run null where it ran.

    departure is the id of the erratum, finding or slip that expects it to be refuted.
    """

    id: str
    test: str | None = None
    departure: str | None = None
    protocol: str | None = None
    not_run: NotRun | None = None
    command: Command | None = None
    seconds: bounds.Size | None = None

    def __post_init__(self) -> None:
        if (self.verdict == "not run") != (self.not_run is not None):
            raise ValueError("a case that is not run says why in `not_run`, and no other does")


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """One way to take a claim; its verdict is the worst of its cases that ran.

    settings counts the cases that could be asked of this run's models, tested those that ran: a reading that is
    supported is so in part where tested is less.
    """

    reading: ReadingName
    verdict: Verdict
    tested: Count
    settings: Count
    departure: str | None = None
    cases: tuple[Case, ...]


class Registered(msgspec.Struct, frozen=True, kw_only=True):
    """What the register says of a claim; an extension is asked by this suite and by no paper."""

    id: str
    paper: str
    title: str
    statement: str
    place: str | None = None
    kind: ClaimKind | None = None
    provenance: str | None = None
    quote: str | None = None
    protocol: str | None = None
    refuted_by: str | None = None
    published_numbers: str | None = None
    rests_on: tuple[str, ...] = ()
    covered_by: tuple[str, ...] = ()
    not_checkable: str | None = None
    headline: bool = False
    extension: bool = False


class Claim(Registered, frozen=True, kw_only=True):
    """A claim of the register; without readings where no test covers it."""

    readings: tuple[Reading, ...]


# ------------------------------------------------------------------------------------------------ the report


class Departure(msgspec.Struct, frozen=True, kw_only=True):
    """A reading that does not hold as it stands, with what holds instead.

    An erratum is false as shown in exact arithmetic, or contradicts another place of the paper or its code; a finding
    differs from the paper at the sizes that its title names; a slip is of a third party's summary, not of the paper.
    formerly is the id under which earlier reports name it.
    """

    id: str
    kind: DepartureKind
    claim: str
    reading: ReadingName | None = None
    title: str
    place: str | None = None
    printed: str | None = None
    corrected: str | None = None
    explanation: str | None = None
    changes: str | None = None
    formerly: str | None = None


class Paper(msgspec.Struct, frozen=True, kw_only=True):
    """One of the papers under study."""

    title: str
    authors: str | None = None
    reference: str | None = None
    source: str | None = None
    arxiv: str | None = None


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """How the run was made; datasets maps names to digests, null where the data was not there.

    sequences is the number of verdicts that rest on confidence sequences; engine where trials were computed, null where
    in this run's own processes.
    """

    commit: str | None = None
    dirty: bool | None = None
    versions: dict[str, str] = {}
    device: str | None = None
    threads: Count | None = None
    workers: Count | None = None
    engine: str | None = None
    scale: Scale | None = None
    seed: Seed | None = None
    seconds: bounds.Size | None = None
    started: str | None = None
    model: str | None = None
    command: str | None = None
    datasets: dict[str, str | None] = {}
    complete: bool | None = None
    notes: tuple[str, ...] = ()
    sequences: Count | None = None


class Sentence(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence, the claims that it rests on, and the verdicts that it tells, which earlier reports lack."""

    text: str
    claims: tuple[str, ...]
    verdicts: tuple[Verdict, ...] = ()


class Conclusion(msgspec.Struct, frozen=True, kw_only=True):
    """What the verdicts say of one topic in plain words."""

    title: str
    sentences: tuple[Sentence, ...]


class Report(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag=SCHEMA):
    """What a run says of every registered claim; papers are by their letter."""

    run: Run
    papers: dict[str, Paper]
    claims: tuple[Claim, ...]
    departures: tuple[Departure, ...]
    comparison: Comparison | None = None
    conclusions: tuple[Conclusion, ...] = ()
