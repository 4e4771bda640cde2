"""What a published report says, for README: a table of its verdicts and one of its figures as a picture file."""

import os
import re
from importlib import resources
from pathlib import Path
from urllib.parse import quote

from markupsafe import escape

from support.document.letters import plain
from support.document.types import Report, ReportError
from support.page import figures, typeset
from support.page.conclusions import conclude
from support.page.markdown import as_code, as_text, conclusions, verdict_table
from support.whole_files import write_whole

BEGIN, END = "<!-- verdicts: begin -->", "<!-- verdicts: end -->"
PICTURE = "figure.svg"
# Deletion: what both readings leave of the score, beside training from scratch.
SHOWN = "Paper B, Figure 18: deletion"
_STYLES = r"(?:\.(?:grid|axes|guide|curve|dashed|marks|band|bar|whisker|s\d)(?![\w-])|\.drawn text)[^{}]*\{[^}]*\}"
_TITLE, _LINE = 18, 14  # heights of a panel's name, and of a line of its legend


def block(report: Report, where: str) -> str:
    """README's block on a report: picture, verdicts, and where the whole of it stands.

    Parameters
    ----------
    where : the report's folder as README names it, such as ``"reports/quick"``.
    """
    run = report.run
    facts = f"{as_text(run.scale)} scale, seed {run.seed}, commit {as_code((run.commit or 'unknown')[:12])}"
    picture_file = f"{quote(where, errors='replace')}/{PICTURE}"
    command = f"python -m support.page {where}/report.json --readme README.md"
    said = (
        f"What the verdicts of the published run say ({facts}), written by {as_code(command)}; ✓ is supported, ✗ "
        "refuted, – not run. “At least” and “at most” are edges of intervals:"
    )
    return "\n\n".join(
        [
            BEGIN,
            said,
            *conclusions(conclude(report.claims)),
            f"![{SHOWN}, redrawn: what is left of the score under each method]({picture_file})",
            "All its verdicts:",
            verdict_table(report),
            END,
        ]
    )


def picture(report: Report) -> str:
    """The panels of the shown figure side by side as one SVG that needs no page around it.

    Raises
    ------
    ReportError : the report has no such figure.
    """
    found = next((figure for figure in figures.gather(report.claims) if figure.name == SHOWN), None)
    if found is None:
        raise ReportError(f"the report has no figure {SHOWN!r}")
    lines = max(len(panel.lines) for panel in found.panels)
    height = 20 + figures.PANEL_HEIGHT + _LINE * lines
    drawn = "".join(_panel(panel, figures.PANEL_WIDTH * place) for place, panel in enumerate(found.panels))
    width = figures.PANEL_WIDTH * len(found.panels)
    return plain(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width * 1.4:g}" class="drawn" '
        f'font-family="sans-serif"><title>{escape(SHOWN)}</title><style>{_style()}</style>'
        f'<rect width="{width}" height="{height}" fill="var(--card)"/>{drawn}</svg>\n'
    )


def _panel(panel: figures.Panel, left: int) -> str:
    size = f'width="{figures.PANEL_WIDTH}" height="{figures.PANEL_HEIGHT}"'
    axes = figures.axes(panel, f'y="{_TITLE}" {size} ')
    legend = "".join(
        f'<g transform="translate(50 {22 + figures.PANEL_HEIGHT + _LINE * place})">{figures.sample(line)}'
        f'<text x="32" y="8">{escape(typeset.titled(line.label))}</text></g>'
        for place, line in enumerate(panel.lines)
    )
    name = f'<text x="46" y="13" font-weight="bold">{escape(typeset.titled(panel.name))}</text>'
    return f'<g transform="translate({left})">{name}{axes}{legend}</g>'


def _style() -> str:
    """The page's colours, light and dark, and its rules for panels."""
    sheet = resources.files("support.page").joinpath("report.css").read_text(encoding="utf-8")
    colors = re.findall(
        r"^:root \{.*?^\}|^@media \(prefers-color-scheme: dark\) \{.*?^\}", sheet, re.DOTALL | re.MULTILINE
    )
    return "\n".join([*colors[:2], *re.findall(_STYLES, sheet)])


def write(report: Report, folder: Path, readme: Path) -> None:
    """Put the report's block between README's marks, and the picture beside the report.

    Raises
    ------
    ReportError : README cannot be read or written or lacks the marks, or the report lacks the figure.
    """
    if readme.exists() and not readme.is_file() and not readme.is_dir():
        raise ReportError(f"{readme} cannot be read: it is no file, but a device or a pipe")
    try:
        text = readme.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else error.strerror or error
        raise ReportError(f"{readme} cannot be read: {why}") from error
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise ReportError(f"{readme} must have {BEGIN} and {END}, once each")
    drawn = picture(report)
    where = os.path.relpath(folder, readme.parent)
    before, after = text.partition(BEGIN)[0], text.partition(END)[2]
    own = before + block(report, Path(where).as_posix()) + after
    for file, content in ((folder / PICTURE, drawn), (readme, own)):
        try:
            write_whole(content.encode(), file)
        except OSError as error:
            raise ReportError(f"{file} cannot be written: {error.strerror or error}") from error
