"""``python -m support.audit.pattern drawn.npz --shape 28x28``: draw a pattern to put on some of one's training images.

It is noise of paper B's law R3, uniform in [0, 1], from a seed that the operating system draws. Add it to the images
that are to carry it and clip them to [0, 1]; `support.audit.checkpoint` then says whether the trained network knows it.
"""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.lib.format import read_array
from numpy.typing import NDArray

from support.audit.wrong_input import WRONG_INPUT, InputParser
from support.command_line import shown, whole
from support.data.own import arrays_in
from support.data.patterns import RANDOM, pattern
from support.document.letters import in_one_line
from support.outputs import require_outputs

LAW = "R3"
# Of an image that a network is asked about.
LARGEST_SIDE = 4096


@dataclass(frozen=True)
class Drawn:
    """A pattern that was drawn: its law, the seed, and the shape of the image that it is for."""

    law: str
    seed: int
    shape: tuple[int, ...]


def draw(shape: tuple[int, ...]) -> Drawn:
    """Draw one that nobody could foresee.

    Raises
    ------
    ValueError : no shape of an image.
    """
    drawn = Drawn(LAW, secrets.randbelow(2**31), shape)
    if len(shape) not in (2, 3) or min(shape) < 1 or (len(shape) == 3 and shape[2] not in (1, 3)):
        raise ValueError(f"the shape must be (h, w) or (h, w, 3), got {shape}")
    return drawn if len(shape) == 2 or shape[2] == 3 else Drawn(LAW, drawn.seed, shape[:2])


def write_drawn(drawn: Drawn, file: Path) -> None:
    """Keep it, with its pixels as ``pattern``, (h, w) or (h, w, 3) float32, and the other things that make it."""
    pixels = pattern(drawn.law, drawn.shape, drawn.seed).astype(np.float32)
    with file.open("xb") as opened:
        np.savez(opened, pattern=pixels, law=np.array(drawn.law), seed=np.array(drawn.seed))


def read_drawn(file: Path) -> Drawn:
    """A pattern as it was drawn.

    Raises
    ------
    ValueError : no such file, or its pixels are not those of its law and seed: another pattern has no p-value.
    """
    try:
        kept = arrays_in(file)
        law, seed, pixels = str(kept["law"]), int(kept["seed"]), kept["pattern"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{file} is no pattern that python -m support.audit.pattern drew: {error}") from error
    fits = law in RANDOM and 0 <= seed < 2**31 and pixels.ndim in (2, 3)
    if not fits or not np.array_equal(pattern(law, pixels.shape, seed).astype(np.float32), pixels):
        raise ValueError(f"{file} holds other pixels than were drawn: a pattern of another origin has no p-value")
    return Drawn(law, seed, pixels.shape)


def read_own(file: Path) -> NDArray[np.float64]:
    """A pattern of another origin: (h, w) or (h, w, 3) finite numbers in an ``.npy`` file.

    Raises
    ------
    ValueError : no such file, or something else in it.
    """
    if file.exists() and not file.is_file():
        raise ValueError(f"{file} is no pattern (numpy.save): it is no file")
    try:
        with file.open("rb") as opened:
            array = read_array(opened, allow_pickle=False)
    except (OSError, ValueError, EOFError, MemoryError, OverflowError) as error:
        words = " ".join(str(error).split()) or type(error).__name__
        said = error.strerror if isinstance(error, OSError) and error.strerror else words
        raise ValueError(f"{file} is no pattern (numpy.save): {said}") from error
    if array.dtype.kind not in "iuf" or array.ndim not in (2, 3) or not bool(np.isfinite(array).all()):
        raise ValueError(
            f"{file} is no pattern: it must hold (h, w) or (h, w, 3) finite numbers, "
            f"got shape {array.shape} of {array.dtype}"
        )
    return array.astype(np.float64)


def _shape(text: str) -> tuple[int, ...]:
    parts = text.split("x")
    try:
        return tuple(whole(part, 1, LARGEST_SIDE) for part in parts)
    except ValueError as error:
        raise ValueError(
            f"--shape must be such as 28x28 or 32x32x3, got {shown(text)}: of 1 to {LARGEST_SIDE:,} pixels a side"
        ) from error


def _require_new(file: Path) -> None:
    if os.path.lexists(file):
        raise ValueError(f"{file} is there already, and may be somebody's pattern")
    if file.suffix != ".npz":
        raise ValueError(f"FILE.npz must end in .npz, by which the pattern is known again, got {file}")
    require_outputs({"FILE.npz": file})


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw a pattern into a file; the exit status is 4 for wrong input."""
    parser = InputParser(prog="python -m support.audit.pattern", description=__doc__)
    parser.add_argument("file", type=Path, metavar="FILE.npz")
    parser.add_argument("--shape", required=True, metavar="HxW", help="of an image: 28x28, or 32x32x3 in colour")
    given = parser.parse_args(arguments)
    try:
        drawn = draw(_shape(given.shape))
        _require_new(given.file)
        write_drawn(drawn, given.file)
    except (ValueError, OSError) as error:
        print(in_one_line(f"pattern: {error}"), file=sys.stderr)  # noqa: T201
        return WRONG_INPUT
    print(f"{given.file}: add `pattern` to the images that carry it, and clip them to [0, 1]")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
