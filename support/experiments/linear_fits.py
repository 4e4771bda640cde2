"""Least squares on draws of paper B's linear model (Definition 1): population curves in finite samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from support.experiments.experiment import LINEAR_ALGEBRA, Columns, Context, OnePass, require_distinct, require_grid
from support.randomness import stream

# Samples held at once.
BLOCK = 100_000


@dataclass(frozen=True)
class LinearFits(OnePass):
    """Ridge regression with an unpenalised intercept on n samples of Definition 1, for every γ and n.

    Every fit has a draw of its own. Rows: one per (γ, n), averaged over `repeats` fits, with columns

        gamma, n
        prediction_difference, clean_accuracy, spurious_accuracy      mean over the fits
        prediction_difference_sd                                      standard deviation over the fits, if several

    Accuracies are shares of fresh samples with the right sign.

    Attributes
    ----------
    gammas : shares of positive samples with the spurious feature, in [0, 1].
    variance_inv, variance_sp : σ_inv², σ_sp², positive.
    norm_inv, norm_sp : ‖x_inv‖, ‖x_sp‖, positive; the vectors point along the diagonal of their block.
    sizes : training samples n, increasing, more than the 2·dimension + 1 coefficients.
    penalty : λ on the slopes, as in ½·mean squared error + (λ/2)‖β‖².
    training_noise, test_noise : variance of Gaussian noise added to every coordinate of the inputs.
    dimension : of each block.
    test : fresh samples per accuracy.
    repeats : fits per row.

    Raises
    ------
    ValueError : a field outside its range, named.
    """

    promise: ClassVar[float] = LINEAR_ALGEBRA

    gammas: tuple[float, ...]
    variance_inv: float
    variance_sp: float
    norm_inv: float
    norm_sp: float
    sizes: tuple[int, ...]
    penalty: float = 0.0
    training_noise: float = 0.0
    test_noise: float = 0.0
    dimension: int = 1
    test: int = 20_000
    repeats: int = 1

    def __post_init__(self) -> None:
        from support.theory.curves import Setting

        require_distinct("gammas", self.gammas)
        require_grid("sizes", self.sizes, 2 * self.dimension + 2)
        for name in ("dimension", "test", "repeats"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        Setting(
            np.array(self.gammas),
            self.variance_inv,
            self.variance_sp,
            self.norm_inv,
            self.norm_sp,
            self.penalty,
            self.training_noise,
            self.test_noise,
        )

    def __str__(self) -> str:
        return f"least squares on {max(self.sizes):,} samples of the linear model, {len(self.gammas)} values of γ"

    def datasets(self) -> tuple[str, ...]:
        """No dataset: the samples are drawn."""
        return ()

    def run(self, trial: int, context: Context) -> Columns:
        """One trial; see the class."""
        rng = stream(context.seed, trial, "linear model")
        rows: list[tuple[float | None, ...]] = []
        for gamma in self.gammas:
            for n in self.sizes:
                fits = np.array([self._fit(gamma, n, rng) for _ in range(self.repeats)])
                spread = float(fits[:, 0].std(ddof=1)) if self.repeats > 1 else None
                rows.append((gamma, float(n), *map(float, fits.mean(axis=0)), spread))
        names = (
            "gamma",
            "n",
            "prediction_difference",
            "clean_accuracy",
            "spurious_accuracy",
            "prediction_difference_sd",
        )
        return {name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}

    def _fit(self, gamma: float, n: int, rng: np.random.Generator) -> tuple[float, float, float]:
        """Prediction difference, clean and spurious accuracy of one fit."""
        size = 2 * self.dimension + 1
        second, first = np.zeros((size, size)), np.zeros(size)
        for start in range(0, n, BLOCK):
            labels, carries = self._classes(gamma, min(BLOCK, n - start), rng)
            design = np.hstack([self._inputs(labels, carries, self.training_noise, rng), np.ones((len(labels), 1))])
            second += design.T @ design
            first += design.T @ labels
        penalties = np.diag([self.penalty] * (size - 1) + [0.0])
        beta = np.linalg.solve(second / n + penalties, first / n)
        labels, without = self._classes(0.0, self.test, rng)
        clean = self._inputs(labels, without, self.test_noise, rng) @ beta[:-1] + beta[-1]
        negative, pattern = np.full(self.test, -1.0), np.full(self.test, True)
        spurious = self._inputs(negative, pattern, self.test_noise, rng) @ beta[:-1] + beta[-1]
        difference = float(self._direction(self.norm_sp) @ beta[self.dimension : -1])
        return difference, float(np.mean(clean * labels > 0)), float(np.mean(spurious < 0))

    def _classes(self, gamma: float, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Labels, and which samples carry the spurious feature."""
        uniform = rng.random(n)
        return np.where(uniform < 0.5, 1.0, -1.0), uniform < gamma / 2

    def _direction(self, norm: float) -> np.ndarray:
        return np.full(self.dimension, norm / np.sqrt(self.dimension))

    def _inputs(self, labels: np.ndarray, carries: np.ndarray, noise: float, rng: np.random.Generator) -> np.ndarray:
        inputs: np.ndarray = rng.standard_normal((len(labels), 2 * self.dimension))
        inputs *= np.repeat(np.sqrt([self.variance_inv + noise, self.variance_sp + noise]), self.dimension)
        inputs[:, : self.dimension] += np.outer(labels, self._direction(self.norm_inv))
        inputs[:, self.dimension :] += np.outer(carries, self._direction(self.norm_sp))
        return inputs
