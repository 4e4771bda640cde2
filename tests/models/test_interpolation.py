"""Closed forms of minimum-norm interpolation against refits by pseudo-inverse on the reduced samples."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from support.models.interpolation import RESIDUAL_LIMIT, Interpolation, SingularKernelError, factorize

N, P, Q, LABELS = 12, 40, 7, 3
ROUNDING = 1e-9

Array = NDArray[np.float64]

generator = np.random.default_rng(11)
PHI: Array = generator.standard_normal((N, P)) + 0.3
QUERY: Array = 0.5 * PHI + generator.standard_normal((N, P))
G: Array = generator.standard_normal((N, LABELS))


def kernel(rows: Array, columns: Array) -> torch.Tensor:
    return torch.from_numpy(rows @ columns.T)


def fitted(labels: Array = G) -> Interpolation:
    return factorize(kernel(PHI, PHI)).fit(torch.from_numpy(labels))


def refit(keep: list[int], labels: Array = G) -> Array:
    """θ* of Eq. (3) from a zero start, trained on `keep` only."""
    theta: Array = np.linalg.pinv(PHI[keep]) @ labels[keep]
    return theta


def without(*left_out: int) -> list[int]:
    return [index for index in range(N) if index not in left_out]


def close(found: torch.Tensor, expected: Array | list[Array]) -> None:
    np.testing.assert_allclose(found.numpy(), np.asarray(expected), rtol=ROUNDING, atol=ROUNDING)


def test_prediction() -> None:
    close(fitted().predict(kernel(QUERY[:Q], PHI)), QUERY[:Q] @ refit(without()))


def test_training_samples_are_interpolated() -> None:
    fit = fitted()
    close(fit.predict(fit.gram), G)


@pytest.mark.parametrize("n", [2, 5, N])
def test_nested_samples_are_a_fit_of_their_own(n: int) -> None:
    fit = factorize(kernel(PHI, PHI)).fit(torch.from_numpy(G), n)
    close(fit.predict(kernel(QUERY, PHI[:n])), QUERY @ refit(list(range(n))))
    left_out = [G[i] - PHI[i] @ refit([j for j in range(n) if j != i]) for i in range(n)]
    close(fit.self_stability, left_out)


def test_self_stability_is_the_leave_one_out_error() -> None:
    close(fitted().self_stability, [G[i] - PHI[i] @ refit(without(i)) for i in range(N)])


def test_alignment_is_the_projection_of_equation_8() -> None:
    expected = []
    for i in range(N):
        others = PHI[without(i)]
        # What least squares on the others leaves of φ(z_i) lies in the orthogonal complement of their span.
        coefficients, *_ = np.linalg.lstsq(others.T, PHI[i], rcond=None)
        left = PHI[i] - coefficients @ others
        expected.append(QUERY[i] @ left / (left @ left))
    close(fitted().alignment(kernel(QUERY, PHI)), np.array(expected))
    close(fitted().alignment(kernel(QUERY[:Q], PHI)), np.array(expected[:Q]))


def test_alignment_of_a_sample_with_itself_is_one() -> None:
    close(fitted().alignment(kernel(PHI, PHI)), np.ones(N))


def test_query_answered_without_its_own_sample() -> None:
    expected = [QUERY[i] @ refit(without(i)) for i in range(N)]
    close(fitted().without_own_sample(kernel(QUERY, PHI)), expected)


@pytest.mark.parametrize("members", [[0], [N - 1, 3], [1, 4, 5, 9], list(range(1, N))], ids=str)
def test_deletion_of_a_group(members: list[int]) -> None:
    dual = fitted().without(torch.tensor(members))
    assert (dual[members] == 0).all()
    close(kernel(QUERY, PHI) @ dual, QUERY @ refit(without(*members)))


def test_deletion_of_all_samples_leaves_nothing() -> None:
    assert not fitted().without(torch.arange(N)).any()


def test_deletion_changes_no_fit() -> None:
    fit = fitted()
    before = fit.dual.clone()
    fit.without(torch.tensor([2, 3]))
    assert torch.equal(fit.dual, before)


def test_one_label_vector_gives_vectors() -> None:
    one, several = fitted(G[:, 1]), fitted()
    query = kernel(QUERY, PHI)
    members = torch.tensor([2, 7])
    for found, expected in (
        (one.predict(query), several.predict(query)),
        (one.self_stability, several.self_stability),
        (one.without_own_sample(query), several.without_own_sample(query)),
        (one.without(members), several.without(members)),
    ):
        assert found.shape == (N,)
        close(found, expected[:, 1].numpy())


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ([], "a deletion set needs distinct samples"),
        ([3, 1, 3], r"a deletion set needs distinct samples, got \[3, 1, 3\]"),
        ([0, N], rf"a deletion set must lie in 0..{N - 1}, got \[0, {N}\]"),
        ([-1], rf"a deletion set must lie in 0..{N - 1}, got \[-1\]"),
    ],
)
def test_a_bad_deletion_set_is_refused(members: list[int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fitted().without(torch.tensor(members, dtype=torch.int64))


@pytest.mark.parametrize("n", [3, N])
def test_condition_number_and_residual(n: int) -> None:
    fit = factorize(kernel(PHI, PHI)).fit(torch.from_numpy(G), n)
    gram = PHI[:n] @ PHI[:n].T
    assert fit.condition_number == pytest.approx(float(np.linalg.cond(gram, 1)), rel=ROUNDING)
    left = np.abs(gram @ fit.dual.numpy() - G[:n]).max() / np.abs(G[:n]).max()
    assert fit.residual == pytest.approx(left, abs=ROUNDING)
    assert fit.residual <= RESIDUAL_LIMIT


@pytest.mark.parametrize(
    "phi",
    [
        pytest.param(generator.standard_normal((N, N - 3)), id="more samples than linear features"),
        pytest.param(PHI[[*range(N - 1), 0]], id="a sample twice"),
        pytest.param(np.vstack([PHI[:-1], np.zeros(P)]), id="a zero sample"),
        # Cholesky takes this one; the training residual gives it away.
        pytest.param(np.linalg.cholesky(1 / np.add.outer(np.arange(1.0, N + 1), np.arange(N))), id="Hilbert matrix"),
    ],
)
def test_a_singular_kernel_is_refused(phi: Array) -> None:
    with pytest.raises(SingularKernelError, match=rf"^the kernel of N={N} samples is singular[^\n]*$"):
        factorize(kernel(phi, phi)).fit(torch.from_numpy(G))


def test_a_residual_above_the_limit_is_refused() -> None:
    # A wrong factor, as rounding would make it: K = I, but the factor says K = 1 + 1e-6.
    factorization = factorize(torch.eye(3, dtype=torch.float64) * (1 + 1e-6))
    factorization.gram.copy_(torch.eye(3))
    with pytest.raises(SingularKernelError, match=r"singular to working precision: training residual 1.0e-06 exceeds"):
        factorization.fit(torch.ones(3, dtype=torch.float64))


def test_a_kernel_that_is_not_finite_is_refused() -> None:
    gram = kernel(PHI, PHI)
    gram[4, 4] = torch.nan
    with pytest.raises(SingularKernelError, match="singular"):
        factorize(gram)
