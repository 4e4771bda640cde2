"""Find or fetch the datasets: `python -m support.data [NAME ...] [--data DIR]`."""

import sys
from collections.abc import Sequence
from pathlib import Path

from support.command_line import Parser
from support.data.datasets import DATASETS, DatasetError, obtain
from support.data_directory import require_data


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table of the datasets; return 0, 1 if one that was named is missing, 2 for a wrong name."""
    parser = Parser(
        prog="python -m support.data",
        description="Find the datasets on this machine, or fetch them, and say where they are.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(DATASETS)} (default: all)")
    parser.add_argument("--data", metavar="DIR", help="a directory to look in first, and to fetch into")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.names if name not in DATASETS]
    if unknown:
        sys.stderr.write(f"the dataset must be one of {', '.join(DATASETS)}, got {', '.join(unknown)}\n")
        return 2
    try:
        if options.data is not None:
            require_data(options.data)
    except ValueError as error:
        sys.stderr.write(f"{error}: make it first, to fetch into it\n")
        return 2

    directory = None if options.data is None else Path(options.data)
    sys.stdout.write(f"{'dataset':<14} {'sha256':<12}  found in\n")
    missing = False
    for name in options.names or DATASETS:
        try:
            located = obtain(name, directory, fill=True)
        except DatasetError as error:
            missing = True
            sys.stdout.write(f"{name:<14} {'-':<12}  {error}\n")
        else:
            sys.stdout.write(f"{name:<14} {located.digest[:12]:<12}  {located.directory} ({located.source})\n")
        sys.stdout.flush()
    # Without names it is a listing, and a listing that says what is missing has done its work.
    return 1 if missing and options.names else 0


if __name__ == "__main__":
    sys.exit(main())
