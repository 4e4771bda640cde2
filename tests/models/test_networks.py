"""Paper B's networks: their sizes as printed, what they compute, and what they refuse."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from support.models.networks import ARCHITECTURES, MLPS, build

GREY, COLOUR = (28, 28), (32, 32, 3)
FRAMED_GREY, FRAMED_COLOUR = (48, 48), (48, 48, 3)

# Paper B's Table 2, where the residual networks and VGG16 are for CIFAR-10; then paper A's, on framed images: ResNets
# as torchvision counts them, the small CNN by hand: 9c 16 + 16, 9 16 32 + 32, 32 12 12 256 + 256 and 2,570.
PARAMETERS = {
    ("small MLP", GREY): 203_530,
    ("MLP", GREY): 335_114,
    ("large MLP", GREY): 932_362,
    ("CNN", GREY): 312_202,
    ("ResNet20", COLOUR): 269_722,
    ("ResNet32", COLOUR): 464_154,
    ("ResNet110", COLOUR): 1_727_962,
    ("VGG16", COLOUR): 134_301_514,
    ("small CNN", FRAMED_GREY): 1_187_274,
    ("small CNN", FRAMED_COLOUR): 1_187_562,
    ("ResNet18", FRAMED_COLOUR): 11_181_642,
    ("ResNet50", FRAMED_COLOUR): 23_528_522,
}

ROUNDING = 1e-5


def small() -> list[str]:
    return [name for name in ARCHITECTURES if name not in ("VGG16", "ResNet110")]


def test_every_architecture_is_in_the_table() -> None:
    assert {name for name, _ in PARAMETERS} == set(ARCHITECTURES)


@pytest.mark.parametrize(("name", "shape"), PARAMETERS)
def test_parameters_are_those_of_the_papers(name: str, shape: tuple[int, ...]) -> None:
    with torch.device("meta"):
        network = build(name, shape, 10)
    assert sum(parameter.numel() for parameter in network.parameters()) == PARAMETERS[name, shape]


def test_widths_of_the_mlps() -> None:
    for name, hidden in MLPS.items():
        network = build(name, GREY, 10)
        widths = [part.out_features for part in network.modules() if isinstance(part, nn.Linear)]
        assert widths == [*hidden, 10]


@pytest.mark.parametrize("shape", [GREY, (28, 28, 1), COLOUR])
@pytest.mark.parametrize("name", small())
def test_images_become_logits(name: str, shape: tuple[int, ...]) -> None:
    height, width, channels = (*shape, 1)[:3]
    images = torch.rand(3, channels, height, width, generator=torch.Generator().manual_seed(0))
    assert build(name, shape, 7).eval()(images).shape == (3, 7)


def test_vgg16_computes_on_the_smallest_images() -> None:
    with torch.device("meta"):
        assert build("VGG16", COLOUR, 10)(torch.empty(2, 3, 32, 32)).shape == (2, 10)


@pytest.mark.parametrize(("name", "depth"), [("ResNet20", 20), ("ResNet32", 32), ("ResNet110", 110), ("VGG16", 16)])
def test_layers_with_weights(name: str, depth: int) -> None:
    with torch.device("meta"):
        network = build(name, COLOUR, 10)
    layers = [part for part in network.modules() if isinstance(part, nn.Conv2d | nn.Linear)]
    assert len(layers) == depth
    # In residual networks batch normalization does what a convolution's bias would.
    biases = [part.bias is not None for part in layers if isinstance(part, nn.Conv2d)]
    assert set(biases) == {name == "VGG16"}


def test_shortcuts_leave_out_pixels_and_pad_channels() -> None:
    """With the inner convolutions at zero a block is its shortcut: here the first of the second stage."""
    torch.manual_seed(0)
    network = build("ResNet20", (8, 8), 10).eval()
    blocks = [part for part in network.modules() if hasattr(part, "convolution2")]
    assert len(blocks) == 9
    block = blocks[3]
    nn.init.zeros_(block.get_parameter("convolution2.weight"))
    x = torch.rand(2, 16, 8, 8)
    expected = torch.zeros(2, 32, 4, 4)
    expected[:, 8:24] = x[:, :, ::2, ::2]
    assert torch.equal(block(x), expected)


@pytest.mark.parametrize("name", ["MLP", "CNN", "ResNet20"])
def test_colours_are_normalized_inside(name: str) -> None:
    """Without its first layer the network maps normalised images to the same logits; grey ones are left alone."""
    network = build(name, COLOUR, 10).eval()
    assert isinstance(network, nn.Sequential)
    images = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    means = torch.tensor([0.4914, 0.4822, 0.4465]).reshape(1, 3, 1, 1)
    deviations = torch.tensor([0.2023, 0.1994, 0.2010]).reshape(1, 3, 1, 1)
    torch.testing.assert_close(network(images), network[1:]((images - means) / deviations), rtol=0, atol=ROUNDING)
    assert all("mean" not in key.split(".") for key, _ in network.named_parameters())
    assert "mean" not in {key.split(".")[-1] for key, _ in build(name, GREY, 10).named_buffers()}


@pytest.mark.parametrize(
    ("name", "shape", "classes", "message"),
    [
        ("ResNet21", GREY, 10, "unknown network 'ResNet21': small MLP, MLP, "),
        ("CNN", (28,), 10, r"shape must be \(h, w\) for grey or \(h, w, 3\) for colour, got \(28,\)"),
        ("CNN", (32, 32, 4), 10, "shape must be"),
        ("CNN", (0, 32), 10, "shape must be"),
        ("CNN", (15, 28), 10, "CNN needs images of at least 16x16, got 15x28"),
        ("VGG16", GREY, 10, "VGG16 needs images of at least 32x32, got 28x28"),
        ("MLP", GREY, 1, "classes must be at least 2, got 1"),
    ],
)
def test_what_is_refused(name: str, shape: tuple[int, ...], classes: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build(name, shape, classes)


def test_the_smallest_image_of_the_cnn() -> None:
    assert build("CNN", (16, 16), 10)(torch.zeros(1, 1, 16, 16)).shape == (1, 10)
