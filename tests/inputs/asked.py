"""One bad input: what is given to which command, and what a user needs to be told."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

# Exit statuses of wrong input.
STATUS = {"claims": 4, "recorded": 5, "audit": 4, "checkpoint": 4, "pattern": 4}
OTHERS = 2


@dataclass(frozen=True)
class Bad:
    """A bad input.

    Attributes
    ----------
    command : which is asked, a key of `tests.inputs.commands.COMMANDS`.
    given : its arguments; files are those of `tests.inputs.world`.
    says : a regular expression that the sentence holds: what is wrong, or what would be right.
    status : that the command ends with.
    process : whether it needs a process of its own.
    nobody : whether it is asked by a user who may read or write nothing that is not everybody's.
    """

    command: str
    given: tuple[str, ...]
    says: str
    status: int
    process: bool = False
    nobody: bool = False

    @property
    def name(self) -> str:
        """The command line, long values cut."""
        parts = (part if len(part) <= 60 else f"{part[:20]}...({len(part)} letters)" for part in self.given)
        return f"{self.command} {shlex.join(parts)}{' (as another user)' if self.nobody else ''}"


def bad(command: str, line: str, says: str, *more: str, status: int | None = None, nobody: bool = False) -> Bad:
    """A bad input from a command line.

    Parameters
    ----------
    says : words that the sentence holds as they stand.
    more : arguments after those of the line.
    """
    ends = STATUS.get(command, OTHERS) if status is None else status
    return Bad(command, (*shlex.split(line), *more), re.escape(says), ends, nobody=nobody)
