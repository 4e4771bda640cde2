"""Random streams: one per (suite seed, trial, purpose), independent of each other and of their order.

Adding trials, conditions or purposes changes no number that was drawn before, and every condition of one
trial that names the same purpose sees the same draw: comparisons within a trial are paired.
"""

import hashlib

import numpy as np


def stream(seed: int, trial: int, purpose: str) -> np.random.Generator:
    """The generator of one purpose in one trial.

    Parameters
    ----------
    seed : the suite's seed (``--seed``), non-negative.
    trial : index of the independent repetition, non-negative.
    purpose : what is drawn, such as ``"inputs"`` or ``"weights/3"``.
    """
    word = int.from_bytes(hashlib.sha256(purpose.encode()).digest()[:8], "big")
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence((seed, trial, word))))
