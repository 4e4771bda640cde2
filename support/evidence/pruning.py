"""Evidence that no code of today reads, and its removal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from support.evidence.places import Stored
from support.evidence.reach import Reach
from support.evidence.store import EvidenceDirectoryError, Store


def unreachable(entries: Iterable[Stored], reach: Reach) -> dict[tuple[str, str], list[Stored]]:
    """The entries that no code of today reads, by experiment and source identity."""
    found: dict[tuple[str, str], list[Stored]] = defaultdict(list)
    for stored in entries:
        origin = stored.entry.manifest.origin
        if reach.of(origin) == "unreachable":
            found[origin.experiment, origin.sources].append(stored)
    return dict(sorted(found.items()))


def remove(store: Store, entries: Iterable[Stored]) -> None:
    """Delete entries; one that is gone already is no error.

    Raises
    ------
    EvidenceDirectoryError : one cannot be deleted; those before it are.
    """
    for stored in entries:
        path = store.path(stored.key)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise EvidenceDirectoryError(f"cannot delete {path}: {error.strerror or error}") from error
