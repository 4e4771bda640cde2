"""What input noise and an ℓ₂ penalty do to the derived curves of paper B's linear model, over γ and over a box.

The paper gives no box of parameters. This suite chose one, and draws from it log-uniformly: γ in [0.001, 0.5], σ_inv²,
σ_sp² and the noise in [0.01, 10], ‖x_inv‖² in [0.1, 10], ‖x_sp‖² in [0.1, 100].
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from support.randomness import stream
from support.theory.curves import Array, Setting, Shape
from support.theory.quantities import Quantity, derived

# Points of a block.
POINTS = 1000
Where = Literal["whole box", "rare", "high signal-to-noise", "good", "difference raised", "accuracies raised"]
# γ ≤ 0.05; ‖x_sp‖²/σ_sp² ≥ 100; clean accuracy ≥ 0.9.
RARE, HIGH_RATIO, GOOD = 0.05, 100, 0.9
# Of the parts in which the boundaries say that noise does the opposite at most points.
MIDDLE_NOISE = 1.0


def noisy(setting: Setting, noise: ArrayLike, *, at_test: bool) -> Setting:
    """A setting with noise on the training inputs, and with as much on the test inputs where asked."""
    return replace(setting, training_noise=noise, test_noise=noise if at_test else 0.0)


def rises(
    quantity: Quantity, shape: Shape, gammas: ArrayLike, levels: Sequence[float], *, at_test: bool
) -> list[float]:
    """By how much each level of noise raises a quantity at each γ; negative where it lowers it."""
    quiet = Setting(gammas, **shape)
    before = derived(quantity, quiet)
    return [
        float(change) for level in levels for change in derived(quantity, noisy(quiet, level, at_test=at_test)) - before
    ]


def harms(quantity: Quantity, shape: Shape, gammas: ArrayLike, penalties: Sequence[float]) -> list[float]:
    """What each penalty costs at each γ: the fall of an accuracy, or the rise of the prediction difference."""
    free = Setting(gammas, **shape)
    before = derived(quantity, free)
    sign = 1 if quantity == "prediction_difference" else -1
    return [
        sign * float(change)
        for penalty in penalties
        for change in derived(quantity, replace(free, penalty=penalty)) - before
    ]


Remedy = Literal["ℓ₂ penalty", "noise at training", "noise at training and test", "spurious block erased"]
# So much noise in the spurious block that nothing is learnt of it.
ERASED = 1e12


def harms_of(
    remedy: Remedy, quantity: Quantity, shape: Shape, gammas: ArrayLike, levels: Sequence[float]
) -> list[float]:
    """As `harms`, of any remedy; one that erases the spurious block has one level, whatever it is."""
    if remedy == "ℓ₂ penalty":
        return harms(quantity, shape, gammas, levels)
    sign = 1 if quantity == "prediction_difference" else -1
    if remedy == "spurious block erased":
        before = derived(quantity, Setting(gammas, **shape))
        without = derived(quantity, Setting(gammas, **(shape | {"variance_sp": ERASED})))
        return [sign * float(change) for change in without - before]
    at_test = remedy == "noise at training and test"
    return [sign * change for change in rises(quantity, shape, gammas, levels, at_test=at_test)]


# ------------------------------------------------------------------------------------------------ the box


@dataclass(frozen=True)
class Block:
    """Points of the box: settings without noise, arrays (POINTS,), and the noise to be added to each."""

    setting: Setting
    noise: Array


def block(seed: int, number: int) -> Block:
    """An independent block of points."""
    rng = stream(seed, number, "parameter box")

    def log_uniform(low: float, high: float) -> Array:
        return np.exp(rng.uniform(np.log(low), np.log(high), POINTS))

    setting = Setting(
        gamma=log_uniform(1e-3, 0.5),
        variance_inv=log_uniform(0.01, 10),
        variance_sp=log_uniform(0.01, 10),
        norm_inv=np.sqrt(log_uniform(0.1, 10)),
        norm_sp=np.sqrt(log_uniform(0.1, 100)),
    )
    return Block(setting, log_uniform(0.01, 10))


def difference_raised(setting: Setting) -> Array:
    """Where noise on the training inputs of up to MIDDLE_NOISE raises the prediction difference, (points,).

    Beyond the boundary ‖x_inv‖²(σ_sp² − σ_inv² + (γ/2)(1 − γ)‖x_sp‖²) = σ_inv²(σ_inv² + ν) at ν = MIDDLE_NOISE, which
    is decided in rational numbers. Two thirds of the box's noise lie below, so that noise lowers it at a third at most.
    """
    gamma, inv = np.asarray(setting.gamma), np.asarray(setting.variance_inv)
    signal = gamma / 2 * (1 - gamma) * np.asarray(setting.norm_sp) ** 2
    gained = np.asarray(setting.norm_inv) ** 2 * (np.asarray(setting.variance_sp) - inv + signal)
    beyond: Array = gained > inv * (inv + MIDDLE_NOISE)
    return beyond


def accuracies_raised(setting: Setting) -> Array:
    """Where noise on the training inputs alone raises both accuracies at every γ up to RARE, (points,).

    Within the boundary (γ/2)(1 − γ)‖x_sp‖² = σ_inv² − σ_sp², which is decided in rational numbers, at γ = RARE; the
    left side rises with γ. Of the box's γ 63 % lie below, so that noise lowers an accuracy at 37 % of the points at
    most.
    """
    signal = RARE / 2 * (1 - RARE) * np.asarray(setting.norm_sp) ** 2
    within: Array = signal < np.asarray(setting.variance_inv) - np.asarray(setting.variance_sp)
    return within


SLICES: dict[Where, Callable[[Setting], Array]] = {
    "whole box": lambda setting: np.full(np.shape(setting.gamma), True),
    "rare": lambda setting: np.asarray(setting.gamma) <= RARE,
    "high signal-to-noise": lambda setting: (
        np.asarray(setting.norm_sp) ** 2 >= HIGH_RATIO * np.asarray(setting.variance_sp)
    ),
    "good": lambda setting: derived("clean_accuracy", setting) >= GOOD,
    "difference raised": difference_raised,
    "accuracies raised": accuracies_raised,
}


def changes(quantity: Quantity, points: Block, *, at_test: bool) -> Array:
    """By how much the noise raises a quantity, (POINTS,)."""
    louder = noisy(points.setting, points.noise, at_test=at_test)
    raised: Array = derived(quantity, louder) - derived(quantity, points.setting)
    return raised


def shares_lowered(
    quantity: Quantity, seed: int, blocks: range, where: Where = "whole box", *, at_test: bool = True
) -> list[float]:
    """Per block, the share of the points of a slice at which noise lowers a quantity."""
    drawn = (block(seed, number) for number in blocks)
    return [
        float(np.mean(changes(quantity, points, at_test=at_test)[SLICES[where](points.setting)] < 0))
        for points in drawn
    ]


def largest_rises(quantity: Quantity, seed: int, blocks: range, *, at_test: bool) -> list[float]:
    """Per block, the largest rise of a quantity under the noise."""
    return [float(np.max(changes(quantity, block(seed, number), at_test=at_test))) for number in blocks]
