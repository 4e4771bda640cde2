"""How large a run of networks is: images, epochs; what a claim module's table of sizes holds for each scale."""

from __future__ import annotations

from dataclasses import dataclass

from support.training.recipe import Recipe

# Of MNIST and Fashion-MNIST.
TRAINING_IMAGES, TEST_IMAGES = 60_000, 10_000


@dataclass(frozen=True)
class Size:
    """One scale's size of the image experiments.

    Attributes
    ----------
    recipe : how networks are trained.
    subset, test : training and test images; None for all.
    """

    recipe: Recipe
    subset: int | None = None
    test: int | None = None

    def described(self) -> dict[str, int]:
        """What the report says was run."""
        return {
            "training images": self.subset or TRAINING_IMAGES,
            "test images": self.test or TEST_IMAGES,
            "epochs": self.recipe.epochs,
        }
