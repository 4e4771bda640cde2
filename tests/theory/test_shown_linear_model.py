"""Formulas and panels that claims of the linear model show: which, in what order, and with which numbers."""

import numpy as np
import pytest

from claims.linear.figures import GAMMAS, NOISE, PENALTIES, QUANTITIES, figure_6c, figure_13, figure_17
from claims.linear.formulas import (
    CORRECTED,
    DERIVED,
    IMPLIED,
    LAST,
    consequences,
    counterexample,
    counterexample_by_unit,
    derivation,
    printed_and_corrected,
    what_equation_2_adds,
)
from support.theory.curves import FIGURE_13
from support.theory.quantities import Quantity
from tests.theory.linear_moments import by_moments

ROUNDING = 1e-9
FOUR = 5e-5  # half a unit of the last decimal


# ------------------------------------------------------------------------------------------------ formulas


def test_steps_of_the_derivation() -> None:
    found = derivation("The intercept", "The loss", "Normal equation")
    assert [(step.order, step.title) for step in found] == [
        (0, "The loss under the training distribution"),
        (4, "Normal equation 1 of 3"),
        (5, "Normal equation 2 of 3"),
        (6, "Normal equation 3 of 3"),
        (9, "The intercept"),
    ]
    assert {step.chapter for step in found} == {DERIVED}
    assert found[-1].plain == "β_0/b = -γ ‖x_sp‖²/2"
    assert found[-1].erratum is None


def test_consequences_are_counted_from_one() -> None:
    (found,) = consequences("Without spurious noise")
    assert (found.chapter, found.order) == (IMPLIED, 1)
    assert [step.order for step in consequences("Where", "Clean")] == [2, 5, 6, 8, 9]


def test_a_title_without_step_is_refused() -> None:
    with pytest.raises(ValueError, match="no step of 'Theorem 1 of paper B, derived from the loss' is called 'Lemma'"):
        derivation("The loss", "Lemma")
    with pytest.raises(ValueError, match="is called 'Lemma'"):
        consequences("Lemma")


def test_what_equation_2_adds() -> None:
    found = what_equation_2_adds()
    assert (found.chapter, found.order) == (DERIVED, LAST)
    assert found.plain.startswith("Δ(1/b) = ")
    assert "(-‖x_inv‖² + ‖x_sp‖²)" in found.plain


def test_both_sides_of_an_erratum() -> None:
    found = printed_and_corrected("E-4")
    assert [(each.order, each.title, each.side) for each in found] == [
        (1, "Equation (2)", "printed"),
        (1, "Equation (2)", "corrected"),
        (2, "The prediction difference", "printed"),
        (2, "The prediction difference", "corrected"),
    ]
    assert {(each.chapter, each.erratum) for each in found} == {(CORRECTED, "E-4")}
    assert [each.plain for each in printed_and_corrected("E-10")] == ["P_pattern = γ", "P_pattern = γ/2"]
    assert [each.plain for each in printed_and_corrected("E-9")] == ["PD = β_0 + x_spᵀβ_sp", "PD = x_spᵀβ_sp"]


def test_counterexamples_in_words() -> None:
    assert counterexample("E-10") == {
        "smallest counterexample": "γ = 1/2, σ_inv² = 1, σ_sp² = 1, ‖x_inv‖ = 1, ‖x_sp‖ = 1, λ = 0: the share of "
        "samples is 1/2 as printed, 1/4 derived"
    }
    (words,) = counterexample_by_unit().values()
    assert str(words).endswith("the third term is 1; every length doubled, by which no curve changes: 1/8")


# ------------------------------------------------------------------------------------------------ panels


def test_figure_6c() -> None:
    # The register: at γ = 0.3 0.634 derived and 0.0535 printed; spurious accuracy 0.424 and 0.427.
    for order, quantity, ends in (
        (0, "prediction_difference", (0.634, 0.0535)),
        (1, "spurious_accuracy", (0.424, 0.427)),
    ):
        found = figure_6c(quantity)  # type: ignore[arg-type]
        assert found.order == order
        assert [line.label for line in found.lines] == ["derived", "as printed"]
        assert [line.dashed for line in found.lines] == [False, True]
        assert all(line.x[-1] == 0.3 for line in found.lines)
        assert [line.trials[0][-1] for line in found.lines] == pytest.approx(ends, abs=5e-4)


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_figure_13(quantity: Quantity) -> None:
    noise, penalty = figure_13(quantity, "noise"), figure_13(quantity, "penalty")
    place = QUANTITIES.index(quantity)
    assert (noise.order, penalty.order) == (place, place + 10)
    assert [line.label for line in noise.lines[:4]] == [
        "σ² = 0",
        "σ² = 0, printed",
        "σ² = 0.1",
        "σ² = 0.1, printed",
    ]
    for found, levels, tested in ((noise, NOISE, True), (penalty, PENALTIES, False)):
        derived = found.lines[::2]
        assert len(derived) == 4
        for line, level in zip(derived, (0.0, *levels), strict=True):
            expected = [by_moments(FIGURE_13, g, level, level if tested else 0.0)[quantity] for g in GAMMAS]
            np.testing.assert_allclose(np.array(line.trials[0], dtype=float), np.array(expected), atol=ROUNDING)


def test_printed_lines_of_figure_13() -> None:
    # The register: the printed prediction difference at γ = 0.4 rises from 0.1266 to 0.1342 at noise 0.3.
    found = figure_13("prediction_difference", "noise").lines[1::2]
    place = int(np.argmin(np.abs(GAMMAS - 0.4)))
    assert [found[level].trials[0][place] for level in (0, 3)] == pytest.approx([0.1266, 0.1342], abs=FOUR)


def test_figure_17_has_two_ratios() -> None:
    found = figure_17("clean_accuracy", "penalty")
    assert [panel.figure for panel in found] == [
        "Paper B, Figure 17, signal-to-noise ratio 10",
        "Paper B, Figure 17, signal-to-noise ratio 500",
    ]
    assert [panel.order for panel in found] == [10, 10]
    for panel, square in zip(found, (1.0, 50.0), strict=True):
        expected = by_moments(FIGURE_13 | {"norm_sp": square**0.5}, 0.5)["clean_accuracy"]
        assert panel.lines[0].trials[0][-1] == pytest.approx(expected, abs=ROUNDING)
