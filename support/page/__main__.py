"""`python -m support.page report.json [--output index.html] [--readme README.md]`.

`A.json B.json --seeds|--history FILE` sets several reports side by side; `report.json --export DIR` writes the figures.
"""

import argparse
import hashlib
import sys
from pathlib import Path

from support.command_line import Parser
from support.document.letters import in_one_line
from support.document.reading import content_of, read
from support.document.types import ReportError
from support.outputs import require_outputs
from support.page.beside import beside
from support.page.html import render, write_page


def main(arguments: list[str] | None = None) -> int:
    """Write the HTML report and return the exit status: 0, or 2 with one sentence on stderr."""
    parser = Parser(prog="python -m support.page", description="Build the HTML claim report from its JSON.")
    parser.add_argument("report", type=Path, nargs="+", help="the report.json that a run wrote")
    parser.add_argument("--output", type=Path, help="the page to write (default: index.html beside the JSON)")
    parser.add_argument("--readme", type=Path, help="a README in which to put the report's verdicts and a picture")
    parser.add_argument("--seeds", type=Path, help="a Markdown file: several reports side by side, by seed")
    parser.add_argument("--history", type=Path, help="an HTML file: headline effects over several runs, in their order")
    parser.add_argument(
        "--export", type=Path, metavar="DIR", help="a directory: each figure as SVG, PDF, CSV and what it shows as text"
    )
    options = parser.parse_args(arguments)
    try:
        _check(options)
        if options.seeds:
            from support.page import seeds  # with NumPy, which a page does without

            output = options.seeds
            seeds.write([read(path) for path in options.report], output)
        elif options.history:
            from support.page import history  # with NumPy too

            output = options.history
            history.write([read(path) for path in options.report], list(map(str, options.report)), output)
        elif options.export:
            output = _export(options.report[0], options.export)
        else:
            output = _page(options)
    except (ReportError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"{in_one_line(str(output))}\n")
    return 0


def _check(options: argparse.Namespace) -> None:
    """Refuse options that say two things, and files that cannot be written, before anything is.

    Raises
    ------
    ReportError, ValueError : in one sentence.
    """
    together = next((name for name in ("seeds", "history") if getattr(options, name)), None)
    alone = [name for name in ("output", "readme", "history", "export") if name != together and getattr(options, name)]
    if together and alone:
        raise ReportError(
            f"--{together} sets reports side by side and draws no page: leave out --{' and --'.join(alone)}"
        )
    if not together and len(options.report) > 1:
        what = "figures are exported" if options.export else "a page is drawn"
        raise ReportError(f"{what} of one report; several need --seeds FILE or --history FILE")
    if options.export:
        if alone := [name for name in ("output", "readme") if getattr(options, name)]:
            raise ReportError(f"--export writes figures and draws no page: leave out --{' and --'.join(alone)}")
        return
    read = [("the report", path) for path in options.report]
    if together:
        require_outputs({f"--{together}": getattr(options, together)}, read)
        return
    written = {"the page": _output(options)}
    if options.readme:
        from support.page import readme

        read.append(("--readme", options.readme))
        written["the picture"] = options.report[0].with_name(readme.PICTURE)
    require_outputs(written, read)


def _export(path: Path, folder: Path) -> Path:
    """Write the figures of a report; returns the folder."""
    from support.page import export

    report = read(path)
    try:
        export.write(report, hashlib.sha256(content_of(path)).hexdigest(), folder)
    except ReportError as error:
        raise ReportError(f"{path}: {error}") from error
    return folder


def _output(options: argparse.Namespace) -> Path:
    output: Path = options.output or options.report[0].with_name("index.html")
    return output


def _page(options: argparse.Namespace) -> Path:
    """Write the page of the one report, and README's block."""
    path, output = options.report[0], _output(options)
    report = read(path)
    try:
        page = render(report, beside(output.parent, report), hashlib.sha256(content_of(path)).hexdigest())
    except ReportError as error:
        raise ReportError(f"{path}: {error}") from error
    if options.readme:
        from support.page import readme  # before the page, as README may not have the marks

        readme.write(report, path.parent, options.readme)
    write_page(page, output)
    return output


if __name__ == "__main__":
    sys.exit(main())
