"""Synthetic data of paper A: z = [x, y], a core feature that carries the label and a background that does not.

z ~ N(0, I_d); the last d_y = round(α d) coordinates are the spurious feature y, the others the core x; the label
is g = sign(uᵀx) with u ~ N(0, I) drawn per trial (Figures 2, 6, 7). One trial draws z, u and the independent
core once for all α, sample sizes and noise levels, so that comparisons between them are paired.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from support.randomness import stream


@dataclass(frozen=True)
class Gaussian:
    """Distribution of one trial's samples.

    Attributes
    ----------
    d : input dimension.
    label_shift : the background moves by this much times the label along a fixed random unit direction; 0 keeps
        y independent of the label, as the paper assumes.
    independent_coordinates : if given, only this many coordinates of each sample vary (rescaled to keep the
        norm), so nothing concentrates as d grows: a control outside Assumption 5.1.

    Raises
    ------
    ValueError : d < 2, or independent_coordinates outside 2..d.
    """

    d: int
    label_shift: float = 0.0
    independent_coordinates: int | None = None

    def __post_init__(self) -> None:
        if self.d < 2:
            raise ValueError(f"d must be at least 2, got {self.d}")
        if self.independent_coordinates is not None and not 2 <= self.independent_coordinates <= self.d:
            raise ValueError(f"independent_coordinates must lie in 2..{self.d}, got {self.independent_coordinates}")

    def draw(self, n: int, test: int, *, seed: int, trial: int) -> Draw:
        """Draw n training samples, their independent cores, and `test` held-out samples."""
        rng = stream(seed, trial, "inputs")
        inputs = rng.standard_normal((n + test, self.d))
        cores = stream(seed, trial, "independent cores").standard_normal((n, self.d))
        if self.independent_coordinates is not None:
            kept = np.linspace(0, self.d - 1, self.independent_coordinates).round().astype(int)
            mask = np.zeros(self.d)
            mask[kept] = np.sqrt(self.d / len(kept))
            inputs, cores = inputs * mask, cores * mask
        labelling = stream(seed, trial, "labelling vector").standard_normal(self.d)
        shift = stream(seed, trial, "label shift").standard_normal(self.d)
        return Draw(self, inputs, cores, labelling, shift, n, seed, trial)


def require_label_noise(noise: Sequence[float]) -> None:
    """Refuse flip probabilities outside [0, 0.5] with a ValueError."""
    if not all(0 <= level <= 0.5 for level in noise):
        raise ValueError(f"label noise must lie in [0, 0.5], got {tuple(noise)}")


@dataclass(frozen=True)
class Draw:
    """One trial's numbers; training samples are the first n rows of `inputs`."""

    distribution: Gaussian
    inputs: np.ndarray
    cores: np.ndarray
    labelling: np.ndarray
    shift: np.ndarray
    n: int
    seed: int
    trial: int

    def core_dimension(self, alpha: float) -> int:
        """d_x for spurious share α.

        Raises
        ------
        ValueError : alpha outside [0, 1].
        """
        if not 0 <= alpha <= 1:
            raise ValueError(f"alpha must lie in [0, 1], got {alpha}")
        return self.distribution.d - round(alpha * self.distribution.d)

    def labels(self, alpha: float, noise: Sequence[float] = (0.0,)) -> np.ndarray:
        """g = sign(uᵀx) of every row, each flipped with the given probabilities; (n + test, len(noise)).

        At α = 1 there is no core: labels are then independent fair signs. Flips are nested in the noise level.

        Raises
        ------
        ValueError : alpha outside [0, 1], or a noise level outside [0, 0.5].
        """
        require_label_noise(noise)
        core = self.core_dimension(alpha)
        if core:
            clean = np.where(self.inputs[:, :core] @ self.labelling[:core] >= 0, 1.0, -1.0)
        else:
            clean = stream(self.seed, self.trial, "coreless labels").choice([-1.0, 1.0], len(self.inputs))
        chance = stream(self.seed, self.trial, "label noise").random(len(self.inputs))
        return np.where(chance[:, None] < np.asarray(noise)[None], -clean[:, None], clean[:, None])

    def samples(self, alpha: float) -> np.ndarray:
        """Inputs of every row, (n + test, d); they depend on α only where the label shifts the background."""
        if self.distribution.label_shift == 0.0:
            return self.inputs
        core = self.core_dimension(alpha)
        direction = np.zeros(self.distribution.d)
        direction[core:] = self.shift[core:] / np.linalg.norm(self.shift[core:])
        return self.inputs + self.distribution.label_shift * self.labels(alpha) * direction

    def spurious_queries(self, alpha: float) -> np.ndarray:
        """z_i^s = [independent x, y_i] for each training sample i; (n, d)."""
        core = self.core_dimension(alpha)
        queries = self.samples(alpha)[: self.n].copy()
        queries[:, :core] = self.cores[:, :core]
        return queries
