"""Accuracies by hand, covariance against NumPy."""

import numpy as np
import pytest
import torch

from support.measures.accuracy import accuracy, balanced_accuracy, covariance

ROUNDING = 1e-12


def row(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


LABELS = row(1, 1, 1, -1)


@pytest.mark.parametrize(
    ("outputs", "plain", "balanced"),
    [
        (row(0.1, 5, 2, -3), 1.0, 1.0),
        (row(-0.1, -5, -2, 3), 0.0, 0.0),
        (row(1, 1, 1, 1), 3 / 4, 1 / 2),
        (row(-1, -1, -1, -1), 1 / 4, 1 / 2),
        (row(1, 1, -1, -1), 3 / 4, (2 / 3 + 1) / 2),
        (row(1, -1, -1, 1), 1 / 4, (1 / 3 + 0) / 2),
    ],
)
def test_by_hand(outputs: torch.Tensor, plain: float, balanced: float) -> None:
    assert accuracy(outputs, LABELS) == pytest.approx(plain)
    assert balanced_accuracy(outputs, LABELS) == pytest.approx(balanced)


def test_an_output_of_zero_answers_minus_one() -> None:
    assert accuracy(row(0, 0), row(1, -1)) == 0.5


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_one_class_absent(sign: float) -> None:
    outputs = row(1, 1, -1, 1)
    share = {1.0: 3 / 4, -1.0: 1 / 4}[sign]
    assert balanced_accuracy(outputs, sign * torch.ones(4)) == pytest.approx(share)


def test_leading_dimensions_are_averaged() -> None:
    outputs = torch.stack([row(0.1, 5, 2, -3), row(1, 1, 1, 1), row(1, -1, -1, 1)])
    expected = (1 + 1 / 2 + 1 / 6) / 3
    assert balanced_accuracy(outputs, LABELS) == pytest.approx(expected)
    assert balanced_accuracy(outputs[None].expand(2, -1, -1), LABELS) == pytest.approx(expected)


def test_covariance_against_numpy() -> None:
    generator = np.random.default_rng(2)
    outputs, labels = generator.standard_normal((3, 8)) + 5, generator.choice([-1.0, 1.0], 8)
    each = [float(np.cov(line, labels)[0, 1]) for line in outputs]
    for line, expected in zip(outputs, each, strict=True):
        found = covariance(torch.from_numpy(line), torch.from_numpy(labels))
        assert found == pytest.approx(expected, abs=ROUNDING)
    found = covariance(torch.from_numpy(outputs), torch.from_numpy(labels))
    assert found == pytest.approx(np.mean(each), abs=ROUNDING)
