"""What is asked for: the paper's recipes, learning rates and decay, against Appendix B of the paper as read by hand."""

from dataclasses import replace

import pytest

from support.experiments.arms import UNTAUGHT, shown_both
from support.experiments.published_training import described, networks, redraws_of, trained_as_published
from support.experiments.remedies import CHOSEN, GRIDS, REMEDIES, remedied
from support.experiments.scene import Arm
from support.experiments.size import Size
from support.training.recipe import Recipe

SIZE = Size(Recipe(epochs=3, milestones=(2,)), subset=4000, test=2000)
ARMS = (Arm("R3", 0), Arm("R3", 10, clip_norm=0.1))


@pytest.mark.parametrize(
    ("architecture", "recipe"),
    [
        ("small MLP", replace(SIZE.recipe, hidden=(256,))),
        ("large MLP", replace(SIZE.recipe, hidden=(512, 512, 512))),
        ("CNN", replace(SIZE.recipe, network="CNN")),
        ("ResNet20", replace(SIZE.recipe, network="ResNet20", optimizer="sgd", augmentation=True)),
        ("VGG16", replace(SIZE.recipe, network="VGG16", optimizer="sgd", augmentation=True)),
    ],
)
def test_an_architecture_brings_its_own_recipe_on_the_schedule(architecture: str, recipe: Recipe) -> None:
    assert trained_as_published(architecture, SIZE) == replace(SIZE, recipe=recipe)


def test_an_unknown_architecture_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown network 'AlexNet'"):
        trained_as_published("AlexNet", SIZE)


def test_grey_images_have_the_usual_rate_and_no_decay() -> None:
    asked = networks("mnist", SIZE, ARMS)
    assert (asked.dataset, asked.recipe, asked.subset, asked.test) == ("mnist", SIZE.recipe, 4000, 2000)
    assert (asked.learning_rate, asked.arms) == (0.01, ARMS)


@pytest.mark.parametrize(("architecture", "rate"), [("ResNet110", 0.1), ("VGG16", 0.01)])
def test_colour_images_have_decay_and_a_rate_of_their_own(architecture: str, rate: float) -> None:
    asked = networks("cifar-10", trained_as_published(architecture, SIZE), ARMS)
    assert asked.learning_rate == rate
    assert asked.arms == (Arm("R3", 0, weight_decay=1e-4), Arm("R3", 10, weight_decay=1e-4, clip_norm=0.1))


@pytest.mark.parametrize(("architecture", "redraws"), [("MLP", 0), ("large MLP", 0), ("CNN", 5)])
def test_starts_at_chance_are_drawn_again_where_there_are_many(architecture: str, redraws: int) -> None:
    own = trained_as_published(architecture, SIZE)
    assert redraws_of(own) == redraws
    assert networks("mnist", own, ARMS).redraws == redraws


def test_all_images_are_counted_by_dataset() -> None:
    whole = Size(Recipe())
    assert described("cifar-10", whole) == {"training images": 50_000, "test images": 10_000, "epochs": 70}
    assert described("mnist", whole) == {"training images": 60_000, "test images": 10_000, "epochs": 70}
    assert described("cifar-10", SIZE) == {"training images": 4000, "test images": 2000, "epochs": 3}


def test_arms_are_shown_their_pattern_and_the_unseen_one() -> None:
    assert shown_both("S3", 0, 10, target=1) == (
        Arm("S3", 0, 1),
        Arm("S3", 0, 1, "S1"),
        Arm("S3", 10, 1),
        Arm("S3", 10, 1, "S1"),
    )


def test_all_that_is_asked_without_examples_is_asked_of_one_network() -> None:
    assert len(UNTAUGHT) == len(set(UNTAUGHT))
    assert len({arm.trained_as() for arm in UNTAUGHT}) == 1


def test_a_remedy_sets_its_own_field() -> None:
    arm = Arm("R3", 10, query="S1")
    assert [remedied(arm, remedy, 0.5) for remedy in REMEDIES] == [
        replace(arm, input_noise=0.5),
        replace(arm, weight_decay=0.5),
        replace(arm, clip_norm=0.5),
        replace(arm, clip_value=0.5),
    ]
    with pytest.raises(ValueError, match="unknown remedy 'dropout': input noise, weight decay"):
        remedied(arm, "dropout", 0.5)


def test_chosen_strengths_are_from_the_released_grids() -> None:
    for chosen in CHOSEN.values():
        assert all(chosen[remedy] in GRIDS[remedy] for remedy in REMEDIES)
