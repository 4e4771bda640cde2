"""How much a network's first layer weighs each pixel (paper B, Section 3.3, Figure 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from support.experiments.experiment import Columns, Context, require_grid
from support.experiments.scene import CLASSES, Arm, Scene, require_images
from support.training.recipe import Recipe

if TYPE_CHECKING:
    from support.training.ensemble import Ensemble


@dataclass(frozen=True)
class PixelImportance:
    """Fully connected networks trained with n examples that carry a pattern, and what they make of every pixel.

    Rows: one per n and pixel, with columns

        n, pixel        the pixel's place in the image's rows, one after the other
        importance      its largest weight into the first layer, as `support.measures.spurious.pixel_importance`
        diverged        1 where a network of the trial diverged: the trial's importances are then 0

    Attributes
    ----------
    dataset : ``"mnist"`` or ``"fashion-mnist"``.
    sizes : numbers n of patterned examples, increasing.
    pattern : a name in `support.data.patterns.PATTERNS`.
    subset : training images, drawn at random; None for all.

    Raises
    ------
    ValueError : a field outside its range, or a recipe whose network has no weight for every pixel.
    """

    dataset: str
    recipe: Recipe
    sizes: tuple[int, ...]
    pattern: str = "S3"
    subset: int | None = None
    learning_rate: float = 0.01

    def __post_init__(self) -> None:
        require_images(self.dataset, self.subset, None)
        require_grid("sizes", self.sizes, 0)
        if self.recipe.network is not None or self.dataset == "cifar-10":
            raise ValueError("pixel importance needs a fully connected network on grey images")
        self._arms()

    def __str__(self) -> str:
        return f"pixel importance, {self.pattern} on {self.dataset}"

    def datasets(self) -> tuple[str, ...]:
        """The dataset."""
        return (self.dataset,)

    def _arms(self) -> list[Arm]:
        return [Arm(self.pattern, n) for n in self.sizes]

    def run(self, trial: int, context: Context) -> Columns:
        """One trial; see the class.

        Raises
        ------
        ValueError : n exceeds the examples of a class in the subset.
        """
        import numpy as np

        from support.measures.spurious import pixel_importance
        from support.training.ensemble import train

        scene = Scene.draw(self.dataset, self.subset, 1, trial, context)
        members = [scene.member(arm, self.learning_rate) for arm in self._arms()]
        # A recipe that names no network trains fully connected ones, stacked.
        networks = cast(
            "Ensemble",
            train(self.recipe, scene.images, scene.labels, CLASSES, members, shape=scene.shape, device=context.device),
        )
        diverged = float(any(networks.diverged))
        importance = pixel_importance(networks.weights[0]).double().cpu().numpy() * (1 - diverged)
        count = importance.shape[1]
        return {
            "n": np.repeat(np.array(self.sizes, dtype=float), count).tolist(),
            "pixel": np.tile(np.arange(count, dtype=float), len(self.sizes)).tolist(),
            "importance": np.nan_to_num(importance).reshape(-1).tolist(),
            "diverged": [diverged] * importance.size,
        }
