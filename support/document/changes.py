"""What moved against an earlier report, as types: a part of the report."""

from __future__ import annotations

from typing import Literal

import msgspec

from support import register
from support.document import bounds
from support.document.bounds import Count, Scale, Seed, Share

ChangeKind = Literal["verdict", "effect", "gone", "new", "undecided", "unchanged"]
Direction = Literal["up", "down"]
# In the order in which one of them decides for all.
Answer = Literal["worse", "better", "cannot tell", "same", "identical"]
# What of a comparison fails a run.
FailOn = Literal["worse", "changed", "never"]
# Two numbers, each null where it is infinite or not known.
Two = tuple[float | None, float | None]


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """The earlier report."""

    file: str
    commit: str | None = None
    scale: Scale | None = None
    seed: Seed | None = None
    model: str | None = None


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a case, of whose measure one way is worse, memorizes more than before.

    before and after are its effects, each over its own run's trials; margin is the least move that counts. move is
    after minus before with its interval: over `paired` first trials that share their random numbers, moves beyond
    clipped_to counting as that, clipped the number of those; paired is null where the move is what both intervals
    leave. more_trials would probably tell, null where they do already or where that cannot be said; reason is why the
    two could not be compared. clean_accuracy is of untreated networks, before and after.
    """

    answer: Answer
    worse: Literal["higher", "lower"]
    measure: str
    before: float | None = None
    after: float | None = None
    move: float | None = None
    interval: Two | None = None
    margin: bounds.Size | None = None
    paired: Count | None = None
    clipped_to: bounds.Size | None = None
    clipped: Count = 0
    more_trials: Count | None = None
    reason: str | None = None
    clean_accuracy: tuple[Share | None, Share | None] = (None, None)


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """How a case stands against the baseline.

    moved is the interval of the effect's move, margin what a move must exceed to count; before and after are verdicts
    where kind is verdict, effects otherwise. regression is true of a case that came out as registered and no longer
    does, where its verdict is about the paper's own models, and of one that is gone. answer is null where neither way
    of the measure is worse, or nothing was measured.
    """

    claim: str
    reading: register.Reading
    case: str
    test: str | None = None
    kind: ChangeKind
    text: str
    before: str | None = None
    after: str | None = None
    direction: Direction | None = None
    moved: Two | None = None
    margin: bounds.Size | None = None
    label: str | None = None
    answer: Answered | None = None
    regression: bool


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What moved against an earlier report; where not comparable, only verdicts were compared.

    answer is what the cases' answers say together, null in reports of versions that gave none; counts are of each.
    """

    baseline: Baseline
    comparable: bool
    answer: Answer | None = None
    counts: dict[Answer, Count] = {}
    notes: tuple[str, ...] = ()
    changes: tuple[Change, ...]
