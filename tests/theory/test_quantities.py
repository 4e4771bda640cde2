"""Quantities of the linear model by name, against numbers of the audit and moments."""

import numpy as np
import pytest

from support.theory.curves import FIGURE_6C, FIGURE_13, Setting, Shape
from support.theory.quantities import NAMES, Quantity, as_printed, derived, derived_over_printed
from tests.theory.linear_moments import by_moments

ROUNDING = 1e-10
FOUR = 5e-5  # half a unit of the last decimal

# Of the register: Figure 13's setting at γ = 0.1, derived and printed.
KNOWN: dict[Quantity, tuple[float, float]] = {
    "prediction_difference": (0.2532, 0.0697),
    "clean_accuracy": (0.9207, 0.9182),
    "spurious_accuracy": (0.8146, 0.8118),
}


@pytest.mark.parametrize("quantity", KNOWN)
def test_derived_and_printed(quantity: Quantity) -> None:
    at = Setting(0.1, **FIGURE_13)
    assert [float(derived(quantity, at)), float(as_printed(quantity, at))] == pytest.approx(KNOWN[quantity], abs=FOUR)


@pytest.mark.parametrize("quantity", KNOWN)
def test_derived_over_arrays(quantity: Quantity) -> None:
    gammas = [0.0, 0.05, 0.4]
    expected = [by_moments(FIGURE_6C, gamma)[quantity] for gamma in gammas]
    np.testing.assert_allclose(derived(quantity, Setting(gammas, **FIGURE_6C)), expected, rtol=ROUNDING, atol=ROUNDING)


def test_every_quantity_has_a_name() -> None:
    assert set(NAMES) == set(KNOWN)


def test_how_far_the_printed_prediction_difference_is_off() -> None:
    # Erratum E-4: by a factor of 12 to 13 over Figure 6c and of 3.3 to 3.7 over Figure 13.
    for shape, last, low, high in ((FIGURE_6C, 0.3, 11.5, 13.5), (FIGURE_13, 0.5, 3.25, 3.75)):
        least, most = derived_over_printed("prediction_difference", shape, last)
        assert low < least < most < high


def test_printed_is_right_at_equal_and_unit_norms() -> None:
    equal: Shape = FIGURE_13 | {"norm_inv": 2.0, "norm_sp": 2.0}
    unit: Shape = FIGURE_13 | {"norm_inv": 1.0, "norm_sp": 1.0}
    assert derived_over_printed("prediction_difference", equal, 0.5) == pytest.approx((1, 1), rel=ROUNDING)
    assert derived_over_printed("clean_accuracy", unit, 0.5) == pytest.approx((1, 1), rel=ROUNDING)
