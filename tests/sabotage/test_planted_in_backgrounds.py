"""Bugs planted into networks that are asked about backgrounds: no claim may be supported any more.

Each claim is called as it stands, on smaller dimensions and fewer samples, at a number of trials that decides it as the
code is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch

from claims.networks import test_alignment_of_networks as alignment
from claims.networks import test_backgrounds_over_sample_size as backgrounds
from claims.networks import test_novel_backgrounds_in_networks as novel
from support.data.gaussian import Gaussian
from support.experiments import background_panels, network_alignment_runs
from support.experiments.background_panels import CNN_GREY, FC_GAUSSIAN, PanelSize
from support.experiments.network_alignment_runs import AlignmentSize
from support.experiments.network_alignments import GaussianAlignments
from support.experiments.network_arms import GaussianArm, SampleArm
from support.experiments.novel_in_networks import NovelInNetworks
from support.experiments.spurious_networks import FramedNetworks, GaussianNetworks, Samples
from support.measures import network_alignment as alignments
from support.training import ensemble
from tests.sabotage.called import Asked, Computed

pytestmark = pytest.mark.long(because="networks are trained anew for every bug: a minute in all")

# A fifth of the dimension and of the samples, so that N/d is as it was; networks narrower by as much.
D, SMALL = 200, PanelSize((10, 200), 250)
SIZES = {FC_GAUSSIAN: SMALL, CNN_GREY: PanelSize((10, 20), 50)}
SMALL_RECIPE = replace(background_panels.RELEASED, hidden=(100, 50))
ALIGNED, REFITS = AlignmentSize((60,), test=250), 3

FALLS, RISES, ABOVE = (
    Asked(backgrounds.test_fully_connected_on_gaussian_data, trials, {"what": what, "scale": "quick"})
    for what, trials in (("spurious falls", 96), ("test rises", 128), ("spurious above chance", 64))
)
CONVOLVED = Asked(backgrounds.test_cnn_on_raw_digits, 24, {"what": "spurious above chance", "scale": "quick"})
EXPLAINED = Asked(alignment.test_the_trained_kernel_explains_what_is_memorized, 32, {"size": ALIGNED})
RETRAINED = Asked(
    alignment.test_retraining_agrees_with_the_kernel, 32, {"alpha": 0.5, "scale": "standard", "size": ALIGNED}
)
RESEMBLING = Asked(novel.test_a_network_knows_half_a_resemblance, 32, {})


@pytest.fixture(autouse=True)
def smaller(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Smaller dimensions, networks and training sets than the claims have."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    for module in (background_panels, network_alignment_runs):
        monkeypatch.setattr(module, "RELEASED", SMALL_RECIPE)
    monkeypatch.setattr(backgrounds, "SIZES", {"quick": SIZES, "paper": SIZES})
    recipe = replace(novel.ASKED.recipe, hidden=(100, 50))
    asked = replace(novel.ASKED, recipe=recipe, arms=(GaussianArm(100),), test=50, data=Gaussian(D))
    monkeypatch.setattr(novel, "ASKED", asked)
    monkeypatch.setattr(alignment, "REFITS", REFITS)
    genuine = GaussianNetworks.__post_init__

    def fewer_dimensions(self: Any) -> None:
        object.__setattr__(self, "data", Gaussian(D))
        genuine(self)

    monkeypatch.setattr(GaussianNetworks, "__post_init__", fewer_dimensions)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def verdicts() -> dict[int, str]:
    """What comes out as the code is; each claim is asked once."""
    return {}


genuine_samples, genuine_train = GaussianNetworks.samples, ensemble.train
genuine_framed = FramedNetworks.samples
genuine_alignment, genuine_trained = alignments.network_alignment, GaussianNetworks.trained


def without_own_background(self: GaussianNetworks, arm: GaussianArm, trial: int, context: Any) -> Samples:
    samples = genuine_samples(self, arm, trial, context)
    return replace(samples, queries=samples.queries.roll(1, dims=1))


def with_own_core(self: GaussianNetworks, arm: GaussianArm, trial: int, context: Any) -> Samples:
    samples = genuine_samples(self, arm, trial, context)
    return replace(samples, queries=samples.inputs.expand_as(samples.queries).clone())


def training_samples_for_tests(self: GaussianNetworks, arm: GaussianArm, trial: int, context: Any) -> Samples:
    samples = genuine_samples(self, arm, trial, context)
    return replace(samples, test=samples.inputs, test_labels=samples.labels)


def seen_in_the_place_of_fresh(self: GaussianNetworks, arm: GaussianArm, trial: int, context: Any) -> Samples:
    samples = genuine_samples(self, arm, trial, context)
    return replace(samples, fresh=samples.queries[0])


def random_labels_for_all(self: GaussianNetworks, arm: GaussianArm, trial: int, context: Any) -> Samples:
    return genuine_samples(self, replace(arm, labels="random"), trial, context)


def cores_left_in(self: FramedNetworks, arm: SampleArm, trial: int, context: Any) -> Samples:
    samples = genuine_framed(self, arm, trial, context)
    if arm.labels != "frames":
        return samples
    return replace(samples, inputs=genuine_framed(self, replace(arm, labels="random"), trial, context).inputs)


def frames_of_others(self: FramedNetworks, arm: SampleArm, trial: int, context: Any) -> Samples:
    samples = genuine_framed(self, arm, trial, context)
    return replace(samples, queries=samples.queries.roll(1, dims=1))


def hardly_trained(recipe: Any, *arguments: Any, **options: Any) -> Any:
    return genuine_train(replace(recipe, epochs=2, stop_below=None, milestones=()), *arguments, **options)


def one_network_for_all_sizes(
    self: GaussianNetworks, samples: Samples, trial: int, context: Any, **options: Any
) -> Any:
    few = replace(samples, inputs=samples.inputs[:10], labels=samples.labels[:10])
    return genuine_trained(self, few, trial, context, **options)


def another_left_out(
    self: GaussianNetworks, samples: Samples, trial: int, context: Any, excluded: list[int] | None = None
) -> Any:
    moved = None if excluded is None else [(excluded[0] + 1) % len(samples.inputs)]
    return genuine_trained(self, samples, trial, context, excluded=moved)


def of_another_sample(network: Any, samples: Any, queries: Any, **options: Any) -> Any:
    return genuine_alignment(network, samples, queries.roll(1, dims=0), **options)


def as_if_seen(self: NovelInNetworks, samples: Samples, *_arguments: Any) -> Any:  # noqa: ARG001
    return samples.queries


BUGS: dict[str, tuple[Asked, Any, str, Any]] = {
    "another sample's background": (ABOVE, GaussianNetworks, "samples", without_own_background),
    "the sample itself in the place of its background": (FALLS, GaussianNetworks, "samples", with_own_core),
    "another image's frame": (CONVOLVED, FramedNetworks, "samples", frames_of_others),
    "cores left in frames that should have none": (CONVOLVED, FramedNetworks, "samples", cores_left_in),
    "test samples from training": (RISES, GaussianNetworks, "samples", training_samples_for_tests),
    "seen backgrounds in the control": (ABOVE, GaussianNetworks, "samples", seen_in_the_place_of_fresh),
    "random labels in every network": (RISES, GaussianNetworks, "samples", random_labels_for_all),
    "training that ends before it fits": (ABOVE, ensemble, "train", hardly_trained),
    "one small training set at every N": (FALLS, GaussianNetworks, "trained", one_network_for_all_sizes),
    "the alignment of another sample": (EXPLAINED, alignments, "network_alignment", of_another_sample),
    "the memorized background of another sample": (EXPLAINED, GaussianAlignments, "samples", without_own_background),
    "retraining that leaves out another sample": (RETRAINED, GaussianAlignments, "trained", another_left_out),
    "resemblance ignored": (RESEMBLING, NovelInNetworks, "resembling", as_if_seen),
}


@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_takes_the_verdict(bug: str, verdicts: dict[int, str], monkeypatch: pytest.MonkeyPatch) -> None:
    asked, place, name, planted = BUGS[bug]
    if id(asked) not in verdicts:
        verdicts[id(asked)] = asked.verdict(Computed())
    assert verdicts[id(asked)] == "supported"
    monkeypatch.setattr(place, name, planted)
    assert asked.verdict(Computed()) != "supported"
