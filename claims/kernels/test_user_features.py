"""Exact identities of leaving samples out, on a feature map that you bring (`--features FILE.py:FUNCTION`).

Lemma 4.1 of paper A and exact deletion hold for every feature map whose kernel is invertible; here yours is put in
place of random features. Inputs are 100 standard normal samples in 784 dimensions, the label is the sign of a random
direction of the first half, the core; the second half is a background that has nothing to do with it. Everything is
compared with fits by definition (pseudo-inverse), which are the authority. How much your features memorize stands among
the sizes: their alignment with queries that keep a sample's background alone, and the accuracy on these.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from support.cases import Judge
from support.experiments.leave_one_out import (
    LeftOut,
    closed_form_residual,
    identity_residual,
    ridge_identity_residual,
    ridge_self_residual,
    self_alignment_residual,
    self_stability_residual,
)
from support.experiments.user_features import FeatureFunction, FeatureTrial
from support.statistics import Control, Estimate, Region, worst_of
from support.suite.user_models import ENTRIES, ROUNDING, SAMPLES

pytestmark = pytest.mark.asks("features")

# Trials.
SIZES = {"quick": 2, "standard": 20, "paper": 50}
# Samples of each trial that are left out in turn, and those that are deleted together.
LEFT_OUT, DELETED = 5, 25
ALPHA = 0.5
# In units of a sample's own kernel: a penalty that matters.
PENALTY = 1.0
BELOW = Region.below(ROUNDING)


@pytest.fixture
def trials(feature_map: FeatureFunction, seed: int, size: int) -> list[FeatureTrial]:
    """All trials, as your features show them."""
    return [FeatureTrial.draw(feature_map, SAMPLES, ENTRIES, ALPHA, seed=seed, trial=trial) for trial in range(size)]


def worst(trials: Sequence[FeatureTrial], label: str, *residuals: Callable[[LeftOut], float]) -> Estimate:
    """The largest of these residuals over the samples that are left out of all trials."""
    problems = [problem for trial in trials for problem in trial.left_out(LEFT_OUT)]
    return worst_of([residual(problem) for problem in problems for residual in residuals], label)


def worst_with_penalty(
    trials: Sequence[FeatureTrial], label: str, residual: Callable[[LeftOut, float], float]
) -> Estimate:
    """The same of a residual of ridge regression."""
    found = [residual(problem, PENALTY * trial.power) for trial in trials for problem in trial.left_out(LEFT_OUT)]
    return worst_of(found, label)


def described(trials: Sequence[FeatureTrial]) -> dict[str, object]:
    """What the report says was run."""
    return {"samples": SAMPLES, "d": ENTRIES, "trials": len(trials)}


@pytest.mark.claim("A-03", cost=20)
def test_alignment_identity_of_own_features(trials: Sequence[FeatureTrial], judge: Judge) -> None:
    """Expect S_{z_i}(z) = F(z, z_i) S_{z_i}(z_i) for your features, z keeping the background of z_i alone.

    S(z) by refitting without z_i, F S(z_i) in closed form and by definition. Controls: the projector onto the span of
    the other samples' features instead of its complement, and ridge regression, to which the identity does not apply.
    """
    label = "|S(z) − F·S(z_i)| over ‖φ(z)‖‖Δθ‖"
    spanned = worst(trials, label, lambda problem: identity_residual(problem, "span"))
    ridge = worst_with_penalty(trials, label, ridge_identity_residual)
    alignment = np.mean([trial.mean_alignment() for trial in trials])
    judge(
        worst(trials, label, closed_form_residual, identity_residual),
        BELOW,
        controls=[
            Control("span projector", "P onto the span of the others", spanned, BELOW),
            Control("ridge regression", "both models fitted with a penalty", ridge, BELOW),
        ],
        sizes=described(trials) | {"mean alignment with the background alone": f"{alignment:.3f}"},
    )


@pytest.mark.claim("A-04", cost=20)
def test_self_alignment_of_own_features_is_one(trials: Sequence[FeatureTrial], judge: Judge) -> None:
    """Expect F(z_i, z_i) = 1 for your features, and F(z, z_i) unchanged when every feature is multiplied by 3.

    By definition. Control: the change at the removed sample over its leave-one-out error, which is 1 only without a
    penalty.
    """
    label = "largest deviation"
    ridge = worst_with_penalty(trials, label, ridge_self_residual)
    judge(
        worst(trials, label, self_alignment_residual),
        BELOW,
        controls=[Control("ridge regression", "both models fitted with a penalty", ridge, BELOW)],
        sizes=described(trials),
    )


@pytest.mark.claim("A-05", cost=20)
def test_self_stability_of_own_features(trials: Sequence[FeatureTrial], judge: Judge) -> None:
    """Expect S_{z_i}(z_i) = g_i − f(z_i, θ*₋ᵢ) for your features, sample by sample.

    S in closed form, the right side by refitting without sample i. Control: a ridge fit, whose change at the removed
    sample is not its leave-one-out error.
    """
    label = "|S(z_i) − leave-one-out error| over |g_i| + |f(z_i, θ*₋ᵢ)|"
    ridge = worst_with_penalty(trials, label, ridge_self_residual)
    judge(
        worst(trials, label, self_stability_residual),
        BELOW,
        controls=[Control("ridge regression", "both models fitted with a penalty", ridge, BELOW)],
        sizes=described(trials),
    )


@pytest.mark.claim("B-43", cost=20)
def test_exact_deletion_from_own_features(trials: Sequence[FeatureTrial], judge: Judge) -> None:
    """Expect deletion of a quarter of the samples by the closed form to leave the fit that never saw them.

    Largest difference of outputs on queries that keep the deleted samples' backgrounds alone. Control: no deletion.
    """
    label = "largest difference from a fit that never saw the samples"
    deletions = [trial.deletion(DELETED) for trial in trials]
    before = np.mean([deletion.accuracy_before for deletion in deletions])
    after = np.mean([deletion.accuracy_after for deletion in deletions])
    kept = worst_of([deletion.gap_without for deletion in deletions], label)
    judge(
        worst_of([deletion.gap for deletion in deletions], label),
        BELOW,
        controls=[Control("no deletion", "the fit on all samples in its place", kept, BELOW)],
        sizes=described(trials)
        | {"deleted": DELETED, "accuracy on the deleted backgrounds, before and after": f"{before:.3f}, {after:.3f}"},
    )
