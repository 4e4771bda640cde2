"""One entry of evidence: the rows of one arm of one trial, and a manifest that says where they come from.

Its file has three lines of JSON: a SHA-256 of the two that follow, the manifest, and the rows. No bit of it can change
without the digest telling; what digests do not tell is that somebody has written rows and digest anew.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import msgspec

from support.evidence.keys import Origin, canonical
from support.experiments.experiment import Columns

PREFIX = b'{"sha256":"'
HEADER = len(PREFIX) + 64 + len(b'"}\n')


class DamagedError(ValueError):
    """Bytes that are not the entry that they should be."""


class Making(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the numbers were made, which is no part of the key.

    Attributes
    ----------
    commit : of the checkout at the start of the run, with ``+`` where files were changed; None outside a checkout.
    device : a torch device name.
    machine : kind of machine: processor family and the instructions that torch uses.
    threads : of torch.
    seconds : that the trial took, all arms together that were measured at once.
    arms : how many these were.
    versions : of Python and of packages that make numbers.
    process : its number.
    run : a name of the run, drawn at random; None outside a run.
    """

    commit: str | None
    device: str
    machine: str
    threads: int
    seconds: float
    arms: int
    versions: dict[str, str]
    process: int
    run: str | None = None

    def __str__(self) -> str:
        versions = f"Python {self.versions['python']}, torch {self.versions['torch']}, NumPy {self.versions['numpy']}"
        return f"{self.device.split(':')[0]}, {versions}"


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where rows come from: what the key was made of, and how they were made.

    Attributes
    ----------
    answers : of the user's network before training (`UserNetwork.answers`), which are no part of the key because other
        machines round otherwise; None without one.
    """

    origin: Origin
    making: Making
    answers: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Entry:
    """One verified entry.

    Attributes
    ----------
    digest : SHA-256 of the rows alone, which another run of the same code gives again. (What the entry was checked by
        covers the manifest too, with the time that it took.)
    """

    manifest: Manifest
    columns: Columns
    digest: str


_manifest = msgspec.json.Decoder(Manifest)
_columns = msgspec.json.Decoder(dict[str, list[float | str | None]])


def encode(manifest: Manifest, columns: Columns) -> bytes:
    """The content of an entry's file.

    Raises
    ------
    ValueError : a number is NaN or infinite; what was not measured is None.
    """
    try:
        body = canonical(msgspec.to_builtins(manifest)) + b"\n" + canonical(_plain(columns)) + b"\n"
    except ValueError as error:
        raise ValueError(f"a number of {manifest.origin.experiment} is NaN or infinite: {error}") from error
    return PREFIX + hashlib.sha256(body).hexdigest().encode() + b'"}\n' + body


def _plain(columns: Columns) -> dict[str, list[float | str | None]]:
    return {name: list(values) for name, values in columns.items()}


def decode(content: bytes, key: str) -> Entry:
    """The entry in a file's content.

    Raises
    ------
    DamagedError : its digest does not fit, or it is the entry of another key.
    """
    body = content[HEADER:]
    if content[:HEADER] != PREFIX + hashlib.sha256(body).hexdigest().encode() + b'"}\n':
        raise DamagedError("its digest does not fit its content")
    first, _, second = body.partition(b"\n")
    try:
        manifest, columns = _manifest.decode(first), _columns.decode(second)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise DamagedError(f"it is no evidence of this version: {error}") from error
    if manifest.origin.key != key:
        raise DamagedError("it is the entry of another key")
    lengths = {len(values) for values in columns.values()}
    if len(lengths) != 1:
        raise DamagedError("its columns differ in length")
    return Entry(manifest, columns, hashlib.sha256(second).hexdigest())
