"""What a `report.json` holds, checked before anything is drawn from it.

`OBJECTS` is the one description of the format. For programs elsewhere it is shipped as a JSON Schema,
`report.schema.json`, which `json_schema` writes and a test holds to this table.
"""

import json
from collections.abc import Callable
from typing import Any

SCHEMA = "spurious-claims/report/1"
VERDICTS = ("supported", "refuted", "inconclusive", "not run")
SIDES = ("printed", "corrected")
CHANGES = ("verdict", "effect", "gone", "new", "undecided", "unchanged")
DIRECTIONS = ("up", "down")


class ReportError(ValueError):
    """A report that cannot be read, drawn or written; the message is one sentence for its user."""


# The reason of a case that is `not run` says why; one that begins with `error` tells of a test that broke
# down, and is shown at the top.
#
# Every object of the report and its fields. A type is a word of `_PLAIN`, the name of another
# object, `[name]` for a list of them or `{name}` for a mapping to them. A field marked `?` may be
# absent or null.
OBJECTS = {
    "report": {
        "run": "run",
        "papers": "{paper}",
        "claims": "[claim]",
        "errata": "[erratum]",
        "comparison?": "comparison",
        "conclusions?": "[conclusion]",
    },
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
        "model?": "text",
        "command?": "text",
        "datasets?": "object",
        "complete?": "flag",
        "notes?": "[text]",
        "sequences?": "number",
    },
    "paper": {"title": "text", "authors?": "text", "reference?": "text", "source?": "text"},
    "claim": {
        "id": "text",
        "paper": "text",
        "title": "text",
        "statement": "text",
        "place?": "text",
        "kind?": "text",
        "provenance?": "text",
        "quote?": "text",
        "protocol?": "text",
        "refuted_by?": "text",
        "published_numbers?": "text",
        "rests_on?": "[text]",
        "covered_by?": "[text]",
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
        "measure?": "measure",
        "power?": "number",
        "controls?": "[control]",
        "sizes?": "object",
        "command?": "text",
        "datasets?": "[text]",
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
        "method?": "text",
        "region?": "region",
        "trials?": "[value]",
        "measure?": "measure",
        "separated?": "flag",
    },
    "measure": {
        "name": "text",
        "unit?": "text",
        "low?": "number",
        "high?": "number",
        "route": "text",
        "margin?": "number",
        "worse?": "text",
    },
    "evidence": {"experiment?": "text", "key?": "text", "digest?": "text", "cells?": "number", "made?": "text"},
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
        "map?": "[values]",
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
    "comparison": {"baseline": "baseline", "comparable": "flag", "notes?": "[text]", "changes": "[change]"},
    "baseline": {"file": "text", "commit?": "text", "scale?": "text", "seed?": "number", "model?": "text"},
    "change": {
        "claim": "text",
        "reading": "text",
        "case": "text",
        "test?": "text",
        "kind": "change_kind",
        "text": "text",
        "before?": "text",
        "after?": "text",
        "direction?": "direction",
        "moved?": "interval",
        "margin?": "number",
        "regression": "flag",
    },
    "conclusion": {"title": "text", "sentences": "[conclusion_sentence]"},
    "conclusion_sentence": {"text": "text", "claims": "[text]"},
}

# What each object is, for readers of the JSON Schema.
_ABOUT = {
    "report": "What a run says of every registered claim.",
    "run": "How the run was made; datasets maps names to digests, null where the data was not there.",
    "paper": "One of the papers under study, by its letter.",
    "claim": "A claim of the register; without readings where no test covers it.",
    "reading": "One way to take a claim; its verdict is the worst of its cases that ran.",
    "case": "One test: an effect, its interval and the region in which the claim is true. A level of null marks a "
    "numeric bound; the reason of a test that broke down begins with 'error'.",
    "region": "The effects for which the claim is true, both ends included; null is unbounded.",
    "control": "The same decision where the answer is known; separated where it came out by lying wholly off the "
    "effect's interval, inside the region or across its edge.",
    "measure": "What a confidence sequence is of: the range of one trial, null where infinite, and the route to it.",
    "evidence": "The stored numbers that a case was decided on: key of the first trial, digest of all, what made them.",
    "panel": "A panel of a figure of the papers: lines, or a map with one value for each pixel, shown in y_range.",
    "guide": "A horizontal line that helps to read a panel.",
    "line": "A curve of a panel: a list of values over x for each trial.",
    "formula": "A step of a derivation, as presentation MathML and as plain text.",
    "erratum": "A reading that does not hold as it stands, with its correction.",
    "comparison": "What moved against an earlier report; where not comparable, only verdicts were compared.",
    "baseline": "The earlier report.",
    "change": "How a case stands against the baseline. moved is the interval of the effect's move, margin what a move "
    "must exceed to count; before and after are verdicts where kind is verdict, effects otherwise.",
    "conclusion": "What the verdicts say of one topic in plain words.",
    "conclusion_sentence": "A sentence and the claims that it rests on.",
}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _are_values(value: object) -> bool:
    return isinstance(value, list) and all(item is None or _is_number(item) for item in value)


_WORDS = {"verdict": VERDICTS, "side": SIDES, "change_kind": CHANGES, "direction": DIRECTIONS}

_PLAIN: dict[str, Callable[[object], bool]] = {
    "text": lambda value: isinstance(value, str),
    "flag": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "number": _is_number,
    "value": lambda value: value is None or _is_number(value),
    "values": _are_values,
    "interval": lambda value: _are_values(value) and len(value) == 2,
} | {kind: words.__contains__ for kind, words in _WORDS.items()}

_MEANING = {
    "text": "a text",
    "flag": "true or false",
    "object": "an object",
    "number": "a number",
    "value": "a number or null",
    "values": "a list of numbers or nulls",
    "interval": "a pair of numbers or nulls",
} | {kind: "one of " + ", ".join(words) for kind, words in _WORDS.items()}

_VALUES: dict[str, Any] = {"type": "array", "items": {"type": ["number", "null"]}}
_JSON: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "flag": {"type": "boolean"},
    "object": {"type": "object"},
    "number": {"type": "number"},
    "value": {"type": ["number", "null"]},
    "values": _VALUES,
    "interval": _VALUES | {"minItems": 2, "maxItems": 2},
    **{kind: {"enum": list(words)} for kind, words in _WORDS.items()},
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


def json_schema() -> str:
    """The format as a JSON Schema (draft 2020-12), the text of `report.schema.json`.

    Fields that it does not name are allowed: readers of version 1 pass over what later runs add.
    """
    report = _json_object("report")
    report["properties"] = {"schema": {"const": SCHEMA}} | report["properties"]
    report["required"] = ["schema", *report["required"]]
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Claim report ({SCHEMA})",
        **report,
        "$defs": {name: _json_object(name) for name in OBJECTS if name != "report"},
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _json_object(name: str) -> dict[str, Any]:
    fields = OBJECTS[name]
    return {
        "description": _ABOUT[name],
        "type": "object",
        "properties": {
            field.removesuffix("?"): _or_null(_json_kind(kind)) if field.endswith("?") else _json_kind(kind)
            for field, kind in fields.items()
        },
        "required": [field for field in fields if not field.endswith("?")],
    }


def _json_kind(kind: str) -> dict[str, Any]:
    if kind.startswith("["):
        return {"type": "array", "items": _json_kind(kind[1:-1])}
    if kind.startswith("{"):
        return {"type": "object", "additionalProperties": _json_kind(kind[1:-1])}
    return _JSON.get(kind, {"$ref": f"#/$defs/{kind}"})


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    if isinstance(schema.get("type"), str):
        return schema | {"type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def _shortened(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
