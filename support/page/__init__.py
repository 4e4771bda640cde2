"""How a report looks: one self-contained HTML page, a summary in Markdown, README's block, a table over seeds."""

from support.page.html import render, write_page

__all__ = ["render", "write_page"]
