"""Functions that were handed over as objects, by a name that stands where a specification does.

A notebook's network has no file that another process could import it from. It is held here under a name, which goes
into recipes, and travels to workers with its code.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PLACE = "held"

_held: dict[str, Callable[..., Any]] = {}


def hold(function: Callable[..., Any]) -> str:
    """Hold a function; the specification that stands for it in this process, the same for the same function."""
    for name, known in _held.items():
        if known is function:
            return name
    own = "".join(letter if letter.isalnum() else "_" for letter in getattr(function, "__name__", "function"))
    name = f"{PLACE}:{own.lstrip('0123456789') or 'function'}_{len(_held)}"
    _held[name] = function
    return name


def hold_as(name: str, function: Callable[..., Any]) -> None:
    """Hold a function that another process holds under this name."""
    _held[name] = function


def held(specification: str) -> Callable[..., Any] | None:
    """The function of a name that `hold` gave; None where the specification is another."""
    return _held.get(specification)


def holdings() -> dict[str, Callable[..., Any]]:
    """All functions by name."""
    return dict(_held)
