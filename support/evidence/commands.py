"""What the commands of `python -m support.evidence` do: each prints what it finds and returns an exit status."""

from __future__ import annotations

import argparse
import secrets
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from support.document.letters import plain
from support.evidence import claims_index, exporting, packing
from support.evidence.commit import commit_of, named
from support.evidence.distributions import Compared, compare, what_escapes_elsewhere
from support.evidence.library import source
from support.evidence.listing import listing
from support.evidence.places import Contents, counted, directory_at, look_into, look_through
from support.evidence.proofs import Proofs
from support.evidence.proving import Prover, recorded
from support.evidence.pruning import remove, unreachable
from support.evidence.reach import Reach
from support.evidence.rechecking import Recheck, Rechecker, drawn, what_escapes
from support.evidence.rechecking import recorded as recorded_rechecks
from support.evidence.rechecks import Rechecked, record
from support.evidence.sources import PACKAGE
from support.evidence.store import EvidenceDirectoryError


def say(text: str) -> None:
    """Print lines at once; whatever a pack of strangers holds, they steer no terminal."""
    sys.stdout.write(f"{plain(text)}\n")
    sys.stdout.flush()


def prove(given: argparse.Namespace) -> int:
    """Measure trials of every arm again, record which give the same numbers, and say so.

    Returns
    -------
    1 where some arm gives other numbers: that evidence is stale.
    """
    found, proofs = [source(place) for place in given.places], Proofs.read(given.table)
    commit = named(*commit_of(PACKAGE.parent))
    outcomes = []
    for outcome in Prover(given.data, given.trials, given.device).outcomes(found, proofs):
        say(str(outcome))
        outcomes.append(outcome)
    if any(outcome.same for outcome in outcomes):
        recorded(proofs, outcomes, commit).write(given.table)
        say(f"recorded in {given.table}")
    if not outcomes:
        say("nothing to prove: all of it is of today's code, or proven already")
    return int(any(outcome.changed for outcome in outcomes))


def pack(given: argparse.Namespace) -> int:
    """Write a directory's entries as one archive."""
    count = packing.pack(given.directory, given.pack)
    say(f"{counted(count)} of {given.directory} packed into {given.pack}, {given.pack.stat().st_size:,} bytes")
    return 0


def unpack(given: argparse.Namespace) -> int:
    """Put a pack's entries into a directory."""
    new, there = packing.unpack(given.pack, given.directory)
    say(f"{counted(new)} of {given.pack} unpacked into {given.directory}, {there:,} were there already")
    return 0


def verify(given: argparse.Namespace) -> int:
    """Check every digest of every place.

    Returns
    -------
    1 where an entry is damaged or unreadable.
    """
    broken = False
    for place in given.places:
        found = look_into(place)
        say(
            f"{place}: {counted(len(found.stored))} whole, {len(found.damaged):,} damaged, "
            f"{len(found.unreadable):,} unreadable"
        )
        for where, why in found.damaged.items():
            say(f"damaged: {where}: {why}")
        for where, why in found.unreadable.items():
            say(f"unreadable: {where}: {why}")
        broken |= bool(found.damaged or found.unreadable)
    return int(broken)


def list_entries(given: argparse.Namespace) -> int:
    """Say what is there."""
    found = look_through(given.places)
    for paragraph in listing(found.entries, Reach(Proofs.read(given.table)), claims_index.read()):
        say(paragraph)
    size = sum(len(stored.content) for stored in found.entries)
    say(f"in all {counted(len(found.stored))}, {size:,} bytes{_not_whole(found)}")
    return 0


