"""Names and numbers that paper B's text gives in passing, against its own tables and counts (Sections 3.4 and B.4.2).

B-55: "we consider ResNet20, ResNet34, ResNet110" for CIFAR-10, where results and Table 2 have ResNet32. B-56: 10 to 100
spurious examples are ".01 % to .001 % of the overall training data".
Decided by: counts of parameters, and shares of the training images; no network is trained.
Controls: the names and shares that do agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log10

import pytest

from support.cases import Judge
from support.experiments.scene import CLASSES
from support.models.residual_counts import RESNET_34, imagenet_count, is_cifar_depth
from support.statistics import Control, Estimate, Region, Verdict, worst_of

pytestmark = pytest.mark.asks("the paper's network", because="it is about numbers in the paper's text")

# Table 2.
RESNET32 = 464_154
EXACTLY = Region.exactly(0)
# Examples, and what the text says of their shares, in per cent; of MNIST and Fashion-MNIST, and of CIFAR-10.
FEW, MANY = 10, 100
PRINTED = (0.001, 0.01)
CORRECTED = {60_000: (0.017, 0.17), 50_000: (0.02, 0.2)}
# A share that is given to one digit is right to half an order of magnitude in any case.
SAME_ORDER = Region.below(0.5)


@pytest.mark.claim("B-55", reading="printed")
@pytest.mark.erratum("E-22")
def test_the_resnet_of_the_text(judge: Judge) -> None:
    """The middle ResNet is ResNet34 in the list of architectures: expect Table 2 to count another network.

    ResNet-34 as He et al. have it, with ten outputs; their networks for CIFAR-10 have 6 n + 2 layers, which 34 is not.
    Positive control: ResNet32 as the released code has it. Negative control: ResNet110.
    """
    judge(
        deviation(imagenet_count(RESNET_34, CLASSES)),
        EXACTLY,
        controls=[
            Control(
                "ResNet32", "as results and Table 2 have it", deviation(built("ResNet32")), EXACTLY, Verdict.SUPPORTED
            ),
            Control("ResNet110", "another row of Table 2", deviation(built("ResNet110")), EXACTLY),
        ],
        sizes={f"{depth} layers is a depth for CIFAR-10": is_cifar_depth(depth) for depth in (20, 32, 34, 110)},
    )


def deviation(count: int) -> Estimate:
    """From the middle ResNet of Table 2."""
    return worst_of([abs(count - RESNET32)], "parameters more or fewer than Table 2 has for ResNet32", exact=True)


def built(architecture: str) -> int:
    """Parameters of the released code's network."""
    import torch

    from support.models.networks import build

    with torch.device("meta"):
        network = build(architecture, (32, 32, 3), CLASSES)
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.claim("B-56", reading="printed")
@pytest.mark.erratum("E-23")
@pytest.mark.parametrize("images", CORRECTED)
def test_the_share_of_ten_to_a_hundred_examples(images: int, judge: Judge) -> None:
    """Ten to a hundred examples are .001 % to .01 % of the training data: expect more than ten times as much.

    Decided by the orders of magnitude between printed and counted shares. Positive control: the shares that erratum
    E-23 gives. Negative control: counted fractions, not in per cent.
    """
    fractions = [count / images for count in (FEW, MANY)]
    judge(
        orders_off(PRINTED, images),
        SAME_ORDER,
        controls=[
            Control(
                "corrected",
                "in per cent, to two digits",
                orders_off(CORRECTED[images], images),
                SAME_ORDER,
                Verdict.SUPPORTED,
            ),
            Control("fractions", "with the sign of per cent", orders_off(fractions, images), SAME_ORDER),
        ],
        sizes={"training images": images, "examples": [FEW, MANY]},
    )


def orders_off(per_cent: Sequence[float], images: int) -> Estimate:
    """The largest distance of given shares from those counted, in powers of ten."""
    counted = [100 * count / images for count in (FEW, MANY)]
    off = [abs(log10(given / share)) for given, share in zip(per_cent, counted, strict=True)]
    return worst_of(off, "orders of magnitude between given and counted shares")
