"""Rows as tables with named columns (CSV), a table for each kind of experiment."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from itertools import groupby
from pathlib import Path
from typing import Any

from support.evidence.keys import canonical
from support.evidence.places import Stored
from support.evidence.reach import Reach
from support.evidence.store import EvidenceDirectoryError
from support.evidence.whole_files import write_whole

Cell = float | str | None
ENDING = ".csv"
# A name of a class, which becomes the name of a file.
NAME = re.compile(r"[A-Za-z_]\w*")


def export(entries: Iterable[Stored], path: Path, reach: Reach) -> dict[Path, int]:
    """Write the tables; returns the rows of each file.

    One kind of experiment is written to `path`; several, or one where `path` is a directory, to files in it that are
    named by their classes.

    Raises
    ------
    ValueError : there is no entry, or there are several kinds for one file, or a name is none of a class.
    EvidenceDirectoryError : a file cannot be written.
    """
    kinds = {name: list(group) for name, group in groupby(sorted(entries, key=_experiment), key=_experiment)}
    if not kinds:
        raise ValueError("there is no entry of evidence to export")
    names = {name: name.rpartition(".")[2] for name in kinds}
    for name, short in names.items():
        if not NAME.fullmatch(short) or list(names.values()).count(short) > 1:
            raise ValueError(f"no file can be named by the experiment {name!r}")
    if len(kinds) == 1 and not path.is_dir():
        files = dict.fromkeys(kinds, path)
    elif path.suffix == ENDING and not path.is_dir():
        raise ValueError(f"{path} would have to hold {', '.join(names.values())}: name a directory, for a file of each")
    else:
        _make_directory(path)
        files = {name: path / f"{short}{ENDING}" for name, short in names.items()}
    written = {}
    for name, group in kinds.items():
        rows = list(_rows(group, reach))
        write_whole(_as_csv(rows).encode(), files[name])
        written[files[name]] = len(rows)
    return written


def _make_directory(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EvidenceDirectoryError(f"cannot write to {path}: {error.strerror or error}") from error


def _experiment(stored: Stored) -> str:
    return stored.entry.manifest.origin.experiment


def _order(stored: Stored) -> tuple[Any, ...]:
    origin = stored.entry.manifest.origin
    return canonical(origin.fields), origin.seed, origin.trial, canonical(origin.arm), stored.key


def _rows(entries: Iterable[Stored], reach: Reach) -> Iterator[dict[str, Cell]]:
    """What is measured, under its own name; what of, as ``field.…`` and ``arm.…``; where from, as ``evidence.…``."""
    for stored in sorted(entries, key=_order):
        origin, making = stored.entry.manifest.origin, stored.entry.manifest.making
        around: dict[str, Cell] = {f"field.{name}": cell for name, cell in _flat(origin.fields)}
        around |= {f"arm.{name or 'value'}": cell for name, cell in _flat(origin.arm)}
        around |= {
            "evidence.seed": origin.seed,
            "evidence.trial": origin.trial,
            "evidence.key": stored.key,
            "evidence.read_by": reach.of(origin),
            "evidence.device": origin.device,
            "evidence.network": origin.network,
            "evidence.commit": making.commit,
            "evidence.machine": making.machine,
            "evidence.seconds": making.seconds / making.arms,
        }
        columns = stored.entry.columns
        for cells in zip(*columns.values(), strict=True):
            yield dict(zip(columns, cells, strict=True)) | around


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, Cell]]:
    """The leaves of a configuration by dotted names; lists as JSON."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _flat(part, f"{name}.{key}".lstrip("."))
    elif isinstance(value, list | bool):
        yield name, json.dumps(value)
    else:
        yield name, value


def _as_csv(rows: Sequence[dict[str, Cell]]) -> str:
    """Cells that a row lacks, and what was not measured, are empty."""
    names = sorted(dict.fromkeys(name for row in rows for name in row), key=_section)
    text = StringIO()
    writer = csv.DictWriter(text, names, restval=None, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _section(name: str) -> int:
    """What is measured stands between what it was measured of and where it is from."""
    return {"field": 0, "arm": 1, "evidence": 3}.get(name.partition(".")[0] if "." in name else "", 2)
