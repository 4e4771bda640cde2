"""Alignment in a network's own kernel against linearizations that are fitted again without each sample."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from support.measures.accuracy import covariance
from support.measures.network_alignment import NetworkAlignment, network_alignment, predicted_memorization
from support.models.interpolation import SingularKernelError

N, D = 8, 15
# The kernels' condition numbers are below 1e4.
ROUNDING = 1e-9

Array = NDArray[np.float64]

generator = torch.Generator().manual_seed(8)
SAMPLES, FRESH = (torch.randn(N, D, generator=generator, dtype=torch.float64) for _ in range(2))
QUERIES = torch.cat([FRESH[:, :9], SAMPLES[:, 9:]], dim=1)
TARGETS = torch.randn(N, generator=generator, dtype=torch.float64)


def hidden(outputs: int = 1) -> nn.Sequential:
    torch.manual_seed(2)
    return nn.Sequential(nn.Linear(D, 20), nn.ReLU(), nn.Linear(20, outputs)).eval()


def features(network: nn.Module, inputs: Tensor, place: int = 0) -> Array:
    """∂f_place(z)/∂θ of each input, (n, p)."""
    network = deepcopy(network).double()
    rows = []
    for row in inputs:
        slopes = torch.autograd.grad(network(row[None])[0, place], list(network.parameters()))
        rows.append(torch.cat([slope.flatten() for slope in slopes]).numpy())
    return np.stack(rows)


def refitted(phi: Array, targets: Array, left_out: int) -> Array:
    """The parameters of least norm that fit all but one sample, (p,)."""
    found: Array = np.linalg.pinv(np.delete(phi, left_out, 0)) @ np.delete(targets, left_out, 0)
    return found


def close(found: Tensor, expected: Array | list[float]) -> None:
    np.testing.assert_allclose(found.numpy(), np.asarray(expected), rtol=ROUNDING, atol=ROUNDING)


def test_linear_network_by_refits_with_a_penalized_constant() -> None:
    network = nn.Linear(D, 1)
    found = network_alignment(network, SAMPLES, QUERIES, targets=TARGETS)
    phi, asked = (np.column_stack([rows.numpy(), np.ones(N)]) for rows in (SAMPLES, QUERIES))
    full = np.linalg.pinv(phi) @ TARGETS.numpy()
    moved = [full - refitted(phi, TARGETS.numpy(), i) for i in range(N)]
    close(found.fit.self_stability, [phi[i] @ moved[i] for i in range(N)])
    close(found.change, [asked[i] @ moved[i] for i in range(N)])
    close(found.alignment, [(asked[i] @ moved[i]) / (phi[i] @ moved[i]) for i in range(N)])


def test_linearized_network_by_refits() -> None:
    network = hidden()
    found = network_alignment(network, SAMPLES, QUERIES, targets=torch.stack([TARGETS, TARGETS.flip(0)], dim=1))
    phi, asked = features(network, SAMPLES), features(network, QUERIES)
    for column, targets in enumerate((TARGETS.numpy(), TARGETS.flip(0).numpy())):
        full = np.linalg.pinv(phi) @ targets
        changes = [asked[i] @ (full - refitted(phi, targets, i)) for i in range(N)]
        own = [phi[i] @ (full - refitted(phi, targets, i)) for i in range(N)]
        close(found.change[:, column], changes)
        close(found.alignment, np.array(changes) / np.array(own))


def test_linearized_network_by_refits_of_the_output_of_each_class() -> None:
    network, classes = hidden(3), torch.arange(N) % 3
    found = network_alignment(network, SAMPLES, QUERIES, cotangent=torch.eye(3)[classes])
    phi, asked = (
        np.stack([features(network, row[None], int(own))[0] for row, own in zip(rows, classes, strict=True)])
        for rows in (SAMPLES, QUERIES)
    )
    moved = [np.linalg.pinv(phi) @ TARGETS.numpy() - refitted(phi, TARGETS.numpy(), i) for i in range(N)]
    close(found.alignment, [(asked[i] @ moved[i]) / (phi[i] @ moved[i]) for i in range(N)])


def test_trace_is_exact_for_outputs_that_share_nothing() -> None:
    """A linear network's outputs each have weights of their own, and all of them one kernel."""
    several = network_alignment(nn.Linear(D, 4), SAMPLES, QUERIES)
    close(several.alignment, network_alignment(nn.Linear(D, 1), SAMPLES, QUERIES).alignment.numpy())


@pytest.mark.parametrize("outputs", [1, 3])
def test_alignment_of_a_sample_with_itself_is_one(outputs: int) -> None:
    found = network_alignment(hidden(outputs), SAMPLES, SAMPLES)
    close(found.alignment, np.ones(N))
    assert found.mean == pytest.approx(1, abs=ROUNDING)
    assert found.deviation == pytest.approx(0, abs=ROUNDING)


