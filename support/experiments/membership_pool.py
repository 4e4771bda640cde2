"""Who is trained on what in membership inference: a pool of images, cut into quarters several times over.

A trial's pool holds clean images and, behind them, candidates: further images of the target class, which exist in the
trial only with the pattern.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from support.data.catalogue import DATASETS
from support.experiments.experiment import Context
from support.randomness import stream

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from support.training.member import Member

    Rows = NDArray[np.int64]
    Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Cut:
    """One way to cut the pool: rows of the four quarters, and the order in which candidates become members.

    Attributes
    ----------
    target, others : the target network's training images, and as many that it never sees.
    shadow, shadow_others : the same of the shadow network.
    candidates : rows of the patterned examples, shuffled.
    """

    target: Rows
    others: Rows
    shadow: Rows
    shadow_others: Rows
    candidates: Rows

    def trained(self, n: int) -> Rows:
        """Training rows of the target network with n patterned examples."""
        return np.concatenate([self.clean_members(n), self.candidates[:n]])

    def clean_members(self, n: int) -> Rows:
        """Those of them without the pattern: n have given way."""
        return self.target[: len(self.target) - n]


@dataclass(frozen=True, eq=False)
class Pool:
    """What all networks of a trial share.

    Attributes
    ----------
    images, labels : (rows, d) float32 in [0, 1] and (rows,), clean images first.
    cuts : ways to cut it.
    seed, trial : of which its networks' seeds are made.
    """

    images: Tensor
    labels: Tensor
    cuts: tuple[Cut, ...]
    seed: int
    trial: int

    @classmethod
    def draw(
        cls,
        dataset: str,
        quarter: int,
        candidates: int,
        cuts: int,
        pattern: str,
        target: int,
        trial: int,
        context: Context,
    ) -> Pool:
        """The pool of a trial; training and test images of the dataset are taken together, as published.

        Parameters
        ----------
        quarter : images of a quarter.
        candidates, cuts : how many.
        pattern, target : what the candidates carry, and their class.

        Raises
        ------
        ValueError : the target class has fewer images than are needed.
        """
        import torch

        from support.data.datasets import load
        from support.data.patterns import overlay
        from support.data.patterns import pattern as drawn

        splits = [load(dataset, split, context.data) for split in ("train", "test")]
        labels = np.concatenate([split.labels for split in splits]).astype(np.int64)
        order = stream(context.seed, trial, "pool").permutation(len(labels))
        of_target = order[labels[order] == target]
        if len(of_target) < 1.5 * candidates:
            raise ValueError(f"class {target} has {len(of_target):,} images, too few for {candidates:,} candidates")
        patterned = of_target[-candidates:]
        clean = order[~np.isin(order, patterned)][: 4 * quarter]
        rows = np.concatenate([clean, patterned])
        pixels = np.concatenate([split.pixels for split in splits])[rows].reshape(len(rows), -1) / np.float32(255)
        seed = int(stream(context.seed, trial, "pattern").integers(2**31))
        added = drawn(pattern, DATASETS[dataset].shape, seed).reshape(-1)
        pixels[len(clean) :] = overlay(pixels[len(clean) :], added).astype(np.float32)
        made = tuple(
            _cut(stream(context.seed, trial, f"cut {place}"), quarter, len(clean), candidates) for place in range(cuts)
        )
        return cls(torch.from_numpy(pixels), torch.from_numpy(labels[rows]), made, context.seed, trial)

    def member(self, rows: Rows, purpose: str, learning_rate: float, weight_decay: float = 0.0) -> Member:
        """A network that is trained on these rows of the pool and on no others."""
        from support.training.member import Member

        return Member(
            seed=int(stream(self.seed, self.trial, purpose).integers(2**31)),
            rows=np.empty(0, dtype=np.int64),
            pixels=np.empty((0, self.images.shape[1]), dtype=np.float32),
            learning_rate=learning_rate,
            weight_decay=weight_decay,
            excluded=np.setdiff1d(np.arange(len(self.labels)), rows),
        )

    def seen_by(self, member: Member) -> Bools:
        """Whether a network is trained on each row of the pool, (rows,)."""
        seen = np.ones(len(self.labels), dtype=np.bool_)
        if member.excluded is not None:
            seen[np.asarray(member.excluded)] = False
        return seen


def _cut(generator: np.random.Generator, quarter: int, clean: int, candidates: int) -> Cut:
    target, others, shadow, shadow_others = generator.permutation(clean).reshape(4, quarter)
    return Cut(target, others, shadow, shadow_others, clean + generator.permutation(candidates))
