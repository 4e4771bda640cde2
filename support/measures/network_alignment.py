"""Feature alignment of a network: how much of what one sample teaches carries over to its spurious counterpart.

The network is taken as its linearization f(z; θ) + ∂f(z)/∂θ · (θ' − θ), an interpolator with the empirical neural
tangent kernel K as its kernel, and with C = K_query K⁻¹ (paper A, Lemma 4.1, Eq. 8)

    f(z_i^s) − f_{−i}(z_i^s) = F(z_i^s, z_i) (f(z_i) − f_{−i}(z_i)),    F(z_i^s, z_i) = C_ii

for all N samples from one inverse. Three things that this is not:

- It is exact for networks that are linear in their parameters and fitted from a start by least squares. Of a trained
  network it says what its tangent at these parameters would do: another optimizer than gradient descent (Adam), or the
  cross-entropy, weights directions otherwise, and the kernel of the start is another than that of the end.
- The start is part of the linearization: what is interpolated is g − f(z; θ0). That matters for self-stability, not for
  alignment, which knows no labels.
- The kernel is not centred. A trained bias of the last layer adds 1 to all of K, a feature which is penalized as all
  others are; centring it would be a fit with a free intercept, whose alignment is another.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor, nn

from support.measures.accuracy import covariance
from support.models.empirical_ntk import MEMORY, empirical_ntk
from support.models.interpolation import Interpolation, factorize


@dataclass(frozen=True, eq=False)
class NetworkAlignment:
    """The linearization of a network that is fitted to N samples and asked about a spurious counterpart of each.

    Attributes
    ----------
    fit : interpolation with the network's kernel of the given targets.
    queries : kernel of the counterparts with the samples, (N, N), row i paired with sample i.
    """

    fit: Interpolation
    queries: Tensor

    @cached_property
    def alignment(self) -> Tensor:
        """F(z_i^s, z_i), (N,) float64."""
        return self.fit.alignment(self.queries)

    @property
    def mean(self) -> float:
        """Mean alignment γ."""
        return float(self.alignment.mean())

    @property
    def deviation(self) -> float:
        """Standard deviation of alignment over samples; NaN of one sample."""
        return float(self.alignment.std()) if len(self.alignment) > 1 else float("nan")

    @property
    def condition_number(self) -> float:
        """Of the samples' kernel, in the 1-norm, at least 1; its product with 1e-16 bounds what rounding does."""
        return self.fit.condition_number

    @property
    def change(self) -> Tensor:
        """f(z_i^s) − f_{−i}(z_i^s), the shape of the targets."""
        stability = self.fit.self_stability
        return stability * (self.alignment[:, None] if stability.ndim == 2 else self.alignment)


def network_alignment(
    network: nn.Module,
    samples: Tensor,
    queries: Tensor,
    *,
    targets: Tensor | None = None,
    cotangent: Tensor | int | None = None,
    memory: int = MEMORY,
) -> NetworkAlignment:
    """Alignment of each sample with its spurious counterpart in the network's own kernel.

    Parameters
    ----------
    network : in evaluation mode, from rows (b, d) to (b, outputs).
    samples : (N, d), what it was trained on.
    queries : (N, d), row i the spurious counterpart of sample i.
    targets : (N,) or (N, L), what the linearization moves the outputs by, g − f(z; θ0), for stability and change; ones
        where none are given. The alignment is the same for all targets.
    cotangent : which scalar of an input is interpolated, as for `empirical_ntk`; (N, outputs) serves sample i and its
        counterpart alike.
    memory : bytes of derivatives to hold, at most.

    Raises
    ------
    support.models.interpolation.SingularKernelError : the network's gradients at the samples are not linearly
        independent to working precision, as at repeated samples or more samples than parameters.
    ValueError : shapes that do not fit, or what `empirical_ntk` refuses.
    """
    n = len(samples)
    if samples.ndim != 2 or samples.shape != queries.shape:
        raise ValueError(
            f"samples and queries must both be (N, d), got {tuple(samples.shape)} and {tuple(queries.shape)}"
        )
    if targets is not None and (targets.ndim not in (1, 2) or len(targets) != n):
        raise ValueError(f"targets must be ({n},) or ({n}, L), got {tuple(targets.shape)}")
    if isinstance(cotangent, Tensor):
        if len(cotangent) != n:
            raise ValueError(f"cotangent must have a row for each of {n} samples, got {tuple(cotangent.shape)}")
        cotangent = torch.cat([cotangent, cotangent])
    kernel = empirical_ntk(network, torch.cat([samples, queries]), n, cotangent=cotangent, memory=memory)
    labels = kernel.new_ones(n) if targets is None else targets.to(kernel)
    return NetworkAlignment(factorize(kernel[:n]).fit(labels), kernel[n:])


def predicted_memorization(
    alignment: float, labels: Tensor, held_out_outputs: Tensor, held_out_labels: Tensor
) -> float:
    """γ [Var(g) − Cov(f(z_1, θ_{−1}), g_1)], what memorization Cov(f(z_1^s, θ), g_1) is at constant alignment γ.

    By Lemma 4.1, as f(z_1^s, θ_{−1}) does not correlate with g_1 where the counterpart's core is independent; Eq. (11)
    is Cauchy-Schwarz on it. A sample that the network was not trained on answers as a left-out one would, but for one
    sample in N. `support.measures.accuracy.covariance` of the outputs at the counterparts is what it predicts.

    Parameters
    ----------
    alignment : γ, such as the mean of `NetworkAlignment`.
    labels : (N,), of the training samples.
    held_out_outputs, held_out_labels : (n,), of a number that the network gives, such as its single output.

    Raises
    ------
    ValueError : shapes that do not fit, or fewer than two samples of either kind.
    """
    if labels.ndim != 1 or held_out_labels.ndim != 1 or min(len(labels), len(held_out_labels)) < 2:
        raise ValueError(
            "labels and held_out_labels must be (N,) and (n,) with at least 2 entries, "
            f"got {tuple(labels.shape)} and {tuple(held_out_labels.shape)}"
        )
    if held_out_outputs.shape != held_out_labels.shape:
        raise ValueError(
            f"held_out_outputs must be ({len(held_out_labels)},), as held_out_labels, "
            f"got {tuple(held_out_outputs.shape)}"
        )
    left_out = covariance(held_out_outputs.double(), held_out_labels.double())
    return alignment * (float(labels.double().var()) - left_out)
