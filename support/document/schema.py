"""The format of `report.json` as a JSON Schema, for programs elsewhere: made from the types.

Write `report.schema.json` anew with ``python -m support.document.schema``; a test holds the file to the types.
"""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from support.document.types import SCHEMA, Report

FILE = Path(__file__).with_name("report.schema.json")


def json_schema() -> str:
    """The JSON Schema (draft 2020-12), the text of `report.schema.json`; fields that it does not name are allowed."""
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Claim report ({SCHEMA})",
        **msgspec.json.schema(Report),
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(json_schema(), encoding="utf-8")
