"""Which trials are left out: by one rule, on the untreated network of a trial alone, never on what is judged.

A network that ended at chance learns no pattern because it learns nothing. That is looked for where nothing was done to
the network; a treated one at chance counts with what it scored.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from support.evidence.rows import Rows, TooFewTrialsError

# Of ten classes; networks that leave chance at all are far above it.
TRAINED = 0.5
# Two trials are the least that show a spread.
FEWEST = 2


class ExcludedTrials(NamedTuple):
    """What is left out.

    Attributes
    ----------
    rule : which trials, in words.
    dropped, trials : how many, of how many.
    """

    rule: str
    dropped: int
    trials: int


def trials_at_chance(untreated: Iterable[Rows], column: str) -> tuple[int, ...]:
    """Trials in which an untreated network ended below `TRAINED`, or diverged; increasing.

    Parameters
    ----------
    untreated : rows of untreated networks, a table for each recipe; the same trials in all of them.
    column : in which a network at chance shows, in [0, 1].

    Raises
    ------
    KeyError : no such column.
    TooFewTrialsError : fewer than two trials would be left.
    """
    tables = list(untreated)
    idle = sorted({int(trial) for rows in tables for trial in rows.trials_short_of(column, TRAINED)})
    trials = min(rows.trials for rows in tables)
    if trials - len(idle) < FEWEST:
        raise TooFewTrialsError(f"an untreated network ended at chance in {len(idle)} of {trials} trials")
    return tuple(idle)


def without(rows: Rows, trials: tuple[int, ...]) -> Rows:
    """The rows of all other trials."""
    return rows.without_trials(np.array(trials, dtype=int))
