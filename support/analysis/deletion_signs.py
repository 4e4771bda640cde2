"""What must be true of networks from which examples were deleted for their numbers to be evidence."""

from __future__ import annotations

import numpy as np

from support.analysis.deletion import Deletions
from support.analysis.vital_signs import carriers_as_asked, known_accuracy, unseen_test_images
from support.evidence.rows import Rows
from support.experiments.deletion import Deletion
from support.experiments.removals import KEPT, RETRAINED
from support.statistics.vital_sign import VitalSign


def deletion_signs(deletions: Deletions, experiment: Deletion) -> list[VitalSign]:
    """Test images apart, carriers as asked for, examples seen before and gone after, and training that trained."""
    rows = deletions.rows
    return [
        unseen_test_images(rows, experiment.dataset, experiment.test),
        known_accuracy(
            "clean accuracy of networks from scratch",
            float(rows.where(method="scratch")["clean_accuracy"].mean()),
            (experiment.dataset, experiment.subset),
            experiment.recipe,
        ),
        carriers_as_asked(rows),
        examples_were_seen(rows),
        examples_are_gone(rows),
        *training_moved(rows),
    ]


def examples_were_seen(rows: Rows) -> VitalSign:
    """Whether networks before deletion, and such as went on with the examples, were trained on all of them."""
    methods = [method for method in ("before", KEPT) if method in rows["method"]]
    seeing = [rows.where(method=method) for method in methods]
    missing = max(int((each["n"] - each["still_seen"]).max()) for each in seeing)
    return VitalSign("examples that a network before deletion was not trained on", str(missing), missing == 0, "0")


def examples_are_gone(rows: Rows) -> VitalSign:
    """Whether no method that trains or fits without the examples was given one of them."""
    seen = rows.columns["still_seen"]
    after = ~np.isin(rows["method"], ["before", KEPT, "head before"]) & ~np.isnan(seen)
    most = int(seen[after].max(initial=0))
    return VitalSign("deleted examples that a network was trained on", f"at most {most}", most == 0, "0")


def training_moved(rows: Rows) -> list[VitalSign]:
    """Whether training on changed every network, where one was trained on."""
    steps = [rows.where(method=method)["step"] for method in RETRAINED if method in rows["method"]]
    if not steps:
        return []
    still = int(sum((step == 0).sum() for step in steps))
    return [VitalSign("networks that training on left as they were", str(still), still == 0, "0")]
