"""A report through every reader, and what came of it."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.fuzzing.readers import READERS, RefusedError

Outcome = Literal["read", "refused", "traceback", "wrong", "silent", "refused wrongly"]
RIGHT: tuple[Outcome, ...] = ("read", "refused")
# What readers ask of a right report beyond its being one: no formula but one that can be shown, a seed, a figure.
ASK_MORE = frozenset({"page", "`--readme`", "`--seeds`"})


@dataclass(frozen=True)
class Tried:
    """What a reader made of a report; why it is wrong, where it is."""

    reader: str
    outcome: Outcome
    why: str = ""


def tried(content: bytes, must_be_read: bool | None, file: Path) -> Iterator[Tried]:
    """Try every reader.

    Parameters
    ----------
    must_be_read : False where the report must be refused; None where either may be.
    file : where the report is put.
    """
    file.write_bytes(content)
    for name, reader in READERS.items():
        try:
            reader(file)
        except RefusedError as error:
            wrong = must_be_read is True and name not in ASK_MORE
            yield Tried(name, "refused wrongly" if wrong else "refused", str(error))
        except AssertionError as error:
            yield Tried(name, "wrong", str(error))
        except Exception:  # noqa: BLE001 - whatever it is, it is a traceback for the user
            yield Tried(name, "traceback", traceback.format_exc())
        else:
            yield Tried(name, "silent" if must_be_read is False else "read")
