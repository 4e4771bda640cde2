"""How well a model's outputs tell the examples that it was trained on from others (paper B, Section 3.4).

Two attacks: the paper's, a logistic regression on outputs that is trained on a shadow model, and the likelihood ratio
attack of Carlini et al. (2022, offline variant), which asks how much surer a model is of an example than models that
never saw it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# The paper's grid of inverse regularization strengths, and its number of folds.
STRENGTHS = (0.01, 0.1, 1.0, 10.0)
FOLDS = 3


def attack_features(logits: Floats, correct: Bools) -> Floats:
    """What the paper's attack sees of a model: its logits sorted, and whether the example is classified right.

    Parameters
    ----------
    logits : (n, C).
    correct : (n,).

    Returns
    -------
    (n, C + 1), increasing logits first.

    Raises
    ------
    ValueError : shapes that do not fit.
    """
    if logits.ndim != 2 or correct.shape != logits.shape[:1]:
        raise ValueError(f"logits (n, C) and correct (n,) must fit, got {logits.shape} and {correct.shape}")
    return np.column_stack([np.sort(logits, axis=1), correct.astype(float)])


class OutputAttack:
    """The paper's attack (Appendix B.2): a logistic regression on standardized features of a shadow model.

    Parameters
    ----------
    members, others : (n, f) and (m, f), the shadow model's features of its training examples and of others.

    Raises
    ------
    ValueError : no members, no non-members, or fewer of either than there are folds.
    """

    def __init__(self, members: Floats, others: Floats) -> None:
        for name, part in (("members", members), ("non-members", others)):
            if len(part) < FOLDS:
                raise ValueError(f"an attack needs at least {FOLDS} {name} to learn from, got {len(part)}")
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import GridSearchCV
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        grid = {"logisticregression__C": list(STRENGTHS)}
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
        labels = np.concatenate([np.ones(len(members)), np.zeros(len(others))])
        self._model = GridSearchCV(model, grid, cv=FOLDS).fit(np.concatenate([members, others]), labels)

    def accuses(self, features: Floats) -> Bools:
        """Which examples the attack takes for members, (n,).

        Raises
        ------
        ValueError : no example.
        """
        if not len(features):
            raise ValueError("an attack needs examples to be asked about, got none")
        accused: Bools = self._model.predict(features) > 0.5
        return accused


def confidence(logits: Floats, labels: NDArray[np.int64]) -> Floats:
    """log p_y − log(1 − p_y) of each example's own class y, for logits (..., n, C) and labels (n,): (..., n).

    Computed from the logits, so that probabilities next to 1 still differ.

    Raises
    ------
    ValueError : shapes that do not fit.
    """
    if logits.ndim < 2 or labels.shape != logits.shape[-2:-1]:
        raise ValueError(f"logits (..., n, C) and labels (n,) must fit, got {logits.shape} and {labels.shape}")
    own = np.arange(logits.shape[-1]) == labels[:, None]
    return np.asarray(logits[..., own] - np.logaddexp.reduce(np.where(own, -np.inf, logits), axis=-1))


def likelihood_ratio_scores(confidences: Floats, shadows: Floats, inside: Bools) -> Floats:
    """How unusually sure a model is of each example, in standard deviations; (n,).

    The confidence, minus its mean over the shadow models that were not trained on the example, over the spread of those
    models about that mean (pooled over all examples, as is advised where the models are few).

    Parameters
    ----------
    confidences : (n,), the model's, see `confidence`.
    shadows : (M, n), of models that stand for what it would be without the example.
    inside : (M, n), whether a shadow was trained on an example.

    Returns
    -------
    (n,); NaN where fewer than two shadows were not trained on the example.

    Raises
    ------
    ValueError : shapes that do not fit.
    """
    if confidences.ndim != 1 or shadows.shape[1:] != confidences.shape or inside.shape != shadows.shape:
        raise ValueError(
            "confidences (n,), shadows (M, n) and inside (M, n) must fit, "
            f"got {confidences.shape}, {shadows.shape} and {inside.shape}"
        )
    outside = ~inside
    count = outside.sum(axis=0)
    mean = np.where(outside, shadows, 0).sum(axis=0) / np.maximum(count, 1)
    enough = count >= 2
    squares = np.where(outside & enough, (shadows - mean) ** 2, 0).sum()
    spread = np.sqrt(squares / max((count - 1)[enough].sum(), 1))
    return np.where(enough, (confidences - mean) / (spread or 1.0), np.nan)


def area_under_curve(members: Floats, others: Floats) -> float:
    """Probability that a member scores higher than a non-member, ties counting half; 0.5 is no knowledge.

    Raises
    ------
    ValueError : no members, no non-members, or a NaN.
    """
    _require_scores(members, others)
    ordered = np.sort(others)
    below, upto = (np.searchsorted(ordered, members, side) for side in ("left", "right"))
    return float((below + upto).mean() / (2 * len(others)))


def true_positive_rate(members: Floats, others: Floats, false_positive_rate: float) -> float:
    """Share of members above a threshold that at most the given share of non-members exceeds.

    Raises
    ------
    ValueError : no members, no non-members, a NaN, or a rate outside [0, 1).
    """
    _require_scores(members, others)
    if not 0 <= false_positive_rate < 1:
        raise ValueError(f"false_positive_rate must lie in [0, 1), got {false_positive_rate}")
    allowed = int(false_positive_rate * len(others) + 1e-9)  # 0.29 · 100 is 28.999...
    return float((members > np.sort(others)[len(others) - 1 - allowed]).mean())


def _require_scores(*groups: Sequence[float] | Floats) -> None:
    for name, group in zip(("members", "non-members"), groups, strict=True):
        if not len(group):
            raise ValueError(f"an attack on no {name} has no rate")
        if np.isnan(group).any():
            raise ValueError(f"scores of {name} must not be NaN")
