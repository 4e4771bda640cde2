"""What the suite measures: name, unit, range, route to an interval, margin, and which way is worse.

Ranges are what one trial can be, whatever comes out; to them trials are clipped. A difference of two probabilities lies
in [-1, 1]; so that ranges stay short, a contrast of contrasts is clipped to [-1, 1] too.

Which way is worse is said of memorization alone, and only where a move of the measure is one of memorization: a higher
spurious score, or less that deletion removes. An accuracy has no direction here, however bad a loss of it is; nor has a
trend, a distance from a prediction, or a contrast between remedies, patterns, architectures or numbers of examples, of
which either side may have moved. A claim that takes such a contrast of a measure with a direction asks for it as
`Measure.undirected`.
"""

from __future__ import annotations

from math import inf

from support.statistics.measure import Measure

# ------------------------------------------------------------------------------------------ networks and accuracies

ACCURACY = Measure("accuracy", "share of images", 0, 1, "bounded", 0.02, None)
ACCURACY_CHANGE = Measure("change of accuracy", "share of images", -1, 1, "bounded", 0.02, None)
SCORE = Measure("spurious score", "share of images", 0, 1, "bounded", 0.05, "higher")
SCORE_RISE = Measure("rise of the spurious score", "share of images", -1, 1, "bounded", 0.05, "higher")
PROBABILITY = Measure("mean probability", "", 0, 1, "bounded", 0.05, None)
PROBABILITY_RISE = Measure("rise of the mean target probability", "", -1, 1, "bounded", 0.05, "higher")
SCORE_SHARE = Measure("share of the score that is removed", "", -1, 2, "ratio", 0.1, "lower")

# ------------------------------------------------------------------------------------------------------- membership

RATE_DIFFERENCE = Measure("difference of rates", "share of examples", -1, 1, "bounded", 0.05, "higher")
AREA = Measure("area under the curve", "", 0, 1, "bounded", 0.02, "higher")
AREA_DIFFERENCE = Measure("difference of areas under the curve", "", -1, 1, "bounded", 0.02, "higher")

# ------------------------------------------------------------------------- kernel regression and theory: near normal

# Averages over many samples each; granted by calibration trials, never by a case's own.
ALIGNMENT = Measure("mean feature alignment", "", -inf, inf, "near-normal", 0.02, "higher")
KERNEL_ACCURACY = Measure("accuracy of kernel regression", "share of samples", -inf, inf, "near-normal", 0.02, None)
COVARIANCE = Measure("covariance with the label", "Var g", -inf, inf, "near-normal", 0.03, "higher")
STABILITY = Measure("mean squared self-stability", "", -inf, inf, "near-normal", 0.05, None)

# ---------------------------------------------------------------------- kernel regression over N and α, framed images

# Names apart from those above: a route is granted by name, and each of these is distributed in its own way.
KERNEL_ACCURACY_DIFFERENCE = Measure(
    "difference of accuracies of kernel regression", "share of samples", -inf, inf, "near-normal", 0.01, None
)
KERNEL_ACCURACY_TREND = Measure(
    "change of an accuracy of kernel regression per decade of N",
    "share of samples",
    -inf,
    inf,
    "near-normal",
    0.02,
    None,
)
# Of random features calibration refused one of these slopes (skewness 0.64), so all of theirs go by the median.
RANDOM_FEATURE_TREND = Measure(
    "change of an accuracy of random features per decade of N", "share of samples", -inf, inf, "median", 0.02, None
)
KERNEL_ACCURACY_OVER_ALPHA = Measure(
    "change of an accuracy of kernel regression over α", "share of samples", -inf, inf, "near-normal", 0.05, None
)
# Of random features skewed as their accuracies' slopes are.
STABILITY_TREND = Measure(
    "change of the mean squared self-stability per decade of N", "Var g", -inf, inf, "median", 0.02, None
)
# Pairings of one training set have most of their sign in common, and are skewed.
PERMUTED_ACCURACY = Measure(
    "accuracy of kernel regression on others' backgrounds", "share of samples", 0, 1, "bounded", 0.02, None
)
# Few images decide a trial with ten of them: skewness up to 2 in slopes, 5 near the ceiling. So medians over trials.
FRAME_ACCURACY = Measure("accuracy on framed images", "share of images", 0, 1, "median", 0.02, None)
FRAME_ACCURACY_TREND = Measure(
    "change of an accuracy on framed images over N", "share of images per decade", -inf, inf, "median", 0.02, None
)
FRAME_ERROR_TREND = Measure(
    "change of the squared error on framed images over N", "per decade", -inf, inf, "median", 0.02, None
)
FRAME_COVARIANCE = Measure("covariance with the label, framed images", "Var g", -inf, inf, "median", 0.02, "higher")

# ------------------------------------- kernel regression: backgrounds that are new, or that correlate with the label

# Never calibrated, and far from their regions' edges: medians cost no more trials there.
NOVEL_ALIGNMENT = Measure("mean feature alignment, novel background", "", -inf, inf, "median", 0.02, "higher")
NOVEL_COVARIANCE = Measure("covariance with the label, novel background", "Var g", -inf, inf, "median", 0.03, "higher")
FRAME_COVARIANCE_TREND = Measure(
    "change of a covariance on framed images over the resemblance", "Var g", -inf, inf, "median", 0.02, None
)
CORRELATED_COVARIANCE = Measure(
    "covariance with the label, correlated background", "Var g", -inf, inf, "median", 0.03, "higher"
)

