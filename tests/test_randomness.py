"""Streams differ in every argument and depend on nothing else."""

from math import sqrt

import numpy as np
import pytest

from support.randomness import stream

COUNT = 4_000
# Standard errors that an average on a fixed seed may be off.
SIGMAS = 5
OTHERS = [(1, 5, "inputs"), (0, 6, "inputs"), (0, 5, "weights/0"), (5, 0, "inputs"), (0, 5, "input"), (0, 5, "")]


def numbers(seed: int, trial: int, purpose: str) -> np.ndarray:
    return stream(seed, trial, purpose).standard_normal(COUNT)


def test_reproducible() -> None:
    np.testing.assert_array_equal(numbers(0, 5, "inputs"), numbers(0, 5, "inputs"))


@pytest.mark.parametrize(("seed", "trial", "purpose"), OTHERS)
def test_every_argument_makes_an_independent_stream(seed: int, trial: int, purpose: str) -> None:
    one, other = numbers(0, 5, "inputs"), numbers(seed, trial, purpose)
    assert not np.isin(one, other).any()
    assert abs(np.corrcoef(one, other)[0, 1]) < SIGMAS / sqrt(COUNT)


def test_chunks_of_one_purpose_differ() -> None:
    firsts = {float(stream(0, 0, f"weights/{chunk}").random()) for chunk in range(200)}
    assert len(firsts) == 200


def test_order_does_not_matter() -> None:
    before = numbers(0, 5, "inputs")
    np.random.default_rng(0).random(10)
    for arguments in OTHERS:
        numbers(*arguments)
    interleaved = stream(0, 5, "inputs")
    first = interleaved.standard_normal(COUNT // 2)
    numbers(0, 5, "inputs")
    np.testing.assert_array_equal(before, np.concatenate([first, interleaved.standard_normal(COUNT // 2)]))


@pytest.mark.parametrize(("seed", "trial"), [(-1, 0), (0, -1)])
def test_a_negative_seed_or_trial_is_refused(seed: int, trial: int) -> None:
    with pytest.raises(ValueError, match="non-negative"):
        stream(seed, trial, "inputs")


def test_known_draw() -> None:
    """Cached evidence rests on these streams: a change of generator must be seen."""
    # From NumPy alone: the first 8 bytes of SHA-256 of "inputs", as sha256sum prints them.
    word = 0x32381523E63197C9
    expected = np.random.Generator(np.random.SFC64(np.random.SeedSequence((0, 5, word)))).random()
    assert stream(0, 5, "inputs").random() == expected
