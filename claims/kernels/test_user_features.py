"""Exact identities of leaving samples out, on a feature map that you bring (`--features FILE.py:FUNCTION`).

Lemma 4.1 of paper A and exact deletion hold for every feature map whose kernel is invertible; here yours is put in
place of random features. Inputs are 100 standard normal samples in 784 dimensions, the label is the sign of a random
direction of the first half, the core; the second half is a background that has nothing to do with it. Everything is
compared with fits by definition (pseudo-inverse), which are the authority. How much your features memorize stands among
the sizes: their alignment with queries that keep a sample's background alone, and the accuracy on these.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from support.data.gaussian import Gaussian
from support.models import explicit
from support.statistics import Control, Region, worst_of
from support.suite.user_models import ENTRIES, ROUNDING, SAMPLES

pytestmark = pytest.mark.asks("features")

TRIALS = {"quick": 2, "standard": 20, "paper": 50}
# Samples of each trial that are left out in turn, and those that are deleted together.
LEFT_OUT, DELETED = 5, 25
ALPHA = 0.5
PENALTY = 1.0
BELOW = Region.below(ROUNDING)


class Fit:
    """One trial: samples and queries that keep their backgrounds, as features; fitted in closed form."""

    def __init__(self, feature_map: Any, seed: int, trial: int) -> None:
        import torch

        from support.models.interpolation import factorize

        draw = Gaussian(ENTRIES).draw(SAMPLES, 0, seed=seed, trial=trial)
        self.phi = feature_map(draw.samples(ALPHA))
        self.queries = feature_map(draw.spurious_queries(ALPHA))
        self.labels = draw.labels(ALPHA)[:, 0]
        self.closed = factorize(torch.from_numpy(self.phi @ self.phi.T)).fit(torch.from_numpy(self.labels))
        self.asked = torch.from_numpy(self.queries @ self.phi.T)

    def change(self, sample: int, penalty: float = 0.0) -> np.ndarray:
        """θ* − θ*₋ᵢ by fitting twice; with a penalty, of ridge regression."""
        phi, labels = np.delete(self.phi, sample, 0), np.delete(self.labels, sample)
        change: np.ndarray = (
            explicit.ridge(self.phi, self.labels, penalty) - explicit.ridge(phi, labels, penalty)
            if penalty
            else explicit.minimum_norm(self.phi, self.labels) - explicit.minimum_norm(phi, labels)
        )
        return change

    @property
    def penalty(self) -> float:
        """A penalty as large as a sample's own kernel, on average."""
        return PENALTY * float((self.phi**2).sum(axis=1).mean())


def fits(feature_map: Any, seed: int, scale: str) -> list[Fit]:
    """All trials."""
    return [Fit(feature_map, seed, trial) for trial in range(TRIALS[scale])]


def sizes(scale: str, **more: Any) -> dict[str, Any]:
    """What the report says was run."""
    return {"samples": SAMPLES, "d": ENTRIES, "trials": TRIALS[scale]} | more


@pytest.mark.claim("A-03", cost=20)
def test_alignment_identity_of_own_features(scale: str, seed: int, feature_map: Any, judge: Any) -> None:
    """Expect S_{z_i}(z) = F(z, z_i) S_{z_i}(z_i) for your features, z keeping the background of z_i alone.

    S(z) by refitting without z_i, F S(z_i) in closed form and by definition. Controls: the projector onto the span of
    the other samples' features instead of its complement, and ridge regression, to which the identity does not apply.
    """
    label = "|S(z) − F·S(z_i)| over ‖φ(z)‖‖Δθ‖"
    identity: list[float] = []
    spanned, ridge, alignments = [], [], []
    for fit in fits(feature_map, seed, scale):
        closed = (fit.closed.alignment(fit.asked) * fit.closed.self_stability).numpy()
        alignments.append(float(fit.closed.alignment(fit.asked).mean()))
        for sample in range(LEFT_OUT):
            query, own = fit.queries[sample], fit.phi[sample]

            def residual(change: np.ndarray, predicted: float, query: np.ndarray = query) -> float:
                return float(abs(query @ change - predicted) / (np.linalg.norm(query) * np.linalg.norm(change)))

            change, shrunk = fit.change(sample), fit.change(sample, fit.penalty)
            aligned = explicit.alignment(fit.phi, sample, query)
            onto_span = explicit.alignment(fit.phi, sample, query, "span")
            identity += [residual(change, closed[sample]), residual(change, aligned * (own @ change))]
            spanned.append(residual(change, onto_span * (own @ change)))
            ridge.append(residual(shrunk, aligned * (own @ shrunk)))
    judge(
        worst_of(identity, label),
        BELOW,
        controls=[
            Control("span projector", "P onto the span of the others", worst_of(spanned, label), BELOW),
            Control("ridge regression", "both models fitted with a penalty", worst_of(ridge, label), BELOW),
        ],
        sizes=sizes(scale, **{"mean alignment with the background alone": f"{np.mean(alignments):.3f}"}),
    )


