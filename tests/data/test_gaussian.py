"""The synthetic data of paper A: shapes, the label rule, queries, noise, and what is paired with what."""

from math import sqrt

import numpy as np
import pytest

from support.data.gaussian import Draw, Gaussian

N, TEST, D = 30, 20, 8
ALPHAS = [0.0, 0.25, 0.5, 1.0]
# Standard errors that an average on a fixed seed may be off.
SIGMAS = 5
ROUNDING = 1e-12


def draw(data: Gaussian | None = None, *, n: int = N, test: int = TEST, seed: int = 0, trial: int = 0) -> Draw:
    return (data or Gaussian(D)).draw(n, test, seed=seed, trial=trial)


# ------------------------------------------------------------------------------------------------ inputs


@pytest.mark.parametrize("alpha", ALPHAS)
def test_shapes(alpha: float) -> None:
    found = draw()
    assert found.samples(alpha).shape == (N + TEST, D)
    assert found.spurious_queries(alpha).shape == (N, D)
    assert found.labels(alpha).shape == (N + TEST, 1)
    assert found.labels(alpha, (0.0, 0.1, 0.5)).shape == (N + TEST, 3)


def test_inputs_are_standard_normal() -> None:
    inputs = draw(n=4_000, test=0).inputs
    second = inputs.T @ inputs / len(inputs)
    # Var of a product of two standard normals is 1, of a square 2.
    limit = SIGMAS * (1 + (sqrt(2) - 1) * np.eye(D)) / sqrt(len(inputs))
    assert (np.abs(second - np.eye(D)) < limit).all()
    assert (np.abs(inputs.mean(axis=0)) < SIGMAS / sqrt(len(inputs))).all()


def test_seed_and_trial_decide_everything() -> None:
    one, again = draw(seed=3, trial=4), draw(seed=3, trial=4)
    np.testing.assert_array_equal(one.inputs, again.inputs)
    np.testing.assert_array_equal(one.spurious_queries(0.5), again.spurious_queries(0.5))
    for other in (draw(seed=3, trial=5), draw(seed=4, trial=4), draw(seed=4, trial=3)):
        assert not np.isclose(one.inputs, other.inputs).any()
        assert not np.isclose(one.cores, other.cores).any()
        assert not np.isclose(one.labelling, other.labelling).any()


@pytest.mark.parametrize(("alpha", "core"), [(0.0, 8), (0.25, 6), (0.5, 4), (0.7, 2), (0.9, 1), (1.0, 0)])
def test_core_dimension(alpha: float, core: int) -> None:
    assert draw().core_dimension(alpha) == core


@pytest.mark.parametrize("alpha", [-0.1, 1.5, float("nan")])
def test_alpha_must_lie_in_the_unit_interval(alpha: float) -> None:
    for ask in (draw().core_dimension, draw().labels, draw().spurious_queries):
        with pytest.raises(ValueError, match=rf"alpha must lie in \[0, 1\], got {alpha}"):
            ask(alpha)


# ------------------------------------------------------------------------------------------------ labels


@pytest.mark.parametrize(("alpha", "core"), [(0.0, 8), (0.25, 6), (0.75, 2)])
def test_label_rule_by_hand(alpha: float, core: int) -> None:
    found = draw()
    for row, label in zip(found.inputs, found.labels(alpha)[:, 0], strict=True):
        total = sum(found.labelling[place] * row[place] for place in range(core))
        assert label == (1.0 if total > 0 else -1.0)


def test_labels_ignore_the_background() -> None:
    found = draw()
    before = found.labels(0.5)
    found.inputs[:, 4:] = 7.0
    np.testing.assert_array_equal(found.labels(0.5), before)


def test_without_a_core_labels_are_fair_signs() -> None:
    found = draw(n=4_000, test=1_000)
    labels = found.labels(1.0)[:, 0]
    assert set(labels) == {-1.0, 1.0}
    assert abs(labels.mean()) < SIGMAS / sqrt(len(labels))
    correlation = found.inputs.T @ labels / len(labels)
    assert (np.abs(correlation) < SIGMAS / sqrt(len(labels))).all()
    np.testing.assert_array_equal(labels, draw(n=4_000, test=1_000).labels(1.0)[:, 0])
    assert (labels != draw(n=4_000, test=1_000, trial=1).labels(1.0)[:, 0]).any()


@pytest.mark.parametrize("alpha", [0.5, 1.0])
def test_label_noise_is_nested_and_of_its_rate(alpha: float) -> None:
    levels = (0.0, 0.1, 0.25, 0.5)
    found = draw(n=3_000, test=1_000)
    noisy = found.labels(alpha, levels)
    assert set(np.unique(noisy)) == {-1.0, 1.0}
    flipped = np.asarray(noisy != found.labels(alpha))
    assert not flipped[:, 0].any()
    for lower, higher in ((0, 1), (1, 2), (2, 3)):
        assert not (flipped[:, lower] & ~flipped[:, higher]).any()
    error = np.sqrt(np.multiply(levels, np.subtract(1, levels)) / len(flipped))
    assert (np.abs(flipped.mean(axis=0) - levels) <= SIGMAS * error).all()


