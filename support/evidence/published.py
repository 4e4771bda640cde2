"""Packs of evidence that a checkout publishes beside its reports: found without being told."""

from __future__ import annotations

import lzma
import tarfile
from dataclasses import dataclass
from pathlib import Path

from support.evidence.store import ENTRY

PATTERNS = ("*/evidence.tar.xz", "seeds/*evidence*.tar.xz")


@dataclass(frozen=True)
class Published:
    """What was found.

    Attributes
    ----------
    packs : those whose entries have today's names, sorted by path.
    earlier : those of an earlier format, which today's code does not read.
    """

    packs: tuple[Path, ...] = ()
    earlier: tuple[Path, ...] = ()


def published(reports: Path) -> Published:
    """The packs in a directory of reports. Only their first member is looked at, which takes milliseconds.

    A pack that cannot be read at all is not passed over: it is among `packs`, and whoever opens it says so.
    """
    found = sorted({path for pattern in PATTERNS for path in reports.glob(pattern)})
    earlier = tuple(path for path in found if _is_of_an_earlier_format(path))
    return Published(tuple(path for path in found if path not in earlier), earlier)


def _is_of_an_earlier_format(path: Path) -> bool:
    try:
        with tarfile.open(path, "r|xz") as archive:
            first = next((member for member in archive if not member.isdir()), None)
    except (tarfile.TarError, lzma.LZMAError, EOFError, OSError):
        return False
    return first is not None and ENTRY.fullmatch(first.name) is None
