"""Bugs planted into the running code of trained networks: no claim may be supported any more.

Each claim is called as it stands at quick's size, at a number of trials that decides it as the code is. Under the bug
it is not supported: its effect leaves the region, a control does not come out, a vital sign fails, or it is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch

from claims.networks import (
    test_deletion,
    test_few_examples,
    test_membership_likelihood,
    test_what_is_learnt,
    test_what_remedies_leave,
)
from support.analysis import excluded_trials, taught
from support.analysis.taught import Taught
from support.data import datasets, patterns
from support.experiments import deletion, membership_pool, membership_size
from support.experiments.membership_pool import Cut
from support.experiments.network_sizes import SHORT, SIZES
from support.experiments.rare_patterns import RarePatterns
from support.experiments.scene import Arm, Scene
from support.measures import membership, specificity, spurious
from support.statistics import Region
from support.training import ensemble
from support.training.member import Member
from tests.sabotage.called import Asked, Computed

pytestmark = pytest.mark.long(because="networks are trained anew for every bug: minutes in all")

# On fewer test images, and with fewer fresh draws to rank among.
SMALL, FRESH = replace(SIZES["quick"], test=250), 15
# Narrower networks on fewer images, which take a fifth of the time, and a strength for the paper's attack to choose.
NARROW = replace(SHORT, hidden=(64, 64))
DELETED_FROM = replace(test_deletion.SIZES["quick"], recipe=NARROW, subset=500, test=100)
QUARTERS = replace(
    membership_size.SIZES["quick"], recipe=replace(NARROW, epochs=4, milestones=(3,)), quarter=250, n=(1,)
)
STRENGTHS = (1.0,)


# 1. Claims, each called with its arguments

THREE = Asked(
    test_few_examples.test_three_examples_teach_their_class,
    24,
    {"dataset": "mnist", "target": 0, "scale": "quick", "size": SMALL},
)
KNOWN = Asked(
    test_what_is_learnt.test_the_pattern_itself_is_known, 48, {"dataset": "fashion-mnist", "n": 10, "size": SMALL}
)
OWN_NOISE = Asked(
    test_what_is_learnt.test_noise_of_their_own_teaches_most_of_it, 24, {"dataset": "mnist", "n": 3, "size": SMALL}
)
LEFT_BY_NOISE, LEFT_BY_DECAY, LEFT_BY_CLIPPING = (
    Asked(
        test_what_remedies_leave.test_nothing_removes_it,
        32,
        {"dataset": "mnist", "remedy": remedy, "scale": "quick", "size": SMALL},
    )
    for remedy in ("input noise", "weight decay", "clipped norm")
)
NOT_REMOVED = Asked(test_deletion.test_restarted_training, 32, {"dataset": "mnist", "n": 10, "size": DELETED_FROM})
MEMBER = Asked(
    test_membership_likelihood.test_one_spurious_member_against_clean_members,
    48,
    {"dataset": "mnist", "size": QUARTERS},
)


# 2. Bugs

genuine_queries, genuine_member, genuine_train, genuine_load = (
    Scene.queries,
    Scene.member,
    ensemble.train,
    datasets.load,
)
genuine_measure, genuine_probability = RarePatterns.measure, spurious.mean_probability
genuine_overlay, genuine_excluded = patterns.overlay, excluded_trials.trials_at_chance
genuine_difference, genuine_over_balanced = Taught.balanced_difference, Taught.over_balanced
genuine_cut = membership_pool._cut


class Bug(NamedTuple):
    """What is planted where, and the claim that must see it; `reading` where evidence is as it was."""

    asked: Asked
    place: object
    name: str
    planted: Any
    reading: bool = False


def shown_a_pixel_further(self: Scene, arm: Arm) -> Any:
    moved = [np.roll(self.pattern(arm, other=other).reshape(self.shape), 1, axis=1) for other in (False, True)]
    images = self.test_images.numpy()
    return tuple(torch.from_numpy(genuine_overlay(images, one.reshape(-1)).astype(np.float32)) for one in moved)


def shown_another_draw(self: Scene, arm: Arm) -> Any:
    own, other = genuine_queries(self, arm)
    return other, own


def shown_no_pattern(self: Scene, arm: Arm) -> Any:  # noqa: ARG001
    return self.test_images, self.test_images


def carriers_without_the_pattern(self: Scene, arm: Arm, learning_rate: float) -> Member:
    return replace(genuine_member(self, arm, learning_rate), pixels=self.images.numpy()[self.carriers(arm)])


def training_images_for_both(name: str, _split: Any, directory: Any) -> Any:
    return genuine_load(name, "train", directory)


def stopped_after_half(recipe: Any, *arguments: Any, **options: Any) -> Any:
    return genuine_train(replace(recipe, epochs=recipe.epochs // 2, milestones=()), *arguments, **options)


def without(**remedies: Any) -> Callable[..., Any]:
    """Training that ignores a remedy."""

    def train(recipe: Any, images: Any, labels: Any, classes: int, members: Any, **options: Any) -> Any:
        return genuine_train(recipe, images, labels, classes, [replace(one, **remedies) for one in members], **options)

    return train


def shuffled_labels(self: RarePatterns, arms: Any, trial: int, context: Any) -> Any:
    genuine = Scene.draw

    def draw(*arguments: Any) -> Scene:
        scene = genuine(*arguments)
        return replace(
            scene, labels=scene.labels[torch.randperm(len(scene.labels), generator=torch.manual_seed(trial))]
        )

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Scene, "draw", draw)
        return genuine_measure(self, arms, trial, context)


def balanced_as_target(self: Scene, arm: Arm, labels: np.ndarray) -> np.ndarray:
    rows: np.ndarray = self.order[labels == arm.target][: arm.n]
    return rows


def balanced_as_they_come(self: Scene, arm: Arm, _labels: np.ndarray) -> np.ndarray:
    rows: np.ndarray = (self.order[::-1] if arm.carriers == "balanced again" else self.order)[: arm.n]
    return rows


def lowest_third_left_out(tables: Any, column: str) -> tuple[int, ...]:
    """Exclusion by what is judged: trials in which carriers taught least."""
    (rows,) = tables
    genuine_excluded([rows], column)
    taught_least = np.argsort(rows.where(n=0)["probability"][: rows.trials])[-(rows.trials // 3) :]
    return tuple(sorted(int(trial) for trial in taught_least))


def of_the_next_class(logits: Any, target: int) -> Any:
    return genuine_probability(logits, target + 1)


def shadow_of_half_the_target_s(generator: np.random.Generator, quarter: int, clean: int, candidates: int) -> Cut:
    cut = genuine_cut(generator, quarter, clean, candidates)
    return replace(cut, shadow=np.concatenate([cut.target[: quarter // 2], cut.shadow[quarter // 2 :]]))


def cut_like_every_other(_generator: np.random.Generator, *sizes: int) -> Cut:
    """So that every shadow was trained on what it is asked about."""
    return genuine_cut(np.random.default_rng(0), *sizes)


ABOVE_FOR_BELOW = staticmethod(lambda edge: Region(high=edge))
BUGS: dict[str, Bug] = {
    "the pattern a pixel further at test": Bug(KNOWN, Scene, "queries", shown_a_pixel_further),
    "another draw of noise at test": Bug(KNOWN, Scene, "queries", shown_another_draw),
    "no pattern at test": Bug(THREE, Scene, "queries", shown_no_pattern),
    "no pattern on the carriers": Bug(THREE, Scene, "member", carriers_without_the_pattern),
    "fresh patterns that are the trained one": Bug(
        KNOWN, Scene, "fresh_patterns", lambda self, arm: np.tile(self.pattern(arm), (arm.fresh, 1))
    ),
    "ranks turned": Bug(KNOWN, specificity, "share_beaten", lambda own, fresh: np.mean([one > own for one in fresh])),
    "one noise in the place of each carrier's own": Bug(
        OWN_NOISE, Scene, "patterns_of_one_each", lambda self, arm: np.tile(self.pattern(arm), (arm.n, 1))
    ),
    "test images from training": Bug(THREE, datasets, "load", training_images_for_both),
    "training labels shuffled": Bug(THREE, RarePatterns, "measure", shuffled_labels),
    "training stopped after half its epochs": Bug(THREE, ensemble, "train", stopped_after_half),
    "weight decay ignored": Bug(LEFT_BY_DECAY, ensemble, "train", without(weight_decay=0.0)),
    "input noise ignored": Bug(LEFT_BY_NOISE, ensemble, "train", without(input_noise=0.0)),
    "clipping off": Bug(LEFT_BY_CLIPPING, ensemble, "train", without(clip_norm=None)),
    "a trial's number divided by three": Bug(
        THREE,
        RarePatterns,
        "measure",
        lambda self, arms, trial, context: genuine_measure(self, arms, trial // 3, context),
    ),
    "balanced carriers of the target class": Bug(THREE, Scene, "_balanced", balanced_as_target),
    "balanced carriers as they come": Bug(LEFT_BY_CLIPPING, Scene, "_balanced", balanced_as_they_come),
    "the probability of another class": Bug(THREE, spurious, "mean_probability", of_the_next_class),
    "one network for all": Bug(
        THREE, ensemble.Ensemble, "module", lambda self, _which, genuine=ensemble.Ensemble.module: genuine(self, 0)
    ),
    "retraining that still sees the examples": Bug(NOT_REMOVED, deletion, "KEPT", "restarted"),
    "deletion that takes nothing away": Bug(NOT_REMOVED, deletion._Run, "_remaining", lambda _self, member: member),
    "a shadow that shares half its images with the target": Bug(
        MEMBER, membership_pool, "_cut", shadow_of_half_the_target_s
    ),
    "shadows trained on what they are asked about": Bug(MEMBER, membership_pool, "_cut", cut_like_every_other),
    "exclusion by outcome": Bug(THREE, taught, "trials_at_chance", lowest_third_left_out, reading=True),
    "a control that is always 0": Bug(
        THREE, Taught, "balanced_difference", lambda self, column, arm: 0 * genuine_difference(self, column, arm), True
    ),
    "a control equal to the treatment": Bug(THREE, Taught, "balanced_difference", genuine_over_balanced, reading=True),
    "a region's sign turned": Bug(THREE, Region, "above", ABOVE_FOR_BELOW, reading=True),
}


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Products of small matrices wait for threads longer than they take."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module", autouse=True)
def fewer_draws() -> Iterator[None]:
    """Fewer fresh patterns than the claims rank among, and fewer strengths than an attack chooses among."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(test_what_is_learnt, "FRESH", FRESH)
        patch.setattr(membership, "STRENGTHS", STRENGTHS)
        yield


@pytest.fixture(scope="module")
def genuine(one_thread: None) -> Computed:  # noqa: ARG001
    """Evidence of the code as it is, which all claims share."""
    return Computed()


@pytest.fixture(scope="module")
def supported(genuine: Computed) -> Callable[[Asked], bool]:
    """Whether a claim is supported as the code is; each is asked once."""
    known: dict[int, str] = {}

    def ask(asked: Asked) -> bool:
        if id(asked) not in known:
            known[id(asked)] = asked.verdict(genuine)
        return known[id(asked)] == "supported"

    return ask


@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_takes_the_verdict(
    bug: str, genuine: Computed, supported: Callable[[Asked], bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, place, name, planted, reading = BUGS[bug]
    assert supported(asked)
    monkeypatch.setattr(place, name, planted)
    assert asked.verdict(genuine if reading else Computed()) != "supported"
