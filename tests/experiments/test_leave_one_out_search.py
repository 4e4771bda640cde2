"""A search for counterexamples to the identities of leaving samples out, in exact arithmetic beside double precision.

Features and labels are small integers, so that equal samples, orthogonal ones and ties come up often. The authority is
rational arithmetic (SymPy), in which an identity holds exactly or not at all. What decides the claims are the seeded
problems of `support/experiments/interpolation_problems.py`.
"""

from dataclasses import dataclass

import numpy as np
import pytest
import sympy
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from support.experiments.interpolation_problems import ROUNDING, fit_to_judge
from support.experiments.leave_one_out import (
    LeftOut,
    closed_form_residual,
    identity_residual,
    self_alignment_residual,
    self_stability_residual,
)
from support.experiments.user_features import FeatureTrial
from support.models import explicit

derandomized = settings(derandomize=True, database=None, deadline=None, max_examples=30)

integers = st.integers(-3, 3)


@dataclass(frozen=True)
class Exact:
    """A problem in rational numbers: Φ (N, p), labels (N, 1), query (1, p); the first sample is left out."""

    phi: sympy.Matrix
    labels: sympy.Matrix
    query: sympy.Matrix

    def fit(self, first: int) -> sympy.Matrix:
        """Minimum-norm interpolator of the samples from `first` on, Φᵀ(ΦΦᵀ)⁻¹G, (p, 1)."""
        rest = self.phi[first:, :]
        return rest.T * (rest * rest.T).LUsolve(self.labels[first:, :])

    def onto_complement(self) -> sympy.Matrix:
        """What the other samples' span leaves of the first sample's features, (1, p)."""
        own, others = self.phi[0, :], self.phi[1:, :]
        return own - (others.T * (others * others.T).LUsolve(others * own.T)).T

    def alignment(self, query: sympy.Matrix) -> sympy.Rational:
        """F(z, z_0), Eq. (8)."""
        left = self.onto_complement()
        return (query * left.T)[0] / (left * left.T)[0]

    def floats(self) -> LeftOut:
        """The same in double precision."""
        phi, labels, query = (np.array(matrix.tolist(), dtype=float) for matrix in (self.phi, self.labels, self.query))
        return LeftOut(phi, labels[:, 0], 0, query[0])


@st.composite
def problems(draw: st.DrawFn) -> Exact:
    """Two or three samples with an invertible kernel, on one or two features more."""
    n = draw(st.integers(2, 3))
    p = n + draw(st.integers(1, 2))
    phi = sympy.Matrix(n, p, draw(st.lists(integers, min_size=n * p, max_size=n * p)))
    assume((phi * phi.T).det() != 0)
    labels = sympy.Matrix(n, 1, draw(st.lists(integers, min_size=n, max_size=n)))
    query = sympy.Matrix(1, p, draw(st.lists(integers, min_size=p, max_size=p)))
    return Exact(phi, labels, query)


BY_HAND = Exact(sympy.Matrix([[2, 0, 0], [1, 1, 0]]), sympy.Matrix([13, 3]), sympy.Matrix([[4, 1, 1]]))


@derandomized
@example(problem=BY_HAND)
@given(problem=problems())
def test_the_identities_hold_exactly(problem: Exact) -> None:
    """Lemma 4.1, F(z_0, z_0) = 1 and Eq. (5), for every integer problem: no tolerance."""
    rest = problem.fit(1)
    change = problem.fit(0) - rest
    at_query, at_sample = (problem.query * change)[0], (problem.phi[0, :] * change)[0]
    assert at_query == problem.alignment(problem.query) * at_sample
    assert problem.alignment(problem.phi[0, :]) == 1
    assert at_sample == problem.labels[0] - (problem.phi[0, :] * rest)[0]


@derandomized
@example(problem=BY_HAND)
@given(problem=problems())
def test_readers_say_so_in_double_precision(problem: Exact) -> None:
    left_out = problem.floats()
    assume(fit_to_judge(left_out.features, 0))
    aligned = explicit.alignment(left_out.features, 0, left_out.query)
    assert aligned == pytest.approx(float(problem.alignment(problem.query)), rel=ROUNDING, abs=ROUNDING)
    assert self_alignment_residual(left_out) < ROUNDING
    # A sample that those which stay predict changes nothing, and there is no change to be relative to; a label of 0
    # that they predict is no scale for its error.
    assume((problem.fit(0) - problem.fit(1)).norm() != 0)
    assume(problem.query.norm() != 0)
    assert identity_residual(left_out) < ROUNDING
    assert closed_form_residual(left_out) < ROUNDING
    assert self_stability_residual(left_out) < ROUNDING


@derandomized
@given(problem=problems(), samples=st.integers(1, 2), factor=st.sampled_from([0.01, 1, 30]))
def test_a_feature_map_s_trial(problem: Exact, samples: int, factor: float) -> None:
    """Deletion leaves the fit that never saw the samples; all of a sample as background gives its label."""
    left_out = problem.floats()
    assume(fit_to_judge(left_out.features, 0))
    samples = min(samples, len(left_out.labels) - 1)
    signs = np.where(left_out.labels >= 0, 1.0, -1.0)
    features = factor * left_out.features
    whole = FeatureTrial(features, features, signs)
    assert whole.mean_alignment() == pytest.approx(1, abs=ROUNDING)
    assert whole.deletion(samples).accuracy_before == 1
    queries = np.repeat(factor * left_out.query[None], len(signs), axis=0)
    trial = FeatureTrial(features, queries, signs)
    deletion = trial.deletion(samples)
    assert deletion.gap < ROUNDING * max(1.0, deletion.gap_without)
    # Alignment does not depend on the scale of the features.
    unscaled = FeatureTrial(left_out.features, queries / factor, signs).mean_alignment()
    assert trial.mean_alignment() == pytest.approx(unscaled, rel=ROUNDING, abs=ROUNDING)
