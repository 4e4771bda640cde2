"""A terminal of a few lines of code: what a reader sees after a program has written to it."""

from __future__ import annotations

import re

# Letters, and the orders that pytest and this suite give: colours and titles (nothing to see), up, right, erase below.
_PARTS = re.compile(
    r"(?P<hidden>\x1b\[[0-9;]*m|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\))|\x1b\[(?P<count>\d*)(?P<order>[ACJ])|(?P<letter>[^\x1b])"
)


class Screen:
    """Takes what is written, and has `lines`; as long as needed, and so many letters wide."""

    def __init__(self, width: int = 80) -> None:
        self.width = width
        self._rows: list[list[str]] = [[]]
        self._row = self._column = 0

    def write(self, text: str) -> None:
        """Take what was written, up to whole orders.

        Raises
        ------
        AssertionError : an order that is not known here, or a cursor above the first line.
        """
        assert "".join(found[0] for found in _PARTS.finditer(text)) == text, f"unknown orders in {text!r}"
        for found in _PARTS.finditer(text):
            if found["order"]:
                self._obey(found["order"], int(found["count"] or 1))
            elif found["letter"]:
                self._letter(found["letter"])

    def _obey(self, order: str, count: int) -> None:
        if order == "A":
            self._row -= count
            assert self._row >= 0, "above the first line"
        elif order == "C":
            self._column = min(self._column + count, self.width - 1)
        else:
            del self._rows[self._row + 1 :], self._rows[self._row][self._column :]

    def _letter(self, letter: str) -> None:
        if letter == "\r":
            self._column = 0
        elif letter == "\n":
            self._next_row()
        else:
            if self._column == self.width:
                self._column = 0
                self._next_row()
            row = self._rows[self._row]
            row += " " * (self._column + 1 - len(row))
            row[self._column] = letter
            self._column += 1

    def _next_row(self) -> None:
        self._row += 1
        if self._row == len(self._rows):
            self._rows.append([])

    @property
    def lines(self) -> list[str]:
        """What is seen, from the top."""
        return ["".join(row).rstrip() for row in self._rows]

    @property
    def cursor(self) -> tuple[int, int]:
        """Row and column."""
        return self._row, self._column
