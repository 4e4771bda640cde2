"""The place of the transition against bisection on moments, and the printed estimate by hand."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from support.theory.curves import FIGURE_6C, Shape
from support.theory.quantities import Quantity
from support.theory.transition import (
    LAST_GAMMA,
    PATHS,
    RATIOS,
    STEPS,
    Path,
    Sharper,
    drift,
    exponent,
    half_way,
    printed_end,
    sharpening,
    with_ratio,
)
from tests.theory.linear_moments import by_moments

ROUNDING = 1e-12
BISECTED = 1e-6  # of γ, which moments in double precision bear at ratios up to 10⁶


def bisected(curve: Callable[[float], float]) -> float:
    """Where a monotone curve is half-way between its ends."""
    middle, low, high = (curve(0.0) + curve(LAST_GAMMA)) / 2, 0.0, LAST_GAMMA
    rising = curve(LAST_GAMMA) > curve(0.0)
    for _ in range(60):
        gamma = (low + high) / 2
        low, high = (low, gamma) if (curve(gamma) > middle) == rising else (gamma, high)
    return low


def by_bisection(quantity: Quantity, shape: Shape) -> float:
    return bisected(lambda gamma: by_moments(shape, gamma)[quantity])


@pytest.mark.parametrize("quantity", ["prediction_difference", "spurious_accuracy"])
def test_half_way(quantity: Quantity) -> None:
    for shape in (FIGURE_6C, FIGURE_6C | {"variance_sp": 1e-4, "norm_inv": 2.0}):
        assert half_way(quantity, shape) == pytest.approx(by_bisection(quantity, shape), rel=BISECTED)


def test_exponent_of_a_power() -> None:
    over = (1.0, 3.0, 10.0)
    assert exponent([7 * x**-1.5 for x in over], over) == pytest.approx(-1.5, rel=ROUNDING)
    assert exponent([4.0, 4.0], (2.0, 9.0)) == pytest.approx(0, abs=ROUNDING)


def test_ratios_are_made_in_two_ways() -> None:
    longer, quieter = with_ratio("longer signal", 1e4), with_ratio("less noise", 1e4)
    assert longer == FIGURE_6C | {"norm_sp": pytest.approx(math.sqrt(500))}
    assert quieter == FIGURE_6C | {"variance_sp": pytest.approx(0.0025)}


def test_both_keep_the_ratio() -> None:
    shapes = [with_ratio("both", ratio) for ratio in RATIOS]
    assert [shape["norm_sp"] ** 2 / shape["variance_sp"] for shape in shapes] == pytest.approx([1e3] * 4)
    # 25, and √10 times as much at each step.
    assert [shape["norm_sp"] ** 2 for shape in shapes] == pytest.approx([25, 79.05694, 250, 790.5694])
    assert FIGURE_6C["norm_sp"] == 5.0  # the setting itself stays


@pytest.mark.parametrize("sharper", ["longer signal", "less noise", "both"])
def test_sharpening(sharper: Sharper) -> None:
    halves = [by_bisection("prediction_difference", with_ratio(sharper, ratio)) for ratio in RATIOS]
    slope = np.polyfit(np.log(RATIOS), np.log(halves), 1)[0]
    assert sharpening("prediction_difference", sharper) == pytest.approx(slope, abs=BISECTED)


# ------------------------------------------------------------------------------------------------ the printed estimate


def test_printed_end_by_hand() -> None:
    # 0.05/25; the third term, 0.05/(√0.05·25), is larger.
    assert printed_end(FIGURE_6C, 1) == pytest.approx(0.002, rel=ROUNDING)
    assert printed_end(FIGURE_6C, 2) == pytest.approx(0.002, rel=ROUNDING)
    # 4/9 and 4/(2·9·10): the third term is the smaller one.
    loud: Shape = {"variance_inv": 10.0, "variance_sp": 4.0, "norm_inv": 7.0, "norm_sp": 3.0}
    assert printed_end(loud, 1) == pytest.approx(4 / 9, rel=ROUNDING)
    assert printed_end(loud, 2) == pytest.approx(1 / 45, rel=ROUNDING)


PARAMETERS: dict[Path, str] = {"sigma_sp": "variance_sp", "norm_sp": "norm_sp", "sigma_inv": "variance_inv"}


@pytest.mark.parametrize("path", PATHS)
def test_one_parameter_grows_along_a_path(path: Path) -> None:
    assert STEPS == (1, 10, 100, 1000)
    shapes = [PATHS[path](step) for step in STEPS]
    name = PARAMETERS[path]
    grown = [dict(shape)[name] / dict(shapes[0])[name] for shape in shapes]  # type: ignore[operator]
    assert grown == pytest.approx(STEPS)
    others = [{key: value for key, value in shape.items() if key != name} for shape in shapes]
    assert others == [others[0]] * len(others)


def test_the_third_term_acts_where_it_is_asked_for() -> None:
    for step in STEPS:
        shape = PATHS["sigma_inv"](step)
        # σ_sp = 1: the third term is the second over σ_inv².
        assert printed_end(shape, 2) == pytest.approx(printed_end(shape, 1) / shape["variance_inv"], rel=ROUNDING)


def test_drift() -> None:
    shapes = [PATHS["sigma_inv"](step) for step in STEPS]
    halves = np.array([by_bisection("prediction_difference", shape) for shape in shapes])
    second = np.array([shape["variance_sp"] / shape["norm_sp"] ** 2 for shape in shapes])
    third = second / [shape["variance_inv"] for shape in shapes]
    for terms, ends in ((1, second), (2, third)):
        slope = np.polyfit(np.log(STEPS), np.log(halves / ends), 1)[0]
        found = drift("sigma_inv", terms)  # type: ignore[arg-type]
        assert found == pytest.approx(slope, abs=BISECTED)
    # The third term falls with the parameter, so it drifts by one power more.
    assert drift("sigma_inv", 2) - drift("sigma_inv", 1) == pytest.approx(1, rel=1e-9)


@pytest.mark.parametrize("path", PATHS)
def test_a_fading_signal_drifts_by_one_power_more(path: Path) -> None:
    # Exact in the limit of a large ratio; along "sigma_sp" it falls to 25.
    assert drift(path, 1, fading=True) - drift(path, 1) == pytest.approx(1, abs=0.2)
