"""`python -m support.evidence prove [PLACE ...]`: which evidence of earlier code is evidence of today's too."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from support.evidence.commit import commit_of, named
from support.evidence.library import source
from support.evidence.proofs import TABLE, Proofs
from support.evidence.sources import PACKAGE
from support.evidence.store import EvidenceDirectoryError


def default_place() -> Path:
    """Where evidence is kept if nothing else is said."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "spurious-claims" / "evidence"


def prove(places: Sequence[Path], table: Path, trials: int, data: Path | None, device: str) -> int:
    """Measure trials of every arm again, record which give the same numbers, and say so.

    Returns
    -------
    1 where some arm gives other numbers: that evidence is stale.
    """
    from support.evidence.proving import Prover, recorded

    found, proofs = [source(place) for place in places], Proofs.read(table)
    outcomes = []
    for outcome in Prover(data, trials, device).outcomes(found, proofs):
        sys.stdout.write(f"{outcome}\n")
        sys.stdout.flush()
        outcomes.append(outcome)
    if any(outcome.same for outcome in outcomes):
        recorded(proofs, outcomes, named(*commit_of(PACKAGE.parent))).write(table)
        sys.stdout.write(f"recorded in {table}\n")
    if not outcomes:
        sys.stdout.write("nothing to prove: all of it is of today's code, or proven already\n")
    return int(any(outcome.changed for outcome in outcomes))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m support.evidence", description=__doc__)
    command = parser.add_subparsers(dest="command", required=True).add_parser(
        "prove", help="measure trials of every arm again with today's code and record which give the same numbers"
    )
    command.add_argument("places", nargs="*", type=Path, metavar="PLACE", help="directories or packs of evidence")
    command.add_argument("--trials", type=int, default=1, help="of every arm (default: 1)")
    command.add_argument("--data", type=Path, metavar="DIR", help="directory with datasets")
    command.add_argument("--device", default="cpu", help="cpu or cuda")
    command.add_argument("--table", type=Path, default=TABLE, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.trials < 1:
        parser.error(f"--trials must be at least 1, got {given.trials}")
    try:
        return prove(given.places or [default_place()], given.table, given.trials, given.data, given.device)
    except (EvidenceDirectoryError, ValueError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    sys.exit(main())
