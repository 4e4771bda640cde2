"""How paper B trains each of its architectures (Appendix B.1 and B.4.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from support.data.catalogue import DATASETS
from support.experiments.rare_patterns import RarePatterns
from support.experiments.scene import Arm, decay_on, require_images
from support.experiments.size import Size
from support.models.architectures import MLPS

COLOUR = ("ResNet20", "ResNet32", "ResNet110", "VGG16")
# Of the CNN's starts four in ten end at chance without any pattern, where no pattern can be learnt either.
REDRAWS = {"CNN": 5}
# ResNets learn at 0.1 with SGD, VGG16 fails to converge there.
COLOUR_RATES = {"VGG16": 0.01}


def trained_as_published(architecture: str, size: Size) -> Size:
    """The size with an architecture's own recipe on its schedule; fully connected ones by the faster trainer.

    Raises
    ------
    ValueError : an unknown architecture.
    """
    if architecture in MLPS:
        return replace(size, recipe=replace(size.recipe, hidden=MLPS[architecture]))
    if architecture in COLOUR:
        recipe = replace(size.recipe, network=architecture, optimizer="sgd", augmentation=True)
        return replace(size, recipe=recipe)
    return replace(size, recipe=replace(size.recipe, network=architecture))


def redraws_of(size: Size) -> int:
    """How often at most a trial's start is drawn again because its untreated network ended at chance."""
    return REDRAWS.get(str(size.recipe.network), 0)


def networks(dataset: str, size: Size, arms: Sequence[Arm]) -> RarePatterns:
    """Networks of one recipe on one dataset, at the paper's learning rate and weight decay there.

    Raises
    ------
    ValueError : an unknown dataset or a colour one without a network, more images than there are, or an arm twice.
    """
    require_images(dataset, subset=size.subset, test=size.test)
    decayed = tuple(replace(arm, weight_decay=arm.weight_decay or decay_on(dataset)) for arm in arms)
    rate = COLOUR_RATES.get(str(size.recipe.network), 0.1) if DATASETS[dataset].colour else 0.01
    return RarePatterns(dataset, size.recipe, decayed, size.subset, size.test, rate, redraws_of(size))


def described(dataset: str, size: Size) -> dict[str, int]:
    """What the report says was run."""
    training, test = DATASETS[dataset].counts
    return size.described() | {"training images": size.subset or training, "test images": size.test or test}
