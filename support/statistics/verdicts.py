"""The one decision rule of the suite."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import inf

from support.statistics.estimates import Estimate
from support.statistics.regions import Region


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
    """

    name: str
    description: str
    estimate: Estimate
    region: Region
    expected: Verdict = Verdict.REFUTED

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


def decide_with_controls(estimate: Estimate, region: Region, controls: tuple[Control, ...]) -> Verdict:
    """The verdict on a claim: a claim whose controls do not come out is not supported, nor refuted."""
    if all(comes_out(control, estimate, region) for control in controls):
        return decide(estimate, region)
    return Verdict.INCONCLUSIVE
