"""How large the architectures of paper B are (Appendix B.1, Table 2)."""

from __future__ import annotations

from itertools import pairwise

import pytest

from support.cases import Judge
from support.experiments.published_training import COLOUR
from support.experiments.scene import CLASSES
from support.statistics import Control, Region, worst_of

pytestmark = pytest.mark.asks("the paper's network", because="it counts the parameters of the paper's architectures")

TABLE_2 = {
    "small MLP": 203_530,
    "MLP": 335_114,
    "large MLP": 932_362,
    "CNN": 312_202,
    "ResNet20": 269_722,
    "ResNet32": 464_154,
    "ResNet110": 1_727_962,
    "VGG16": 134_301_514,
}
# The text gives the MLP and the large MLP two hidden layers.
IN_THE_TEXT = {"MLP": (256, 256), "large MLP": (512, 512)}
LABEL, EXACTLY = "largest deviation from Table 2, parameters", Region.exactly(0)


@pytest.mark.claim("B-33")
def test_parameter_counts(judge: Judge) -> None:
    """Expect the architectures of the released code to have the parameter counts of Table 2, to the last one.

    Largest deviation over the eight networks. Control: the MLPs with the two hidden layers that the text gives them.
    """
    counts = {name: built(name) for name in TABLE_2}
    two_layers = worst_of([abs(mlp(hidden) - TABLE_2[name]) for name, hidden in IN_THE_TEXT.items()], LABEL, exact=True)
    judge(
        worst_of([abs(counts[name] - count) for name, count in TABLE_2.items()], LABEL, exact=True),
        EXACTLY,
        controls=[Control("two hidden layers", "as the text has them", two_layers, EXACTLY)],
        sizes=counts,
    )


@pytest.mark.claim("B-33", reading="printed")
@pytest.mark.erratum("E-15")
def test_parameter_counts_of_the_text(judge: Judge) -> None:
    """Expect the MLPs as the text describes them, with two hidden layers, to have the parameter counts of Table 2.

    Control: two hidden layers of 257.
    """
    counts = {name: mlp(hidden) for name, hidden in IN_THE_TEXT.items()}
    wider = worst_of([abs(mlp((257, 257)) - TABLE_2["MLP"])], LABEL, exact=True)
    judge(
        worst_of([abs(count - TABLE_2[name]) for name, count in counts.items()], LABEL, exact=True),
        EXACTLY,
        controls=[Control("other width", "two layers of 257", wider, EXACTLY)],
        sizes=counts,
    )


def built(architecture: str) -> int:
    """Parameters of the released code's network."""
    import torch

    from support.models.networks import build

    with torch.device("meta"):
        network = build(architecture, (32, 32, 3) if architecture in COLOUR else (28, 28), CLASSES)
    return sum(parameter.numel() for parameter in network.parameters())


def mlp(hidden: tuple[int, ...]) -> int:
    """Weights and biases of a fully connected network on 784 pixels and ten classes."""
    widths = (784, *hidden, CLASSES)
    return sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(widths))
