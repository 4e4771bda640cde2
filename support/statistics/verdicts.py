"""The one decision rule of the suite."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from support.statistics.estimates import Estimate
from support.statistics.regions import Region


class Verdict(StrEnum):
    """What the evidence says of a claim."""

    SUPPORTED = "supported"
    REFUTED = "refuted"
    INCONCLUSIVE = "inconclusive"


def decide(estimate: Estimate, region: Region) -> Verdict:
    """Supported if the interval lies inside the region, refuted if outside, inconclusive otherwise."""
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


def decide_with_controls(estimate: Estimate, region: Region, controls: tuple[Control, ...]) -> Verdict:
    """The verdict on a claim: a claim whose controls do not come out is not supported, nor refuted."""
    if all(control.passed for control in controls):
        return decide(estimate, region)
    return Verdict.INCONCLUSIVE
