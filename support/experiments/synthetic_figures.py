"""The runs behind the synthetic panels of paper A, Figures 2 (random features) and 6 (neural tangent features).

Gaussian data, d = 1000, label sign(uᵀx). A model is queried with [independent x, y_i] and its sign compared with the
training label g_i.
"""

from __future__ import annotations

from collections.abc import Mapping

from support.data.gaussian import Gaussian
from support.experiments.kernel_families import ORDERS
from support.experiments.kernel_regression import GaussianRegression
from support.experiments.kernel_size import KernelSize, KernelSizes
from support.models.features import Family

D = 1000
ALPHAS = (0.25, 0.5)
GRID = (10, 20, 50, 100, 200, 500, 1000)  # the paper's
TEST = 1000
FIGURE_SIZES: Mapping[str, KernelSizes] = {
    "quick": {"rf": KernelSize(GRID[:-1], 4000, TEST), "ntk": KernelSize(GRID[:-1], 100, TEST)},
    "standard": {"rf": KernelSize(GRID, 20_000, TEST), "ntk": KernelSize(GRID, 100, TEST)},
    # NTK goes beyond the paper's grid, to N > d, as its theorem asks.
    "paper": {"rf": KernelSize(GRID, 100_000, TEST), "ntk": KernelSize((*GRID, 2000), 100, TEST)},
}


def figure_runs(family: Family, size: KernelSizes) -> GaussianRegression:
    """Both activations at every N and α."""
    return GaussianRegression(
        family=family,
        activations=ORDERS[family],
        width=size[family].width,
        data=Gaussian(D),
        sizes=size[family].samples,
        alphas=ALPHAS,
        test=size[family].test,
    )
