"""Laws of trials on which the intervals are tried, chosen to be hard; the truth of each is a closed form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, log, pi, sqrt

import numpy as np
from scipy.special import ndtr

from support.statistics.sequence import Array

Shape = tuple[int, int]
Draw = Callable[[np.random.Generator, Shape], Array]


@dataclass(frozen=True)
class Law:
    """A law of trials.

    Attributes
    ----------
    name : what the trials look like.
    draw : ``draw(generator, (streams, trials))``.
    truth : what the interval must hold: the mean, clipped to the range; of the medians' laws, a median.
    range : to which the bounded mean clips.
    share : the trials are zeros and ones.
    """

    name: str
    draw: Draw
    truth: float
    range: tuple[float, float] = (0.0, 1.0)
    share: bool = False


@dataclass(frozen=True)
class RatioLaw:
    """A law of parts and wholes: ``draw`` gives (parts, wholes), and `truth` is the ratio of their means."""

    name: str
    draw: Callable[[np.random.Generator, Shape], tuple[Array, Array]]
    truth: float
    part_range: tuple[float, float]
    whole_range: tuple[float, float]


def two_values(often: float, rarely: float, chance: float) -> tuple[Draw, float]:
    """Mostly one value, another with this chance; and the mean."""

    def draw(generator: np.random.Generator, shape: Shape) -> Array:
        return np.where(generator.random(shape) < chance, rarely, often)

    return draw, often + chance * (rarely - often)


def moved_by_the_last(generator: np.random.Generator, shape: Shape) -> Array:
    """Mean 1/2 whatever came before, yet dependent: after a trial above 1/2 the spread is ten times smaller."""
    signs = generator.choice([-0.5, 0.5], size=shape)
    calm = np.zeros(shape, dtype=bool)
    calm[:, 1:] = signs[:, :-1] > 0
    return 0.5 + signs * np.where(calm, 0.1, 1.0)


def ruin_soon(generator: np.random.Generator, shape: Shape) -> Array:
    """Mean 1/2 whatever came before: the chance of a ruinous 0 falls as 1/(2n), its counterweight with it."""
    chance = 0.5 / np.arange(1, shape[1] + 1)
    return np.where(generator.random(shape) < chance, 0.0, 0.5 / (1 - chance))


def slope_of_accuracies(generator: np.random.Generator, shape: Shape) -> Array:
    """Least-squares slope over five conditions of accuracies on 500 images, true accuracies .9, .88, ..., .82."""
    slope = np.zeros(shape)
    for weight, accuracy in zip((-0.2, -0.1, 0.0, 0.1, 0.2), (0.9, 0.88, 0.86, 0.84, 0.82), strict=True):
        slope += weight * generator.binomial(500, accuracy, shape) / 500
    return slope


def product_mean(points: int) -> Draw:
    """Mean over so many points of a product of two normals with correlation 1/2, as a covariance is."""

    def draw(generator: np.random.Generator, shape: Shape) -> Array:
        # The product is (3 A − B)/4 with A, B independent chi-squared, each of one degree of freedom a point.
        first, second = (generator.chisquare(points, shape) for _ in range(2))
        return (3 * first - second) / (4 * points)

    return draw


def clipped_normal_mean(mean: float, deviation: float) -> float:
    """Mean of a normal clipped to [0, 1]."""

    def below(end: float) -> float:
        """E max(end − x, 0): what clipping at this end moves by."""
        z = (end - mean) / deviation
        return deviation * (z * float(ndtr(z)) + exp(-z * z / 2) / sqrt(2 * pi))

    return 1.0 - below(1.0) + below(0.0)


def _two(name: str, often: float, rarely: float, chance: float, low: float = 0.0, *, share: bool = False) -> Law:
    draw, mean = two_values(often, rarely, chance)
    return Law(name, draw, mean, (low, 1.0), share)


BOUNDED = (
    # Shapes that networks have shown.
    Law("normal(.9, .05), clipped", lambda g, s: g.normal(0.9, 0.05, s), clipped_normal_mean(0.9, 0.05)),
    Law("exponential of mean .1, clipped", lambda g, s: g.exponential(0.1, s), 0.1 * (1 - exp(-10))),
    Law("beta(19, 1): accuracies near 1", lambda g, s: g.beta(19, 1, s), 0.95),
    _two(".9 in one of 5, or 0", 0.0, 0.9, 0.2),
    _two(".9 in one of 18, or 0", 0.0, 0.9, 1 / 18),
    _two("moves of .9 in one of 20 on [-1, 1]", 0.0, 0.9, 0.05, -1.0),
    _two("share of .1", 0.0, 1.0, 0.1, share=True),
    # The worst that could be thought of.
    _two("share of .5", 0.0, 1.0, 0.5, share=True),
    _two("share of .01", 0.0, 1.0, 0.01, share=True),
    _two("share of .999", 1.0, 0.0, 0.001, share=True),
    _two("-1 or 1 on [-1, 1]", -1.0, 1.0, 0.5, -1.0),
    _two(".5, or ruin: 0 in one of 33", 0.5, 0.0, 0.03),
    _two(".5, or ruin: 0 in one of 5", 0.5, 0.0, 0.2),
    _two(".02, or 1 in one of 200", 0.02, 1.0, 0.005),
    Law("beta(.05, .05): near 0 or near 1", lambda g, s: g.beta(0.05, 0.05, s), 0.5),
    Law("uniform", lambda g, s: g.random(s), 0.5),
    Law("Cauchy around 0, clipped to [-1, 1]", lambda g, s: g.standard_cauchy(s), 0.0, (-1.0, 1.0)),
    Law("dependent: spread by the last trial", moved_by_the_last, 0.5),
    Law("dependent: ruin with chance 1/(2n)", ruin_soon, 0.5),
)


def _attenuated(generator: np.random.Generator, shape: Shape) -> tuple[Array, Array]:
    whole = generator.beta(2, 6, shape)
    return whole * generator.beta(3, 1, shape), whole


def _rare_whole(generator: np.random.Generator, shape: Shape) -> tuple[Array, Array]:
    whole = np.where(generator.random(shape) < 0.1, 0.9, 0.0)
    return whole * (generator.random(shape) < 0.5), whole


def _signed(generator: np.random.Generator, shape: Shape) -> tuple[Array, Array]:
    whole = generator.choice([-1.0, 1.0], p=[0.3, 0.7], size=shape)
    return -0.5 * whole * generator.choice([0.0, 2.0], size=shape), whole


RATIOS = (
    RatioLaw("part of a beta(2, 6) whole, three quarters", _attenuated, 0.75, (0.0, 1.0), (0.0, 1.0)),
    RatioLaw("half of a whole that is there in one of 10", _rare_whole, 0.5, (0.0, 1.0), (0.0, 1.0)),
    RatioLaw("minus half of a whole of either sign", _signed, -0.5, (-1.0, 1.0), (-1.0, 1.0)),
)


def _tied(generator: np.random.Generator, shape: Shape) -> Array:
    return np.digitize(generator.random(shape), [0.49, 0.51]).astype(np.float64)


MEDIANS = (
    Law("normal", lambda g, s: g.normal(size=s), 0.0),
    Law("exponential", lambda g, s: g.exponential(size=s), log(2)),
    Law("Cauchy", lambda g, s: g.standard_cauchy(s), 0.0),
    Law("0 or 1, median 0", lambda g, s: np.floor(2 * g.random(s)), 0.0),
    Law("0, 1 or 2 with chances .49, .02, .49", _tied, 1.0),
    Law("agreeing but for one of 18", lambda g, s: np.where(g.random(s) < 1 / 18, 0.0, 0.9), 0.9),
)


def _contaminated(generator: np.random.Generator, shape: Shape) -> Array:
    wide = generator.random(shape) < 0.1
    return np.asarray(np.where(wide, 3.0, 1.0) * generator.normal(size=shape))


def _outlying(generator: np.random.Generator, shape: Shape) -> Array:
    return np.asarray(generator.normal(np.where(generator.random(shape) < 0.05, 5.0, 0.0)), dtype=np.float64)


def near_or_nothing(chance: float) -> Draw:
    """Normal(.9, .01), or 0 with this chance."""

    def draw(generator: np.random.Generator, shape: Shape) -> Array:
        near = generator.normal(0.9, 0.01, shape)
        return np.where(generator.random(shape) < chance, 0.0, near)

    return draw


NEAR_NORMAL = (
    # Meant for: excess kurtosis −1.2 to 3, skewness up to .5.
    Law("normal", lambda g, s: g.normal(size=s), 0.0),
    Law("uniform", lambda g, s: g.uniform(-1, 1, s), 0.0),
    Law("logistic", lambda g, s: g.logistic(size=s), 0.0),
    Law("Laplace", lambda g, s: g.laplace(size=s), 0.0),
    Law("slope of five accuracies", slope_of_accuracies, -0.02),
    Law("covariance over 500 points", product_mean(500), 0.5),
    Law("covariance over 100 points", product_mean(100), 0.5),
    Law("gamma of skewness .25", lambda g, s: g.gamma(64, size=s), 64.0),
    Law("gamma of skewness .5", lambda g, s: g.gamma(16, size=s), 16.0),
    # Not meant for.
    Law("t with 5 degrees of freedom", lambda g, s: g.standard_t(5, s), 0.0),
    Law("gamma of skewness 1", lambda g, s: g.gamma(4, size=s), 4.0),
    Law("exponential", lambda g, s: g.exponential(size=s), 1.0),
    Law("normal, a tenth of it with 3 deviations", _contaminated, 0.0),
    Law("normal, 5 higher in one of 20", _outlying, 0.25),
    Law("near .9, or 0 in one of 18", near_or_nothing(1 / 18), 0.9 * 17 / 18),
    # What 200 calibration trials cannot see: half of such samples hold no 0.
    Law("near .9, or 0 in one of 300", near_or_nothing(1 / 300), 0.9 * 299 / 300),
)
