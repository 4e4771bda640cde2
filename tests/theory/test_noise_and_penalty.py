"""What noise and penalty change, against moments point by point; the box by its ends and its law."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from support.theory import noise_and_penalty
from support.theory.curves import FIGURE_6C, FIGURE_13, Setting, Shape
from support.theory.noise_and_penalty import (
    POINTS,
    SLICES,
    Block,
    Remedy,
    block,
    changes,
    harms,
    harms_of,
    largest_rises,
    noisy,
    rises,
    shares_lowered,
)
from support.theory.quantities import Quantity
from tests.theory.linear_moments import by_moments

ROUNDING = 1e-9
QUANTITIES: tuple[Quantity, ...] = ("prediction_difference", "clean_accuracy", "spurious_accuracy")


def test_noise_at_training_or_at_both() -> None:
    quiet = Setting([0.1, 0.2], **FIGURE_13, penalty=0.5)
    for at_test, expected in ((True, [0.3, 0.4]), (False, 0.0)):
        found = noisy(quiet, [0.3, 0.4], at_test=at_test)
        assert vars(found) == vars(quiet) | {"training_noise": [0.3, 0.4], "test_noise": expected}


@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize("at_test", [True, False])
def test_rises(quantity: Quantity, at_test: bool) -> None:
    gammas, levels = [0.02, 0.4], [0.1, 2.0]
    expected = [
        by_moments(FIGURE_6C, gamma, level, level if at_test else 0.0)[quantity]
        - by_moments(FIGURE_6C, gamma)[quantity]
        for level, gamma in product(levels, gammas)
    ]
    assert rises(quantity, FIGURE_6C, gammas, levels, at_test=at_test) == pytest.approx(expected, abs=ROUNDING)


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_harms(quantity: Quantity) -> None:
    gammas, penalties = [0.1, 0.4], [1.0, 100.0]
    changed = [
        by_moments(FIGURE_13, gamma, penalty)[quantity] - by_moments(FIGURE_13, gamma)[quantity]
        for penalty, gamma in product(penalties, gammas)
    ]
    # A rise of the prediction difference is harm, and so is a fall of an accuracy.
    sign = 1 if quantity == "prediction_difference" else -1
    assert harms(quantity, FIGURE_13, gammas, penalties) == pytest.approx([sign * x for x in changed], abs=ROUNDING)
    assert harms_of("ℓ₂ penalty", quantity, FIGURE_13, gammas, penalties) == harms(
        quantity, FIGURE_13, gammas, penalties
    )


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_noise_as_a_harm(quantity: Quantity) -> None:
    sign = 1 if quantity == "prediction_difference" else -1
    asked: tuple[tuple[Remedy, bool], ...] = (("noise at training", False), ("noise at training and test", True))
    for remedy, at_test in asked:
        expected = [sign * change for change in rises(quantity, FIGURE_13, [0.1, 0.4], [0.3], at_test=at_test)]
        assert harms_of(remedy, quantity, FIGURE_13, [0.1, 0.4], [0.3]) == expected


def test_without_the_spurious_block_the_invariant_one_decides() -> None:
    """The prediction difference is gone, and both accuracies are Φ(‖x_inv‖/σ_inv)."""
    alone = stats.norm.cdf(1 / FIGURE_13["variance_inv"] ** 0.5)
    for quantity in QUANTITIES:
        before = by_moments(FIGURE_13, 0.1)[quantity]
        harm = -before if quantity == "prediction_difference" else before - alone
        assert harms_of("spurious block erased", quantity, FIGURE_13, [0.1], [1.0]) == pytest.approx([harm], abs=1e-6)


def test_harms_of_the_register() -> None:
    # Exact values over λ = 0, 1, 10, 100: spurious accuracy 0.815 and 0.849 at γ = 0.1; PD 0.253 and 0.113.
    assert harms("spurious_accuracy", FIGURE_13, [0.1], [1.0]) == pytest.approx([0.815 - 0.849], abs=1e-3)
    assert harms("prediction_difference", FIGURE_13, [0.1], [1.0]) == pytest.approx([0.113 - 0.253], abs=1e-3)


# ------------------------------------------------------------------------------------------------ the box

ENDS = {
    "gamma": (1e-3, 0.5),
    "variance_inv": (0.01, 10),
    "variance_sp": (0.01, 10),
    "norm_inv": (0.1**0.5, 10**0.5),
    "norm_sp": (0.1**0.5, 10.0),
}


def columns(points: Block) -> dict[str, np.ndarray]:
    """Values with the ends of their range."""
    return {name: np.asarray(getattr(points.setting, name)) for name in ENDS} | {"noise": points.noise}


def test_points_are_log_uniform_in_the_box() -> None:
    drawn = [columns(block(0, number)) for number in range(5)]
    for name, (low, high) in (ENDS | {"noise": (0.01, 10)}).items():
        values = np.concatenate([each[name] for each in drawn])
        assert values.shape == (5 * POINTS,)
        place = np.log(values / low) / np.log(high / low)
        # A probability below 10⁻⁶ would show another law.
        assert stats.kstest(place, "uniform").pvalue > 1e-6, name
    assert np.all(np.asarray(block(0, 0).setting.penalty) == 0)


def test_blocks_and_columns_are_independent() -> None:
    first = columns(block(0, 0))
    for other in (columns(block(0, 1)), columns(block(1, 0))):
        assert all(not np.isin(first[name], other[name]).any() for name in first)
    table = np.log(np.array(list(first.values())))
    between = np.corrcoef(table)[np.triu_indices(len(table), 1)]
    assert np.abs(between).max() < 5 / np.sqrt(POINTS)
    assert all(np.array_equal(first[name], columns(block(0, 0))[name]) for name in first)


# Four points; at the third σ_sp² is a hundredth of ‖x_sp‖². The first is Figure 6c's setting, the last Figure 13's.
SHAPES: list[Shape] = [
    FIGURE_6C,
    {"variance_inv": 0.5, "variance_sp": 4.0, "norm_inv": 2.0, "norm_sp": 1.0},
    {"variance_inv": 1.0, "variance_sp": 0.04, "norm_inv": 1.0, "norm_sp": 2.0},
    FIGURE_13,
]
AT, NOISE = [0.3, 0.05, 0.051, 0.1], [0.3, 1.0, 0.5, 0.2]
FEW = Block(
    Setting(
        np.array(AT),
        np.array([shape["variance_inv"] for shape in SHAPES]),
        np.array([shape["variance_sp"] for shape in SHAPES]),
        np.array([shape["norm_inv"] for shape in SHAPES]),
        np.array([shape["norm_sp"] for shape in SHAPES]),
    ),
    np.array(NOISE),
)


def by_hand(quantity: Quantity, at_test: bool) -> list[float]:
    return [
        by_moments(shape, gamma, noise, noise if at_test else 0.0)[quantity] - by_moments(shape, gamma)[quantity]
        for shape, gamma, noise in zip(SHAPES, AT, NOISE, strict=True)
    ]


def test_slices() -> None:
    found = {where: chosen(FEW.setting).tolist() for where, chosen in SLICES.items()}
    accuracies = [by_moments(shape, gamma)["clean_accuracy"] for shape, gamma in zip(SHAPES, AT, strict=True)]
    # Near Φ(1) = 0.84 in Figure 6c's setting and the third, Φ(2/√0.5) = 0.998; 0.9207 in Figure 13's by the register.
    assert accuracies == pytest.approx([0.84, 0.998, 0.84, 0.9207], abs=0.03)
    assert found == {
        "whole box": [True] * 4,
        "rare": [False, True, False, False],
        "high signal-to-noise": [True, False, True, False],
        "good": [False, True, False, True],
        # 1·(0.05 − 1 + 2.625) = 1.675 < 2, 4·3.52 > 0.75, 1·(−0.96 + 0.097) < 2, 1·(−0.4 + 0.225) < 0.75.
        "difference raised": [False, True, False, False],
        # 0.02375 times 25, 1, 4 and 5, against 0.95, −3.5, 0.96 and 0.4.
        "accuracies raised": [True, False, True, True],
    }


def test_at_most_a_third_is_lowered_where_noise_is_known_to_raise() -> None:
    points = block(0, 0)
    beyond = SLICES["difference raised"](points.setting)
    moved = changes("prediction_difference", points, at_test=False)
    assert (moved[beyond & (points.noise <= 1)] > 0).all()
    within = SLICES["accuracies raised"](points.setting) & (np.asarray(points.setting.gamma) <= 0.05)
    assert (changes("spurious_accuracy", points, at_test=False)[within] > -ROUNDING).all()
    assert beyond.sum() > 50
    assert within.sum() > 50


@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize("at_test", [True, False])
def test_changes(quantity: Quantity, at_test: bool) -> None:
    np.testing.assert_allclose(changes(quantity, FEW, at_test=at_test), by_hand(quantity, at_test), atol=ROUNDING)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two blocks: the four points, and the last two of them twice."""
    last = Block(
        Setting(*(np.asarray(getattr(FEW.setting, name))[[2, 3, 2, 3]] for name in ENDS)),
        FEW.noise[[2, 3, 2, 3]],
    )
    monkeypatch.setattr(noise_and_penalty, "block", lambda _seed, number: (FEW, last)[number])


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize("at_test", [True, False])
def test_shares_and_rises_over_blocks(quantity: Quantity, at_test: bool) -> None:
    moved = by_hand(quantity, at_test)
    assert min(map(abs, moved)) > ROUNDING
    lowered = [np.mean(np.array(moved) < 0), np.mean(np.array(moved[2:]) < 0)]
    assert shares_lowered(quantity, 0, range(2), at_test=at_test) == pytest.approx(lowered)
    assert shares_lowered(quantity, 0, range(1, 2), at_test=at_test) == pytest.approx(lowered[1:])
    highest = largest_rises(quantity, 0, range(2), at_test=at_test)
    assert highest == pytest.approx([max(moved), max(moved[2:])], abs=ROUNDING)


@pytest.mark.usefixtures("few")
def test_shares_of_a_slice() -> None:
    # Of the good ones in each block, the second and the fourth point and then the fourth alone.
    moved = np.array(by_hand("prediction_difference", at_test=True))
    lowered = shares_lowered("prediction_difference", 0, range(2), "good")
    assert lowered == [np.mean(moved[[1, 3]] < 0), float(moved[3] < 0)]
