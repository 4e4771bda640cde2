"""Minimum-norm regression on random or neural tangent features: paper A's own experiments, and what explains them.

One trial draws the data and the random weights once. Training sets are cut from the same samples, so one pass over
the weights serves every N, α and noise level, and all of these are paired within the trial. Where N is a fraction of
the samples, several disjoint training sets fit, and the trial's number is their mean: ten samples alone say little,
and the kernel is there already. The paper draws a new data set for every N; each set alone has that distribution.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from support.data.gaussian import Gaussian, require_label_noise
from support.experiments.experiment import LINEAR_ALGEBRA, Columns, Context, OnePass, require_distinct, require_grid
from support.models.features import Family, FeatureMap
from support.randomness import stream

if TYPE_CHECKING:
    from torch import Tensor

    from support.models.interpolation import Factorization, Interpolation


Row = dict[str, float | str]

# Disjoint training sets of a trial at most; small matrices, but many.
SETS = 8
# Queries with a frame never seen are a control; more of them would cost as much as the claim itself.
FRESH_QUERIES = 500
# A single pairing of queries with other samples' labels is as noisy as the effect it is the control for.
SHIFTS = 16
# Columns of which a trial keeps the worst training set's.
BOUNDS = ("train_error", "residual", "condition_number")


@dataclass(frozen=True)
class GaussianRegression(OnePass):
    """Interpolation of Gaussian data at every activation, N, α and label noise level.

    Rows: one per (activation, α, label noise, N); columns as `_measure`.

    Attributes
    ----------
    family : ``"rf"`` or ``"ntk"``.
    activations : φ (or φ' for NTK) by name.
    width : k, or None for the infinite-width kernel.
    data : distribution of the samples.
    sizes : training set sizes N, increasing.
    alphas : spurious shares α = d_y/d in [0, 1].
    label_noise : probabilities of a flipped label, training and test alike.
    test : number of held-out samples, at least 2.

    Raises
    ------
    ValueError : N not below the number of features, a linear activation with N > d, alpha outside [0, 1],
        an unknown activation; all before anything is computed.
    """

    promise: ClassVar[float] = LINEAR_ALGEBRA

    family: Family
    activations: tuple[str, ...]
    width: int | None
    data: Gaussian
    sizes: tuple[int, ...]
    alphas: tuple[float, ...]
    label_noise: tuple[float, ...] = (0.0,)
    test: int = 1000

    def __post_init__(self) -> None:
        require_grid("sizes", self.sizes, 2)
        require_distinct("activations", self.activations)
        require_distinct("alphas", self.alphas)
        require_distinct("label_noise", self.label_noise)
        _require_test(self.test)
        for name in self.activations:
            FeatureMap(self.family, name, self.width).require_interpolation(max(self.sizes), self.data.d)
        if not all(0 <= alpha <= 1 for alpha in self.alphas):
            raise ValueError(f"alpha must lie in [0, 1], got {self.alphas}")
        require_label_noise(self.label_noise)
        if self.data.label_shift and len(self.alphas) > 1:
            raise ValueError("a label shift moves the inputs with alpha: ask for one alpha at a time")

    def __str__(self) -> str:
        width = "infinite width" if self.width is None else f"k={self.width:,}"
        return f"{self.family.upper()} {', '.join(self.activations)}, {width}, Gaussian d={self.data.d:,}"

    def datasets(self) -> tuple[str, ...]:
        """No dataset: the samples are drawn."""
        return ()

    def run(self, trial: int, context: Context) -> Columns:
        """One trial; see the class."""
        import torch

        from support.models.gram import grams
        from support.models.interpolation import factorize

        n = max(self.sizes)
        draw = self.data.draw(n, self.test, seed=context.seed, trial=trial)
        queries = [draw.spurious_queries(alpha) for alpha in self.alphas]
        inputs = torch.cat([torch.from_numpy(part) for part in (draw.samples(self.alphas[0]), *queries)]).to(
            context.device
        )
        kernels = grams(self.family, self.activations, self.width, inputs, n, seed=context.seed, trial=trial)
        rows: list[Row] = []
        for activation, kernel in kernels.items():
            factorization = factorize(kernel[:n])
            test = kernel[n : n + self.test]
            for index, alpha in enumerate(self.alphas):
                start = n + self.test + index * n
                labels = torch.from_numpy(draw.labels(alpha, self.label_noise)).to(context.device)
                measured = _measure(
                    factorization, test, kernel[start : start + n], None, labels[:n], labels[n:], self.sizes
                )
                for which, row in measured:
                    condition: Row = {
                        "activation": activation,
                        "alpha": alpha,
                        "label_noise": self.label_noise[which],
                    }
                    rows.append(condition | row)
        return _columns(rows)


@dataclass(frozen=True)
class FramedRegression(OnePass):
    """Interpolation of two image classes in a frame of noise (paper A: MNIST 1 against 7, CIFAR cat against ship).

    Raw pixels 0 to 255, as published. The frame is drawn anew in every trial, so trials are independent; the
    published runs share one draw. Rows: one per (activation, labels, N); columns as `_measure`, with the fresh
    background being a new frame around an empty core.

    Attributes
    ----------
    task : a key of ``support.data.tasks.BINARY_TASKS``.
    core : ``"zero"`` empties the image area of the query, as published; ``"independent"`` puts the image of a
        held-out sample there, as the theory has it.
    labels : ``"true"``, or ``"random"`` fair signs (nothing to generalize).
    pixels : ``"raw"``, or ``"standardized"`` (each pixel to mean 0 and variance 1 over the training samples).

    Raises
    ------
    ValueError : as `GaussianRegression`, or an unknown task.
    """

    promise: ClassVar[float] = LINEAR_ALGEBRA

    family: Family
    activations: tuple[str, ...]
    width: int | None
    task: str
    sizes: tuple[int, ...]
    core: Literal["zero", "independent"] = "zero"
    labels: Literal["true", "random"] = "true"
    pixels: Literal["raw", "standardized"] = "raw"
    test: int = 1000

    def __post_init__(self) -> None:
        from support.data.tasks import BINARY_TASKS

        require_grid("sizes", self.sizes, 2)
        require_distinct("activations", self.activations)
        _require_test(self.test)
        if self.task not in BINARY_TASKS:
            raise ValueError(f"unknown task {self.task!r}: {', '.join(BINARY_TASKS)}")
        for name, value, choices in (
            ("core", self.core, ("zero", "independent")),
            ("labels", self.labels, ("true", "random")),
            ("pixels", self.pixels, ("raw", "standardized")),
        ):
            if value not in choices:
                raise ValueError(f"{name} must be {' or '.join(choices)}, got {value!r}")
        pool = BINARY_TASKS[self.task].pool
        if max(self.sizes) > pool:
            raise ValueError(f"{self.task} has {pool:,} training images of both classes, got N={max(self.sizes):,}")
        for name in self.activations:
            FeatureMap(self.family, name, self.width).require_interpolation(max(self.sizes), self.dimension)
        if self.test < max(self.sizes) and self.core == "independent":
            raise ValueError(f"independent cores come from {max(self.sizes)} held-out samples, got {self.test}")

    def __str__(self) -> str:
        width = "infinite width" if self.width is None else f"k={self.width:,}"
        return f"{self.family.upper()} {', '.join(self.activations)}, {width}, framed {self.task}"

    @property
    def dimension(self) -> int:
        """Input dimension d of a framed image."""
        from support.data.tasks import BINARY_TASKS

        return BINARY_TASKS[self.task].dimension

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

        task, n = BINARY_TASKS[self.task], max(self.sizes)
        images, signs = [], []
        for split, count in (("train", n), ("test", self.test)):
            pixels, labels = binary_images(task, split, context.data)
            chosen = stream(context.seed, trial, f"{split} images").choice(len(pixels), size=count, replace=False)
            images.append(pixels[chosen])
            signs.append(labels[chosen])
        if self.labels == "random":
            flip = stream(context.seed, trial, "random labels")
            signs = [flip.choice([-1.0, 1.0], len(part)) for part in signs]
        framed = frame.framed(np.concatenate(images), task.frame, stream(context.seed, trial, "frames"))
        other = frame.framed(images[0][:FRESH_QUERIES], task.frame, stream(context.seed, trial, "fresh frames"))
        height, width = images[0].shape[1:3]
        mask = frame.core_mask(height, width, task.frame)
        if self.core == "zero":
            queries, fresh = frame.zero_core(framed[:n], mask), frame.zero_core(other, mask)
        else:
            queries = frame.replace_core(framed[:n], mask, images[1][:n])
            fresh = frame.replace_core(other, mask, images[1][: len(other)])
        inputs = np.concatenate([framed, queries, fresh]).reshape(-1, framed[0].size).astype(np.float64)
        if self.pixels == "standardized":
            spread = inputs[:n].std(axis=0)
            inputs = (inputs - inputs[:n].mean(axis=0)) / np.where(spread > 0, spread, 1.0)
        kernels = grams(
            self.family,
            self.activations,
            self.width,
            torch.from_numpy(inputs).to(context.device),
            n,
            seed=context.seed,
            trial=trial,
        )
        rows: list[Row] = []
        for activation, kernel in kernels.items():
            scale = kernel[:n].diagonal().mean()  # raw pixels are large; K and a multiple of it fit alike
            queries_at, fresh_at = n + self.test, 2 * n + self.test
            train_labels, test_labels = (torch.from_numpy(part).to(context.device)[:, None] for part in signs)
            measured = _measure(
                factorize(kernel[:n] / scale),
                kernel[n:queries_at] / scale,
                kernel[queries_at:fresh_at] / scale,
                kernel[fresh_at:] / scale,
                train_labels,
                test_labels,
                self.sizes,
            )
            for _, row in measured:
                condition: Row = {"activation": activation}
                rows.append(condition | row)
        return _columns(rows)


def _require_test(test: int) -> None:
    if test < 2:
        raise ValueError(f"at least 2 test samples are needed, got {test}")


def _measure(
    factorization: Factorization,
    test: Tensor,
    spurious: Tensor,
    fresh: Tensor | None,
    train_labels: Tensor,
    test_labels: Tensor,
    sizes: Sequence[int],
) -> list[tuple[int, Row]]:
    """Everything the claims ask of a fitted model, for every N and every column of the labels.

    At each N the samples are cut into disjoint training sets of N, up to SETS, each with a model of its own.

    Parameters
    ----------
    test, spurious, fresh : kernel rows (T, N), (N, N), (Q, N) of held-out samples, of each training sample's
        spurious counterpart, and of queries whose background was never seen. Where `fresh` is None the test
        samples serve: core and background are then both new.

    Returns
    -------
    (label column, row), where a row holds the mean over the training sets (of the last three, the largest) of

        n                         training samples
        test_accuracy             share of test samples with the right sign
        test_error                mean squared error on test samples of the model without sample 0
        self_stability            mean of S_{z_i}(z_i)² over i, the leave-one-out squared error
        spurious_accuracy         balanced accuracy of f(z_i^s, θ*) for g_i
        fresh_accuracy            the same with a background never seen in training, every such query paired with
                                  a training label
        permuted_accuracy         the same with the background of another training sample, averaged over up to
                                  SHIFTS cyclic pairings
        covariance, fresh_covariance, permuted_covariance      Cov(f, g_i) of the same three queries
        unseen_covariance         Cov(f(z_i^s, θ*_{−i}), g_i)
        generalization_covariance Cov(f(z_i, θ*_{−i}), g_i)
        label_variance            Var(g)
        alignment, alignment_sd   mean and standard deviation over i of F(z_i^s, z_i)
        fresh_alignment           mean of F(query with an unseen background, z_i)
        train_error               share of training samples with the wrong sign
        residual, condition_number      of the fit
    """
    from support.models.interpolation import factorize

    rows: list[tuple[int, Row]] = []
    for n in sizes:
        sets: list[list[dict[str, float]]] = []
        for start in range(0, min(SETS, max(sizes) // n) * n, n):
            own = slice(start, start + n)
            held_out = test[:, own]
            chosen = factorization if start == 0 else factorize(factorization.gram[own, own])
            sets.append(
                _measure_one(
                    chosen.fit(train_labels[own], n),
                    held_out,
                    spurious[own, own],
                    held_out if fresh is None else fresh[:, own],
                    train_labels[own],
                    test_labels,
                )
            )
        rows += [(which, _combined(n, list(same))) for which, same in enumerate(zip(*sets, strict=True))]
    return rows


def _combined(n: int, sets: Sequence[dict[str, float]]) -> Row:
    """Mean over training sets; the largest of what is a bound."""
    row: Row = {"n": float(n)}
    for name in sets[0]:
        values = [each[name] for each in sets]
        row[name] = max(values) if name in BOUNDS else sum(values) / len(values)
    return row


def _measure_one(
    fit: Interpolation, held_out: Tensor, own: Tensor, others: Tensor, train_labels: Tensor, test_labels: Tensor
) -> list[dict[str, float]]:
    """One row per label column for one training set of n samples; kernel rows of n columns, as `_measure`."""
    from support.measures.accuracy import accuracy, balanced_accuracy, covariance

    n = len(train_labels)
    alignment = fit.alignment(own)
    outputs, unseen = fit.predict(own), fit.without_own_sample(own)
    test_outputs, fresh_outputs = fit.predict(held_out), fit.predict(others)
    without_first = test_outputs - (held_out @ fit.inverse[:, :1]) / fit.inverse[0, 0] * fit.dual[:1]
    training = fit.predict(fit.gram)
    rows: list[dict[str, float]] = []
    for which in range(train_labels.shape[1]):
        g, stability = train_labels[:, which], fit.self_stability[:, which]
        background = fresh_outputs[:, which]
        paired = g.repeat(-(-len(background) // n))[: len(background)]
        rows.append(
            {
                "test_accuracy": accuracy(test_outputs[:, which], test_labels[:, which]),
                "test_error": float((without_first[:, which] - test_labels[:, which]).square().mean()),
                "self_stability": float(stability.square().mean()),
                "spurious_accuracy": balanced_accuracy(outputs[:, which], g),
                "fresh_accuracy": balanced_accuracy(background, paired),
                "permuted_accuracy": _permuted(balanced_accuracy, outputs[:, which], g),
                "covariance": covariance(outputs[:, which], g),
                "fresh_covariance": covariance(background, paired),
                "permuted_covariance": _permuted(covariance, outputs[:, which], g),
                "unseen_covariance": covariance(unseen[:, which], g),
                "generalization_covariance": covariance(g - stability, g),
                "label_variance": float(g.var()),
                "alignment": float(alignment.mean()),
                "alignment_sd": float(alignment.std()),
                "fresh_alignment": float(fit.alignment(others[:n]).mean()),
                "train_error": 1.0 - accuracy(training[:, which], g),
                "residual": fit.residual,
                "condition_number": fit.condition_number,
            }
        )
    return rows


def _permuted(measure: Callable[[Tensor, Tensor], float], outputs: Tensor, labels: Tensor) -> float:
    import torch

    shifts = range(1, min(SHIFTS, len(labels) - 1) + 1)
    rolled = [torch.cat([outputs[-shift:], outputs[:-shift]]) for shift in shifts]
    return measure(torch.stack(rolled), labels)


def _columns(rows: Sequence[Row]) -> Columns:
    return {name: [row[name] for row in rows] for name in rows[0]}
