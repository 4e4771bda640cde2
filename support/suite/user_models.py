"""What users bring: a network in place of the paper's (`--model`), or a feature map (`--features`).

Which claims can be asked of either stands in the marker `asks` of the claim modules.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from support.evidence.inputs import UserNetwork
from support.evidence.user_networks import CLASSES, SHAPE, network_digest
from support.models.architectures import ARCHITECTURES
from support.suite.markers import asked_of
from support.suite.settings import Settings

if TYPE_CHECKING:
    import numpy as np

# A feature map is asked about so many inputs of so many entries, standard normal.
SAMPLES, ENTRIES = 100, 784
# A solve with features of condition number 1e3 loses 6 of 16 digits; worse ones would hide an identity in rounding.
CONDITION_LIMIT = 1e3
ROUNDING = 1e-8

OPTIONS = {"network": "--model", "features": "--features"}
ABOUT = {"network": "networks", "features": "feature maps"}


# ------------------------------------------------------------------------------------------------ claims


def why_not_asked(item: pytest.Item, settings: Settings) -> str | None:
    """Why a test is not run, given what the user brings; None where it is."""
    of, because = asked_of(item)
    brought = {"network": settings.model, "features": settings.features}
    if not any(brought.values()):
        return "it is asked of a feature map of your own, --features FILE.py:FUNCTION" if of == "features" else None
    if of is not None and brought.get(of):
        return None
    if because and settings.model:
        return f"--model cannot stand in for the paper's network: {because}"
    options, things = (" and ".join(words[name] for name in brought if brought[name]) for words in (OPTIONS, ABOUT))
    return f"with {options} only claims about {things} in general are asked"


# ------------------------------------------------------------------------------------------------ networks


def fit_network(specification: str) -> UserNetwork | None:
    """Check that a network can be trained on 28x28 grey images in 10 classes, and say what it is.

    Returns
    -------
    None for the suite's own architectures.

    Raises
    ------
    ValueError : as `support.models.probing.probe`.
    """
    from support.models.factories import checked
    from support.models.probing import probe

    try:
        if specification in ARCHITECTURES:
            checked(specification, SHAPE, CLASSES)
            return None
        found = probe(specification, SHAPE, CLASSES)
    except ValueError as error:
        raise ValueError(_named("--model", error)) from error
    digest = network_digest(specification, found.weights, found.representation, found.files.values())
    return UserNetwork(digest, found.files, found.answers, found.remarks)


def with_network(experiment: Any, network: str) -> Any:
    """The experiment with this network in its recipe."""
    return dataclasses.replace(experiment, recipe=dataclasses.replace(experiment.recipe, network=network))


# ---------------------------------------------------------------------------------------------- feature maps


def load_features(specification: str) -> Callable[[np.ndarray], np.ndarray]:
    """The feature map of a specification, from inputs (n, d) to features (n, k), both float64.

    Raises
    ------
    ValueError : it cannot be imported or is not callable; when called, it fails or does not return such features.
    """
    import torch

    from support.models.factories import load_factory
    from support.models.user_code import users_code

    try:
        made: Any = load_factory(specification)
    except ValueError as error:
        raise ValueError(_named("--features", error)) from error

    def features(inputs: np.ndarray) -> np.ndarray:
        asked = f"{tuple(inputs.shape)} inputs"
        with users_code(f"--features {specification} fails on {asked}"), torch.no_grad():
            found = made(torch.from_numpy(inputs.copy()))
        got = tuple(found.shape) if isinstance(found, torch.Tensor) else type(found).__name__
        if not isinstance(found, torch.Tensor) or found.ndim != 2 or len(found) != len(inputs):
            raise ValueError(f"--features {specification} must map {asked} to ({len(inputs)}, k) features, got {got}")
        if found.dtype != torch.float64:
            raise ValueError(f"--features {specification} must return torch.float64, got {found.dtype}")
        if not bool(found.isfinite().all()):
            raise ValueError(f"--features {specification} maps {asked} to features that are NaN or infinite")
        values: np.ndarray = found.cpu().numpy()
        return values

    return features


def fit_features(specification: str) -> None:
    """Check that a feature map can be asked: it is one, and interpolates SAMPLES standard normal inputs.

    Raises
    ------
    ValueError : as `load_features`; or the features of an input change from call to call or with the other inputs;
        or there are too few of them, or their kernel cannot be inverted well enough for an identity to be told from
        rounding.
    """
    import numpy as np
    import torch

    from support.models.interpolation import SingularKernelError, factorize
    from support.randomness import stream

    features = load_features(specification)
    inputs = stream(0, 0, "own features").standard_normal((SAMPLES, ENTRIES))
    phi = features(inputs)
    size = np.abs(phi).max()
    for again, what in ((features(inputs), "from call to call"), (features(inputs[:7]), "with the other inputs")):
        if again.shape[1] != phi.shape[1] or np.abs(again - phi[: len(again)]).max() > ROUNDING * size:
            raise ValueError(f"--features {specification} is no map: features of the same input change {what}")
    if phi.shape[1] <= SAMPLES:
        raise ValueError(
            f"--features {specification} gives {phi.shape[1]} features, "
            f"which cannot interpolate {SAMPLES} samples: at least {SAMPLES + 1} are needed"
        )
    try:
        factorize(torch.from_numpy(phi @ phi.T))
    except SingularKernelError as error:
        raise ValueError(f"--features {specification}: {error}") from error
    condition = float(np.linalg.cond(phi))
    if not condition < CONDITION_LIMIT:
        raise ValueError(
            f"--features {specification}: features of {SAMPLES} standard normal inputs have condition number "
            f"{condition:.1e}; above {CONDITION_LIMIT:.0e} an identity cannot be told from rounding"
        )


def _named(option: str, error: ValueError) -> str:
    """What is wrong, with the option that named it."""
    text = str(error)
    return f"{option} {text.removeprefix('network ')}" if text.startswith("network ") else f"{option}: {text}"
