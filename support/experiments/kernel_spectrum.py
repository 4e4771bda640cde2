"""Smallest eigenvalue of a feature kernel on Gaussian data, in and out of the regime where it is invertible."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from support.data.gaussian import Gaussian
from support.experiments.experiment import LINEAR_ALGEBRA, Columns, Context, OnePass, require_distinct, require_grid
from support.models.features import Family, FeatureMap


@dataclass(frozen=True)
class KernelSpectrum(OnePass):
    """λ_min of ΦΦᵀ/k (random features) or ΦΦᵀ/(kd) (NTK) for nested sample sizes, singular ones included.

    Rows: one per (activation, N), with columns ``activation``, ``n``, ``smallest`` and ``largest`` eigenvalue.

    Raises
    ------
    ValueError : an unknown family or activation, or sizes that do not increase from 2 on.
    """

    promise: ClassVar[float] = LINEAR_ALGEBRA

    family: Family
    activations: tuple[str, ...]
    width: int
    data: Gaussian
    sizes: tuple[int, ...]

    def __post_init__(self) -> None:
        require_grid("sizes", self.sizes, 2)
        require_distinct("activations", self.activations)
        for name in self.activations:
            FeatureMap(self.family, name, self.width)

    def __str__(self) -> str:
        return f"{self.family.upper()} spectrum, k={self.width:,}, Gaussian d={self.data.d:,}"

    def datasets(self) -> tuple[str, ...]:
        """No dataset: the samples are drawn."""
        return ()

    def run(self, trial: int, context: Context) -> Columns:
        """One trial; see the class."""
        import torch

        from support.models.gram import grams

        n = max(self.sizes)
        draw = self.data.draw(n, 0, seed=context.seed, trial=trial)
        inputs = torch.from_numpy(draw.inputs).to(context.device)
        kernels = grams(self.family, self.activations, self.width, inputs, n, seed=context.seed, trial=trial)
        names: list[str] = []
        numbers: list[tuple[float, float, float]] = []
        for name, kernel in kernels.items():
            for size in self.sizes:
                eigenvalues = torch.linalg.eigvalsh(kernel[:size, :size])
                names.append(name)
                numbers.append((float(size), float(eigenvalues[0]), float(eigenvalues[-1])))
        sizes, smallest, largest = (list(column) for column in zip(*numbers, strict=True))
        return {"activation": names, "n": sizes, "smallest": smallest, "largest": largest}
