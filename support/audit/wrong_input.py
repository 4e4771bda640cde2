"""What the commands of an audit have in common where their input is wrong: one line, and exit status 4."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from support.command_line import Parser

WRONG_INPUT = 4


class InputParser(Parser):
    """Ends in the exit status of wrong input; that of an audit which found it worse is another."""

    wrong_input = WRONG_INPUT


def files_read(**given: str | Path | None) -> Iterator[tuple[str, Path]]:
    """Files and folders that options name, as paths or as ``file.py:function``, each with its option."""
    for name, value in given.items():
        place = str(value or "")
        if isinstance(value, str) and place.rpartition(":")[0].endswith(".py"):
            place = place.rpartition(":")[0]
        if place and Path(place).exists():
            yield f"--{name.replace('_', '-')}", Path(place)
