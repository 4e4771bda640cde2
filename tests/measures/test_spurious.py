"""Scores and accuracies image by image in plain Python, and by hand."""

from __future__ import annotations

from math import exp, log
from typing import Any

import pytest
import torch
from torch import Tensor

from support.measures.spurious import (
    clean_accuracy,
    mean_rise,
    pixel_importance,
    spurious_accuracy,
    spurious_scores,
)

M, IMAGES, CLASSES = 3, 40, 4
THRESHOLDS = (0.0, 0.1, 0.3)


@pytest.fixture(scope="module")
def clean() -> Tensor:
    return torch.randn(M, IMAGES, CLASSES, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def patterned(clean: Tensor) -> Tensor:
    return clean + 2 * torch.randn(clean.shape, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def labels() -> Tensor:
    return torch.arange(IMAGES) % CLASSES


def probability(logits: Tensor, target: int) -> float:
    return exp(float(logits[target])) / sum(exp(float(logit)) for logit in logits)


def answer(logits: Tensor) -> int:
    return max(range(CLASSES), key=lambda label: float(logits[label]))


@pytest.mark.parametrize("target", [0, 2, torch.tensor([3, 0, 1])], ids=["0", "2", "one each"])
@pytest.mark.parametrize("include_target", [True, False])
def test_scores_image_by_image(
    clean: Tensor, patterned: Tensor, labels: Tensor, target: int | Tensor, include_target: bool
) -> None:
    found = spurious_scores(clean, patterned, target, THRESHOLDS, labels=labels, include_target=include_target)
    assert found.shape == (M, len(THRESHOLDS))
    for member in range(M):
        own = target if isinstance(target, int) else int(target[member])
        counted = [image for image in range(IMAGES) if include_target or int(labels[image]) != own]
        rises = [
            probability(patterned[member, image], own) - probability(clean[member, image], own) for image in counted
        ]
        for place, epsilon in enumerate(THRESHOLDS):
            expected = sum(rise > epsilon for rise in rises) / len(rises)
            assert 0.02 < expected < 0.98
            assert float(found[member, place]) == pytest.approx(expected)
            single = spurious_scores(clean, patterned, target, epsilon, labels=labels, include_target=include_target)
            assert torch.equal(single, found[:, place])


def test_a_rise_of_epsilon_is_not_above_it() -> None:
    """From 1/2 to 3/4: the rise is 1/4."""
    clean, patterned = torch.zeros(1, 1, 2), torch.tensor([[[log(3.0), 0.0]]])
    scores = spurious_scores(clean, patterned, 0, [0.2499, 0.2501])
    assert scores.tolist() == [[1.0, 0.0]]
    assert spurious_scores(clean, clean, 0, 0.0).tolist() == [0.0]
    # What falls does not count.
    assert spurious_scores(patterned, clean, 0, [0.0, -0.3]).tolist() == [[0.0, 1.0]]


@pytest.mark.parametrize("target", [1, torch.tensor([3, 0, 1])], ids=["1", "one each"])
def test_accuracies_image_by_image(clean: Tensor, patterned: Tensor, labels: Tensor, target: int | Tensor) -> None:
    found, plain = spurious_accuracy(patterned, labels, target), clean_accuracy(clean, labels)
    assert found.shape == plain.shape == (M,)
    for member in range(M):
        own = target if isinstance(target, int) else int(target[member])
        others = [image for image in range(IMAGES) if int(labels[image]) != own]
        right = [answer(patterned[member, image]) == int(labels[image]) for image in others]
        assert float(found[member]) == pytest.approx(sum(right) / len(right))
        right = [answer(clean[member, image]) == int(labels[image]) for image in range(IMAGES)]
        assert float(plain[member]) == pytest.approx(sum(right) / IMAGES)


def test_a_diverged_member_has_no_measures(clean: Tensor, patterned: Tensor, labels: Tensor) -> None:
    broken = patterned.clone()
    broken[1] = torch.nan
    for found, whole in (
        (spurious_scores(clean, broken, 0, THRESHOLDS), spurious_scores(clean, patterned, 0, THRESHOLDS)),
        (spurious_scores(broken, clean, 0, 0.1), spurious_scores(patterned, clean, 0, 0.1)),
        (spurious_accuracy(broken, labels, 0), spurious_accuracy(patterned, labels, 0)),
        (clean_accuracy(broken, labels), clean_accuracy(patterned, labels)),
    ):
        assert bool(found[1].isnan().all())
        assert torch.equal(found[[0, 2]], whole[[0, 2]])


def test_only_images_of_the_target() -> None:
    logits, labels = torch.zeros(2, 5, 3), torch.ones(5, dtype=torch.int64)
    assert bool(spurious_accuracy(logits, labels, 1).isnan().all())
    assert bool(spurious_scores(logits, logits, 1, 0.1, labels=labels, include_target=False).isnan().all())


def test_importance_is_signed() -> None:
    weights = torch.tensor([[[1.0, -5.0], [-2.0, -3.0]], [[0.0, 0.5], [7.0, 1.0]]])
    assert pixel_importance(weights).tolist() == [[1.0, -2.0], [0.5, 7.0]]


LOGITS, LABELS = torch.zeros(2, 5, 3), torch.zeros(5, dtype=torch.int64)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pattern_logits": torch.zeros(5, 3)}, r"logits must be \(M, n, C\), got shape \(5, 3\)"),
        ({"pattern_logits": torch.zeros(2, 0, 3)}, r"logits must be \(M, n, C\), got shape \(2, 0, 3\)"),
        ({"clean_logits": torch.zeros(1, 5, 3)}, r"must have the same shape, got \(1, 5, 3\) and \(2, 5, 3\)"),
        ({"target": 3}, r"target must lie in 0\.\.2, got 3"),
        ({"target": -1}, r"target must lie in 0\.\.2, got -1"),
        ({"target": torch.tensor([0, 1, 2])}, r"target must be an integer or \(2,\) integers, got tensor"),
        ({"target": torch.tensor([0.0, 1.0])}, r"target must be an integer or \(2,\) integers"),
        ({"epsilon": [[0.1]]}, r"epsilon must be a number or a sequence of numbers, got shape \(1, 1\)"),
        ({"labels": torch.zeros(4, dtype=torch.int64)}, r"labels must be \(5,\), got shape \(4,\)"),
        ({"labels": torch.full((5,), 3)}, r"labels must lie in 0\.\.2, got 3 to 3"),
        ({"labels": torch.full((5,), -1)}, r"labels must lie in 0\.\.2, got -1 to -1"),
        ({"labels": None, "include_target": False}, "include_target=False needs labels"),
    ],
)
def test_scores_refuse(change: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {
        "clean_logits": LOGITS,
        "pattern_logits": LOGITS,
        "target": 0,
        "epsilon": 0.1,
        "labels": LABELS,
    }
    with pytest.raises(ValueError, match=message):
        spurious_scores(**(given | change))


def test_accuracies_refuse() -> None:
    with pytest.raises(ValueError, match=r"logits must be"):
        clean_accuracy(torch.zeros(5, 3), LABELS)
    with pytest.raises(ValueError, match=r"labels must be \(5,\), got shape \(2, 5\)"):
        clean_accuracy(LOGITS, LABELS.expand(2, 5))
    with pytest.raises(ValueError, match=r"labels must lie in"):
        spurious_accuracy(LOGITS, LABELS + 3, 0)
    with pytest.raises(ValueError, match=r"target must lie in"):
        spurious_accuracy(LOGITS, LABELS, 3)


@pytest.mark.parametrize("shape", [(784, 256), (1, 784, 0)])
def test_importance_refuses(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"first_layer must be \(M, in, out\), got shape"):
        pixel_importance(torch.zeros(shape))


def test_the_mean_rise_is_the_mean_difference_of_two_probabilities() -> None:
    generator = torch.Generator().manual_seed(4)
    clean, asked = (torch.randn(2, 5, 3, generator=generator) for _ in range(2))
    for member, rise in enumerate(mean_rise(clean, asked, 1).tolist()):
        rises = []
        for before, after in zip(clean[member].tolist(), asked[member].tolist(), strict=True):
            first, second = (exp(logits[1]) / sum(map(exp, logits)) for logits in (before, after))
            rises.append(second - first)
        assert rise == pytest.approx(sum(rises) / 5, abs=1e-6)
    with pytest.raises(ValueError, match=r"target must lie in 0\.\.2"):
        mean_rise(clean, asked, 3)
