"""The page: from a checked report to one self-contained HTML file."""

import json
import os
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2

from support.report import derivations, figures, pictures, summary, typeset
from support.report.schema import ReportError, complete

_TEMPLATE, _STYLE = "report.html", "report.css"


def _template_text(name: str) -> str:
    return resources.files("support.report").joinpath(name).read_text(encoding="utf-8")


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        autoescape=True,
        loader=jinja2.FunctionLoader(_template_text),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": typeset.number,
        "interval": typeset.interval,
        "percent": typeset.percent,
        "paragraphs": typeset.paragraphs,
    }
    environment.tests |= {"with_section": summary.has_section, "partly_idle": summary.not_run}
    environment.globals |= {
        "summary": summary,
        "picture_of": pictures.picture,
        "most_dots": pictures.MOST_DOTS,
        "region_words": typeset.region,
    }
    return environment


class _Page:
    """Where everything stands on the page: the ids of claims, cases, figures, formulas and errata."""

    def __init__(self, report: dict[str, Any]) -> None:
        anchors = typeset.Anchors()
        for fixed in ("report", "attention", "run", "guide", "summary", "coverage", "derivations", "errata"):
            anchors.new(fixed)
        self._anchors = anchors
        self._claims = {id(claim): anchors.new(claim["id"]) for claim in report["claims"]}
        self._errata = {erratum["id"]: anchors.new(erratum["id"]) for erratum in report["errata"]}
        self._claim_by_name = {claim["id"]: self._claims[id(claim)] for claim in report["claims"]}
        self._cases = {
            id(case): anchors.new(claim["id"], reading["reading"], case["id"])
            for claim, reading, case in summary.every_case(report["claims"])
            if summary.has_section(claim)
        }
        self._figures: dict[str, list[tuple[figures.Figure, str]]] = {}
        for figure in figures.gather(report["claims"]):
            anchor = anchors.new("figure", figure.name)
            for claim_id in figure.claims:
                self._figures.setdefault(claim_id, []).append((figure, anchor))
        self._steps = derivations.gather(report["claims"])
        self._derived = derivations.outside_errata(self._steps, self._errata)
        self._chapters = {chapter: anchors.new("chapter", chapter) for chapter in self._derived}
        self._formulas = {
            id(step): anchors.new("formula", step.formula["title"]) for steps in self._steps.values() for step in steps
        }

    def claim(self, claim: dict[str, Any]) -> str:
        return self._claims[id(claim)]

    def claim_named(self, name: str) -> str | None:
        return self._claim_by_name.get(name)

    def case(self, claim: dict[str, Any], case: dict[str, Any]) -> str:
        return self._cases.get(id(case), self._claims[id(claim)])

    def erratum(self, name: str) -> str | None:
        return self._errata.get(name)

    def figures(self, claim: dict[str, Any]) -> list[tuple[figures.Figure, str]]:
        return self._figures.get(claim["id"], [])

    def chapters(self) -> list[tuple[str, str, list[derivations.Step]]]:
        """Name, id and steps of each chapter."""
        return [(chapter, self._chapters[chapter], steps) for chapter, steps in self._derived.items()]

    def in_chapter(self, step: derivations.Step) -> bool:
        return any(step is other for other in self._derived.get(step.formula["chapter"], []))

    def formula(self, step: derivations.Step) -> str:
        return self._formulas[id(step)]

    def formulas_of_claim(self, claim: dict[str, Any]) -> list[derivations.Step]:
        return derivations.of_claim(self._steps, claim)

    def formulas_of_erratum(self, name: str) -> list[tuple[derivations.Step | None, derivations.Step | None]]:
        return derivations.of_erratum(self._steps, name)

    def new(self, *names: str) -> str:
        return self._anchors.new(*names)


def render(document: dict[str, Any]) -> str:
    """Return the HTML page of a report; the document alone decides every byte of it.

    Raises ReportError where the document does not follow the schema.
    """
    report = complete(document)
    claims = report["claims"]
    papers = list(dict.fromkeys([*report["papers"], *(claim["paper"] for claim in claims)]))
    return (
        _environment()
        .get_template(_TEMPLATE)
        .render(
            run=report["run"],
            papers={
                name: report["papers"].get(name, {"title": name, "authors": None, "reference": None}) for name in papers
            },
            claims=claims,
            errata=report["errata"],
            counts=summary.counts(papers, claims),
            findings=summary.findings(claims),
            decided=any(case["verdict"] != "not run" for _, _, case in summary.every_case(claims)),
            page=_Page(report),
            draw=figures.draw,
            style=_template_text(_STYLE),
        )
    )


def read(json_path: Path) -> dict[str, Any]:
    """Return the document in a `report.json`; raises ReportError where there is none."""
    try:
        document = json.loads(json_path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ReportError(f"{json_path}: cannot read the report: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise ReportError(f"{json_path}: not a complete JSON document: {error}") from error
    if not isinstance(document, dict):
        raise ReportError(f"{json_path}: the report must be a JSON object, got {type(document).__name__}")
    return document


def write_html(json_path: Path, html_path: Path) -> None:
    """Build the page beside its final place, then move it there: readers never see half a page.

    Raises ReportError, in one sentence, where the report cannot be read, drawn or written.
    """
    document = read(json_path)
    try:
        page = render(document)
    except ReportError as error:
        raise ReportError(f"{json_path}: {error}") from error
    unfinished = html_path.with_name(f".{html_path.name}.{os.getpid()}")
    try:
        # A lone surrogate, as in a badly named test, has no UTF-8 form.
        unfinished.write_bytes(page.encode("utf-8", errors="replace"))
        unfinished.replace(html_path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise ReportError(f"{html_path}: cannot write the page: {error.strerror or error}") from error
