"""The one decision rule of the suite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import inf

import numpy as np

from support.statistics.estimates import Estimate
from support.statistics.regions import Region

# Two columns of trials lie on a line in any case; three are the fewest that need not.
FEWEST = 3
# What is left of 1 − |correlation| where one column is computed from the other.
ROUNDING = 1e-9


class Verdict(StrEnum):
    """What the evidence says of a claim."""

    SUPPORTED = "supported"
    REFUTED = "refuted"
    INCONCLUSIVE = "inconclusive"


def decide(estimate: Estimate, region: Region) -> Verdict:
    """Supported if the interval lies inside the region, refuted if outside, inconclusive otherwise.

    An empty interval, which excludes every effect, decides nothing.
    """
    if estimate.low > estimate.high:
        return Verdict.INCONCLUSIVE
    if region.holds(estimate.low, estimate.high):
        return Verdict.SUPPORTED
    if region.excludes(estimate.low, estimate.high):
        return Verdict.REFUTED
    return Verdict.INCONCLUSIVE


@dataclass(frozen=True)
class Control:
    """The same decision where the answer is known: the mechanism removed (negative) or forced (positive).

    Attributes
    ----------
    name : short name, such as ``"fresh background"``.
    description : what was changed, in a sentence.
    estimate, region : decided by the same rule as the claim.
    expected : the verdict that must come out; refuted for a negative control.
    constant_because : why all trials may give one and the same number, where they do: "1 − F at α = 1 is 0 exactly".
    """

    name: str
    description: str
    estimate: Estimate
    region: Region
    expected: Verdict = Verdict.REFUTED
    constant_because: str | None = None

    @property
    def verdict(self) -> Verdict:
        """What came out."""
        return decide(self.estimate, self.region)

    @property
    def passed(self) -> bool:
        """Whether the control came out as it must."""
        return self.verdict == self.expected


def comes_out(control: Control, effect: Estimate, region: Region) -> bool:
    """Whether a control came out as it must.

    A negative one does where its interval lies outside the region, or wholly on that side of the effect's where the
    region is not: below it for effects above an edge. Then the effect is more than what is there without the
    mechanism, however much that is.
    """
    if control.passed:
        return True
    if control.expected != Verdict.REFUTED or control.region != region or effect.level is None:
        return False
    if control.estimate.low > control.estimate.high or effect.low > effect.high:
        return False
    below = region.high == inf and control.estimate.high < effect.low
    above = region.low == -inf and control.estimate.low > effect.high
    return below or above


def discriminates(control: Control, effect: Estimate, region: Region) -> bool:
    """False where a control was decided the wrong way: it has come out as the opposite of what is known."""
    return comes_out(control, effect, region) or control.verdict == Verdict.INCONCLUSIVE


def repeats_the_effect(control: Control, effect: Estimate) -> bool:
    """Whether a control's trials are the effect's own, moved, stretched or turned round.

    Their correlation is then 1 or −1. Such a control is decided by arithmetic: it says nothing of what the measure does
    where the mechanism is absent. Trials of two numbers, as shares of networks are, may agree by chance and are passed.
    """
    own, others = np.asarray(effect.trials), np.asarray(control.estimate.trials)
    random = effect.level is not None and control.estimate.level is not None
    if not random or len(own) != len(others) or len(np.unique(own)) < FEWEST or len(np.unique(others)) < FEWEST:
        return False
    return bool(1 - abs(np.corrcoef(own, others)[0, 1]) < ROUNDING)


def stands_still(control: Control, effect: Estimate) -> bool:
    """Whether a control gives one and the same number in all trials, the effect does not, and it does not say why."""
    own, others = effect.trials, control.estimate.trials
    if effect.level is None or control.constant_because is not None or min(len(own), len(others)) < FEWEST:
        return False
    return len(set(others)) == 1 < len(set(own))


def can_refute(effect: Estimate, controls: Sequence[Control]) -> bool:
    """Whether a refutation counts: a positive control shows that the measure could have seen the effect.

    What is exact or deterministic needs none.
    """
    return effect.level is None or any(control.expected == Verdict.SUPPORTED for control in controls)


def decide_with_controls(estimate: Estimate, region: Region, controls: Sequence[Control]) -> Verdict:
    """The verdict on a claim: one whose controls do not come out is not supported, nor refuted; see `can_refute`."""
    if not all(comes_out(control, estimate, region) for control in controls):
        return Verdict.INCONCLUSIVE
    verdict = decide(estimate, region)
    return Verdict.INCONCLUSIVE if verdict == Verdict.REFUTED and not can_refute(estimate, controls) else verdict
