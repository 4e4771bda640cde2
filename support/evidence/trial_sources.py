"""Where the numbers of trials are from: computed in this run or read, found by a proof, measured again by somebody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class ArmSource:
    """Where one arm of a trial is from.

    Attributes
    ----------
    computed : in this run.
    place : of a library, from which it was read: 0 is the store that is written.
    proven : found under other code, which was proven to give the same numbers.
    rechecked : whether it was measured again and was the same; None where it was not measured again.
    """

    computed: bool
    place: int = 0
    proven: bool = False
    rechecked: bool | None = None


@dataclass(frozen=True)
class TrialSource:
    """The same for a trial, by the arm of which least is known at first hand.

    Attributes
    ----------
    computed : all its arms, in this run.
    place : name of the last place that an arm was read from; None for the store that is written.
    proven : some arm was found by a proof.
    rechecked : True where all arms were measured again and were the same, False where one was not, else None.
    """

    computed: bool
    place: str | None
    proven: bool
    rechecked: bool | None


def of_trial(arms: Sequence[ArmSource], places: Sequence[str | None]) -> TrialSource:
    """Where a trial is from.

    Parameters
    ----------
    places : names of a library's places.
    """
    checks = [arm.rechecked for arm in arms]
    return TrialSource(
        computed=all(arm.computed for arm in arms),
        place=places[max(arm.place for arm in arms)],
        proven=any(arm.proven for arm in arms),
        rechecked=False if False in checks else (True if all(checks) else None),
    )
