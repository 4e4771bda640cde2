"""An interval beside the region in which a claim holds, in letters that every terminal has."""

from __future__ import annotations

import math

from support.document.types import Pair

WIDTH = 60
# Free room on both sides, as a share of what is shown.
_ROOM = 0.1


def axis(effect: float | None, interval: Pair, region: Pair) -> tuple[float, float]:
    """From where to where a strip shows: all finite numbers, with some room on both sides."""
    given = [number for number in (effect, *interval, *region) if number is not None and math.isfinite(number)]
    if not given:
        return -1.0, 1.0
    low, high = min(given), max(given)
    room = _ROOM * (high - low) or _ROOM * abs(low) or 1.0
    if not all(map(math.isfinite, (low - room, high + room, high - low + 2 * room))):
        return (low / 4, high / 4) if low < high else (-1.0, 1.0)  # what lies beyond is clamped
    return low - room, high + room


def strip(
    effect: float | None, interval: Pair, region: Pair, shown: tuple[float, float], width: int = WIDTH
) -> tuple[str, str]:
    """Two rows of letters, one above the other: where the claim holds, and what was found.

    The region is ``[===]``, or ``|`` where it is one value; the interval ``(---)`` with the estimate ``o``. What lies
    beyond the ends of the strip stands there as ``<`` or ``>``.

    Parameters
    ----------
    effect : the estimate; None where there is none, or where it is infinite.
    interval, region : low and high end; None is infinite.
    shown : the numbers at the first and at the last letter, the first the smaller.
    width : letters of a row, at least 2.

    Raises
    ------
    ValueError : less than two letters, or nothing between the ends that are shown.
    """
    if width < 2 or not shown[0] < shown[1]:
        raise ValueError(f"a strip needs 2 letters and an ascending axis, got width {width} and axis {shown}")
    holds = _span(region, ("[", "=", "]"), shown, width)
    found = _span(interval, ("(", "-", ")"), shown, width)
    if effect is not None:
        place, mark = _place(effect, shown, width)
        found[place] = mark or "o"
    return "".join(holds), "".join(found)


def _span(ends: Pair, letters: tuple[str, str, str], shown: tuple[float, float], width: int) -> list[str]:
    """A row with what lies from one end to the other."""
    left, between, right = letters
    low, high = (-math.inf if ends[0] is None else ends[0]), (math.inf if ends[1] is None else ends[1])
    (first, below), (last, above) = _place(low, shown, width), _place(high, shown, width)
    row = ["."] * width
    row[first : last + 1] = between * (last + 1 - first)
    row[last] = above or right
    row[first] = below or (left if first < last else "|")
    return row


def _place(number: float, shown: tuple[float, float], width: int) -> tuple[int, str]:
    """The letter that a number falls on, and how it is marked where it lies beyond the ends; else nothing."""
    low, high = shown
    if number < low:
        return 0, "<"
    if number > high:
        return width - 1, ">"
    return round((number - low) / (high - low) * (width - 1)), ""
