"""Deletion from kernel regression, which is exact: the closed form beside a fit that never saw the samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from support.data.gaussian import Gaussian
from support.experiments.experiment import LINEAR_ALGEBRA, Columns, Context, OnePass, require_grid
from support.models.features import Family, FeatureMap


@dataclass(frozen=True)
class KernelDeletion(OnePass):
    """Random-feature and NTK regression, from which samples are deleted exactly (closed form, no training).

    The infinite-width kernels of paper A on Gaussian data. Queries are the deleted samples' own backgrounds beside an
    independent core. Rows: one for each n, with columns

        n
        spurious_accuracy            of the fit on all samples, on the backgrounds of those to be deleted; balanced
        deleted_spurious_accuracy    after their deletion by the closed form
        scratch_spurious_accuracy    of a fit that never saw them
        gap                          largest difference between those two fits' outputs on these queries, relative to
                                     the largest label

    Attributes
    ----------
    family : ``"rf"`` or ``"ntk"``.
    activation : φ, or φ' for NTK, by name.
    data : distribution of the samples.
    samples : N.
    sizes : numbers n of deleted samples, increasing and below N.
    alpha : share of the background.
    """

    promise: ClassVar[float] = LINEAR_ALGEBRA

    family: Family
    activation: str
    data: Gaussian
    samples: int
    sizes: tuple[int, ...]
    alpha: float = 0.5

    def __post_init__(self) -> None:
        require_grid("sizes", self.sizes, 1)
        if max(self.sizes) >= self.samples:
            raise ValueError(f"sizes must stay below the {self.samples} samples, got {max(self.sizes)}")
        if not 0 < self.alpha < 1:
            raise ValueError(f"alpha must lie in (0, 1), got {self.alpha}")
        FeatureMap(self.family, self.activation, None).require_interpolation(self.samples, self.data.d)

    def __str__(self) -> str:
        return f"exact deletion, {self.family.upper()} {self.activation}, infinite width, N={self.samples}"

    def datasets(self) -> tuple[str, ...]:
        """No dataset: the samples are drawn."""
        return ()

    def run(self, trial: int, context: Context) -> Columns:
        """One trial; see the class."""
        import torch

        from support.measures.accuracy import balanced_accuracy
        from support.models.gram import grams
        from support.models.interpolation import factorize

        n = self.samples
        draw = self.data.draw(n, 2, seed=context.seed, trial=trial)
        parts = (draw.samples(self.alpha)[:n], draw.spurious_queries(self.alpha))
        inputs = torch.cat([torch.from_numpy(part) for part in parts]).to(context.device)
        (kernel,) = grams(self.family, (self.activation,), None, inputs, n, seed=context.seed, trial=trial).values()
        labels = torch.from_numpy(draw.labels(self.alpha, (0.0,))).to(context.device).reshape(-1)[:n]
        gram, queries = kernel[:n], kernel[n:]
        fit = factorize(gram).fit(labels)
        columns: dict[str, list[float]] = {}
        for size in self.sizes:
            deleted, rest = torch.arange(size), torch.arange(size, n)
            scratch = factorize(gram[rest][:, rest]).fit(labels[rest])
            own, asked = labels[:size], queries[:size]
            closed, anew = asked @ fit.without(deleted), scratch.predict(asked[:, rest])
            row = {
                "n": float(size),
                "spurious_accuracy": balanced_accuracy(fit.predict(asked), own),
                "deleted_spurious_accuracy": balanced_accuracy(closed, own),
                "scratch_spurious_accuracy": balanced_accuracy(anew, own),
                "gap": float((closed - anew).abs().max() / labels.abs().max()),
            }
            for name, value in row.items():
                columns.setdefault(name, []).append(value)
        return columns
