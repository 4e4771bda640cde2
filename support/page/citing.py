"""Where the papers are found, and how a report is cited."""

from __future__ import annotations

import re

from support.document.types import Paper, Report
from support.register import load_register

_ARXIV = re.compile(r"\d{4}\.\d{4,5}(v\d+)?")


def arxiv(paper: Paper | None) -> str | None:
    """The id of a paper on arXiv: its own, else that of the register's paper of the same title; None where unknown."""
    if paper is None:
        return None
    known = {each.title: each.arxiv for each in load_register().papers.values()}
    name = paper.arxiv or known.get(paper.title)
    return name if name and _ARXIV.fullmatch(name) else None


def citation(report: Report) -> str:
    """The report in a line, and the papers that it is about in one each."""
    run = report.run
    facts = [
        "spurious-claims, claim report",
        f"{run.scale} scale" if run.scale else None,
        f"seed {run.seed}" if run.seed is not None else None,
        f"of {run.model}" if run.model else None,
        f"commit {run.commit}" if run.commit else None,
        run.started[:10] if run.started else None,
    ]
    papers = [
        ". ".join(filter(None, (paper.authors, paper.title, paper.reference))) for paper in report.papers.values()
    ]
    return "\n".join(f"{line}." for line in [", ".join(filter(None, facts)), *papers])