def test_label_noise_ignores_the_label() -> None:
    found = draw(n=4_000, test=0)
    clean, noisy = found.labels(0.5, (0.0, 0.25)).T
    rates = [float((noisy != clean)[clean == sign].mean()) for sign in (-1.0, 1.0)]
    assert abs(rates[0] - rates[1]) < SIGMAS * sqrt(2 * 0.25 * 0.75 / 1_900)


@pytest.mark.parametrize("level", [-0.1, 0.6, float("nan")])
def test_label_noise_must_lie_in_its_range(level: float) -> None:
    with pytest.raises(ValueError, match=r"label noise must lie in \[0, 0.5\], got \(0.0, "):
        draw().labels(0.5, (0.0, level))


# ------------------------------------------------------------------------------------------------ queries


@pytest.mark.parametrize(("alpha", "core"), [(0.0, 8), (0.25, 6), (0.5, 4), (1.0, 0)])
def test_queries_keep_the_background_and_replace_the_core(alpha: float, core: int) -> None:
    found = draw()
    queries = found.spurious_queries(alpha)
    np.testing.assert_array_equal(queries[:, core:], found.inputs[:N, core:])
    assert not np.isclose(queries[:, :core], found.inputs[:N, :core]).any()
    # The new core is nobody else's either, not even a held-out sample's.
    assert not np.isin(queries[:, :core], found.inputs).any()


def test_new_cores_are_independent_of_the_samples() -> None:
    found = draw(n=4_000, test=0)
    products = found.inputs * found.spurious_queries(0.0)
    assert (np.abs(products.mean(axis=0)) < SIGMAS / sqrt(4_000)).all()


def test_asking_for_queries_changes_no_sample() -> None:
    found = draw()
    before = found.inputs.copy()
    found.spurious_queries(0.5)
    np.testing.assert_array_equal(found.inputs, before)


def test_shares_are_paired() -> None:
    found = draw()
    np.testing.assert_array_equal(found.samples(0.25), found.samples(0.75))
    # Both replace the first two coordinates, by the same numbers.
    np.testing.assert_array_equal(found.spurious_queries(0.25)[:, :2], found.spurious_queries(0.75)[:, :2])


# ------------------------------------------------------------------------------------------------ variants


def test_a_label_shift_moves_only_the_background_along_one_direction() -> None:
    shift, core = 1.5, 6
    found = draw(Gaussian(D, label_shift=shift))
    moved = found.samples(0.25) - found.inputs
    assert not moved[:, :core].any()
    np.testing.assert_allclose(np.linalg.norm(moved, axis=1), shift, rtol=ROUNDING)
    # Moved back by its own label, every sample moved by the same vector.
    aligned = moved * found.labels(0.25)
    np.testing.assert_allclose(aligned, np.broadcast_to(aligned[0], aligned.shape), atol=ROUNDING)
    np.testing.assert_array_equal(found.labels(0.25), draw().labels(0.25))
    np.testing.assert_array_equal(found.spurious_queries(0.25)[:, core:], found.samples(0.25)[:N, core:])


def test_a_label_shift_needs_a_background() -> None:
    found = draw(Gaussian(D, label_shift=1.5))
    np.testing.assert_array_equal(found.samples(0.0), found.inputs)


@pytest.mark.parametrize("kept", [2, 3, 5, 8])
def test_independent_coordinates_keep_the_norm(kept: int) -> None:
    found = draw(Gaussian(D, independent_coordinates=kept), n=4_000)
    for rows in (found.inputs, found.cores):
        varies = rows.any(axis=0)
        assert varies.sum() == kept
        # E‖z‖² = d, with variance 2 d²/kept.
        square = (rows**2).sum(axis=1)
        assert abs(square.mean() - D) < SIGMAS * D * sqrt(2 / kept / len(rows))
    np.testing.assert_array_equal(found.inputs.any(axis=0), found.cores.any(axis=0))


def test_every_number_of_independent_coordinates_is_met() -> None:
    d = 40
    for kept in range(2, d + 1):
        assert draw(Gaussian(d, independent_coordinates=kept), n=2, test=0).inputs.any(axis=0).sum() == kept


def test_independent_coordinates_reach_core_and_background() -> None:
    varying = np.flatnonzero(draw(Gaussian(100, independent_coordinates=10)).inputs.any(axis=0))
    assert ((varying < 50).sum(), (varying >= 50).sum()) == (5, 5)


@pytest.mark.parametrize(
    ("d", "kept", "message"),
    [
        (1, None, "d must be at least 2, got 1"),
        (8, 1, r"independent_coordinates must lie in 2..8, got 1"),
        (8, 9, r"independent_coordinates must lie in 2..8, got 9"),
    ],
)
def test_bad_parameters_are_refused(d: int, kept: int | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Gaussian(d, independent_coordinates=kept)
