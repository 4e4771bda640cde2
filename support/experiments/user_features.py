"""Samples and their backgrounds as a user's feature map shows them, and deletion from a fit on these features."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from support.data.gaussian import Gaussian
from support.experiments.leave_one_out import LeftOut
from support.models import explicit

if TYPE_CHECKING:
    from torch import Tensor

    from support.models.interpolation import Interpolation

# From inputs (n, d) to features (n, p), float64 both.
FeatureFunction = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Deletion:
    """What deleting samples from a fit does to its answers on queries that keep their backgrounds alone.

    Attributes
    ----------
    gap : largest difference of outputs between the closed form and a fit that never saw the samples.
    gap_without : the same of the fit from which nothing was deleted.
    accuracy_before, accuracy_after : share of the deleted samples' labels that the fit gives back.
    """

    gap: float
    gap_without: float
    accuracy_before: float
    accuracy_after: float


@dataclass(frozen=True, eq=False)
class FeatureTrial:
    """One trial's samples and queries that keep a sample's background alone.

    Attributes
    ----------
    features : Φ, (N, p) with N < p and an invertible kernel.
    queries : φ(z_i^s), (N, p).
    labels : g = ±1, (N,).
    """

    features: np.ndarray
    queries: np.ndarray
    labels: np.ndarray

    @classmethod
    def draw(
        cls, feature_map: FeatureFunction, samples: int, d: int, alpha: float, *, seed: int, trial: int
    ) -> FeatureTrial:
        """A trial of standard normal inputs of which the share `alpha` is background; see `Gaussian`."""
        draw = Gaussian(d).draw(samples, 0, seed=seed, trial=trial)
        features, queries = feature_map(draw.samples(alpha)), feature_map(draw.spurious_queries(alpha))
        return cls(features, queries, draw.labels(alpha)[:, 0])

    def left_out(self, samples: int) -> list[LeftOut]:
        """The problems of leaving each of the first samples out, with its own query."""
        return [LeftOut(self.features, self.labels, sample, self.queries[sample]) for sample in range(samples)]

    @property
    def power(self) -> float:
        """A sample's own kernel, on average: the scale of a penalty that matters."""
        return float((self.features**2).sum(axis=1).mean())

    @cached_property
    def _fit(self) -> Interpolation:
        import torch

        from support.models.interpolation import factorize

        return factorize(torch.from_numpy(self.features @ self.features.T)).fit(torch.from_numpy(self.labels))

    @cached_property
    def _asked(self) -> Tensor:
        import torch

        return torch.from_numpy(self.queries @ self.features.T)

    def mean_alignment(self) -> float:
        """Mean over samples of F(z_i^s, z_i), Eq. (8), in closed form.

        Raises
        ------
        support.models.interpolation.SingularKernelError : the features' kernel cannot be inverted.
        """
        return float(self._fit.alignment(self._asked).mean())

    def deletion(self, samples: int) -> Deletion:
        """Delete the first samples in closed form; raises as `mean_alignment`.

        Raises
        ------
        ValueError : no sample, or not one that would be left.
        """
        if not 0 < samples < len(self.labels):
            raise ValueError(f"samples must lie in 1..{len(self.labels) - 1}, got {samples}")
        import torch

        asked, own = self._asked[:samples], self.labels[:samples]
        closed = (asked @ self._fit.without(torch.arange(samples))).numpy()
        memorized = self._fit.predict(asked).numpy()
        scratch = self.queries[:samples] @ explicit.minimum_norm(self.features[samples:], self.labels[samples:])
        return Deletion(
            gap=float(np.abs(closed - scratch).max()),
            gap_without=float(np.abs(memorized - scratch).max()),
            accuracy_before=float((memorized * own > 0).mean()),
            accuracy_after=float((closed * own > 0).mean()),
        )
