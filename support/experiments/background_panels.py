"""The panels of paper A's Figures 4 and 5: which network on which samples, how it is trained, and how much of it runs.

Networks are trained as released, Adam at 0.001 with the rate times 0.8 after every 100 epochs, in batches of 1,024. The
released end is 1,000 epochs; below paper scale training ends when the mean loss lies below a level at which no training
sample is wrong, as a vital sign checks. ResNets keep their weight decay of 5e-4, a constant rate and, at every scale,
their 200 epochs: one that ended at a low loss would answer at chance, as the running statistics of its batch
normalization are not yet those of its weights. Neither their rate nor their batch is recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from support.data.catalogue import DATASETS
from support.experiments.network_arms import GaussianArm, Labels, SampleArm
from support.experiments.spurious_networks import FramedNetworks, GaussianNetworks, Pixels
from support.models.architectures import IMAGENET_RESNETS, SMALL_CNN
from support.training.recipe import Recipe

# Of the released code: the fully connected and the small convolutional network, then residual ones.
RELEASED = Recipe(hidden=(500, 200), batch=1024, epochs=1000, milestones=tuple(range(100, 1000, 100)), decay=0.8)
RESIDUAL = Recipe(batch=128, epochs=200, milestones=())
RESIDUAL_DECAY = 5e-4
# Below paper scale training ends at this mean loss. A sample on the wrong side costs 1 of squared loss and log 2 or
# more of cross-entropy, so that one in a hundred could be left; a vital sign says that none is.
LOW_LOSS = 0.01
# The fully connected network takes steps on raw pixels that can undo it: of networks that ended after one such epoch, a
# fifth at N = 20 had training samples on the wrong side, before any verdict. There so many in a row end it.
LASTING = 10
# N of the released code; ResNets start at two.
GRID = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)


@dataclass(frozen=True)
class NetworkPanel:
    """A network on the samples of one panel.

    Attributes
    ----------
    network : one of `support.models.architectures.PAPER_A`, or None for the fully connected one.
    dataset : of the framed images, or None for Gaussian data (d = 1,000, α = 1/2).
    pixels : of the images, ``"raw"`` as published.
    """

    network: str | None = None
    dataset: str | None = None
    pixels: Pixels = "raw"

    @property
    def backgrounds_alone(self) -> Labels:
        """The labels of a network that has nothing but backgrounds to learn from.

        Random labels leave a fully connected network nothing else. Convolutions tell samples apart by their cores as
        well, and have those left out.
        """
        return "random" if self.network is None else "frames"

    def __str__(self) -> str:
        data = "Gaussian data" if self.dataset is None else DATASETS[self.dataset].title
        return f"{self.network or 'fully connected network'}, {data}"


@dataclass(frozen=True)
class PanelSize:
    """How much of a panel one scale runs.

    Attributes
    ----------
    samples : training set sizes N, increasing.
    test : held-out samples.
    whole : whether training goes on to the released end.
    """

    samples: tuple[int, ...]
    test: int = 1000
    whole: bool = False


FC_GAUSSIAN = NetworkPanel()
FC_GREY = {name: NetworkPanel(None, name) for name in ("mnist", "fashion-mnist")}
CNN_GREY, CNN_COLOUR = (NetworkPanel(SMALL_CNN, name) for name in ("mnist", "cifar-10"))
RESNETS_COLOUR = {name: NetworkPanel(name, "cifar-10") for name in IMAGENET_RESNETS}


def unit(panel: NetworkPanel) -> NetworkPanel:
    """The same with pixels from 0 to 1."""
    return replace(panel, pixels="unit")


_WHOLE = PanelSize(GRID, 10_000, whole=True)
_RESNETS = PanelSize((2, 5, *GRID), 10_000, whole=True)
_FULLY_CONNECTED, _CONVOLUTIONAL = PanelSize((20, 50, 100, 200, 500)), PanelSize((50, 100, 200))
# A panel that a scale cannot run is not in it.
SIZES: Mapping[str, Mapping[NetworkPanel, PanelSize]] = {
    "quick": {FC_GAUSSIAN: PanelSize((20, 1000)), unit(FC_GREY["mnist"]): PanelSize((50, 200))},
    "standard": {
        FC_GAUSSIAN: PanelSize((10, 20, 50, 100, 200, 500, 1000, 2000)),
        **{kind(panel): _FULLY_CONNECTED for panel in FC_GREY.values() for kind in (replace, unit)},
        CNN_GREY: _CONVOLUTIONAL,
        unit(CNN_GREY): _CONVOLUTIONAL,
        CNN_COLOUR: PanelSize((20, 50, 200)),
        RESNETS_COLOUR["ResNet18"]: PanelSize((20, 100)),
    },
    "paper": {
        FC_GAUSSIAN: _WHOLE,
        **{kind(panel): _WHOLE for panel in (*FC_GREY.values(), CNN_GREY, CNN_COLOUR) for kind in (replace, unit)},
        **dict.fromkeys(RESNETS_COLOUR.values(), _RESNETS),
    },
}


def networks_of(panel: NetworkPanel, size: PanelSize) -> GaussianNetworks | FramedNetworks:
    """A network for every N, and one for the smallest N that has nothing but backgrounds to learn from."""
    smallest, labels = size.samples[0], panel.backgrounds_alone
    if panel.dataset is None:
        recipe = replace(RELEASED, loss="squared", stop_below=None if size.whole else LOW_LOSS)
        arms = (*(GaussianArm(n) for n in size.samples), GaussianArm(smallest, labels))
        return GaussianNetworks(recipe, arms, size.test)
    if panel.network in IMAGENET_RESNETS:
        recipe = replace(RESIDUAL, network=panel.network)
    else:
        recipe = replace(RELEASED, network=panel.network, stop_below=None if size.whole else LOW_LOSS)
        if panel.network is None and panel.pixels == "raw" and not size.whole:
            recipe = replace(recipe, stop_after=LASTING)
    return FramedNetworks(
        recipe,
        (*(SampleArm(n) for n in size.samples), SampleArm(smallest, labels)),
        size.test,
        weight_decay=RESIDUAL_DECAY if panel.network in IMAGENET_RESNETS else 0.0,
        dataset=panel.dataset,
        pixels=panel.pixels,
    )


def described(panel: NetworkPanel, size: PanelSize) -> dict[str, object]:
    """What the report says was run."""
    trained = networks_of(panel, size).recipe.end
    common: dict[str, object] = {"N": list(size.samples), "test samples": size.test, "trained": trained}
    return common if panel.dataset is None else common | {"pixels": "0 to 255" if panel.pixels == "raw" else "0 to 1"}
