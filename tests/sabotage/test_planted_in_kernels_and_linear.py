"""Bugs planted into the running code of kernel regression and the linear model: no claim may be supported any more.

Each claim is called as it stands, at small size, on evidence that is computed here and now. As the code is, it has a
verdict; under the bug it is not supported: its effect leaves the region, a control does not come out, or it is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch

from claims.kernels import (
    test_alignment_identity,
    test_alignment_over_share,
    test_correlated_backgrounds,
    test_memorization_bound,
    test_novel_backgrounds,
)
from claims.linear import test_closed_forms, test_finite_samples, test_input_noise
from support.analysis.novel_backgrounds import ResemblanceRun
from support.cases import Inconclusive, Judge
from support.data.gaussian import Draw
from support.data.novel_backgrounds import mixed as genuine_mixed
from support.experiments import kernel_regression, novel_backgrounds
from support.experiments.kernel_regression import GaussianRegression
from support.experiments.linear_fits import LinearFits
from support.experiments.novel_backgrounds import NovelBackgrounds
from support.models import explicit
from support.models.interpolation import Interpolation
from support.statistics import Control, Measure, Region, effects
from support.statistics.effects import mean_of
from support.statistics.measure import measured_interval
from support.theory import noise_and_penalty
from support.theory.rational import RationalProblem
from tests.sabotage.called import SEED, Computed, verdict_of

pytestmark = pytest.mark.long(because="claims of kernel regression are computed anew for every bug: a minute in all")

# The first look at near-normal trials.
TRIALS, MORE, TWICE_MORE = 24, 48, 96
# Numbers k of neurons, far fewer than the claims take.
NARROW = {"rf": 600, "ntk": 60}
SAMPLES = replace(test_finite_samples.SIZES["quick"], closed_forms=500_000, test=200_000)


SMALLER = ResemblanceRun(200, (0.5,), test_novel_backgrounds.RESEMBLANCES, test_novel_backgrounds.ALPHAS)


# 1. Claims, each called with its arguments


def verdict(claim: Callable[..., None], trials: int = TRIALS, **arguments: Any) -> str:
    """What comes out of a claim, on evidence of its own."""
    return verdict_of(claim, trials=trials, collect=Computed(), **arguments)


def verdict_without_evidence(claim: Callable[..., None], **arguments: Any) -> str:
    """What comes out of a claim that draws its own problems."""
    return verdict_of(claim, trials=0, **arguments)


def a_03() -> str:
    claim = test_alignment_identity.test_alignment_identity
    return verdict_without_evidence(claim, name="rf relu", size=10, seed=SEED)


def a_05() -> str:
    claim = test_memorization_bound.test_mean_stability_is_the_generalization_error
    return verdict(claim, family="ntk", activation="h0+h1", size=NARROW, trials=MORE)


def a_06() -> str:
    claim = test_memorization_bound.test_unseen_background_is_uncorrelated
    return verdict(claim, family="ntk", activation="h0+h1", size=NARROW, trials=MORE)


def a_08() -> str:
    claim = test_memorization_bound.test_covariance_bound_ntk
    return verdict(claim, activation="h0+h1", noise=0.5, size=NARROW)


def a_09() -> str:
    claim = test_memorization_bound.test_memorization_follows_the_error_at_fixed_alignment
    return verdict(claim, family="ntk", size=NARROW, trials=MORE)


def a_18() -> str:
    claim = test_alignment_over_share.test_alignment_rises_with_alpha
    with pytest.MonkeyPatch.context() as smaller:
        smaller.setattr(test_alignment_over_share, "D", 300)
        smaller.setattr(test_alignment_over_share, "N", 60)
        return verdict(claim, family="ntk", activation="h0+h1", size=NARROW)


def a_38() -> str:
    claim = test_correlated_backgrounds.test_what_is_learnt_grows_with_the_correlation
    return verdict(claim, family="rf", activation="h1+h2", trials=TWICE_MORE)


def a_38_identity() -> str:
    claim = test_correlated_backgrounds.test_identity_holds_with_a_correlated_background
    return verdict(claim, family="rf", activation="h1+h2")


def a_41() -> str:
    claim = test_novel_backgrounds.test_alignment_follows_the_resemblance
    with pytest.MonkeyPatch.context() as smaller:
        smaller.setattr(test_novel_backgrounds, "RUNS", (SMALLER,))
        return verdict(claim, family="rf", activation="h1+h2", alpha=0.5)


def a_41_label() -> str:
    claim = test_novel_backgrounds.test_label_comes_back_with_the_resemblance
    with pytest.MonkeyPatch.context() as smaller:
        smaller.setattr(test_novel_backgrounds, "FEWER", replace(SMALLER, d=400))
        return verdict(claim, family="rf", activation="h1+h2", alpha=0.5, trials=MORE)


def b_15() -> str:
    claim = test_finite_samples.test_finite_samples_show_the_transition
    return verdict(claim, quantity="prediction_difference", size=SAMPLES)


def b_18() -> str:
    claim = test_finite_samples.test_derived_formulas_against_draws
    return verdict(claim, quantity="prediction_difference", size=SAMPLES)


def b_18_exactly() -> str:
    claim = test_closed_forms.test_prediction_difference_derived
    return verdict_without_evidence(claim, size=10, seed=SEED)


def b_24() -> str:
    claim = test_input_noise.test_noise_lowers_the_prediction_difference_in_most_regimes
    return verdict_without_evidence(claim, where="high signal-to-noise", seed=SEED)


# 2. Bugs

genuine_labels, genuine_queries, genuine_measure = Draw.labels, Draw.spurious_queries, kernel_regression._measure
genuine_alignment, genuine_run, genuine_inputs = explicit.alignment, GaussianRegression.run, LinearFits._inputs
genuine_fits, genuine_solve = LinearFits.run, RationalProblem.solve
genuine_novel_run = NovelBackgrounds.run


class Bug(NamedTuple):
    """What is planted where, and the claim that must see it."""

    claim: Callable[[], str]
    place: object
    name: str
    planted: Any


def alignment_of_the_span(features: Any, sample: Any, query: Any, onto: Any = "complement") -> float:
    return genuine_alignment(features, sample, query, "span" if onto == "complement" else "complement")


def labels_without_noise(self: Draw, alpha: float, noise: Any = (0.0,)) -> np.ndarray:
    return genuine_labels(self, alpha, [0.0] * len(noise))


def queries_with_a_fresh_background(self: Draw, alpha: float) -> np.ndarray:
    assert 0 <= alpha <= 1
    return genuine_queries(self, 0.0)


def queries_of_one_share(self: Draw, alpha: float) -> np.ndarray:
    return genuine_queries(self, 0.5 if 0 < alpha < 1 else alpha)


def trained_backgrounds_for_fresh_ones(
    factorization: Any, test: Any, spurious: Any, _fresh: Any, *others: Any
) -> list[Any]:
    return genuine_measure(factorization, test, spurious, spurious, *others)


def backgrounds_of_another_sample(seen: Any, fresh: Any, rho: float, mean: float = 0.0) -> np.ndarray:
    return genuine_mixed(np.roll(seen, 1, axis=0), fresh, rho, mean)


def weights_that_do_not_add_up_to_one(seen: Any, fresh: Any, rho: float, mean: float = 0.0) -> np.ndarray:
    return np.asarray(mean + rho * (seen - mean) + (1 - rho) * (fresh - mean))


def inputs_without_spurious_noise(self: LinearFits, labels: Any, carries: Any, noise: float, rng: Any) -> np.ndarray:
    return genuine_inputs(replace(self, variance_sp=1e-4 * self.variance_sp), labels, carries, noise, rng)


def a_share_of_all_samples(self: LinearFits, gamma: float, n: int, rng: np.random.Generator) -> Any:  # noqa: ARG001
    uniform = rng.random(n)
    return np.where(uniform < 0.5, 1.0, -1.0), uniform < gamma


def one_trial_three_times(genuine: Callable[..., Any]) -> Callable[..., Any]:
    return lambda self, trial, context: genuine(self, trial // 3, context)


def a_solve_with_too_little_noise(self: RationalProblem) -> Any:
    return genuine_solve(replace(self, variance_sp=self.variance_sp / 10))


ABOVE_FOR_BELOW = staticmethod(lambda edge: Region(high=edge))
BUGS: dict[str, Bug] = {
    "the span's projector for the complement's": Bug(a_03, explicit, "alignment", alignment_of_the_span),
    "label noise ignored": Bug(a_09, Draw, "labels", labels_without_noise),
    "label noise ignored, by the control": Bug(a_05, Draw, "labels", labels_without_noise),
    "a fresh background for the trained one": Bug(a_18, Draw, "spurious_queries", queries_with_a_fresh_background),
    "alpha ignored": Bug(a_18, Draw, "spurious_queries", queries_of_one_share),
    "a control that is the treatment": Bug(a_18, kernel_regression, "_measure", trained_backgrounds_for_fresh_ones),
    "a control that pairs each background with its own label": Bug(
        a_09, kernel_regression, "_permuted", lambda measure, outputs, labels: measure(outputs, labels)
    ),
    "the sample not left out": Bug(a_06, Interpolation, "without_own_sample", Interpolation.predict),
    "a label that does not move the background": Bug(a_08, Draw, "samples", lambda self, _alpha: self.inputs),
    "a label that does not move the background, learnt": Bug(a_38, Draw, "samples", lambda self, _alpha: self.inputs),
    "the sample not left out, of correlated backgrounds": Bug(
        a_38_identity, Interpolation, "without_own_sample", Interpolation.predict
    ),
    "resemblance ignored": Bug(
        a_41, novel_backgrounds, "mixed", lambda seen, fresh, _rho, mean=0.0: genuine_mixed(seen, fresh, 1.0, mean)
    ),
    "another sample's background resembled": Bug(a_41_label, novel_backgrounds, "mixed", backgrounds_of_another_sample),
    "resemblance of weights that lose variance": Bug(
        a_41, novel_backgrounds, "mixed", weights_that_do_not_add_up_to_one
    ),
    "a trial's number divided by three, novel backgrounds": Bug(
        a_41, NovelBackgrounds, "run", one_trial_three_times(genuine_novel_run)
    ),
    "a region's sign turned": Bug(a_18, Region, "above", ABOVE_FOR_BELOW),
    "a trial's number divided by three, kernels": Bug(
        a_18, GaussianRegression, "run", one_trial_three_times(genuine_run)
    ),
    "a trial's number divided by three, linear": Bug(b_18, LinearFits, "run", one_trial_three_times(genuine_fits)),
    "spurious noise not in the draws": Bug(b_15, LinearFits, "_inputs", inputs_without_spurious_noise),
    "gamma as the share of all samples": Bug(b_18, LinearFits, "_classes", a_share_of_all_samples),
    "too little spurious noise in the linear system": Bug(
        b_18_exactly, RationalProblem, "solve", a_solve_with_too_little_noise
    ),
    "noise that is not added": Bug(
        b_24,
        noise_and_penalty,
        "noisy",
        lambda setting, _noise, *, at_test: replace(setting, test_noise=float(at_test)),
    ),
}


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Products of small matrices wait for threads longer than they take."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def verdicts(one_thread: None) -> dict[str, str]:  # noqa: ARG001
    """Verdicts of the code as it is."""
    return {claim.__name__: claim() for claim in dict.fromkeys(bug.claim for bug in BUGS.values())}


@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_takes_the_verdict(bug: str, verdicts: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    claim, place, name, planted = BUGS[bug]
    assert verdicts[claim.__name__] == "supported"
    monkeypatch.setattr(place, name, planted)
    assert claim() != "supported"


# 3. The level

# Of trials whose mean lies so many standard errors above the region's edge, fewer than a level of 0.999 asks for.
STANDARD_ERRORS, STREAM, SPREAD, EDGE = 3.6, 200, 0.2, 0.05
DRAWN = Measure("drawn", "", -1, 1, "bounded", 0.05)


def close_to_the_edge() -> str:
    """The verdict on trials that lie too close to the edge for one."""
    drawn = np.random.default_rng(SEED).uniform(-1, 1, (2, STREAM))
    own, absent = SPREAD * (drawn - drawn.mean(axis=1, keepdims=True)) / drawn.std(axis=1, keepdims=True)
    judge, region = Judge(), Region.above(EDGE)
    effect = mean_of(own + EDGE + STANDARD_ERRORS * SPREAD / STREAM**0.5, DRAWN, "drawn")
    with suppress(Inconclusive):
        judge(effect, region, controls=[Control("absent", "", mean_of(absent - 0.5, DRAWN, "drawn"), region)])
    assert judge.decision is not None
    return judge.decision.verdict


def test_a_level_of_nine_tenths_decides_too_early(monkeypatch: pytest.MonkeyPatch) -> None:
    assert close_to_the_edge() == "inconclusive"
    genuine = measured_interval

    def at_nine_tenths(*arguments: Any, alpha: float, **options: Any) -> Any:
        return genuine(*arguments, alpha=100 * alpha, **options)

    monkeypatch.setattr(effects, "measured_interval", at_nine_tenths)
    assert close_to_the_edge() == "supported"
