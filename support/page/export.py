"""The figures of a report as files for a paper: SVG and PDF, their numbers as CSV, and what they show as text."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path
from types import ModuleType

from support.document.letters import in_one_line, plain
from support.document.types import Report, ReportError, Run
from support.outputs import require_folder, require_outputs
from support.page import figures, typeset
from support.page.captions import caption, published, signs
from support.whole_files import write_whole

ENDINGS = ("svg", "pdf", "csv", "txt")
_HEADER = ("panel", "line", "x", "mean", "standard deviation", "trials")


def write(report: Report, digest: str, folder: Path) -> list[Path]:
    """Write four files for each figure into a folder, which is made where there is none; returns them.

    Parameters
    ----------
    digest : SHA-256 of the file that the report is read from, which every sidecar and every picture names.

    Raises
    ------
    ReportError : the report has no figure, a file cannot be written, or matplotlib is not there.
    ValueError : the folder cannot be written, or is the suite's own.
    """
    found = figures.gather(report.claims)
    if not found:
        raise ReportError("the report has no figure to export")
    anchors = typeset.Anchors()
    names = {anchors.new(figure.name): figure for figure in found}
    require_folder("--export", folder)
    require_outputs(
        {f"--export {ending} of {name}": folder / f"{name}.{ending}" for name in names for ending in ENDINGS}
    )
    plots = _plots()
    source = _source(report.run, digest)
    contents: dict[Path, bytes] = {}
    for name, figure in names.items():
        said = " ".join([caption(figure), *(typeset.titled(note) for note in figure.notes)])
        about = {"title": figure.name, "caption": said, "source": source}
        drawn = plots.draw(figure, {key: in_one_line(text) for key, text in about.items()})
        beside = published(figure, report.claims)
        drawn |= {"csv": table(figure).encode(), "txt": _sidecar(figure, said, beside, source).encode()}
        contents |= {folder / f"{name}.{ending}": drawn[ending] for ending in ENDINGS}
    for path, content in contents.items():
        try:
            write_whole(content, path)
        except OSError as error:
            raise ReportError(f"{path} cannot be written: {error.strerror or error}") from error
    return list(contents)


def _plots() -> ModuleType:
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise ReportError("matplotlib, which draws them, is not installed: pip install -e '.[figures]'") from error
    from support.page import plots

    return plots


def table(figure: figures.Figure) -> str:
    """A row for each point of each line, in full precision; of a map each row is a line, over its columns."""
    file = StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(_HEADER)
    for panel in figure.panels:
        writer.writerows((_cell(panel.name), *row) for row in _rows(panel))
    return file.getvalue()


def _rows(panel: figures.Panel) -> Iterator[tuple[str, ...]]:
    if panel.description.map:
        for place, row in enumerate(panel.description.map, start=1):
            for column, value in enumerate(row, start=1):
                yield f"row {place}", str(column), _number(value), "", ""
        return
    for curve in figures.curves_of(panel):
        label, trials = _cell(curve.line.label), len(curve.line.trials)
        for x, mean, deviation in zip(curve.x, curve.mean, curve.deviation, strict=True):
            spread = _number(deviation) if curve.line.band and trials > 1 else ""
            # How many trials a paper's numbers are of is not known.
            yield label, _number(x), _number(mean), spread, "" if curve.line.label in panel.published else str(trials)
    for guide in panel.guides:
        yield _cell(guide.label or "guide"), "", _number(guide.y), "", ""


def _number(value: float | None) -> str:
    """All digits of it, and no more; nothing where it is not known."""
    return "" if value is None or not math.isfinite(value) else repr(float(value)).removesuffix(".0")


def _cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    said = in_one_line(typeset.titled(text))
    return f"'{said}" if said.startswith(("=", "+", "-", "@")) else said


def _source(run: Run, digest: str) -> str:
    """Which run the numbers are of, and which file says so."""
    facts = [f"{run.scale} scale" if run.scale else "", f"seed {run.seed}" if run.seed is not None else ""]
    facts += [f"commit {run.commit}" if run.commit else "", f"model {run.model}" if run.model else ""]
    return f"{', '.join(filter(None, facts)) or 'a run of which nothing is recorded'}; report.json, SHA-256 {digest}"


def _sidecar(figure: figures.Figure, said: str, beside: Sequence[tuple[str, str]], source: str) -> str:
    """The caption, what the signs in it mean, the paper's own numbers, and where those of the figure come from."""
    parts = [figure.name, said, "\n".join(signs(figure))]
    parts += [f"The paper's own numbers, for {name}: {' '.join(typeset.titled(text).split())}" for name, text in beside]
    parts += [f"Drawn from the evidence of {', '.join(figure.claims)}.", f"Source: {source}"]
    return plain("\n\n".join(part for part in parts if part)) + "\n"
