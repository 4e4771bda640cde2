"""What leaving one sample out does to an interpolator, measured against fits by definition (paper A, sections 3 and 4).

Every number is a deviation from an identity, relative to a scale against which rounding is small. Fits are by
pseudo-inverse, which is the authority; the closed form is that of the suite's kernel claims.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from support.models import explicit


@dataclass(frozen=True, eq=False)
class LeftOut:
    """An interpolation problem, the sample that is left out of it, and a query.

    Attributes
    ----------
    features : Φ, (N, p) with an invertible kernel ΦΦᵀ.
    labels : G, (N,).
    sample : i, from 0 on.
    query : φ(z), (p,).
    """

    features: np.ndarray
    labels: np.ndarray
    sample: int
    query: np.ndarray

    @property
    def own(self) -> np.ndarray:
        """φ(z_i), (p,)."""
        own: np.ndarray = self.features[self.sample]
        return own

    @cached_property
    def rest(self) -> np.ndarray:
        """θ*_{−i} by fitting without sample i, (p,)."""
        return explicit.minimum_norm(np.delete(self.features, self.sample, 0), np.delete(self.labels, self.sample))

    @cached_property
    def change(self) -> np.ndarray:
        """θ* − θ*_{−i} by fitting twice, (p,)."""
        change: np.ndarray = explicit.minimum_norm(self.features, self.labels) - self.rest
        return change

    def ridge_rest(self, penalty: float) -> np.ndarray:
        """The ridge regression without sample i, (p,)."""
        others, labels = np.delete(self.features, self.sample, 0), np.delete(self.labels, self.sample)
        return explicit.ridge(others, labels, penalty)

    def ridge_change(self, penalty: float) -> np.ndarray:
        """What leaving sample i out changes in ridge regression, (p,)."""
        change: np.ndarray = explicit.ridge(self.features, self.labels, penalty) - self.ridge_rest(penalty)
        return change


def identity_residual(problem: LeftOut, onto: explicit.Onto = "complement", sample: int | None = None) -> float:
    """|S(z) − F(z, z_i) S(z_i)| over ‖φ(z)‖ ‖θ* − θ*_{−i}‖ (Lemma 4.1), F by its definition, Eq. (8).

    S(z) itself can be arbitrarily small where φ(z) is nearly orthogonal, hence that scale.

    Parameters
    ----------
    onto : what P projects onto: the orthogonal complement of the other samples' features, or their span.
    sample : whose alignment is taken in place of the left-out sample's.
    """
    which = problem.sample if sample is None else sample
    aligned = explicit.alignment(problem.features, which, problem.query, onto)
    return _residual(problem, problem.change, aligned * float(problem.own @ problem.change))


def ridge_identity_residual(problem: LeftOut, penalty: float) -> float:
    """The same with ridge regression fitted twice, to which the identity does not apply."""
    change = problem.ridge_change(penalty)
    aligned = explicit.alignment(problem.features, problem.sample, problem.query)
    return _residual(problem, change, aligned * float(problem.own @ change))


def closed_form_residual(problem: LeftOut) -> float:
    """The same, S(z) by fitting twice and F S(z_i) in closed form."""
    import torch

    from support.models.interpolation import factorize

    phi = problem.features
    fit = factorize(torch.from_numpy(phi @ phi.T)).fit(torch.from_numpy(problem.labels))
    rows = torch.from_numpy(np.repeat((phi @ problem.query)[None], len(phi), axis=0))
    predicted = float(fit.alignment(rows)[problem.sample] * fit.self_stability[problem.sample])
    return _residual(problem, problem.change, predicted)


def _residual(problem: LeftOut, change: np.ndarray, predicted: float) -> float:
    scale = max(np.linalg.norm(problem.query) * np.linalg.norm(change), np.finfo(float).tiny)
    return float(abs(float(problem.query @ change) - predicted) / scale)


def self_alignment_residual(problem: LeftOut, factor: float = 3.0) -> float:
    """The larger of |F(z_i, z_i) − 1| and what multiplying every feature by a factor changes in F(z, z_i).

    The latter relative to F, or absolute below 1; both by definition.
    """
    phi, sample = problem.features, problem.sample
    own = explicit.alignment(phi, sample, problem.own)
    once, scaled = (explicit.alignment(c * phi, sample, c * problem.query) for c in (1.0, factor))
    return max(abs(own - 1), abs(scaled - once) / max(abs(once), 1.0))


def self_stability_residual(problem: LeftOut) -> float:
    """|S(z_i) − (g_i − f(z_i, θ*_{−i}))| over |g_i| + |f(z_i, θ*_{−i})| (Eq. 5), S in closed form."""
    import torch

    from support.models.interpolation import factorize

    phi, label = problem.features, problem.labels[problem.sample]
    fit = factorize(torch.from_numpy(phi @ phi.T)).fit(torch.from_numpy(problem.labels))
    output = problem.own @ problem.rest
    return float(abs(float(fit.self_stability[problem.sample]) - (label - output)) / (abs(label) + abs(output)))


def ridge_self_residual(problem: LeftOut, penalty: float) -> float:
    """How far ridge regression's change at the removed sample over its leave-one-out error is from 1."""
    error = problem.labels[problem.sample] - problem.own @ problem.ridge_rest(penalty)
    return float(abs(float(problem.own @ problem.ridge_change(penalty)) / error - 1))