# ------------------------------------------------- kernel regression and the linear model: what else is near normal

# Of the N samples of a trial: ratios of two such spreads, which are skewed, and their exponent over dimensions.
SPREAD_RATIO = Measure("ratio of spreads of the alignment", "", 0, inf, "median", 0.05, None)
SPREAD_EXPONENT = Measure("exponent of the spread of the alignment", "", -inf, inf, "near-normal", 0.05, None)
MEMORIZATION_SLOPE = Measure("slope of the covariance with the label", "", -inf, inf, "near-normal", 0.05, None)
# Never negative, and skewed; twice the level is far beyond what was seen, and clipping there only makes it smaller.
EIGENVALUE_SHARE = Measure("smallest eigenvalue over its level", "share of the level", 0, 2, "bounded", 0.05, None)
# Least squares on thousands of drawn samples; accuracies over thousands of fresh ones.
FIT_DIFFERENCE = Measure("fitted prediction difference", "", -inf, inf, "near-normal", 0.01, None)
FIT_ACCURACY = Measure("accuracy of a linear fit", "share of samples", -inf, inf, "near-normal", 0.001, None)
FIT_EXPONENT = Measure("exponent of the error of fits", "", -inf, inf, "near-normal", 0.05, None)
SHARE_OF_PARAMETERS = Measure("share of parameters in a block", "share of points", 0, 1, "bounded", 0.05, None)

# --------------------------------------------------------------------------------------- deletion and architectures

# A step that ends farther away than it began counts as none.
NEWTON_ERROR = Measure("share of the distance that a Newton step leaves", "", 0, 1, "bounded", 0.1, None)
# Over a hundred deleted samples each.
KERNEL_FALL = Measure("fall of accuracy by exact deletion", "share of samples", -inf, inf, "near-normal", 0.02, None)
RANK_CORRELATION = Measure("rank correlation", "", -1, 1, "bounded", 0.1, None)

# ------------------------------------------------------------------------------------------ what rare patterns teach

# Of the clean images' probability nothing is left in a difference of two rises of one network.
PROBABILITY_DIFFERENCE = Measure("difference of mean target probabilities", "", -1, 1, "bounded", 0.05, "higher")
# Clipped, as every contrast of contrasts.
SCORE_CONTRAST = Measure("difference of two rises of the score", "share of images", -1, 1, "bounded", 0.05, None)
# Weights have no bound; initial ones are at most 1/28, and the maps of Figure 3 show no more than half a unit.
FIRST_LAYER_WEIGHT = Measure("change of the largest first-layer weight", "", -0.5, 0.5, "bounded", 0.05, None)

# -------------------------------------------------------------------------------------------- remedies and optimisers

# What a remedy, an optimiser or an architecture takes from what carriers add: a contrast of two contrasts. Clipped to
# half a unit, so that dozens of networks can tell a twentieth; whatever lies beyond counts as half a unit, and how many
# trials do is shown.
ADDED_CONTRAST = Measure("change of what carriers add", "", -0.5, 0.5, "bounded", 0.05, None)
# Of the patterns that a network was asked about.
CASES_ALIKE = Measure("share of cases that stay alike", "share of cases", 0, 1, "bounded", 0.05, None)
NETWORKS_THAT_LEARN = Measure("share of networks that learn", "share of networks", 0, 1, "share", 0.05, "higher")

# ------------------------------------------------------------------------------------ over n, and over networks alike

# One half in mean where the number of examples moves nothing; halfway from there to certainty is the least that counts.
STEPS_UP = Measure("share of steps that go up", "share of steps", 0, 1, "bounded", 0.05, None)
NETWORKS = Measure("share of networks", "share of networks", 0, 1, "share", 0.1, None)
# The range of a handful of accuracies is skewed, and its typical size is what is asked about.
ACCURACY_RANGE = Measure("range of a trial's accuracies", "share of images", 0, 1, "median", 0.02, None)

# ------------------------------------------------------------------------------------------- what exactly is learnt

# One half in mean for a pattern that is a draw like the others.
PATTERNS_BEATEN = Measure("share of fresh patterns that the pattern beats", "", 0, 1, "bounded", 0.1, "higher")
# What may be small in a ratio of them has a control of its own.
PROBABILITY_RATIO = Measure("ratio of mean target probabilities", "", 0, 2, "ratio", 0.1, None)
# What some carriers add over others, where it is small: clipped to half a unit, as a change of it.
ADDED_PROBABILITY = Measure("target probability that carriers add", "", -0.5, 0.5, "bounded", 0.05, "higher")

# ---------------------------------------------------------------------------------- memorization in trained networks

# A trial's ratio of two averages; nothing bounds it, and nearly all trials lie on one side of an edge.
MEMORIZATION_RATIO = Measure("ratio of memorization to its prediction", "", -inf, inf, "median", 0.1, None)
COVARIANCE_IN_NETWORKS = Measure(
    "covariance of a network's output with the label", "Var g", -inf, inf, "median", 0.02, "higher"
)
NETWORK_ALIGNMENT = Measure("mean feature alignment of a network", "", -inf, inf, "median", 0.02, "higher")

# ---------------------------------------------------------------------------------------------------------- deletion

ADDED_SHARE = Measure("share of what target-class carriers add that is removed", "", -1, 2, "ratio", 0.1, "lower")
