"""What must be true of networks trained with rare patterns for their numbers to be evidence, checked on their rows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from support.analysis.taught import Taught
from support.data.catalogue import DATASETS
from support.evidence.rows import Rows
from support.experiments.rare_patterns import RarePatterns
from support.experiments.scene import CLASSES
from support.statistics.vital_sign import VitalSign
from support.training.recipe import Recipe

# By dataset, training images and epochs, the least and largest that a mean accuracy may be.
Accuracies = Mapping[tuple[str, int | None, int], tuple[float, float]]
# Of the test images: Fashion-MNIST itself holds a few images twice.
MOST_IN_BOTH = 0.005
# Mean clean accuracy of untreated networks of the paper's MLP over eight trials or more, by dataset, training images
# and epochs: what 24 trials at seed 101 (1,000 images) and 288 and 144 at seeds 21 to 23 (4,000) had, with five
# standard errors of a mean over eight on either side.
CLEAN_ACCURACY: Accuracies = {
    ("mnist", 1000, 8): (0.872, 0.921),
    ("mnist", 4000, 8): (0.934, 0.953),
    ("fashion-mnist", 1000, 8): (0.704, 0.804),
    ("fashion-mnist", 4000, 8): (0.813, 0.843),
}


def vital_signs(taught: Taught, experiment: RarePatterns) -> list[VitalSign]:
    """What was trained is what was asked for, on images that are not tested, and untreated networks are as accurate as
    such ones are.
    """
    name, found = "clean accuracy of untreated networks", taught.untreated_accuracy
    return [
        unseen_test_images(taught.rows, experiment.dataset, experiment.test),
        known_accuracy(name, found, (experiment.dataset, experiment.subset), experiment.recipe),
        carriers_as_asked(taught.rows),
        different_networks(taught.rows),
    ]


def unseen_test_images(rows: Rows, dataset: str, test: int | None) -> VitalSign:
    """Whether training and test images are disjoint, in every trial; `test` are the images tested, None for all."""
    count = test or DATASETS[dataset].counts[1]
    most = int(np.max(rows["images_in_both"]))
    return VitalSign(
        "test images among the training images",
        f"at most {most} of {count:,}",
        most <= MOST_IN_BOTH * count,
        f"at most {MOST_IN_BOTH:.1%}",
    )


def known_accuracy(
    name: str, found: float, images: tuple[str, int | None], recipe: Recipe, known: Accuracies = CLEAN_ACCURACY
) -> VitalSign:
    """Whether networks reach what the paper's network reaches there; for others it is only said.

    Parameters
    ----------
    name : of the sign.
    found : mean clean accuracy.
    images : the dataset, and how many of its images were trained on.
    known : the least and largest that it may be, for some of them and some numbers of epochs.
    """
    published = recipe == Recipe(epochs=recipe.epochs, milestones=recipe.milestones)
    key = (*images, recipe.epochs)
    if not published or key not in known:
        expected = "no range is stated for this network and size"
        return VitalSign(name, f"{found:.3f}", healthy=True, expected=expected, clean_accuracy=found)
    low, high = known[key]
    return VitalSign(name, f"{found:.3f}", low <= found <= high, f"{low:.3f} to {high:.3f}", found)


def carriers_as_asked(rows: Rows) -> VitalSign:
    """Whether target carriers are all of the target class, and balanced ones as often as of any other, in every row."""
    n, of_target = rows["n"], rows["carriers_of_target"]
    balanced = np.isin(rows["carriers"], ("balanced", "balanced again"))
    least, most = np.where(balanced, n // CLASSES, n), np.where(balanced, -(-n // CLASSES), n)
    asked = rows["carriers"] != "any"
    wrong = int((asked & ((of_target < least) | (of_target > most))).sum())
    return VitalSign("networks whose carriers are of other classes than asked", f"{wrong:,}", wrong == 0, "0")


# What a network's training depends on; of one without patterned examples its treatment alone.
TRAINED_BY = ("pattern", "carriers", "norm_of", "own_noise", "target", "n")
TREATED_BY = ("input_noise", "weight_decay", "clip_norm", "clip_value")
NAMES = (*TRAINED_BY, *TREATED_BY)


def different_networks(rows: Rows) -> VitalSign:
    """Whether networks that were trained in different ways ended with different losses, in some trial at least.

    A remedy that is not applied, or carriers that are not the ones asked for, leave a network as it was.
    """
    columns = rows.columns
    losses: dict[tuple[object, ...], dict[int, float]] = {}
    named = [columns[name].tolist() for name in NAMES]
    for trial, loss, *arm in zip(columns["trial"].tolist(), columns["loss"].tolist(), *named, strict=True):
        losses.setdefault(_trained_as(dict(zip(NAMES, arm, strict=True))), {})[trial] = loss
    curves = [tuple(sorted(curve.items())) for curve in losses.values()]
    same = len(curves) - len(set(curves))
    return VitalSign("networks trained in different ways that are the same", str(same), same == 0, "0")


def _trained_as(row: dict[str, object]) -> tuple[object, ...]:
    if not row["n"]:
        row |= dict.fromkeys(TRAINED_BY)
    elif row["carriers"] != "target":
        row["target"] = None
    return tuple(row.values())
