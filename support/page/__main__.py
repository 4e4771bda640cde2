"""`python -m support.page report.json [--output index.html] [--readme README.md]`, or `A B --seeds FILE`."""

import argparse
import sys
from pathlib import Path

from support.document.reading import read
from support.document.types import ReportError
from support.page.beside import beside
from support.page.html import render, write_page


def main(arguments: list[str] | None = None) -> int:
    """Write the HTML report and return the exit status: 0, or 2 with one sentence on stderr."""
    parser = argparse.ArgumentParser(
        prog="python -m support.page", description="Build the HTML claim report from its JSON."
    )
    parser.add_argument("report", type=Path, nargs="+", help="the report.json that a run wrote")
    parser.add_argument("--output", type=Path, help="the page to write (default: index.html beside the JSON)")
    parser.add_argument("--readme", type=Path, help="a README in which to put the report's verdicts and a picture")
    parser.add_argument("--seeds", type=Path, help="a Markdown file: several reports side by side, by seed")
    options = parser.parse_args(arguments)
    try:
        if options.seeds:
            from support.page import seeds  # with NumPy, which a page does without

            output = options.seeds
            seeds.write([read(path) for path in options.report], output)
        else:
            output = _page(options)
    except ReportError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"{output}\n")
    return 0


def _page(options: argparse.Namespace) -> Path:
    """Write the page of the one report, and README's block."""
    path, *more = options.report
    if more:
        raise ReportError("a page is drawn of one report; several need --seeds FILE")
    output: Path = options.output or path.with_name("index.html")
    report = read(path)
    try:
        page = render(report, beside(output.parent, report))
    except ReportError as error:
        raise ReportError(f"{path}: {error}") from error
    write_page(page, output)
    if options.readme:
        from support.page import readme

        readme.write(report, path.parent, options.readme)
    return output


if __name__ == "__main__":
    sys.exit(main())
