"""The directory of `--data`, which is read and never made: one that is not there is a mistake in its name."""

from __future__ import annotations

import os
from pathlib import Path


def require_data(given: str | Path) -> None:
    """See that it is a directory.

    Raises
    ------
    ValueError : it is none.
    """
    # Path.is_dir raises where a name is too long.
    if not os.path.isdir(given):  # noqa: PTH112
        raise ValueError(f"--data must be a directory, got {str(given)!r}")
