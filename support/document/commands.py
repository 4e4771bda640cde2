"""A command that runs tests again, as text for the shell."""

from __future__ import annotations

import shlex

from support.document.types import Command


def shell(command: Command, scale: str | None = None) -> str:
    """The command line.

    Parameters
    ----------
    scale : another scale than the command's own.
    """
    named = {
        "scale": scale or command.scale,
        "seed": None if command.seed is None else str(command.seed),
        "device": command.device,
        "data": command.data,
        "model": command.model,
        "features": command.features,
        "only": command.only,
    }
    options = [part for name, value in named.items() if value is not None for part in (f"--{name}", value)]
    return shlex.join(["pytest", *command.tests, *options, *(["--recorded"] if command.recorded else [])])
