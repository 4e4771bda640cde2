"""Trained networks that are asked about backgrounds which they never saw but which resemble one that they did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from support.data.novel_backgrounds import mixed, require_resemblances
from support.experiments.experiment import LINEAR_ALGEBRA, Columns, Context, require_distinct
from support.experiments.network_alignments import of_the_fit
from support.experiments.network_arms import GaussianArm
from support.experiments.spurious_networks import GaussianNetworks, Samples
from support.randomness import stream

if TYPE_CHECKING:
    from torch import Tensor

COLUMNS = (
    "covariance",
    "alignment_end",
    "training_covariance",
    "test_covariance",
    "train_accuracy",
    "tests_in_training",
    "loss",
)


@dataclass(frozen=True)
class NovelInNetworks(GaussianNetworks):
    """Fully connected networks on Gaussian data, asked about [x', ρ y + √(1 − ρ²) y'] with new x' and y'.

    All resemblances ρ share a trial's x' and y'. Rows: one per (arm, ρ); columns n, alpha, labels, rho and

    covariance          Cov(f, g) at the queries; at ρ = 1 what is memorized of seen backgrounds
    alignment_end       mean of F(query, z_i) in the network's kernel after training
    training_covariance, test_covariance, train_accuracy, tests_in_training, loss
                        as `support.experiments.network_alignments`

    None of them is measured where a network diverged.

    Attributes
    ----------
    resemblances : values of ρ in [0, 1], none twice.

    Raises
    ------
    ValueError : as `GaussianNetworks`, or another ρ.
    """

    promise = LINEAR_ALGEBRA

    resemblances: tuple[float, ...] = (0.0, 0.5, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        require_distinct("resemblances", self.resemblances)
        require_resemblances(self.resemblances)

    def resembling(self, samples: Samples, arm: GaussianArm, rho: float, trial: int, context: Context) -> Tensor:
        """Queries whose backgrounds resemble those of the training samples, (cores, N, d)."""
        import torch

        background = slice(self.data.d - round(arm.alpha * self.data.d), None)
        seen = samples.queries[:, :, background].numpy()
        fresh = stream(context.seed, trial, "fresh backgrounds").standard_normal(seen.shape)
        asked = samples.queries.clone()
        asked[:, :, background] = torch.from_numpy(mixed(seen, fresh, rho)).float()
        return asked

    def measure(self, arms: Sequence[GaussianArm], trial: int, context: Context) -> list[Columns]:
        """See the class."""
        return [self._rows(arm, trial, context) for arm in arms]

    def _rows(self, arm: GaussianArm, trial: int, context: Context) -> Columns:
        import torch

        from support.measures.backgrounds import output_covariance
        from support.measures.network_alignment import network_alignment

        samples = self.samples(arm, trial, context)
        trained = self.trained(samples, trial, context)
        around: dict[str, float | str | None] = dict.fromkeys(COLUMNS) | arm.columns()
        if trained.diverged[0]:
            rows = [around | {"rho": rho} for rho in self.resemblances]
        else:
            around |= of_the_fit(trained, samples)
            network, rows = trained.module(0).cpu(), []
            for rho in self.resemblances:
                asked = self.resembling(samples, arm, rho, trial, context)
                answers = torch.stack([trained.logits(queries)[0].cpu() for queries in asked])
                found = {
                    "covariance": output_covariance(answers, samples.labels),
                    "alignment_end": network_alignment(network, samples.inputs, asked[0]).mean,
                }
                rows.append({**around, "rho": rho, **found})
        return {name: [row[name] for row in rows] for name in ("n", "alpha", "labels", "rho", *COLUMNS)}
