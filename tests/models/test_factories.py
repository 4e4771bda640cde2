"""Networks that users bring: how they are found, and each way in which one can be unfit, in one sentence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from torch import nn

from support.models.factories import checked, load_factory, made

SHAPE, CLASSES = (5, 4, 3), 7

FILE = """
import torch
from torch import nn

def good(shape, classes):
    height, width, channels = shape
    return nn.Sequential(nn.Flatten(), nn.Linear(height * width * channels, classes))

def grey(shape, classes):
    height, width = shape
    return nn.Sequential(nn.Flatten(), nn.Linear(height * width, classes))

def no_module(shape, classes):
    return lambda images: images

def nothing_to_train(shape, classes):
    return nn.Sequential(nn.Flatten())

def frozen(shape, classes):
    return good(shape, classes).requires_grad_(False)

def double(shape, classes):
    return nn.Sequential(_Double(), good(shape, classes).double())

class _Double(nn.Module):
    def forward(self, images):
        return images.double()

def other_classes(shape, classes):
    return good(shape, classes + 1)

def not_a_tensor(shape, classes):
    network = good(shape, classes)
    network.forward = lambda images: [images]
    return network

def not_a_number(shape, classes):
    network = good(shape, classes)
    nn.init.constant_(network[1].bias, float("nan"))
    return network

def breaks_down(shape, classes):
    raise RuntimeError("first line\\nsecond line")

def wrong_inputs(shape, classes):
    return nn.Sequential(nn.Flatten(), nn.Linear(59, classes))

def normalized(shape, classes):
    return nn.Sequential(nn.BatchNorm2d(shape[2]), good(shape, classes))

seven = 7
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "my-networks.py"
    path.write_text(FILE)
    return path


def test_a_function_in_a_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    factory = load_factory(f"{file}:good")
    assert factory(SHAPE, CLASSES)(torch.zeros(1, 3, 5, 4)).shape == (1, CLASSES)
    monkeypatch.chdir(file.parent)
    assert callable(load_factory("my-networks.py:good"))


def test_a_function_in_a_package() -> None:
    found = load_factory("torch.nn:Identity")(SHAPE, CLASSES)
    assert isinstance(found, nn.Identity)


def test_fit_networks(file: Path) -> None:
    for network in ("MLP", f"{file}:good", load_factory(f"{file}:good")):
        for found in (made(network, SHAPE, CLASSES), checked(network, SHAPE, CLASSES)):
            assert isinstance(found, nn.Module)
            assert found.training
    assert checked(f"{file}:grey", (5, 4), CLASSES)(torch.zeros(1, 1, 5, 4)).shape == (1, CLASSES)


def test_checking_leaves_running_statistics_alone(file: Path) -> None:
    network = checked(f"{file}:normalized", SHAPE, CLASSES)
    assert network.get_buffer("0.running_mean").tolist() == [0, 0, 0]


def _message(network: str) -> str:
    with pytest.raises(ValueError, match="network") as caught:
        checked(network, SHAPE, CLASSES)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("absent", r"network {} cannot be imported: AttributeError: .*py has no absent"),
        ("seven", r"network {} must be a function, seven is of type int"),
        ("no_module", r"network {} must be a torch.nn.Module, got function"),
        ("nothing_to_train", r"network {} has no parameters to train"),
        ("frozen", r"network {} has no parameters to train"),
        ("double", r"network {} must have torch.float32 parameters, got torch.float64"),
        ("other_classes", r"network {} must map a \(2, 3, 5, 4\) batch to \(2, 7\) logits, got \(2, 8\)"),
        ("not_a_tensor", r"network {} must map a \(2, 3, 5, 4\) batch to \(2, 7\) logits, got list"),
        ("not_a_number", r"network {} answers a batch of pixels in \[0, 1\] with NaN before it is trained"),
        (
            "breaks_down",
            r"network {} cannot be made for images \(5, 4, 3\) in 7 classes: RuntimeError: first line \(.*py:{line}\)$",
        ),
        ("grey", r"network {} cannot be made for images \(5, 4, 3\) in 7 classes: ValueError: too many values"),
        ("wrong_inputs", r"network {} fails on a \(2, 3, 5, 4\) batch: RuntimeError: mat1 and mat2 shapes"),
    ],
)
def test_unfit_networks(file: Path, name: str, message: str) -> None:
    line = FILE[: FILE.index("raise RuntimeError")].count("\n") + 1
    expected = message.replace("{line}", str(line)).replace("{}", re.escape(f"{file}:{name}"))
    assert re.match(expected, _message(f"{file}:{name}"))


@pytest.mark.parametrize(
    ("network", "message"),
    [
        ("absent.py:good", "network absent.py:good cannot be imported: FileNotFoundError: there is no file absent.py"),
        (
            "no.such.package:good",
            "network no.such.package:good cannot be imported: ModuleNotFoundError: No module named",
        ),
        ("ResNet21", "unknown network 'ResNet21': small MLP, MLP, .*, ResNet50, file.py:function or module:function"),
        ("file.py:", "unknown network 'file.py:'"),
        ("VGG16", r"network VGG16 cannot be made for images \(5, 4, 3\) in 7 classes: ValueError: VGG16 needs images"),
    ],
)
def test_names_and_specifications_that_are_refused(network: str, message: str) -> None:
    assert re.match(message, _message(network))


def test_a_file_with_a_mistake(tmp_path: Path) -> None:
    path = tmp_path / "broken.py"
    path.write_text("def good(:\n")
    assert re.match(f"network {re.escape(str(path))}:good cannot be imported: SyntaxError: ", _message(f"{path}:good"))
