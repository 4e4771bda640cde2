"""The last layer of a network alone, fitted with and without a group of examples: deletion on a convex problem.

On the features of a network that never saw the examples' pattern all that is learnt of it is in the last layer. Fitted
with a penalty it has one minimizer, so that what a Newton step from the fit with the examples towards the one without
leaves can be measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from support.experiments.scene import CLASSES

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module, Sequential

# Relative residual of the Newton step.
TOLERANCE = 1e-6


@dataclass(frozen=True, eq=False)
class Fits:
    """Three last layers on the same features, as networks of images (n, d).

    Attributes
    ----------
    before, scratch : fitted to convergence with and without the deleted examples.
    newton : one Newton step from the first towards the second.
    error : distance of the third's parameters from the second's, over that of the first's.
    residual, products : relative residual of the step's conjugate gradients, and the products that they took.
    """

    before: Module
    scratch: Module
    newton: Module
    error: float
    residual: float
    products: int


def fit_last_layers(
    network: Sequential, images: Tensor, labels: Tensor, deleted: Tensor, *, penalty: float, most: int
) -> Fits:
    """The last layers on the features of a network whose own last layer is left out.

    Parameters
    ----------
    images, labels : (N, d) and (N,), the training examples, those to be deleted as they were trained on.
    deleted : (n,) rows of them.
    penalty : λ of λ‖θ‖²/2 on weights and biases, beside the mean loss; features are divided by their root mean square.
    most : products that the Newton step may take.
    """
    import torch

    from support.training import influence

    body = network[:-1]
    with torch.no_grad():
        features = body(images).double()
    size = float(features.square().mean().sqrt())
    head = _Head(features / size, labels, penalty)
    kept = torch.ones(len(labels), dtype=torch.bool)
    kept[deleted] = False
    before = head.fit(torch.ones_like(kept))
    widths = (features.shape[1], CLASSES)
    gradient = influence.summed_gradient(before, head.features[deleted], labels[deleted], widths) / kept.sum()
    damping = penalty * len(labels) / float(kept.sum())
    product = influence.gauss_newton(before, head.features[kept], widths, damping)
    solution = influence.conjugate_gradients(product, gradient, tolerance=TOLERANCE, most=most)
    refitted, moved = head.fit(kept), before + solution.vector
    networks = [torch.nn.Sequential(body, _layer(each, widths[0], size)) for each in (before, refitted, moved)]
    return Fits(
        before=networks[0],
        scratch=networks[1],
        newton=networks[2],
        error=float((moved - refitted).norm() / (before - refitted).norm()),
        residual=solution.residual,
        products=solution.products,
    )


@dataclass(frozen=True)
class _Head:
    """A penalized logistic regression on features (N, f), float64: mean loss plus penalty·‖θ‖²/2, biases included."""

    features: Tensor
    labels: Tensor
    penalty: float

    def fit(self, kept: Tensor) -> Tensor:
        """Its minimizer without the examples that are not kept, the loss still divided by N; (p,)."""
        import torch
        from sklearn.linear_model import LogisticRegression

        inputs = torch.nn.functional.pad(self.features, (0, 1), value=1.0)[kept]
        strength = 1 / (self.penalty * len(self.labels))
        model = LogisticRegression(C=strength, fit_intercept=False, solver="newton-cg", tol=1e-5)
        found = torch.from_numpy(model.fit(inputs.numpy(), self.labels[kept].numpy()).coef_)
        return torch.cat([found[:, :-1].flatten(), found[:, -1]])


def _layer(parameters: Tensor, features: int, size: float) -> Module:
    """The layer with parameters (p,) for features that are to be divided by their size."""
    import torch

    weights = parameters[:-CLASSES].reshape(CLASSES, features) / size
    layer = torch.nn.Linear(features, CLASSES)
    layer.load_state_dict({"weight": weights.float(), "bias": parameters[-CLASSES:].float()})
    return layer
