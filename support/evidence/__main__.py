"""What lies in places of evidence, whether it is whole and true, and how it is passed on.

A place is a directory of evidence or a pack of one (.tar.xz); without one, the user's cache.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from support.command_line import Parser, number, seed, shown, whole_number
from support.data.datasets import DatasetError
from support.data_directory import require_data
from support.devices import device_of
from support.document.letters import in_one_line
from support.evidence import commands
from support.evidence.proofs import TABLE
from support.evidence.store import EvidenceDirectoryError
from support.outputs import require_outputs
from support.user_cache import NoCacheError, user_cache

PROGRAM = "python -m support.evidence"


def default_place() -> Path:
    """Where evidence is kept if nothing else is said.

    Raises
    ------
    ValueError : this user has no cache.
    """
    try:
        return user_cache() / "evidence"
    except NoCacheError as error:
        raise ValueError(f"{error}: name a place of evidence") from error


def share(text: str) -> float:
    """A share from the command line, such as 5% or 0.05."""
    try:
        value = number(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except argparse.ArgumentTypeError:
        value = 0.0
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"must lie in (0%, 100%], got {shown(text)}")
    return value


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog=PROGRAM, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: Callable[[argparse.Namespace], int], what: str) -> argparse.ArgumentParser:
        command = names.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}.")
        command.set_defaults(run=run, places=[])
        return command

    command = add(
        "list",
        commands.list_entries,
        "say what is there: experiments and their claims, trials, arms, and what made them",
    )
    _add_places(command)
    _add_table(command)

    command = add("verify", commands.verify, "check every digest; exit status 1 where an entry is damaged")
    _add_places(command)

    command = add("pack", commands.pack, "write a directory's entries as one archive: the same entries, the same bytes")
    command.add_argument("directory", type=Path, metavar="DIRECTORY")
    command.add_argument("pack", type=Path, metavar="PACK.tar.xz")

    command = add("unpack", commands.unpack, "put a pack's entries into a directory, once all of them are checked")
    command.add_argument("pack", type=Path, metavar="PACK.tar.xz")
    command.add_argument("directory", type=Path, metavar="DIRECTORY")

    command = add("export", commands.export, "write rows as CSV, a file for each kind of experiment")
    command.epilog = "There is no Parquet, which would need a package that nothing else here needs."
    _add_places(command)
    command.add_argument(
        "--csv",
        type=Path,
        required=True,
        metavar="FILE",
        help="a file, or for several kinds a directory; an empty cell was not measured or has its default",
    )
    _add_table(command)

    command = add("prune", commands.prune, "show what no code of today reads, and delete it with --yes")
    command.add_argument("directory", type=Path, metavar="DIRECTORY")
    command.add_argument("--yes", action="store_true", help="delete it")
    _add_table(command)

    command = add("prove", commands.prove, "measure trials of every arm again and record which give the same numbers")
    _add_places(command)
    command.add_argument("--trials", type=whole_number(1), default=1, metavar="N", help="of every arm (default: 1)")
    _add_measuring(command)

    command = add("recheck", commands.recheck, "measure trials again that are drawn at random, and compare")
    _add_places(command)
    command.add_argument("--share", type=share, default=0.05, help="of all trials (default: 5%%)")
    command.add_argument("--at-least", type=whole_number(1), default=1, metavar="N", help="trials (default: 1)")
    command.add_argument("--seed", type=seed, metavar="N", help="of the draw (default: one that nobody knows before)")
    _add_measuring(command)
    return parser


def require_given(given: argparse.Namespace) -> None:
    """See that what is read is there and what is written can be, before anything is.

    Raises
    ------
    ValueError : a directory of datasets that is none, no such device, or a file that cannot be written or is read.
    """
    if getattr(given, "data", None) is not None:
        require_data(given.data)
    if getattr(given, "device", None) is not None:
        given.device = device_of(given.device)
    places = [("the evidence", place) for place in given.places]
    if given.run is commands.pack:
        require_outputs({"PACK.tar.xz": given.pack}, [("the evidence", given.directory)])
    elif given.run is commands.export and not given.csv.is_dir() and given.csv.suffix:
        require_outputs({"--csv": given.csv}, places)


def _add_places(command: argparse.ArgumentParser) -> None:
    command.add_argument("places", nargs="*", type=Path, metavar="PLACE", help="directories or packs of evidence")


def _add_measuring(command: argparse.ArgumentParser) -> None:
    command.add_argument("--data", type=Path, metavar="DIR", help="directory with datasets")
    command.add_argument("--device", default="cpu", help="cpu or cuda (default: cpu)")
    _add_table(command)


def _add_table(command: argparse.ArgumentParser) -> None:
    command.add_argument("--table", type=Path, default=TABLE, help=argparse.SUPPRESS)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; what cannot be done ends in one sentence and status 2."""
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        require_given(given)
        given.places = given.places or [default_place()]
        result: int = given.run(given)
    except (EvidenceDirectoryError, DatasetError, ValueError) as error:
        parser.exit(2, f"{PROGRAM}: {in_one_line(str(error))}\n")
    return result


if __name__ == "__main__":
    sys.exit(main())
