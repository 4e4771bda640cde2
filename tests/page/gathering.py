"""Figures as the page gathers them from a report."""

from __future__ import annotations

import json

from support.document.reading import parse
from support.page.figures import Figure, gather
from tests.page.tree import Document


def gathered(document: Document) -> list[Figure]:
    return gather(parse(json.dumps(document).encode()).claims)


def only(document: Document, *panels: Document) -> list[Figure]:
    """The figures of a report that has these panels and no others."""
    document["claims"] = document["claims"][:1]
    for case in document["claims"][0]["readings"][0]["cases"]:
        case["panels"] = []
    document["claims"][0]["readings"][0]["cases"][0]["panels"] = list(panels)
    return gathered(document)
