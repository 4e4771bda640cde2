"""Minimum-norm interpolation and, from the same factorization, everything that leaving samples out changes.

With K = ΦΦᵀ the fit is f(z) = k(z)ᵀ K⁻¹ G (Eq. 3 from a zero start). Let C = K_query K⁻¹, and let subscript
−i mean "trained without sample i". Then, for a query paired with sample i (its spurious counterpart):

    alignment       F(z_i^s, z_i)   = C_ii                                             (Eq. 8)
    self-stability  S_{z_i}(z_i)    = g_i − f(z_i, θ*_{−i}) = [K⁻¹G]_i / [K⁻¹]_ii      (Eq. 5)
    leave-one-out   f(z_i^s, θ*_{−i}) = f(z_i^s, θ*) − F(z_i^s, z_i) S_{z_i}(z_i)      (Lemma 4.1)

All N of each follow from one inverse.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

# Interpolation means zero training error; in fp64 a fit that leaves more than this is not one.
RESIDUAL_LIMIT = 1e-8
# Cholesky leaves of a sample what the samples before it cannot explain; below this share of its own norm, rounding
# decides what is left, and consistent labels would hide that from the residual.
PIVOT_LIMIT = 1e-13


class SingularKernelError(ValueError):
    """The kernel cannot be inverted to working precision, so the samples cannot be interpolated."""


@dataclass(frozen=True)
class Factorization:
    """Cholesky factor of a training Gram matrix; leading blocks serve nested sample sizes."""

    gram: Tensor
    lower: Tensor

    def fit(self, labels: Tensor, n: int | None = None) -> Interpolation:
        """Interpolate the first `n` samples (all by default).

        Parameters
        ----------
        labels : (N,) or (N, L) for L label vectors on the same inputs.

        Raises
        ------
        SingularKernelError : the training residual exceeds RESIDUAL_LIMIT relative to the labels.
        """
        n = self.gram.shape[0] if n is None else n
        lower, gram, labels = self.lower[:n, :n], self.gram[:n, :n], labels[:n]
        columns = labels if labels.ndim == 2 else labels[:, None]
        dual = torch.cholesky_solve(columns, lower)
        residual = float((gram @ dual - columns).abs().max() / columns.abs().max())
        if not residual <= RESIDUAL_LIMIT:
            raise SingularKernelError(
                f"the kernel of N={n:,} samples is singular to working precision: "
                f"training residual {residual:.1e} exceeds {RESIDUAL_LIMIT:.0e}"
            )
        return Interpolation(gram, lower, dual.reshape(labels.shape), residual)


def factorize(gram: Tensor) -> Factorization:
    """Factorize a training Gram matrix of shape (N, N), float64.

    Raises
    ------
    SingularKernelError : the matrix is not numerically positive definite. No jitter is ever added: it would
        turn interpolation into ridge regression and change the claim.
    """
    lower, failed = torch.linalg.cholesky_ex(gram)
    if int(failed) or not bool(torch.isfinite(lower).all()):
        raise SingularKernelError(
            f"the kernel of N={gram.shape[0]:,} samples is singular: Cholesky stops at row {int(failed):,}"
        )
    pivots = lower.diagonal().square() / gram.diagonal()
    if float(pivots.min()) < PIVOT_LIMIT:
        raise SingularKernelError(
            f"the kernel of N={gram.shape[0]:,} samples is singular to working precision: "
            f"sample {int(pivots.argmin()):,} is a combination of the samples before it"
        )
    return Factorization(gram, lower)


@dataclass(frozen=True)
class Interpolation:
    """A fitted interpolator of N samples, with its closed-form leave-one-out quantities.

    Attributes
    ----------
    gram : (N, N) training Gram matrix.
    lower : its Cholesky factor.
    dual : K⁻¹G, the shape of the labels.
    residual : largest training error relative to the largest label.
    """

    gram: Tensor
    lower: Tensor
    dual: Tensor
    residual: float

    @cached_property
    def inverse(self) -> Tensor:
        """K⁻¹, (N, N)."""
        return torch.cholesky_inverse(self.lower)

    @cached_property
    def condition_number(self) -> float:
        """Condition number of K in the 1-norm."""
        return float(torch.linalg.matrix_norm(self.gram, 1) * torch.linalg.matrix_norm(self.inverse, 1))

    def predict(self, query: Tensor) -> Tensor:
        """f(z) for query rows K_query of shape (Q, N)."""
        return query @ self.dual

    @cached_property
    def self_stability(self) -> Tensor:
        """S_{z_i}(z_i) for every i, the shape of the labels: the leave-one-out error, by Eq. (5)."""
        diagonal = self.inverse.diagonal()
        return self.dual / (diagonal[:, None] if self.dual.ndim == 2 else diagonal)

    def alignment(self, query: Tensor) -> Tensor:
        """F(q_i, z_i) from query rows of shape (Q, N), Q <= N, row i paired with sample i; (Q,)."""
        return (query * self.inverse[: len(query)]).sum(dim=1)

    def without_own_sample(self, query: Tensor) -> Tensor:
        """f(q_i, θ*_{−i}): each query answered by the model that never saw the sample it is paired with."""
        alignment = self.alignment(query)
        own = alignment[:, None] if self.dual.ndim == 2 else alignment
        return self.predict(query) - own * self.self_stability

    def without(self, members: Tensor) -> Tensor:
        """Dual coefficients after the samples `members` (indices) are deleted: zero there; exact.

        Raises
        ------
        ValueError : the set is empty, repeats a sample, or names one that is not in the training set.
        """
        n = self.gram.shape[0]
        if members.numel() == 0 or len(set(members.tolist())) != members.numel():
            raise ValueError(f"a deletion set needs distinct samples, got {members.tolist()}")
        if int(members.min()) < 0 or int(members.max()) >= n:
            raise ValueError(f"a deletion set must lie in 0..{n - 1}, got {members.tolist()}")
        block = self.inverse[members][:, members]
        correction = torch.linalg.solve(block, self.dual[members].reshape(len(members), -1))
        dual: Tensor = self.dual.reshape(n, -1) - self.inverse[:, members] @ correction
        dual[members] = 0
        return dual.reshape(self.dual.shape)
