"""How large the runs of networks' alignments are, and on what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from support.experiments.background_panels import CNN_GREY, FC_GREY, LOW_LOSS, RELEASED, NetworkPanel, unit
from support.experiments.network_alignments import FramedAlignments, GaussianAlignments
from support.experiments.network_arms import GaussianArm, SampleArm

# Spurious shares of Gaussian data.
ALPHAS = (0.25, 0.5)
# Samples of the smallest training set that are retrained without.
REFITS = 8
# Networks on framed digits, by name; on raw pixels kernels are as large as the pixels' squares.
GREY: Mapping[str, NetworkPanel] = {"fully connected": unit(FC_GREY["mnist"]), "CNN": unit(CNN_GREY)}


@dataclass(frozen=True)
class AlignmentSize:
    """How much one scale runs.

    Attributes
    ----------
    samples : training set sizes N on Gaussian data, increasing.
    framed : the same on framed images, by network; none where a scale has no time for them.
    test : held-out samples.
    """

    samples: tuple[int, ...]
    framed: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    test: int = 1000


SIZES: Mapping[str, AlignmentSize] = {
    "quick": AlignmentSize((50, 200)),
    "standard": AlignmentSize((50, 200, 600), {"fully connected": (50, 200), "CNN": (50,)}),
    "paper": AlignmentSize((50, 200, 1000, 2000), {"fully connected": (50, 200, 1000), "CNN": (50, 200)}),
}


def gaussian_run(size: AlignmentSize, refits: int = 0) -> GaussianAlignments:
    """Fully connected networks at every α and N; at the smallest N alone where samples are left out."""
    samples = size.samples[:1] if refits else size.samples
    return GaussianAlignments(
        replace(RELEASED, loss="squared", stop_below=LOW_LOSS),
        tuple(GaussianArm(n, alpha=alpha) for alpha in ALPHAS for n in samples),
        size.test,
        refits=refits,
    )


def framed_run(network: str, size: AlignmentSize) -> FramedAlignments:
    """Networks of this name in `GREY` on framed digits at every N."""
    shown = GREY[network]
    recipe = replace(RELEASED, network=shown.network, stop_below=LOW_LOSS)
    arms = tuple(SampleArm(n) for n in size.framed[network])
    return FramedAlignments(recipe, arms, size.test, dataset="mnist", pixels=shown.pixels)
