"""What must be true of networks whose members are inferred for the attacks' numbers to be evidence."""

from __future__ import annotations

import numpy as np

from support.analysis.vital_signs import Accuracies, known_accuracy
from support.evidence.rows import Rows
from support.experiments.membership import MembershipInference
from support.statistics.vital_sign import VitalSign

# Mean accuracy of target networks of the paper's MLP on clean non-members, over eight trials or more, by dataset,
# images of a quarter and epochs: what 96 networks of 16 trials at seed 101 had, with five standard errors of a mean
# over eight on either side.
NON_MEMBER_ACCURACY: Accuracies = {
    ("mnist", 500, 8): (0.792, 0.887),
    ("fashion-mnist", 500, 8): (0.621, 0.735),
}


def membership_signs(rows: Rows, experiment: MembershipInference) -> list[VitalSign]:
    """Members that were trained on and non-members that were not, shadows apart, and networks that learnt.

    Parameters
    ----------
    rows : of trials in which no network diverged.
    """
    return [
        members_as_said(rows),
        shadows_apart(rows),
        different_worlds(rows),
        known_accuracy(
            "accuracy of targets on clean non-members",
            float(rows["test_accuracy"].mean()),
            (experiment.dataset, experiment.quarter),
            experiment.recipe,
            NON_MEMBER_ACCURACY,
        ),
    ]


def members_as_said(rows: Rows) -> VitalSign:
    """Whether every network saw its members and none of its non-members."""
    wrong = int(rows["mislabelled"].sum())
    return VitalSign("members that were not trained on, or non-members that were", f"{wrong:,}", wrong == 0, "0")


def shadows_apart(rows: Rows) -> VitalSign:
    """Whether targets and the shadow networks from which the attack learns share no image."""
    most = int(rows["shadow_overlap"].max())
    return VitalSign("images that a target and its shadow share", f"at most {most:,}", most == 0, "0")


def different_worlds(rows: Rows) -> VitalSign:
    """Whether targets and counterparts are networks apart, in some trial at least."""
    same = bool(np.array_equal(rows["auc_clean"], rows["auc_clean_target"]))
    return VitalSign("targets and their counterparts", "the same" if same else "differ", not same, "to differ")
