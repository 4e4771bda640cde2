"""What was measured again, kept beside the evidence that it is about, for later runs to count.

A record names entries by key and by the digest of their rows: rows that were exchanged since are none that were
measured again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import msgspec

from support.evidence.store import EvidenceDirectoryError, cannot
from support.evidence.whole_files import write_whole

NAME = "rechecked.json"
PACK = ".tar.xz"
How = Literal["bits", "promise", "distribution"]


class Rechecked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry that was measured again.

    Attributes
    ----------
    key, digest : of the entry, and of its rows.
    same : whether the numbers were the same.
    how : to the last bit, as closely as its experiment promises, or with all trials of its kind as draws from one
        distribution.
    date : UTC.
    machine : on which kind of machine.
    commit : of the code; ``+`` where files were changed.
    """

    key: str
    digest: str
    same: bool
    how: How
    date: str
    machine: str
    commit: str | None


class Rechecks:
    """What is known of entries, by the last record of each."""

    def __init__(self, records: Iterable[Rechecked] = ()) -> None:
        self._same = {(each.key, each.digest): each.same for each in records}

    def __bool__(self) -> bool:
        return bool(self._same)

    def of(self, key: str, digest: str) -> bool | None:
        """Whether the entry was the same when it was measured again; None where it was not measured again."""
        return self._same.get((key, digest))


def record_path(place: Path) -> Path:
    """The file beside a place of evidence: in a directory, or next to a pack."""
    if place.name.endswith(PACK):
        return place.with_name(f"{place.name.removesuffix(PACK)}.{NAME}")
    return place / NAME


def read_rechecks(place: Path) -> list[Rechecked]:
    """The records beside a place, oldest first; none where there is no file.

    Raises
    ------
    EvidenceDirectoryError : it cannot be read, or is no such record.
    """
    path = record_path(place)
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[Rechecked])
    except (FileNotFoundError, NotADirectoryError):
        return []
    except (msgspec.MsgspecError, RecursionError) as error:
        raise EvidenceDirectoryError(
            f"{path} is no record of rechecks ({error}): delete it, and nothing counts as rechecked"
        ) from error
    except OSError as error:
        raise cannot("read", path, error) from error


def record(found: Iterable[tuple[Path, Rechecked]]) -> list[Path]:
    """Add what was measured again to the records beside each place; returns their paths.

    Raises
    ------
    EvidenceDirectoryError : a record cannot be read or written.
    """
    by_place: dict[Path, list[Rechecked]] = defaultdict(list)
    for place, each in found:
        by_place[place].append(each)
    for place, new in by_place.items():
        latest = {(each.key, each.digest): each for each in [*read_rechecks(place), *new]}
        content = msgspec.json.format(msgspec.json.encode(list(latest.values())), indent=1) + b"\n"
        write_whole(content, record_path(place))
    return [record_path(place) for place in by_place]
