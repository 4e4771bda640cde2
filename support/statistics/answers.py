"""Whether something got worse: the answer that the interval of a move gives, and what several answers say together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from support.statistics.bets import mean_position

# In the order in which one of them decides for all.
Answer = Literal["worse", "better", "cannot tell", "same", "identical"]


def answer_of(
    value: float, low: float, high: float, margin: float, worse: Literal["higher", "lower"], *, identical: bool = False
) -> Answer:
    """What a move says of a measure with a direction.

    Parameters
    ----------
    value, low, high : the move, after minus before, and its interval; infinite where nothing is bounded.
    margin : the least move that is worth caring about, positive.
    worse : which way is worse.
    identical : whether every number of the two is the same to the bit.

    Returns
    -------
    ``identical``; ``same`` where the interval lies within ±margin; ``worse`` or ``better`` where the interval excludes
    zero and the move itself exceeds the margin; else ``cannot tell``: more trials may.
    """
    if identical:
        return "identical"
    if -margin <= low and high <= margin:
        return "same"
    if abs(value) > margin and (low > 0 or high < 0):
        return "worse" if (low > 0) == (worse == "higher") else "better"
    return "cannot tell"


def is_told(moves: Sequence[float], bound: float, margin: float) -> bool:
    """Whether the bounded sequence over these moves tells anything of them: all but ``cannot tell``.

    Parameters
    ----------
    moves : (trials,), at least 2; those beyond ± bound count as that.
    margin : as of `answer_of`; a bound that is no larger tells at once.
    """
    if margin >= bound:
        return True
    low, middle, high = (mean_position(moves, edge, -bound, bound) for edge in (-margin, 0.0, margin))
    mean = float(np.clip(moves, -bound, bound).mean())
    return (low == "above" and high == "below") or (middle != "undecided" and abs(mean) > margin)


def over_all(answers: Sequence[Answer]) -> Answer:
    """What several measures say together; nothing measured tells nothing.

    One that is worse makes it worse, whatever got better. Where none is, one that got better makes it better. Where
    neither is, one that cannot be told leaves it open; identical is only what is identical everywhere.
    """
    order: tuple[Answer, ...] = ("worse", "better", "cannot tell", "same")
    if not answers:
        return "cannot tell"
    return next((each for each in order if each in answers), "identical")