def test_alignment_is_the_same_for_all_targets() -> None:
    without, given = (network_alignment(hidden(), SAMPLES, QUERIES, targets=each) for each in (None, TARGETS))
    close(given.alignment, without.alignment.numpy())


def test_moments_and_condition_number() -> None:
    network = hidden()
    found = network_alignment(network, SAMPLES, QUERIES)
    values = found.alignment.numpy()
    assert found.mean == pytest.approx(values.mean())
    assert found.deviation == pytest.approx(values.std(ddof=1))
    kernel = features(network, SAMPLES) @ features(network, SAMPLES).T
    assert found.condition_number == pytest.approx(np.linalg.cond(kernel, 1))
    assert np.isnan(network_alignment(network, SAMPLES[:1], QUERIES[:1]).deviation)


@pytest.mark.parametrize(
    ("network", "samples"),
    [(hidden(), torch.cat([SAMPLES[:-1], SAMPLES[:1]])), (nn.Linear(D, 1), torch.randn(D + 2, D, generator=generator))],
    ids=["a sample twice", "more samples than parameters"],
)
def test_dependent_gradients_are_singular(network: nn.Module, samples: Tensor) -> None:
    with pytest.raises(SingularKernelError):
        network_alignment(network, samples, samples)


def test_memorization_by_hand() -> None:
    labels, outputs, held_out = (torch.tensor(x) for x in ([1.0, -1, 1, -1], [2.0, -1, 0], [1.0, -1, 0]))
    # Var g = 4/3; Cov of the held-out: (2 + 1 + 0 - 3 · 1/3 · 0) / 2 = 3/2.
    assert predicted_memorization(0.5, labels, outputs, held_out) == pytest.approx(0.5 * (4 / 3 - 3 / 2))


def test_memorization_of_linear_regression_is_predicted() -> None:
    """Independent core and background, in a model that is its own linearization: γ predicts the covariance.

    Over 80 draws the difference has mean 0 but for the correlation of alignment with stability, which is small.
    """
    draws = torch.Generator().manual_seed(6)
    n, d, held_out, core = 30, 60, 200, 30
    gaps, measured = [], []
    for _ in range(80):
        inputs = torch.randn(n + held_out, d, generator=draws, dtype=torch.float64)
        labels = (inputs[:, :core] @ torch.randn(core, generator=draws, dtype=torch.float64)).sign()
        queries = torch.cat([torch.randn(n, core, generator=draws, dtype=torch.float64), inputs[:n, core:]], dim=1)
        slope = torch.linalg.pinv(inputs[:n]) @ labels[:n]
        found = network_alignment(nn.Linear(d, 1, bias=False), inputs[:n], queries)
        predicted = predicted_memorization(found.mean, labels[:n], inputs[n:] @ slope, labels[n:])
        measured.append(covariance(queries @ slope, labels[:n]))
        gaps.append(measured[-1] - predicted)
    mean, error = np.mean(gaps), np.std(gaps, ddof=1) / np.sqrt(len(gaps))
    assert np.mean(measured) > 0.1
    # Three standard errors beside one thirtieth, which a single sample more or less in training changes.
    assert abs(mean) < 3 * error + np.mean(measured) / n, f"{mean:.4f} +- {error:.4f} of {np.mean(measured):.3f}"


def refused(message: str, samples: Tensor = SAMPLES, queries: Tensor = QUERIES, **options: Tensor) -> None:
    with pytest.raises(ValueError, match=message):
        network_alignment(hidden(), samples, queries, **options)  # type: ignore[arg-type]


def test_shapes_that_do_not_fit() -> None:
    refused(r"both be \(N, d\), got \(8, 15\) and \(7, 15\)", queries=QUERIES[:-1])
    refused(r"both be \(N, d\), got \(15,\) and \(15,\)", SAMPLES[0], QUERIES[0])
    refused(r"targets must be \(8,\) or \(8, L\), got \(7,\)", targets=TARGETS[:-1])
    refused(r"a row for each of 8 samples, got \(16, 1\)", cotangent=torch.ones(16, 1))
    for wrong in ((TARGETS[:1], TARGETS, TARGETS), (TARGETS, TARGETS[:1], TARGETS[:1]), (TARGETS[:, None],) * 3):
        with pytest.raises(ValueError, match="at least 2 entries"):
            predicted_memorization(0.5, *wrong)
    with pytest.raises(ValueError, match=r"held_out_outputs must be \(8,\), as held_out_labels, got \(8, 1\)"):
        predicted_memorization(0.5, TARGETS, TARGETS[:, None], TARGETS)


def test_result_is_of_the_network_that_was_given() -> None:
    assert isinstance(network_alignment(hidden(), SAMPLES.float(), QUERIES.float()), NetworkAlignment)
