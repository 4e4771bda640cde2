"""What paper B's patterns change on the test images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from support.experiments.experiment import LINEAR_ALGEBRA, Columns, Context, OnePass

# Images held at once as floating-point numbers.
BLOCK = 500


@dataclass(frozen=True)
class PatternOverlays(OnePass):
    """Every pattern on every test image of a dataset; a trial's number is the seed of its random patterns.

    The suite's seed plays no part: the papers' own patterns are asked for. Rows: one per pattern, with columns

        pattern       its name
        norm          mean ℓ₂ norm of the change
        assigned_gap  largest pixel difference between the overlay and writing the pattern's non-zero pixels instead
        unclipped_gap the same between the overlay and the sum without clipping

    Raises
    ------
    ValueError : an unknown dataset.
    """

    promise: ClassVar[float] = LINEAR_ALGEBRA

    dataset: str

    def __post_init__(self) -> None:
        from support.data.catalogue import DATASETS

        if self.dataset not in DATASETS:
            raise ValueError(f"unknown dataset {self.dataset!r}: {', '.join(DATASETS)}")

    def __str__(self) -> str:
        return f"patterns on the test images of {self.dataset}"

    def datasets(self) -> tuple[str, ...]:
        """The dataset."""
        return (self.dataset,)

    def run(self, trial: int, context: Context) -> Columns:
        """One pattern seed; see the class."""
        import numpy as np

        from support.data.datasets import load
        from support.data.patterns import PATTERNS, empirical_norm, overlay, pattern

        pixels = load(self.dataset, "test", context.data).pixels
        columns: dict[str, list[float]] = {"norm": [], "assigned_gap": [], "unclipped_gap": []}
        for name in PATTERNS:
            added = pattern(name, pixels.shape[1:], seed=trial)
            norm = assigned_gap = unclipped_gap = 0.0
            for start in range(0, len(pixels), BLOCK):
                images = pixels[start : start + BLOCK] / 255.0
                patterned = overlay(images, added)
                norm += empirical_norm(images, patterned) * len(images) / len(pixels)
                assigned = np.where(added > 0, added, images)
                assigned_gap = max(assigned_gap, float(np.abs(assigned - patterned).max()))
                unclipped_gap = max(unclipped_gap, float(np.abs(images + added - patterned).max()))
            for column, number in zip(columns.values(), (norm, assigned_gap, unclipped_gap), strict=True):
                column.append(number)
        return {"pattern": list(PATTERNS)} | columns
