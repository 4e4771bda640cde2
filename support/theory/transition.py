"""Where the transition at γ = 0 lies on the derived curves of paper B's linear model, and how that place scales."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np

from support.theory.curves import FIGURE_6C, Setting, Shape, evaluate
from support.theory.quantities import Quantity, derived

# The papers' figure ends here.
LAST_GAMMA = 0.3
# Of ‖x_sp‖²/σ_sp². Exponents are exact in the limit of a large ratio.
RATIOS = tuple(10.0**power for power in (3, 4, 5, 6))
Sharper = Literal["longer signal", "less noise", "both"]


def half_way(quantity: Quantity, shape: Shape) -> float:
    """γ at which half of the change between 0 and LAST_GAMMA has happened, on the derived curve."""
    from scipy.optimize import brentq

    def at(gamma: float) -> float:
        return float(derived(quantity, Setting(gamma, **shape)))

    middle = (at(0.0) + at(LAST_GAMMA)) / 2
    return float(brentq(lambda gamma: at(gamma) - middle, 0.0, LAST_GAMMA, xtol=1e-15))


def exponent(values: Sequence[float], over: Sequence[float]) -> float:
    """Least-squares slope of log(values) against log(over)."""
    return float(np.polyfit(np.log(over), np.log(values), 1)[0])


def with_ratio(sharper: Sharper, ratio: float) -> Shape:
    """Figure 6c's setting with another ‖x_sp‖²/σ_sp², by a longer signal or by less noise.

    With "both" signal and noise grow together by a factor that grows with `ratio`, and the ratio stays at RATIOS[0].
    """
    shape = FIGURE_6C.copy()
    if sharper == "longer signal":
        shape["norm_sp"] = (ratio * shape["variance_sp"]) ** 0.5
    elif sharper == "less noise":
        shape["variance_sp"] = shape["norm_sp"] ** 2 / ratio
    else:
        shape["norm_sp"] *= (ratio / RATIOS[0]) ** 0.25
        shape["variance_sp"] = shape["norm_sp"] ** 2 / RATIOS[0]
    return shape


def sharpening(quantity: Quantity, sharper: Sharper) -> float:
    """Exponent of the ratio in the half-way γ, over RATIOS."""
    return exponent([half_way(quantity, with_ratio(sharper, ratio)) for ratio in RATIOS], RATIOS)


# ------------------------------------------------------------------------------------------------ the printed estimate

Path = Literal["sigma_sp", "norm_sp", "sigma_inv"]
# Along each path one parameter grows by a factor of 10³; the other terms of the minimum stay above the one that acts.
PATHS: dict[Path, Callable[[float], Shape]] = {
    "sigma_sp": lambda t: FIGURE_6C | {"variance_sp": 1e-6 * t},
    "norm_sp": lambda t: FIGURE_6C | {"norm_sp": 100 * t, "variance_sp": 0.01},
    "sigma_inv": lambda t: FIGURE_6C | {"variance_inv": 100.0 * t, "variance_sp": 1.0, "norm_sp": 1e4},
}
STEPS = tuple(10.0**power for power in (0, 1, 2, 3))


def printed_end(shape: Shape, terms: Literal[1, 2]) -> float:
    """Where the transition ends by the second term of the printed minimum, or by the second and the third.

    Section D.3.1, Observation 1: min{1, (σ_sp² + λ)/‖x_sp‖², (σ_sp² + λ)/(σ_sp‖x_sp‖²(σ_inv² + λ))}, without the 1.
    """
    from support.theory import printed

    return min(float(evaluate(term, Setting(0.0, **shape))) for term in printed.KNEE_TERMS[:terms])


def drift(path: Path, terms: Literal[1, 2], *, fading: bool = False) -> float:
    """Exponent of a parameter in (half-way γ of the prediction difference)/(printed end): 0 where they scale alike.

    Parameters
    ----------
    fading : the curve's ‖x_sp‖² falls along the path as well, of which the printed end is not told. The half-way γ goes
        like 1/‖x_sp‖², so that this alone adds 1 to the exponent.
    """
    ratios = []
    for step in STEPS:
        shape = PATHS[path](step)
        curve = shape | {"norm_sp": shape["norm_sp"] / step**0.5} if fading else shape
        ratios.append(half_way("prediction_difference", curve) / printed_end(shape, terms))
    return exponent(ratios, STEPS)
