"""`python -m support.report report.json [--output index.html]`."""

import argparse
import sys
from pathlib import Path

from support.report.html import write_html
from support.report.schema import ReportError


def main(arguments: list[str] | None = None) -> int:
    """Write the HTML report and return the exit status: 0, or 2 with one sentence on stderr."""
    parser = argparse.ArgumentParser(
        prog="python -m support.report", description="Build the HTML claim report from its JSON."
    )
    parser.add_argument("report", type=Path, help="the report.json that a run wrote")
    parser.add_argument("--output", type=Path, help="the page to write (default: index.html beside the JSON)")
    options = parser.parse_args(arguments)
    output = options.output or options.report.with_name("index.html")
    try:
        write_html(options.report, output)
    except ReportError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"{output}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
