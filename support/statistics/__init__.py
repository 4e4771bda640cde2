"""From per-trial numbers to a verdict: interval, region, decision. Knows nothing of models or of torch."""

from support.statistics.estimates import LEVEL, Estimate, worst_of
from support.statistics.measure import Measure
from support.statistics.regions import Region
from support.statistics.verdicts import Control, Verdict, decide

__all__ = ["LEVEL", "Control", "Estimate", "Measure", "Region", "Verdict", "decide", "worst_of"]