@pytest.mark.claim("A-04", cost=20)
def test_self_alignment_of_own_features_is_one(scale: str, seed: int, feature_map: Any, judge: Any) -> None:
    """Expect F(z_i, z_i) = 1 for your features, and F(z, z_i) unchanged when every feature is multiplied by 3.

    By definition. Control: the change at the removed sample over its leave-one-out error, which is 1 only without a
    penalty.
    """
    label = "largest deviation"
    deviations, with_penalty = [], []
    for fit in fits(feature_map, seed, scale):
        for sample in range(LEFT_OUT):
            query, own = fit.queries[sample], fit.phi[sample]
            once, scaled = (explicit.alignment(factor * fit.phi, sample, factor * query) for factor in (1.0, 3.0))
            deviations.append(abs(explicit.alignment(fit.phi, sample, own) - 1))
            deviations.append(abs(scaled - once) / max(abs(once), 1.0))
            shrunk = fit.change(sample, fit.penalty)
            rest = explicit.ridge(fit.phi, fit.labels, fit.penalty) - shrunk
            with_penalty.append(float(abs(own @ shrunk / (fit.labels[sample] - own @ rest) - 1)))
    control = Control("ridge regression", "both models fitted with a penalty", worst_of(with_penalty, label), BELOW)
    judge(worst_of(deviations, label), BELOW, controls=[control], sizes=sizes(scale))


@pytest.mark.claim("A-05", cost=20)
def test_self_stability_of_own_features(scale: str, seed: int, feature_map: Any, judge: Any) -> None:
    """Expect S_{z_i}(z_i) = g_i − f(z_i, θ*₋ᵢ) for your features, sample by sample.

    S in closed form, the right side by refitting without sample i. Control: a ridge fit, whose change at the removed
    sample is not its leave-one-out error.
    """
    label = "|S(z_i) − leave-one-out error| over |g_i| + |f(z_i, θ*₋ᵢ)|"
    residuals, with_penalty = [], []
    for fit in fits(feature_map, seed, scale):
        for sample in range(LEFT_OUT):
            own, target = fit.phi[sample], fit.labels[sample]
            output = own @ explicit.minimum_norm(np.delete(fit.phi, sample, 0), np.delete(fit.labels, sample))
            stability = float(fit.closed.self_stability[sample])
            residuals.append(float(abs(stability - (target - output)) / (abs(target) + abs(output))))
            shrunk = fit.change(sample, fit.penalty)
            rest = explicit.ridge(fit.phi, fit.labels, fit.penalty) - shrunk
            with_penalty.append(float(abs(own @ shrunk / (target - own @ rest) - 1)))
    control = Control("ridge regression", "both models fitted with a penalty", worst_of(with_penalty, label), BELOW)
    judge(worst_of(residuals, label), BELOW, controls=[control], sizes=sizes(scale))


@pytest.mark.claim("B-43", cost=20)
def test_exact_deletion_from_own_features(scale: str, seed: int, feature_map: Any, judge: Any) -> None:
    """Expect deletion of a quarter of the samples by the closed form to leave the fit that never saw them.

    Largest difference of outputs on queries that keep the deleted samples' backgrounds alone. Control: no deletion.
    """
    import torch

    label = "largest difference from a fit that never saw the samples"
    deleted, gaps, kept_gaps, before, after = torch.arange(DELETED), [], [], [], []
    for fit in fits(feature_map, seed, scale):
        asked, own = fit.queries[:DELETED], fit.labels[:DELETED]
        scratch = asked @ explicit.minimum_norm(fit.phi[DELETED:], fit.labels[DELETED:])
        closed = (fit.asked[:DELETED] @ fit.closed.without(deleted)).numpy()
        memorized = fit.closed.predict(fit.asked[:DELETED]).numpy()
        gaps.append(float(np.abs(closed - scratch).max()))
        kept_gaps.append(float(np.abs(memorized - scratch).max()))
        before.append(float((memorized * own > 0).mean()))
        after.append(float((closed * own > 0).mean()))
    judge(
        worst_of(gaps, label),
        BELOW,
        controls=[Control("no deletion", "the fit on all samples in its place", worst_of(kept_gaps, label), BELOW)],
        sizes=sizes(
            scale,
            deleted=DELETED,
            **{"accuracy on the deleted backgrounds, before and after": f"{np.mean(before):.3f}, {np.mean(after):.3f}"},
        ),
    )
