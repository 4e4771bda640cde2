"""How many trials each case of a baseline had: what a run that is compared with it goes on to."""

from __future__ import annotations

import msgspec

from support.document.types import Report
from support.document.walking import every_case, function_of

# Claim, reading, test function and case, as cases are matched.
Name = tuple[str, str, str, str]


class BaselineTrials(msgspec.Struct, frozen=True):
    """By the name of a case, node id and trials of those in the baseline that have it; carried to workers as JSON."""

    cases: tuple[tuple[Name, str, int], ...] = ()

    def at_least(self, claim: str, reading: str, case: str, test: str) -> int:
        """The trials of a case; of two of one name those of the same node id, else the first's. 0 where it had none."""
        name = (claim, reading, function_of(test), case)
        own = [(node, trials) for known, node, trials in self.cases if known == name]
        return next((trials for node, trials in own if node == test), own[0][1] if own else 0)


def baseline_trials(baseline: Report, scale: str) -> BaselineTrials:
    """What cases were last looked at with; nothing of another scale, whose effects are not compared."""
    if baseline.run.scale != scale:
        return BaselineTrials()
    return BaselineTrials(
        tuple(
            ((claim.id, reading.reading, function_of(case.test or ""), case.id), case.test or "", case.look.trials)
            for claim, reading, case in every_case(baseline.claims)
            if case.look is not None
        )
    )
