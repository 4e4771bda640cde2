"""Random interpolation problems small enough to refit by definition: for exact identities, which hold on every one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count, islice

import numpy as np

from support.experiments.kernel_families import ACTIVATIONS, cases
from support.experiments.leave_one_out import LeftOut
from support.models import explicit
from support.models.features import FeatureMap
from support.randomness import stream

# A solve with condition number 1e3 loses 3 of 16 digits, a pseudo-inverse at most twice that: 1e-8 leaves room
# for nothing but rounding. Worse conditioned draws are not judged.
ROUNDING = 1e-8
CONDITION_LIMIT = 1e3

# None: any matrix is the feature matrix of some map.
MAPS: Mapping[str, FeatureMap | None] = {
    f"{family} {activation}": FeatureMap(family, activation, 1) for family, activation in cases(ACTIVATIONS)
} | {"arbitrary map": None}


def draw_features(
    features: FeatureMap | None, d: int, n: int, width: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features of n samples (n, p) and of one query (p,), and labels (n,), all of standard normal inputs.

    Parameters
    ----------
    d : input dimension.
    width : k: p is k, or k·d for NTK.
    """
    inputs = rng.standard_normal((n + 1, d))
    if features is None:
        phi = rng.standard_normal((n + 1, width)) * rng.uniform(0.5, 2, width) + rng.standard_normal(width)
    else:
        phi = explicit.feature_matrix(features, inputs, rng.standard_normal((width, d)) / np.sqrt(d))
    return phi[:n], phi[n], rng.standard_normal(n)


def random_problems(name: str, seed: int, number: int) -> list[LeftOut]:
    """So many problems of a map in `MAPS`, with d, N, p > N and the left-out sample drawn; small ones come up often.

    Raises
    ------
    KeyError : an unknown map.
    """
    return list(islice(_problems(name, seed), number))


def _problems(name: str, seed: int) -> Iterator[LeftOut]:
    features = MAPS[name]
    for draw in count():
        rng = stream(seed, draw, f"identity {name}")
        # Half of the dimensions and counts are at most 4: few samples in few dimensions are hard on identities.
        d, n = (int(rng.integers(2, high)) for high in rng.choice([5, 21], size=2))
        extra, sample = int(rng.integers(1, 201)), int(rng.integers(n))
        ntk = features is not None and features.family == "ntk"
        width = -(-(n + extra) // d) if ntk else n + extra
        phi, query, labels = draw_features(features, d, n, width, rng)
        if fit_to_judge(phi, sample):
            yield LeftOut(phi, labels, sample, query)


def fit_to_judge(phi: np.ndarray, sample: int) -> bool:
    """Whether a problem can tell an identity from rounding, and both projectors have something to project.

    In few dimensions ReLU and step leave some samples without a single active neuron; and a sample orthogonal to all
    others has no alignment by the span projector.
    """
    return bool(
        np.abs(phi).sum(axis=1).min() > 0
        and np.linalg.cond(phi) < CONDITION_LIMIT
        and np.abs(np.delete(phi, sample, 0) @ phi[sample]).max() > 0
    )
