"""What every command refuses in one line: empty arguments, numbers of another kind, and names that break a line."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from support.document.letters import in_one_line

# Of a seed: what every generator of random numbers and every reader of JSON can take.
LARGEST = 2**63 - 1
# Letters of a wrong value that a message repeats.
MOST_SHOWN = 40
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, without repeating how the command is used, and ends in `wrong_input`."""

    wrong_input = 2

    def error(self, message: str) -> NoReturn:
        """End with this sentence."""
        self.exit(self.wrong_input, f"{self.prog}: {' '.join(message.split())}\n")

    def parse_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """Parse them; none may be empty or break a line."""
        given = sys.argv[1:] if args is None else list(args)
        for before, text in zip(["", *given], given, strict=False):
            option, equals, value = text.partition("=") if text.startswith("--") else (before, "=", text)
            name = option if option.startswith("-") else "an argument"
            if equals and not value:
                self.error(f"{name} must not be empty")
            if not is_line(text):
                self.error(f"{name} must be one line of text, got {shown(text)}")
        return super().parse_args(given, namespace)


def is_line(text: str) -> bool:
    """Whether a text can stand within one line of a message: of whole letters, none of which steers a terminal."""
    return in_one_line(text) == text


def shown(text: str) -> str:
    """A wrong value as a message repeats it."""
    return repr(text) if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]!r} and {len(text) - MOST_SHOWN:,} more"


def whole(text: str, least: int = 0, most: int | None = None) -> int:
    """A whole number in ASCII digits, of at most 63 bits.

    Raises
    ------
    ValueError : it is none, or lies elsewhere; without the name of what it is.
    """
    largest = LARGEST if most is None else most
    if text.isascii() and text.isdecimal() and len(text) <= len(str(largest)) and least <= int(text) <= largest:
        return int(text)
    which = f"of at least {least}" if most is None else f"from {least} to {most:,}"
    raise ValueError(f"must be a whole number {which}, got {shown(text)}")


def whole_number(least: int = 0, most: int | None = None) -> Callable[[str], int]:
    """Reads a whole number from a command line."""

    def parse(text: str) -> int:
        try:
            return whole(text, least, most)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return parse


seed = whole_number(0, LARGEST)


def number(text: str) -> float:
    """A finite number from a command line, in ASCII digits."""
    value = float(text) if _NUMBER.fullmatch(text) else float("inf")
    if abs(value) == float("inf"):
        raise argparse.ArgumentTypeError(f"must be a number, got {shown(text)}")
    return value


def positive(text: str) -> float:
    """A finite number above 0 from a command line."""
    value = number(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"must be a positive number, got {shown(text)}")
    return value
