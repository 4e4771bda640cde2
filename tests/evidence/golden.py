"""A tiny trial of each kind of experiment, whose numbers are kept: `python -m tests.evidence.golden` makes them anew.

To be run only where numbers are meant to change; then evidence of earlier code is stale, and the changelog says so.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import torch

from support.data.gaussian import Gaussian
from support.evidence.collect import Collector
from support.evidence.commit import commit_of, named
from support.evidence.library import Library
from support.evidence.sources import PACKAGE
from support.evidence.store import Store
from support.experiments.deletion import Deletion
from support.experiments.experiment import Context
from support.experiments.kernel_deletion import KernelDeletion
from support.experiments.kernel_regression import FramedRegression, GaussianRegression
from support.experiments.kernel_spectrum import KernelSpectrum
from support.experiments.linear_fits import LinearFits
from support.experiments.membership import MembershipInference
from support.experiments.network_alignments import FramedAlignments, GaussianAlignments
from support.experiments.network_arms import GaussianArm, SampleArm
from support.experiments.novel_backgrounds import NovelBackgrounds, NovelFrames
from support.experiments.novel_in_networks import NovelInNetworks
from support.experiments.pattern_overlays import PatternOverlays
from support.experiments.pixel_importance import PixelImportance
from support.experiments.pixel_removal import PixelRemoval
from support.experiments.rare_patterns import Arm, RarePatterns
from support.experiments.removals import INFLUENCED, METHODS, Influence, Removal
from support.experiments.spurious_networks import FramedNetworks, GaussianNetworks
from support.training.recipe import Recipe

STORE = Path(__file__).with_name("golden")
# A seed that no published run has.
SEED = 5
RECIPE = Recipe(hidden=(12,), epochs=2, milestones=(1,))
ARMS = (
    Arm("R3", 0),
    Arm("R3", 3),
    Arm("R3", 3, query="S1"),
    Arm("Inv", 4, target=1, carriers="any"),
    Arm("R1", 3, norm_of="S3"),
    Arm("R3", 3, input_noise=0.2, weight_decay=1e-3, clip_norm=0.1),
    Arm("R3", 3, clip_value=1e-3),
)
INFLUENCE = Influence(most=5, examples=50, released_depth=10)
REMOVALS = (
    *(Removal(3, method, INFLUENCE if method in INFLUENCED else None) for method in METHODS),
    Removal(3, "before", carriers="balanced"),
)
SQUARED = Recipe(hidden=(12,), epochs=20, milestones=(), loss="squared", stop_below=0.01)
FRAMED = Recipe(hidden=(12,), epochs=3, milestones=(1,))
BACKGROUNDS = (GaussianArm(10), GaussianArm(20, "random", 0.25))
EXPERIMENTS: dict[str, Any] = {
    "rare patterns": RarePatterns("mnist", RECIPE, ARMS, subset=200, test=50),
    "rare patterns, CNN": RarePatterns("mnist", Recipe(network="CNN", epochs=1, milestones=()), ARMS[:2], 100, 50),
    "deletion": Deletion("mnist", RECIPE, REMOVALS, subset=200, test=50),
    "membership": MembershipInference("mnist", RECIPE, 100, (2, 5)),
    "pixel importance": PixelImportance("mnist", RECIPE, (0, 3), subset=100),
    "pixel removal": PixelRemoval("mnist", RECIPE, (0.0, 0.5), images=20, subset=100),
    "overlays": PatternOverlays("mnist"),
    "random features": GaussianRegression("rf", ("h1+h2", "relu"), 500, Gaussian(20), (10, 20), (0.25, 0.5), test=20),
    "NTK": GaussianRegression("ntk", ("h0+h1",), 20, Gaussian(20), (30,), (0.5,), (0.0, 0.1), test=20),
    "infinite width": GaussianRegression("rf", ("relu",), None, Gaussian(20), (20,), (0.5,), test=20),
    "framed": FramedRegression("rf", ("relu",), 200, "mnist", (10,), test=20),
    "spectrum": KernelSpectrum("ntk", ("step",), 20, Gaussian(20), (10, 20)),
    "linear fits": LinearFits((0.1,), 0.5, 0.1, 1.0, 2.0, (100,), test=200, repeats=2),
    "exact deletion": KernelDeletion("rf", "relu", Gaussian(20), 40, (5,)),
    "novel backgrounds": NovelBackgrounds("ntk", ("h0+h1",), 20, 20, (10, 20), (0.5,), (0.0, 0.5, 1.0)),
    "backgrounds": GaussianNetworks(SQUARED, BACKGROUNDS, 20, data=Gaussian(20)),
    "framed backgrounds": FramedNetworks(FRAMED, (SampleArm(20),), 20, dataset="mnist", pixels="unit"),
    "alignments": GaussianAlignments(SQUARED, BACKGROUNDS, 20, data=Gaussian(20), refits=2),
    "framed alignments": FramedAlignments(FRAMED, (SampleArm(10),), 20, dataset="mnist", pixels="unit"),
    "backgrounds that resemble": NovelInNetworks(SQUARED, BACKGROUNDS[:1], 20, data=Gaussian(20)),
    "novel frames": NovelFrames("rf", ("relu",), 200, "mnist", 10, (0.0, 0.5, 1.0)),
}


def main() -> None:
    """Make the numbers anew."""
    torch.set_num_threads(1)
    shutil.rmtree(STORE, ignore_errors=True)
    collector = Collector(Library(Store(STORE)), Context(SEED), commit=named(*commit_of(PACKAGE.parent)))
    for experiment in EXPERIMENTS.values():
        collector.rows(experiment, 1)
    shutil.rmtree(STORE / "locks", ignore_errors=True)


if __name__ == "__main__":
    main()
