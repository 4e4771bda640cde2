"""What paper A's theory says of memorization Cov(f(z_1^s, θ*), g_1), from the columns of kernel regression.

Both sides of a statement come from the same fitted model of a trial.
"""

from __future__ import annotations

import numpy as np

from support.evidence.rows import Rows


def covariance_bound(rows: Rows) -> np.ndarray:
    """γ √R √Var(g), the right side of Eqs. (11) and (27), by row.

    γ is the trial's mean alignment, R its leave-one-out squared error.
    """
    bound: np.ndarray = rows["alignment"] * np.sqrt(rows["self_stability"] * rows["label_variance"])
    return bound


def covariance_from_alignment(rows: Rows) -> np.ndarray:
    """γ [Var(g) − Cov(f(z_1, θ*_{−1}), g_1)], which Cov(f(z_1^s, θ*), g_1) equals at constant alignment, by row.

    By Lemma 4.1; Eq. (11) is Cauchy-Schwarz on it.
    """
    predicted: np.ndarray = rows["alignment"] * (rows["label_variance"] - rows["generalization_covariance"])
    return predicted
