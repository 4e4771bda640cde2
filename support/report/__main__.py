"""`python -m support.report report.json [--output index.html] [--readme README.md]`."""

import argparse
import sys
from pathlib import Path

from support.report import readme
from support.report.html import read, write_html
from support.report.schema import ReportError, complete


def main(arguments: list[str] | None = None) -> int:
    """Write the HTML report and return the exit status: 0, or 2 with one sentence on stderr."""
    parser = argparse.ArgumentParser(
        prog="python -m support.report", description="Build the HTML claim report from its JSON."
    )
    parser.add_argument("report", type=Path, help="the report.json that a run wrote")
    parser.add_argument("--output", type=Path, help="the page to write (default: index.html beside the JSON)")
    parser.add_argument("--readme", type=Path, help="a README in which to put the report's verdicts and a picture")
    options = parser.parse_args(arguments)
    output = options.output or options.report.with_name("index.html")
    try:
        write_html(options.report, output)
        if options.readme:
            readme.write(complete(read(options.report)), options.report.parent, options.readme)
    except ReportError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"{output}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
