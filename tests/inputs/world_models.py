"""Files of users: networks, feature maps, training, data and recipes that cannot be taken, as text."""

from __future__ import annotations

MODELS = """
from math import prod

import torch
from torch import nn

number = 3


def net(shape, classes):
    return nn.Sequential(nn.Flatten(), nn.Linear(prod(shape), classes))


def nothing(shape, classes):
    return None


def function(shape, classes):
    return lambda images: images


def few(shape, classes):
    return nn.Sequential(nn.Flatten(), nn.Linear(prod(shape), classes - 1))


def untrainable(shape, classes):
    return nn.Flatten()


def small(shape, classes):
    return net(shape, classes).half()


def double(shape, classes):
    return net(shape, classes).double()


def fails(shape, classes):
    raise RuntimeError("no\\nweights")


def exits(shape, classes):
    raise SystemExit(0)


def takes_none():
    return nn.Linear(1, 1)


def missing(shape, classes):
    return torch.load("nowhere.pt")


class NaN(nn.Module):
    def __init__(self, shape, classes):
        super().__init__()
        self.inner = net(shape, classes)

    def forward(self, images):
        return self.inner(images) * float("nan")


def train_nothing(network, images, labels, seed):
    pass


def train_fails(network, images, labels, seed):
    raise ValueError("no training")


def train_three(network, images, labels):
    pass
"""
FEATURES = """
import numpy as np
import torch

weights = torch.randn(784, 200, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def good(inputs):
    return torch.relu(inputs @ weights)


def array(inputs):
    return np.zeros((len(inputs), 200))


def single(inputs):
    return good(inputs).float()


def few(inputs):
    return good(inputs)[:, :50]


def nan(inputs):
    return good(inputs) * float("nan")


def flat(inputs):
    return good(inputs).sum(dim=1)


def transposed(inputs):
    return good(inputs).T


def random(inputs):
    return good(inputs) + torch.randn(len(inputs), 200, dtype=torch.float64)


def batch(inputs):
    return good(inputs) - good(inputs).mean(dim=0)


def constant(inputs):
    return torch.ones(len(inputs), 200, dtype=torch.float64)


def fails(inputs):
    raise RuntimeError("no features")
"""
OWN_DATA = """
import numpy as np

images, labels = np.zeros((20, 4, 4), dtype=np.uint8), np.arange(20) % 2


def none():
    return None


def one():
    return (images,)


def three():
    return images, labels, images


def text():
    return "images"


def fewer():
    return images, labels[:-1]


def fails():
    raise OSError("no disk")


def takes(argument):
    return images, labels


def exits():
    raise SystemExit(0)
"""
RECIPES = {
    "unknown": "epoch = 3\n",
    "notoml": "epochs = \n",
    "truth": "epochs = true\n",
    "zero": "epochs = 0\n",
    "momentum": 'optimizer = "sgd"\nmomentum = 1.5\n',
    "nanrate": "learning_rate = nan\n",
    "text": 'learning_rate = "0.1"\n',
    "optimizer": 'optimizer = "lbfgs"\n',
    "milestones": "milestones = [3, 2]\n",
    "binary": "\0\n",
}