def prune(given: argparse.Namespace) -> int:
    """Say what no code of today reads, and delete it if that is confirmed."""
    store = directory_at(given.directory)
    found = look_into(given.directory)
    old = unreachable(found.entries, Reach(Proofs.read(given.table)))
    entries = [stored for group in old.values() for stored in group]
    for (experiment, sources), group in old.items():
        size = sum(len(stored.content) for stored in group)
        say(f"{experiment.rpartition('.')[2]}, code {sources[:8]}: {counted(len(group))}, {size:,} bytes")
    size = sum(len(stored.content) for stored in entries)
    what = f"{len(entries):,} of {counted(len(found.stored))}, {size:,} bytes, which this checkout's code does not read"
    if given.yes:
        remove(store, entries)
    say(f"{what}: {'deleted' if given.yes else 'not deleted without --yes'}{_not_whole(found)}")
    return 0


def export(given: argparse.Namespace) -> int:
    """Write rows as CSV."""
    found = look_through(given.places)
    for path, rows in exporting.export(found.entries, given.csv, Reach(Proofs.read(given.table))).items():
        say(f"{path}: {rows:,} rows")
    if broken := _not_whole(found):
        say(f"{counted(len(found.stored))}{broken}")
    return 0


def recheck(given: argparse.Namespace) -> int:
    """Measure trials again that are drawn at random, and compare.

    Returns
    -------
    1 where one gives other numbers.

    Raises
    ------
    ValueError : there is no trial to draw.
    """
    commit = named(*commit_of(PACKAGE.parent))
    found = look_through(given.places)
    rechecker = Rechecker(Reach(Proofs.read(given.table)), given.data, given.device)
    population = rechecker.population(found.entries)
    left_out = [f"{counted(count)} cannot be drawn: {reason}" for reason, count in sorted(population.left_out.items())]
    if not population.trials:
        places = ", ".join(map(str, given.places))
        raise ValueError("; ".join([f"there is no trial to recheck in {places}", *left_out]))
    seed = given.seed if given.seed is not None else secrets.randbelow(2**32)
    trials, total = drawn(population.trials, given.share, given.at_least, seed), len(population.trials)
    say(f"{len(trials):,} of {total:,} trials are measured again, drawn at random by --seed {seed}")
    rechecks = []
    for trial in trials:
        rechecks.append(rechecker.rechecked(trial))
        say(str(rechecks[-1]))
    compared, few = compare(pair for each in rechecks for pair in each.pairs)
    other = _say_outcome(rechecks, compared)
    here = sum(not trial.elsewhere for trial in population.trials)
    drawn_here = sum(not trial.elsewhere for trial in trials)
    if drawn_here:
        say(what_escapes(here, drawn_here))
    for line in (*what_escapes_elsewhere(compared, few), *left_out):
        say(line)
    if broken := _not_whole(found):
        say(f"{counted(len(found.stored))}{broken}")
    _keep(recorded_rechecks(rechecks, compared, datetime.now(UTC).date().isoformat(), commit))
    return int(other)


def _say_outcome(rechecks: Sequence[Recheck], compared: Sequence[Compared]) -> bool:
    """Say how the trials came out; returns whether any has other numbers."""
    for each in compared:
        say(str(each))
    other = sum(bool(each.differences) for each in rechecks)
    exact = sum(each.exact for each in rechecks)
    paired = sum(bool(each.pairs) and not each.differences for each in rechecks)
    elsewhere = f", {paired:,} of another kind of machine" if paired else ""
    say(
        f"{exact:,} the same to the last bit, {len(rechecks) - exact - other - paired:,} as closely as promised, "
        f"{other:,} with other numbers{elsewhere}"
    )
    return bool(other) or any(each.others for each in compared)


def _keep(rechecked: Sequence[tuple[Path, Rechecked]]) -> None:
    """Keep what was measured again beside the evidence; where that cannot be, say so."""
    try:
        for path in record(rechecked):
            say(f"kept in {path}, which later runs count")
    except EvidenceDirectoryError as error:
        say(f"not kept for later runs: {error}")


def _not_whole(found: Contents) -> str:
    count = len(found.damaged) + len(found.unreadable)
    return f"; beside them {count:,} damaged or unreadable (see verify)" if count else ""
