"""How much a network's first layer weighs each pixel (paper B, Section 3.3, Figure 3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, cast

from support.data.catalogue import DATASETS
from support.experiments.experiment import BITS, CHOOSES_ARMS, ByArm, Columns, Context, require_grid
from support.experiments.scene import CLASSES, Arm, Scene, require_images
from support.training.recipe import Recipe

if TYPE_CHECKING:
    from support.training.ensemble import Ensemble


@dataclass(frozen=True)
class PixelImportance(ByArm):
    """Fully connected networks trained with n examples that carry a pattern, and what they make of every pixel.

    Rows: one per n and pixel, with columns

        n, pixel        the pixel's place in the image's rows, one after the other
        importance      its largest weight into the first layer, as `support.measures.spurious.pixel_importance`
        diverged        1 where training diverged: importances were not measured then

    An arm is one n.

    Attributes
    ----------
    dataset : one in grey of `support.data.catalogue.DATASETS`.
    sizes : numbers n of patterned examples, increasing.
    pattern : a name in `support.data.patterns.PATTERNS`.
    subset : training images, drawn at random; None for all.

    Raises
    ------
    ValueError : a field outside its range, or a recipe whose network has no weight for every pixel.
    """

    promise: ClassVar[float] = BITS
    arm_type: ClassVar[type] = int

    dataset: str
    recipe: Recipe
    sizes: tuple[int, ...] = field(metadata=CHOOSES_ARMS)
    pattern: str = "S3"
    subset: int | None = None
    learning_rate: float = 0.01

    def __post_init__(self) -> None:
        require_images(self.dataset, self.subset, None)
        require_grid("sizes", self.sizes, 0)
        if self.recipe.network is not None or DATASETS[self.dataset].colour:
            raise ValueError("pixel importance needs a fully connected network on grey images")
        Arm(self.pattern, 0)

    def __str__(self) -> str:
        return f"pixel importance, {self.pattern} on {self.dataset}"

    def datasets(self) -> tuple[str, ...]:
        """The dataset."""
        return (self.dataset,)

    @property
    def arms(self) -> tuple[int, ...]:
        """One network for each n."""
        return self.sizes

    @classmethod
    def choosing(cls, arms: Sequence[int]) -> dict[str, Any]:
        """The numbers n."""
        return {"sizes": tuple(sorted(arms))}

    def measure(self, arms: Sequence[int], trial: int, context: Context) -> list[Columns]:
        """Networks of one trial, a row for each pixel.

        Raises
        ------
        ValueError : n exceeds the examples of a class in the subset.
        """
        from support.measures.spurious import pixel_importance
        from support.training.ensemble import train

        scene = Scene.draw(self.dataset, self.subset, 1, trial, context)
        members = [scene.member(Arm(self.pattern, n), self.learning_rate) for n in arms]
        # A recipe that names no network trains fully connected ones, stacked.
        networks = cast(
            "Ensemble",
            train(self.recipe, scene.images, scene.labels, CLASSES, members, shape=scene.shape, device=context.device),
        )
        parts: list[Columns] = []
        for n, weights, diverged in zip(arms, networks.weights[0], networks.diverged, strict=True):
            importance: list[float] = pixel_importance(weights[None])[0].double().cpu().tolist()
            count = len(importance)
            parts.append(
                {
                    "n": [float(n)] * count,
                    "pixel": list(map(float, range(count))),
                    "importance": [None] * count if diverged else importance,
                    "diverged": [float(diverged)] * count,
                }
            )
        return parts
