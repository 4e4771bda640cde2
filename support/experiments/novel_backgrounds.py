"""Kernel regression that is asked about backgrounds which it never saw, but which resemble one that it did.

Data, weights and labels of a trial are those of `support.experiments.kernel_regression`; the queries are others. To
training sample i belongs a query at each resemblance ρ: its background mixed with a fresh one
(`support.data.novel_backgrounds`), around a core that it does not share. All resemblances of a trial mix the same two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from support.data.gaussian import Gaussian
from support.data.novel_backgrounds import FRAME_MEAN, mixed, require_resemblances
from support.experiments.experiment import LINEAR_ALGEBRA, Columns, Context, OnePass, require_distinct, require_grid
from support.models.features import Family, FeatureMap
from support.randomness import stream

if TYPE_CHECKING:
    from torch import Tensor

    from support.models.interpolation import Interpolation


Row = dict[str, float | str]

# Disjoint training sets of a trial at most; small matrices, but many.
SETS = 8
# Others' backgrounds that each sample's label is paired with; one pairing is as noisy as the effect.
SHIFTS = 16


@dataclass(frozen=True)
class NovelBackgrounds(OnePass):
    """Interpolation of Gaussian data, asked about [x', ρ y_i + √(1 − ρ²) y'] with x' and y' independent of all else.

    Rows: one per (activation, α, N, ρ); columns as `_measured`, means over the disjoint training sets of N.

    Attributes
    ----------
    family : ``"rf"`` or ``"ntk"``.
    activations : φ (or φ' for NTK) by name.
    width : k, or None for the infinite-width kernel.
    d : input dimension of the standard normal data, whose background is independent of the label.
    sizes : training set sizes N, increasing.
    alphas : spurious shares α = d_y/d in [0, 1].
    resemblances : ρ in [0, 1].

    Raises
    ------
    ValueError : N not below the number of features, a linear activation with N > d, α or ρ outside [0, 1], an unknown
        activation; all before anything is computed.
    """

    promise: ClassVar[float] = LINEAR_ALGEBRA

    family: Family
    activations: tuple[str, ...]
    width: int | None
    d: int
    sizes: tuple[int, ...]
    alphas: tuple[float, ...]
    resemblances: tuple[float, ...]

    def __post_init__(self) -> None:
        require_grid("sizes", self.sizes, 3)
        _require_resemblances(self.resemblances)
        require_distinct("activations", self.activations)
        require_distinct("alphas", self.alphas)
        if not all(0 <= alpha <= 1 for alpha in self.alphas):
            raise ValueError(f"alpha must lie in [0, 1], got {self.alphas}")
        for name in self.activations:
            FeatureMap(self.family, name, self.width).require_interpolation(max(self.sizes), self.d)

    def __str__(self) -> str:
        width = "infinite width" if self.width is None else f"k={self.width:,}"
        return f"{self.family.upper()} {', '.join(self.activations)}, {width}, Gaussian d={self.d:,}, novel backgrounds"

    def datasets(self) -> tuple[str, ...]:
        """No dataset: the samples are drawn."""
        return ()

    def run(self, trial: int, context: Context) -> Columns:
        """One trial; see the class."""
        import numpy as np
        import torch

        from support.models.gram import grams
        from support.models.interpolation import factorize

        n = max(self.sizes)
        draw = Gaussian(self.d).draw(n, 0, seed=context.seed, trial=trial)
        fresh = stream(context.seed, trial, "novel backgrounds").standard_normal((n, self.d))
        parts = [draw.inputs]
        for alpha in self.alphas:
            core = draw.core_dimension(alpha)
            seen = draw.spurious_queries(alpha)
            for rho in self.resemblances:
                query = seen.copy()
                query[:, core:] = mixed(seen[:, core:], fresh[:, core:], rho)
                parts.append(query)
        inputs = torch.from_numpy(np.concatenate(parts)).to(context.device)
        kernels = grams(self.family, self.activations, self.width, inputs, n, seed=context.seed, trial=trial)
        labels = [torch.from_numpy(draw.labels(alpha)[:, 0]).to(context.device) for alpha in self.alphas]
        rows: list[Row] = []
        for activation, kernel in kernels.items():
            # (α, ρ, query, training sample)
            queries = kernel[n:].reshape(len(self.alphas), len(self.resemblances), n, n)
            for size in self.sizes:
                cuts = [slice(start, start + size) for start in range(0, min(SETS, n // size) * size, size)]
                factorizations = [factorize(kernel[:n][cut, cut]) for cut in cuts]
                for index, alpha in enumerate(self.alphas):
                    sets = [
                        _measured(
                            factorization.fit(labels[index][cut]), queries[index][:, cut, cut], labels[index][cut]
                        )
                        for factorization, cut in zip(factorizations, cuts, strict=True)
                    ]
                    condition: Row = {"activation": activation, "alpha": alpha, "n": float(size)}
                    rows += [
                        {**condition, "resemblance": rho, **_mean(same)}
                        for rho, *same in zip(self.resemblances, *sets, strict=True)
                    ]
        return _columns(rows)


@dataclass(frozen=True)
class NovelFrames(OnePass):
    """Interpolation of two framed image classes, asked about frames that resemble a seen one around an empty core.

    Raw pixels 0 to 255 and the empty core as published (`support.experiments.kernel_regression.FramedRegression`).
    Mixed frames are neither rounded nor clipped: they have the mean and the variance of seen ones at every ρ. Rows: one
    per (activation, ρ); columns as `_measured`.

    Attributes
    ----------
    task : a key of ``support.data.tasks.BINARY_TASKS``.
    samples : N.
    resemblances : ρ in [0, 1].

    Raises
    ------
    ValueError : as `NovelBackgrounds`, an unknown task, or fewer images than N.
    """

    promise: ClassVar[float] = LINEAR_ALGEBRA

    family: Family
    activations: tuple[str, ...]
    width: int | None
    task: str
    samples: int
    resemblances: tuple[float, ...]

    def __post_init__(self) -> None:
        from support.data.tasks import BINARY_TASKS

        require_grid("samples", (self.samples,), 3)
        _require_resemblances(self.resemblances)
        require_distinct("activations", self.activations)
        if self.task not in BINARY_TASKS:
            raise ValueError(f"unknown task {self.task!r}: {', '.join(BINARY_TASKS)}")
        task = BINARY_TASKS[self.task]
        if self.samples > task.pool:
            raise ValueError(f"{self.task} has {task.pool:,} training images of both classes, got N={self.samples:,}")
        for name in self.activations:
            FeatureMap(self.family, name, self.width).require_interpolation(self.samples, task.dimension)

    def __str__(self) -> str:
        width = "infinite width" if self.width is None else f"k={self.width:,}"
        return f"{self.family.upper()} {', '.join(self.activations)}, {width}, framed {self.task}, novel frames"

    def datasets(self) -> tuple[str, ...]:
        """The task's dataset."""
        from support.data.tasks import BINARY_TASKS

        return (BINARY_TASKS[self.task].dataset,)

    def run(self, trial: int, context: Context) -> Columns:
        """One trial; see the class."""
        import numpy as np
        import torch

        from support.data import frame
        from support.data.tasks import BINARY_TASKS, binary_images
        from support.models.gram import grams
        from support.models.interpolation import factorize

        task, n = BINARY_TASKS[self.task], self.samples
        pixels, signs = binary_images(task, "train", context.data)
        chosen = stream(context.seed, trial, "train images").choice(len(pixels), size=n, replace=False)
        framed = frame.framed(pixels[chosen], task.frame, stream(context.seed, trial, "frames"))
        fresh = frame.framed(pixels[chosen], task.frame, stream(context.seed, trial, "novel frames"))
        height, width = pixels.shape[1:3]
        mask = frame.core_mask(height, width, task.frame)
        queries = [frame.zero_core(mixed(framed, fresh, rho, FRAME_MEAN), mask) for rho in self.resemblances]
        inputs = np.concatenate([framed.astype(np.float64), *queries]).reshape(-1, framed[0].size)
        kernels = grams(
            self.family,
            self.activations,
            self.width,
            torch.from_numpy(inputs).to(context.device),
            n,
            seed=context.seed,
            trial=trial,
        )
        labels = torch.from_numpy(signs[chosen]).to(context.device)
        rows: list[Row] = []
        for activation, kernel in kernels.items():
            scaled = kernel / kernel[:n].diagonal().mean()  # raw pixels are large; K and a multiple of it fit alike
            fit = factorize(scaled[:n]).fit(labels)
            measured = _measured(fit, scaled[n:].reshape(len(self.resemblances), n, n), labels)
            condition: Row = {"activation": activation, "n": float(n)}
            rows += [
                {**condition, "resemblance": rho, **row} for rho, row in zip(self.resemblances, measured, strict=True)
            ]
        return _columns(rows)


def _require_resemblances(resemblances: Sequence[float]) -> None:
    require_distinct("resemblances", resemblances)
    require_resemblances(resemblances)


def _measured(fit: Interpolation, queries: Tensor, labels: Tensor) -> list[dict[str, float]]:
    """What the claims ask of a fitted model at each resemblance.

    Parameters
    ----------
    queries : kernel rows (ρ, N, N), row i of each belonging to training sample i.
    labels : (N,) g.

    Returns
    -------
    For each resemblance

        alignment                 mean over i of F(z_i^q, z_i)
        covariance                Cov(f(z_i^q, θ*), g_i)
        permuted_covariance       the same with the query that belongs to another training sample, averaged over up to
                                  SHIFTS cyclic pairings
        unseen_covariance         Cov(f(z_i^q, θ*_{−i}), g_i)
        spurious_accuracy, permuted_accuracy      balanced accuracy of f(z_i^q, θ*) for g_i, and of another's query
        generalization_covariance Cov(f(z_i, θ*_{−i}), g_i), which does not depend on the query
        label_variance            Var(g)
        residual                  of the fit
    """
    import torch

    from support.measures.accuracy import balanced_accuracy, covariance

    rows: list[dict[str, float]] = []
    for query in queries:
        outputs = fit.predict(query)
        shifts = range(1, min(SHIFTS, len(labels) - 1) + 1)
        permuted = torch.stack([outputs.roll(shift) for shift in shifts])
        rows.append(
            {
                "alignment": float(fit.alignment(query).mean()),
                "covariance": covariance(outputs, labels),
                "permuted_covariance": covariance(permuted, labels),
                "unseen_covariance": covariance(fit.without_own_sample(query), labels),
                "spurious_accuracy": balanced_accuracy(outputs, labels),
                "permuted_accuracy": balanced_accuracy(permuted, labels),
                "generalization_covariance": covariance(labels - fit.self_stability, labels),
                "label_variance": float(labels.var()),
                "residual": fit.residual,
            }
        )
    return rows


def _mean(sets: Sequence[dict[str, float]]) -> dict[str, float]:
    """Mean over training sets; of the residual, a bound, the largest."""
    mean = {name: sum(row[name] for row in sets) / len(sets) for name in sets[0]}
    return mean | {"residual": max(row["residual"] for row in sets)}


def _columns(rows: Sequence[Row]) -> Columns:
    return {name: [row[name] for row in rows] for name in rows[0]}
