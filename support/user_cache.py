"""Where the suite keeps what it fetches and computes if nothing else is said."""

from __future__ import annotations

import os
from pathlib import Path


class NoCacheError(ValueError):
    """This user has no cache directory; the message is a clause to which a caller adds what would do instead."""


def user_cache() -> Path:
    """The suite's folder in the user's cache: below XDG_CACHE_HOME, or else in ~/.cache.

    Raises
    ------
    NoCacheError : there is neither, as for a user without a home directory.
    """
    try:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError as error:  # neither HOME nor an entry among the system's users
        raise NoCacheError("this user has no home directory and XDG_CACHE_HOME is not set") from error
    return cache.absolute() / "spurious-claims"
