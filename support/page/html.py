"""The page: from a report to one self-contained HTML file."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from functools import cache
from pathlib import Path

import jinja2

from support.comparing import wording
from support.document import statuses, walking
from support.document.departures import named
from support.document.letters import plain
from support.document.trial_sources import in_words, total
from support.document.types import Case, Claim, Paper, Report, ReportError
from support.page import (
    captions,
    departures,
    derivations,
    figures,
    moves,
    names,
    pictures,
    protocols,
    specimens,
    summary,
    tiles,
    typeset,
    verdicts,
)
from support.page.beside import Beside
from support.page.citing import arxiv, citation
from support.page.conclusions import conclude
from support.page.templates import SCRIPT, STYLE, compact
from support.page.templates import environment as base_environment
from support.page.words import signs_in
from support.whole_files import write_whole

# A reading with more cases folds: those of one screen.
_MOST_CASES = 6
_MOST_MAKERS = 3
_TEMPLATE = "report.html"

# Elements that begin a line, so that a page can be read and compared as text.
_LINES = ("<section", "<details", "<tr", "<h2", "<style", "<script")


@cache  # compiling the template takes longer than drawing a small report
def _environment() -> jinja2.Environment:
    environment = base_environment()
    environment.tests |= {"with_section": summary.has_section}
    environment.globals |= {
        "summary": summary,
        "verdict_sentence": verdicts.sentence,
        "statuses": statuses,
        "walking": walking,
        "picture_of": pictures.picture,
        "moves_picture": moves.moves_picture,
        "wording": wording,
        "pictures": pictures,
        "specimens": specimens,
        "derivations": derivations,
        "departures_words": departures.WORDS,
        "departures_short": departures.short,
        "named": named,
        "region_words": typeset.region,
        "caption": captions.caption,
        "signs": captions.signs,
        "published": captions.published,
        "panel_size": (figures.PANEL_WIDTH, figures.PANEL_HEIGHT),
        "most_cases": _MOST_CASES,
    }
    return environment


# Ids that the template and the script name.
_FIXED = (
    *(
        "report",
        "attention",
        "guide",
        "first",
        "looks",
        "against",
        "check",
        "cite",
        "moved",
        "run",
        "filters",
        "shown",
        "results",
    ),
    *("summary", "foundations", "figures", "coverage", "derivations", "errata", "findings", "slips"),
    *("diamond", "open-low", "open-high", "made-from"),
    *(name for name, _ in figures.samples()),
)


class _Page:
    """Where everything stands on the page: the ids of claims, cases, figures, formulas and departures."""

    def __init__(self, report: Report) -> None:
        anchors = typeset.Anchors()
        for fixed in _FIXED:
            anchors.new(fixed)
        self._anchors = anchors
        self._claims = {id(claim): anchors.new(claim.id) for claim in report.claims}
        self._departures = {entry.id: anchors.new(entry.id) for entry in report.departures}
        self._claim_by_name = {claim.id: self._claims[id(claim)] for claim in report.claims}
        self._cases = {
            id(case): anchors.new(claim.id, reading.reading, case.id)
            for claim, reading, case in walking.every_case(report.claims)
            if summary.has_section(claim)
        }
        every = list(walking.every_case(report.claims))
        makers = Counter(entry.made for _, _, case in every for entry in case.evidence if entry.made)
        self.makers = [made for made, _ in makers.most_common(_MOST_MAKERS)]
        self.other_makers = len(makers) - len(self.makers)
        self._names = names.by_case(reading for claim in report.claims for reading in claim.readings)
        self._signs = {id(claim): signs for claim, signs in signs_in(report.claims)}
        sources = total(case.sources for _, _, case in every if case.sources)
        self.sources = in_words(sources) or None
        # Cases name other places than this one.
        self.usual = max(sources.read, key=lambda read: read.trials, default=None)
        self._protocols = protocols.tell([claim for claim in report.claims if summary.has_section(claim)])
        self.rests_on = derivations.foundations(report.claims)
        self._figures: dict[str, list[tuple[figures.Figure, str]]] = {}
        self.all_figures = []
        self._panels: dict[int, str] = {}
        for figure in figures.gather(report.claims):
            anchor = anchors.new("figure", figure.name)
            self.all_figures.append((figure, anchor))
            self._panels |= {id(panel): anchors.new("panel", figure.name, panel.name) for panel in figure.panels}
            for claim_id in figure.claims:
                self._figures.setdefault(claim_id, []).append((figure, anchor))
        self._steps = derivations.gather(report.claims)
        self._derived = derivations.outside_errata(self._steps, self._departures)
        self._chapters = {chapter: anchors.new("chapter", chapter) for chapter in self._derived}
        self._formulas = {
            id(step): anchors.new("formula", step.formula.title) for steps in self._steps.values() for step in steps
        }

    def claim(self, claim: Claim) -> str:
        return self._claims[id(claim)]

    def claim_named(self, name: str) -> str | None:
        return self._claim_by_name.get(name)

    def case(self, claim: Claim, case: Case) -> str:
        return self._cases.get(id(case), self._claims[id(claim)])

    def name(self, case: Case) -> str:
        """What a case is called."""
        return self._names[id(case)]

    def signs(self, claim: Claim) -> list[str]:
        """Signs in the heading of a claim that no claim before it has."""
        return self._signs[id(claim)]

    def protocols(self, claim: Claim) -> protocols.Told:
        """What the section of a claim says of protocols."""
        return self._protocols[claim.id]

    def panel(self, panel: figures.Panel) -> str:
        return self._panels[id(panel)]

    def thumbnail(self, figure: figures.Figure) -> str | None:
        """The id of the drawing that stands for a figure; None where it has maps alone."""
        return next((self.panel(panel) for panel in figure.panels if not panel.description.map), None)

    def carries(self, claim: Claim) -> list[str]:
        """The claims that rest on this one."""
        return [name for name, below in self.rests_on.items() if claim.id in below]

    def departure(self, name: str) -> str | None:
        return self._departures.get(name)

    def figures(self, claim: Claim) -> list[tuple[figures.Figure, str]]:
        return self._figures.get(claim.id, [])

    def chapters(self) -> list[tuple[str, str, list[derivations.Step]]]:
        """Name, id and steps of each chapter."""
        return [(chapter, self._chapters[chapter], steps) for chapter, steps in self._derived.items()]

    def in_chapter(self, step: derivations.Step) -> bool:
        return any(step is other for other in self._derived.get(step.formula.chapter, []))

    def formula(self, step: derivations.Step) -> str:
        return self._formulas[id(step)]

    def formulas_of_claim(self, claim: Claim) -> list[derivations.Step]:
        return derivations.of_claim(self._steps, claim)

    def formulas_of_erratum(self, name: str) -> list[tuple[derivations.Step | None, derivations.Step | None]]:
        return derivations.of_erratum(self._steps, name)

    def new(self, *names: str) -> str:
        return self._anchors.new(*names)


def render(report: Report, beside: Beside = Beside(), digest: str | None = None) -> str:  # noqa: B008  it is frozen
    """Return the HTML page of a report; the report and what stands beside it decide every byte of it.

    Parameters
    ----------
    digest : SHA-256 of the file that the report is read from, as the page says.

    Raises
    ------
    ReportError : a formula that cannot be shown, or of which two cases say different things.
    """
    claims = report.claims
    script = compact(SCRIPT)
    papers = list(dict.fromkeys([*report.papers, *(claim.paper for claim in claims)]))
    pages = _Page(report)
    shown = {claim.paper for claim in claims if summary.has_section(claim)}
    facets = dict.fromkeys(facet for claim in claims for facet in summary.facets(claim, report.run.scale))
    keys = {key for key, _ in facets}
    statuses_shown = (*statuses.COLUMNS, statuses.NOT_COVERED[:3], statuses.NOT_CHECKABLE[:3])
    surprises = summary.surprises(claims)
    page = (
        _environment()
        .get_template(_TEMPLATE)
        .render(
            run=report.run,
            digest=digest,
            papers={name: report.papers.get(name, Paper(title=name)) for name in papers},
            comparison=report.comparison,
            conclusions=conclude(claims),
            board=tiles.board(claims),
            shown_keys=[shown for shown in statuses_shown if shown[0] in tiles.keys(claims)],
            beside=beside,
            citation=citation(report),
            arxiv={name: arxiv(report.papers.get(name)) for name in papers},
            claims=claims,
            departures=report.departures,
            sections=departures.sections(report.departures),
            counts=summary.counts(papers, claims),
            surprises=surprises,
            alarm=report.run.complete is False or summary.alarming(surprises),
            certainty=statuses.certainty(case for _, _, case in walking.every_case(claims)),
            decided=any(case.verdict != "not run" for _, _, case in walking.every_case(claims)),
            page=pages,
            paper_anchors={name: pages.new("paper", name) for name in papers if name in shown},
            verdicts=[(key, words) for key, _, words in statuses_shown if key in keys],
            scales=dict.fromkeys(scale for _, scale in facets),
            draw=figures.draw,
            samples=list(figures.samples()),
            graphs={name: derivations.graph([claim for claim in claims if claim.paper == name]) for name in papers},
            style=compact(STYLE),
            script=script,
            script_digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        )
    )
    # Line breaks between two elements are the template's alone: in texts, `<` and `>` are escaped.
    return plain(re.sub(r">\s*\n\s*<", lambda gap: ">\n<" if page.startswith(_LINES, gap.end() - 1) else "><", page))


def write_page(page: str, path: Path) -> None:
    """Write the page; readers never see half of one.

    Raises
    ------
    ReportError : it cannot be written, in one sentence.
    """
    try:
        write_whole(file_content(page), path)
    except OSError as error:
        raise ReportError(f"{path}: cannot write the page: {error.strerror or error}") from error


def file_content(page: str) -> bytes:
    """What is written of a page."""
    return page.encode()
