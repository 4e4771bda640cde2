"""The claim report: `report.json` in, one self-contained HTML page out."""

from support.report.html import render, write_html
from support.report.schema import SCHEMA, ReportError

__all__ = ["SCHEMA", "ReportError", "render", "write_html"]
