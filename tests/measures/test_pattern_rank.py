"""The rank of one pattern in one network, against networks whose log-odds are known."""

import numpy as np
import pytest
import torch
from torch import Tensor

from support.data.patterns import overlay
from support.measures.pattern_rank import pattern_rank
from support.measures.specificity import mean_log_odds, rank_p_value, share_beaten


def sees(weights: np.ndarray) -> torch.nn.Module:
    """A network of two classes whose log-odds of the first are the weighted sum of an image's pixels."""
    layer = torch.nn.Linear(weights.size, 2, bias=False).double()
    network = torch.nn.Sequential(torch.nn.Flatten(), layer)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(np.stack([weights.ravel(), np.zeros(weights.size)])))
    return network


def test_a_pattern_is_ranked_by_the_log_odds_that_it_gives() -> None:
    """Against log-odds counted by hand, of a linear network: clip(image + pattern) times its weights."""
    rng = np.random.default_rng(3)
    images, weights = rng.uniform(size=(5, 3, 4)), rng.normal(size=(3, 4))
    patterns = rng.uniform(size=(20, 3, 4))
    scores = [float((np.minimum(images + one, 1) * weights).sum(axis=(1, 2)).mean()) for one in patterns]
    below = sum(score < scores[0] for score in scores[1:])
    own, *fresh = (torch.from_numpy(one) for one in patterns)
    found = pattern_rank(sees(weights), torch.from_numpy(images), own, fresh, 0, block=2)
    assert 0 < below < 19
    assert found == pytest.approx((below / 19, (1 + 19 - below) / 20))
    # The other class's log-odds are these with their sign turned.
    assert pattern_rank(sees(weights), torch.from_numpy(images), own, fresh, 1).beaten == pytest.approx(
        (19 - below) / 19
    )


def test_a_known_pattern_beats_all_and_its_twin_half() -> None:
    own = np.zeros((2, 2))
    own[0, 0] = 0.5
    images, known = torch.zeros(3, 2, 2, dtype=torch.float64), sees(own)
    others = [torch.from_numpy(own[::-1].copy()), torch.zeros(2, 2, dtype=torch.float64)]
    assert pattern_rank(known, images, torch.from_numpy(own), others, 0) == (1.0, 1 / 3)
    assert pattern_rank(known, images, torch.from_numpy(own), [torch.from_numpy(own)], 0) == (0.5, 1.0)


def test_ranks_are_those_of_the_experiment() -> None:
    """The experiment overlays with NumPy and shows flat images; the rank of its pattern is the same."""
    rng = np.random.default_rng(4)
    images, own, *fresh = (rng.uniform(size=shape).astype(np.float32) for shape in ((6, 784), *[(784,)] * 8))
    network = torch.nn.Sequential(torch.nn.Linear(784, 10)).train()
    with torch.no_grad():
        odds = [
            mean_log_odds(network(torch.from_numpy(overlay(images, one.astype(np.float64)).astype(np.float32))), 3)
            for one in (own, *fresh)
        ]
    found = pattern_rank(network, torch.from_numpy(images), torch.from_numpy(own), [*map(torch.from_numpy, fresh)], 3)
    assert found == (share_beaten(odds[0], odds[1:]), rank_p_value(odds[0], odds[1:]))


@pytest.mark.parametrize("training", [False, True])
def test_a_network_is_asked_in_evaluation_mode_and_left_as_it_was(training: bool) -> None:
    """Dropout that leaves nothing would make all patterns alike."""
    network = torch.nn.Sequential(torch.nn.Dropout(0.999999), sees(np.ones((2, 2)))).train(training)
    images, one = torch.zeros(2, 2, 2, dtype=torch.float64), torch.ones(2, 2, dtype=torch.float64)
    assert pattern_rank(network, images, one, [one / 2, one / 4], 0).beaten == 1.0
    assert network.training is training
    with pytest.raises(ValueError, match="target"):
        pattern_rank(network, images, one, [one], 2)
    assert network.training is training


@pytest.mark.parametrize(
    ("images", "own", "fresh", "message"),
    [
        (torch.zeros(2, 3), torch.zeros(3), [], "fresh must hold at least one draw"),
        (torch.zeros(2, 3), torch.zeros(4), [torch.zeros(3)], r"a pattern of shape \(4,\) does not fit images"),
        (torch.zeros(2, 3), torch.zeros(3), [torch.zeros(1)], r"a pattern of shape \(1,\) does not fit"),
        (torch.full((2, 3), 255.0), torch.zeros(3), [torch.zeros(3)], r"pixels must lie in \[0, 1\], got 255 to 255"),
    ],
)
def test_patterns_that_cannot_be_ranked(images: Tensor, own: Tensor, fresh: list[Tensor], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        pattern_rank(torch.nn.Linear(3, 2), images, own, fresh, 0)
