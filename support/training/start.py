"""A network as it is before training: the same weights as `support.training.ensemble.train` starts from."""

from __future__ import annotations

import torch
from torch import nn

from support.models.factories import made
from support.training.draws import global_generator
from support.training.ensemble import Ensemble
from support.training.modules import Unflatten
from support.training.recipe import Recipe
from support.training.stack import initial_parameters


def initial_network(
    recipe: Recipe, d: int, classes: int, seed: int, *, shape: tuple[int, ...] | None = None
) -> nn.Sequential:
    """A plain torch module of inputs (b, d), on the CPU, in evaluation mode.

    Parameters
    ----------
    seed : of the member (`support.training.member.Member`).
    shape : of an image; needed where the recipe has a `network`.

    Raises
    ------
    ValueError : no shape where one is needed, or the network cannot be made.
    """
    if recipe.network is None:
        parameters = initial_parameters(recipe, d, classes, seed)[None]
        untrained = Ensemble(recipe.widths(d, classes), parameters, torch.zeros(1, dtype=torch.float64), (False,))
        return untrained.module(0).eval()
    if shape is None:
        raise ValueError(f"shape must be given for {recipe.network}, whose inputs are images")
    with global_generator(seed, "initial network"):
        network = made(recipe.network, shape, classes)
    return nn.Sequential(Unflatten(shape, channels_last=False), network).eval()
