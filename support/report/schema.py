"""What a `report.json` holds, checked before anything is drawn from it."""

from collections.abc import Callable
from typing import Any

SCHEMA = "spurious-claims/report/1"
VERDICTS = ("supported", "refuted", "inconclusive", "not run")
SIDES = ("printed", "corrected")


class ReportError(ValueError):
    """A report that cannot be read, drawn or written; the message is one sentence for its user."""


# The reason of a case that is `not run` says why; one that begins with `error` tells of a test that broke
# down, and is shown at the top.
#
# Every object of the report and its fields. A type is a word of `_PLAIN`, the name of another
# object, `[name]` for a list of them or `{name}` for a mapping to them. A field marked `?` may be
# absent or null.
OBJECTS = {
    "report": {"run": "run", "papers": "{paper}", "claims": "[claim]", "errata": "[erratum]"},
    "run": {
        "commit?": "text",
        "dirty?": "flag",
        "versions?": "object",
        "device?": "text",
        "threads?": "number",
        "workers?": "number",
        "scale?": "text",
        "seed?": "number",
        "seconds?": "number",
        "started?": "text",
        "command?": "text",
        "datasets?": "object",
        "complete?": "flag",
        "notes?": "[text]",
    },
    "paper": {"title": "text", "authors?": "text", "reference?": "text"},
    "claim": {
        "id": "text",
        "paper": "text",
        "title": "text",
        "statement": "text",
        "place?": "text",
        "kind?": "text",
        "provenance?": "text",
        "readings": "[reading]",
    },
    "reading": {"reading": "text", "verdict": "verdict", "erratum?": "text", "cases": "[case]"},
    "case": {
        "id": "text",
        "test?": "text",
        "verdict": "verdict",
        "reason?": "text",
        "erratum?": "text",
        "protocol?": "text",
        "effect?": "number",
        "effect_label?": "text",
        "interval?": "interval",
        "level?": "number",
        "method?": "text",
        "region?": "region",
        "trials?": "[value]",
        "resolution?": "number",
        "power?": "number",
        "controls?": "[control]",
        "sizes?": "object",
        "command?": "text",
        "evidence?": "[evidence]",
        "seconds?": "number",
        "panels?": "[panel]",
        "formulas?": "[formula]",
    },
    "region": {"low?": "number", "high?": "number", "label?": "text"},
    "control": {
        "name": "text",
        "description?": "text",
        "kind?": "text",
        "expected": "verdict",
        "verdict": "verdict",
        "effect?": "number",
        "interval?": "interval",
        "region?": "region",
        "trials?": "[value]",
    },
    "evidence": {"experiment?": "text", "key?": "text", "digest?": "text", "cells?": "number"},
    "panel": {
        "figure": "text",
        "panel": "text",
        "order?": "number",
        "x_label?": "text",
        "y_label?": "text",
        "x_scale?": "text",
        "y_range?": "interval",
        "guides?": "[guide]",
        "lines": "[line]",
        "note?": "text",
    },
    "guide": {"y": "number", "label?": "text"},
    "line": {
        "label": "text",
        "x": "[value]",
        "trials": "[values]",
        "dashed?": "flag",
        "band?": "flag",
        "color?": "number",
    },
    "formula": {
        "chapter": "text",
        "title": "text",
        "order": "number",
        "mathml": "text",
        "plain": "text",
        "text?": "text",
        "erratum?": "text",
        "side?": "side",
    },
    "erratum": {
        "id": "text",
        "claim": "text",
        "reading?": "text",
        "title": "text",
        "place?": "text",
        "printed?": "text",
        "corrected?": "text",
        "explanation?": "text",
        "changes?": "text",
    },
}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _are_values(value: object) -> bool:
    return isinstance(value, list) and all(item is None or _is_number(item) for item in value)


_PLAIN: dict[str, Callable[[object], bool]] = {
    "text": lambda value: isinstance(value, str),
    "flag": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "verdict": lambda value: value in VERDICTS,
    "side": lambda value: value in SIDES,
    "number": _is_number,
    "value": lambda value: value is None or _is_number(value),
    "values": _are_values,
    "interval": lambda value: _are_values(value) and len(value) == 2,  # type: ignore[arg-type]
}

_MEANING = {
    "text": "a text",
    "flag": "true or false",
    "object": "an object",
    "verdict": "one of " + ", ".join(VERDICTS),
    "side": "one of " + ", ".join(SIDES),
    "number": "a number",
    "value": "a number or null",
    "values": "a list of numbers or nulls",
    "interval": "a pair of numbers or nulls",
}


def complete(document: object) -> dict[str, Any]:
    """Return a copy of the report with absent optional fields as null (lists: empty).

    Raises ReportError where the report is of another schema, lacks a field or has one of another type.
    """
    found = document.get("schema") if isinstance(document, dict) else None
    if found != SCHEMA:
        raise ReportError(f"the report's schema must be {SCHEMA!r}, got {found!r}")
    report: dict[str, Any] = _complete(document, "report", "report")
    return report


def _complete(value: Any, kind: str, where: str) -> Any:
    if kind in _PLAIN:
        if not _PLAIN[kind](value):
            raise ReportError(f"{where} must be {_MEANING[kind]}, got {_shortened(value)}")
        return value
    if kind.startswith("["):
        if not isinstance(value, list):
            raise ReportError(f"{where} must be a list, got {_shortened(value)}")
        return [_complete(item, kind[1:-1], f"{where}[{index}]") for index, item in enumerate(value)]
    if not isinstance(value, dict):
        raise ReportError(f"{where} must be an object, got {_shortened(value)}")
    if kind.startswith("{"):
        return {name: _complete(item, kind[1:-1], f"{where}.{name}") for name, item in value.items()}
    completed: dict[str, Any] = {}
    for field, field_kind in OBJECTS[kind].items():
        name = field.removesuffix("?")
        if value.get(name) is not None:
            completed[name] = _complete(value[name], field_kind, f"{where}.{name}")
        elif field.endswith("?"):
            completed[name] = [] if field_kind.startswith("[") else None
        else:
            raise ReportError(f"{where} lacks {name!r}")
    return completed


def _shortened(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
