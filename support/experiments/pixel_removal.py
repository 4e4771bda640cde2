"""How sure networks stay of the true class as pixels are removed (paper B, Appendix B.4.2, Figure 10)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from support.experiments.experiment import BITS, Columns, Context, OnePass, require_distinct
from support.experiments.scene import CLASSES, Arm, Scene, require_images
from support.randomness import stream
from support.training.recipe import Recipe

if TYPE_CHECKING:
    from support.training.ensemble import Trained

# Clean accuracy below which a start is given up, as that of `RarePatterns`: the same start where both are asked.
LEFT_CHANCE = 0.5


@dataclass(frozen=True)
class PixelRemoval(OnePass):
    """A network trained on clean images, asked about images that lose more and more of their non-zero pixels.

    Rows: one per share, with columns

        share
        train_probability, test_probability     mean probability of the true class, over training and test images
        shuffled_probability                    the same of training images whose pixels are shuffled within the image
        diverged                                1 where training diverged: nothing was measured then

    Attributes
    ----------
    dataset : a key of `support.data.catalogue.DATASETS`.
    shares : of non-zero pixels removed, in [0, 1].
    images : training and test images that are asked about; the paper's are 500 training images.
    subset : training images, drawn at random; None for all.
    redraws : how often at most a trial's start is drawn again because its network ended at chance on the test images.
    """

    promise: ClassVar[float] = BITS
    portable: ClassVar[bool] = False  # it trains networks

    dataset: str
    recipe: Recipe
    shares: tuple[float, ...]
    images: int = 500
    subset: int | None = None
    learning_rate: float = 0.01
    redraws: int = 0

    def __post_init__(self) -> None:
        require_images(self.dataset, self.subset, self.images)
        require_distinct("shares", self.shares)
        if self.redraws < 0:
            raise ValueError(f"redraws must not be negative, got {self.redraws}")
        if not all(0 <= share <= 1 for share in self.shares):
            raise ValueError(f"shares must lie in [0, 1], got {self.shares}")
        if self.subset is not None and self.subset < self.images:
            raise ValueError(f"subset must hold the {self.images} images asked about, got {self.subset}")

    def __str__(self) -> str:
        return f"pixel removal, {self.recipe} on {self.dataset}"

    def datasets(self) -> tuple[str, ...]:
        """The dataset."""
        return (self.dataset,)

    def run(self, trial: int, context: Context) -> Columns:
        """One trial; see the class."""
        import torch

        from support.measures.removal import without_pixels

        scene, networks = self._started(trial, context)
        network = networks.module(0).cpu().eval()
        generator = stream(context.seed, trial, "shuffled pixels")
        shown = {
            "train_probability": (scene.images[: self.images], scene.labels[: self.images]),
            "test_probability": (scene.test_images, scene.test_labels),
        }
        first, labels = shown["train_probability"]
        shuffled = torch.stack([image[torch.from_numpy(generator.permutation(len(image)))] for image in first])
        shown["shuffled_probability"] = (shuffled, labels)
        columns: dict[str, list[float | None]] = {"share": list(self.shares)}
        columns["diverged"] = [float(networks.diverged[0])] * len(self.shares)
        for name, (images, labels) in shown.items():
            removal = stream(context.seed, trial, f"removed pixels/{name}")
            cut = without_pixels(images.numpy().reshape(-1, *scene.shape), self.shares, removal)
            with torch.no_grad():
                logits = [network(torch.from_numpy(part.reshape(len(images), -1))) for part in cut]
            sure = [part.double().softmax(dim=1).gather(1, labels[:, None]).mean() for part in logits]
            columns[name] = [None if networks.diverged[0] else float(value) for value in sure]
        return dict(columns)

    def _started(self, trial: int, context: Context) -> tuple[Scene, Trained]:
        """The trial's scene and network, from the first start that leaves chance, or the last."""
        from support.training.ensemble import train

        for attempt in range(self.redraws + 1):
            # A scene's training images do not depend on the number of test images.
            scene = Scene.draw(self.dataset, self.subset, self.images, trial, context, attempt)
            member = scene.member(Arm("S1", 0), self.learning_rate)
            networks = train(
                self.recipe, scene.images, scene.labels, CLASSES, [member], shape=scene.shape, device=context.device
            )
            right = networks.logits(scene.test_images).cpu()[0].argmax(dim=1) == scene.test_labels
            if not networks.diverged[0] and float(right.double().mean()) >= LEFT_CHANCE:
                break
        return scene, networks
