"""Which claims read which experiments: a committed index, written by `python -m support.suite.claims_index`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

FILE = Path(__file__).with_name("claims.json")


def read(path: Path | None = None) -> dict[str, list[str]]:
    """Ids of the claims that read an experiment, by the qualified name of its class; of the committed index or another.

    Raises
    ------
    ValueError : the file cannot be read or is no such index.
    """
    path = path or FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, list[str]])
    except (OSError, msgspec.MsgspecError) as error:
        raise ValueError(f"{path} is no index of claims ({error}): run python -m support.suite.claims_index") from error


def write(index: Mapping[str, Sequence[str]], path: Path = FILE) -> None:
    """Replace the index."""
    path.write_bytes(encoded(index))


def encoded(index: Mapping[str, Sequence[str]]) -> bytes:
    """The content of the file."""
    return msgspec.json.format(msgspec.json.encode(index, order="sorted"), indent=1) + b"\n"
