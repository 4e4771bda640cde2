"""What must be true of networks trained with rare patterns for their numbers to be evidence, checked on their rows."""

from __future__ import annotations

import numpy as np

from support.experiments.rare_patterns import RarePatterns
from support.experiments.scene import IMAGES
from support.experiments.taught import Taught
from support.statistics.vital_sign import VitalSign
from support.training.recipe import Recipe

# Of the test images: Fashion-MNIST itself holds a few images twice.
MOST_IN_BOTH = 0.005
# Mean clean accuracy of untreated networks of the paper's MLP over eight trials or more, by dataset, training images
# and epochs: what 24 trials at seed 101 (1,000 images) and 288 and 144 at seeds 21 to 23 (4,000) had, with five standard
# errors of a mean over eight on either side.
CLEAN_ACCURACY: dict[tuple[str, int | None, int], tuple[float, float]] = {
    ("mnist", 1000, 8): (0.872, 0.921),
    ("mnist", 4000, 8): (0.934, 0.953),
    ("fashion-mnist", 1000, 8): (0.704, 0.804),
    ("fashion-mnist", 4000, 8): (0.813, 0.843),
}


def vital_signs(taught: Taught, experiment: RarePatterns) -> list[VitalSign]:
    """Test images that no network was trained on, and untreated networks as accurate as such ones are."""
    return [unseen_test_images(taught, experiment), expected_accuracy(taught, experiment)]


def unseen_test_images(taught: Taught, experiment: RarePatterns) -> VitalSign:
    """Whether training and test images are disjoint, in every trial."""
    test = experiment.test or IMAGES[experiment.dataset][1]
    most = int(np.max(taught.rows["images_in_both"]))
    return VitalSign(
        "test images among the training images",
        f"at most {most} of {test:,}",
        most <= MOST_IN_BOTH * test,
        f"at most {MOST_IN_BOTH:.1%}",
    )


def expected_accuracy(taught: Taught, experiment: RarePatterns) -> VitalSign:
    """Whether untreated networks reach what the paper's network reaches there; for others it is only said."""
    name, found = "clean accuracy of untreated networks", taught.untreated_accuracy
    recipe = experiment.recipe
    published = recipe == Recipe(epochs=recipe.epochs, milestones=recipe.milestones)
    key = (experiment.dataset, experiment.subset, recipe.epochs)
    if not published or key not in CLEAN_ACCURACY:
        return VitalSign(name, f"{found:.3f}", healthy=True, expected="no range is stated for this network and size")
    low, high = CLEAN_ACCURACY[key]
    return VitalSign(name, f"{found:.3f}", low <= found <= high, f"{low:.3f} to {high:.3f}")
