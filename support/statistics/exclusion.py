"""Trials that are left out: by one rule that looks at no outcome that is judged, and never many."""

from __future__ import annotations

from dataclasses import dataclass

# Of a claim's trials; where more are left out there is no verdict.
MOST_EXCLUDED = 0.1


@dataclass(frozen=True)
class Exclusion:
    """What a claim left out.

    Attributes
    ----------
    rule : which trials, in words, such as "an untreated network at chance".
    dropped, trials : how many were left out, of how many.
    """

    rule: str
    dropped: int
    trials: int

    @property
    def too_many(self) -> bool:
        """Whether so many are left out that what is left decides nothing."""
        return self.dropped > MOST_EXCLUDED * self.trials

    def __str__(self) -> str:
        return f"{self.dropped} of {self.trials} trials left out: {self.rule}"
