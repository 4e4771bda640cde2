"""All kinds of experiments, and an experiment from what its evidence says of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from support.evidence.keys import Origin, qualified_name
from support.experiments.deletion import Deletion
from support.experiments.experiment import Experiment
from support.experiments.kernel_deletion import KernelDeletion
from support.experiments.kernel_regression import FramedRegression, GaussianRegression
from support.experiments.kernel_spectrum import KernelSpectrum
from support.experiments.linear_fits import LinearFits
from support.experiments.membership import MembershipInference
from support.experiments.network_alignments import FramedAlignments, GaussianAlignments
from support.experiments.novel_backgrounds import NovelBackgrounds, NovelFrames
from support.experiments.novel_in_networks import NovelInNetworks
from support.experiments.pattern_overlays import PatternOverlays
from support.experiments.pixel_importance import PixelImportance
from support.experiments.pixel_removal import PixelRemoval
from support.experiments.rare_patterns import RarePatterns
from support.experiments.spurious_networks import FramedNetworks, GaussianNetworks

KINDS: dict[str, Any] = {
    qualified_name(kind): kind
    for kind in (
        Deletion,
        FramedAlignments,
        FramedNetworks,
        FramedRegression,
        GaussianAlignments,
        GaussianNetworks,
        GaussianRegression,
        KernelDeletion,
        KernelSpectrum,
        LinearFits,
        MembershipInference,
        NovelInNetworks,
        NovelBackgrounds,
        NovelFrames,
        PatternOverlays,
        PixelImportance,
        PixelRemoval,
        RarePatterns,
    )
}


def arm_of(origin: Origin) -> Any:
    """The arm of an entry.

    Raises
    ------
    ValueError : no kind of experiment has this name, or its arms are other ones today.
    """
    kind = _kind(origin)
    try:
        return msgspec.convert(origin.arm, kind.arm_type)
    except (msgspec.MsgspecError, ValueError) as error:
        raise ValueError(f"{origin.experiment} has no such arm today: {error}") from error


def experiment_of(origin: Origin, arms: Sequence[Any]) -> Experiment:
    """The experiment of an entry, asking for these arms.

    Raises
    ------
    ValueError : no kind of experiment has this name, or its fields are other ones today.
    """
    kind = _kind(origin)
    try:
        fields = origin.fields | msgspec.to_builtins(kind.choosing(arms))
        made: Experiment = msgspec.convert(fields, kind)
    except (msgspec.MsgspecError, ValueError) as error:
        raise ValueError(f"{origin.experiment} has no such fields today: {error}") from error
    return made


def _kind(origin: Origin) -> Any:
    if origin.experiment not in KINDS:
        raise ValueError(f"there is no experiment {origin.experiment} today")
    return KINDS[origin.experiment]
