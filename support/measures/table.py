"""What the suite measures: name, unit, range, route to an interval, margin, and which way is worse.

Ranges are what one trial can be, whatever comes out; to them trials are clipped. A difference of two probabilities lies
in [-1, 1]; so that ranges stay short, a contrast of contrasts is clipped to [-1, 1] too.
"""

from __future__ import annotations

from math import inf

from support.statistics.measure import Measure

# ------------------------------------------------------------------------------------------ networks and accuracies

ACCURACY = Measure("accuracy", "share of images", 0, 1, "bounded", 0.02, "lower")
ACCURACY_CHANGE = Measure("change of accuracy", "share of images", -1, 1, "bounded", 0.02, "lower")
SCORE = Measure("spurious score", "share of images", 0, 1, "bounded", 0.05, "higher")
SCORE_RISE = Measure("rise of the spurious score", "share of images", -1, 1, "bounded", 0.05, "higher")
PROBABILITY = Measure("mean probability", "", 0, 1, "bounded", 0.05, None)
PROBABILITY_RISE = Measure("rise of the mean target probability", "", -1, 1, "bounded", 0.05, "higher")
SCORE_SHARE = Measure("share of the score that is removed", "", -1, 2, "ratio", 0.1, "lower")

# ------------------------------------------------------------------------------------------------------- membership

RATE = Measure("rate of accusations", "share of examples", 0, 1, "bounded", 0.05, "higher")
RATE_DIFFERENCE = Measure("difference of rates", "share of examples", -1, 1, "bounded", 0.05, "higher")
AREA = Measure("area under the curve", "", 0, 1, "bounded", 0.02, "higher")
AREA_DIFFERENCE = Measure("difference of areas under the curve", "", -1, 1, "bounded", 0.02, "higher")

# ------------------------------------------------------------------------- kernel regression and theory: near normal

# Averages over many samples each; granted by calibration trials, never by a case's own.
ALIGNMENT = Measure("mean feature alignment", "", -inf, inf, "near-normal", 0.02, "higher")
KERNEL_ACCURACY = Measure("accuracy of kernel regression", "share of samples", -inf, inf, "near-normal", 0.02, None)
COVARIANCE = Measure("covariance with the label", "Var g", -inf, inf, "near-normal", 0.03, "higher")
STABILITY = Measure("mean squared self-stability", "", -inf, inf, "near-normal", 0.05, None)
EIGENVALUE = Measure("smallest eigenvalue of the kernel", "", -inf, inf, "near-normal", 0.01, None)

# ------------------------------------------------------------------------------------------ what rare patterns teach

# Of the clean images' probability nothing is left in a difference of two rises of one network.
PROBABILITY_DIFFERENCE = Measure("difference of mean target probabilities", "", -1, 1, "bounded", 0.05, "higher")
# Clipped, as every contrast of contrasts.
SCORE_CONTRAST = Measure("difference of two rises of the score", "share of images", -1, 1, "bounded", 0.05, None)
# Weights have no bound; initial ones are at most 1/28, and the maps of Figure 3 show no more than half a unit.
FIRST_LAYER_WEIGHT = Measure("change of the largest first-layer weight", "", -0.5, 0.5, "bounded", 0.05, None)
