"""What a network's answers say of labels: against scikit-learn, NumPy and cases done by hand."""

import numpy as np
import torch
from sklearn.metrics import balanced_accuracy_score
from torch.nn.functional import one_hot

from support.measures.backgrounds import accuracy, balanced_accuracy, label_covariance, of_other_samples

N, CLASSES = 40, 4
GENERATOR = torch.Generator().manual_seed(3)
LOGITS, LABELS = torch.randn(N, CLASSES, generator=GENERATOR), torch.randint(CLASSES, (N,), generator=GENERATOR)
ONE, SIGNS = torch.randn(N, 1, generator=GENERATOR), torch.randint(2, (N,), generator=GENERATOR)


def test_balanced_accuracy_is_that_of_scikit_learn() -> None:
    wanted = balanced_accuracy_score(LABELS.numpy(), LOGITS.argmax(dim=1).numpy())
    np.testing.assert_allclose(balanced_accuracy(LOGITS, LABELS), wanted, rtol=1e-12)
    wanted = balanced_accuracy_score(SIGNS.numpy(), (ONE[:, 0] > 0).numpy())
    np.testing.assert_allclose(balanced_accuracy(ONE, SIGNS), wanted, rtol=1e-12)


def test_classes_that_are_not_there_do_not_count() -> None:
    labels = torch.tensor([0, 0, 0, 1])
    always_zero = one_hot(torch.zeros(4, dtype=torch.int64), CLASSES).float()
    assert balanced_accuracy(always_zero, labels) == 0.5
    assert accuracy(always_zero, labels) == 0.75


def test_leading_dimensions_are_averaged() -> None:
    both = torch.stack([LOGITS, LOGITS.flip(1)])
    apart = [balanced_accuracy(part, LABELS) for part in both]
    np.testing.assert_allclose(balanced_accuracy(both, LABELS), np.mean(apart), rtol=1e-12)
    apart = [label_covariance(part, LABELS) for part in both]
    np.testing.assert_allclose(label_covariance(both, LABELS), np.mean(apart), rtol=1e-12)


def test_covariance_of_one_output_is_that_of_numpy() -> None:
    wanted = np.cov(ONE[:, 0].numpy(), 2.0 * SIGNS.numpy() - 1)[0, 1]
    np.testing.assert_allclose(label_covariance(ONE, SIGNS), wanted, rtol=1e-6)


def test_covariance_of_logits_sums_over_classes() -> None:
    probabilities = LOGITS.double().softmax(dim=1).numpy()
    wanted = sum(np.cov(probabilities[:, k], LABELS.numpy() == k)[0, 1] for k in range(CLASSES))
    np.testing.assert_allclose(label_covariance(LOGITS, LABELS), wanted, rtol=1e-10)


def test_the_covariance_of_certain_answers_is_what_labels_vary() -> None:
    labels = torch.tensor([0, 1, 2, 3] * 5)
    certain = 1000.0 * one_hot(labels, CLASSES).float()
    # Four classes of a fifth of 20 - 1 pairs each: 4 (1/4) (3/4) 20/19.
    np.testing.assert_allclose(label_covariance(certain, labels), 0.75 * 20 / 19, rtol=1e-12)


def test_answers_of_other_samples_are_never_a_samples_own() -> None:
    own = torch.arange(5.0)[:, None]
    others = of_other_samples(own)
    assert others.shape == (4, 5, 1)
    assert sorted(others[:, 0, 0].tolist()) == [1, 2, 3, 4]
    assert not (others == own).any()
