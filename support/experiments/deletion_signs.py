"""What must be true of networks from which examples were deleted for their numbers to be evidence."""

from __future__ import annotations

import numpy as np

from support.evidence.rows import Rows
from support.experiments.deletion import Deletion
from support.experiments.deletion_reading import Deletions
from support.experiments.removals import KEPT, RETRAINED
from support.experiments.scene import CLASSES, IMAGES
from support.experiments.vital_signs import CLEAN_ACCURACY, MOST_IN_BOTH
from support.statistics.vital_sign import VitalSign
from support.training.recipe import Recipe


def deletion_signs(deletions: Deletions, experiment: Deletion) -> list[VitalSign]:
    """Test images apart, carriers as asked for, examples seen before and gone after, and training that trained."""
    rows = deletions.rows
    return [
        unseen_test_images(rows, experiment),
        expected_accuracy(rows, experiment),
        carriers_as_asked(rows),
        examples_were_seen(rows),
        examples_are_gone(rows),
        *training_moved(rows),
    ]


def unseen_test_images(rows: Rows, experiment: Deletion) -> VitalSign:
    """Whether training and test images are disjoint, in every trial."""
    test = experiment.test or IMAGES[experiment.dataset][1]
    most = int(rows["images_in_both"].max())
    return VitalSign(
        "test images among the training images",
        f"at most {most} of {test:,}",
        most <= MOST_IN_BOTH * test,
        f"at most {MOST_IN_BOTH:.1%}",
    )


def expected_accuracy(rows: Rows, experiment: Deletion) -> VitalSign:
    """Whether networks from scratch reach what the paper's network reaches there; for others it is only said."""
    name, found = (
        "clean accuracy of networks from scratch",
        float(rows.where(method="scratch")["clean_accuracy"].mean()),
    )
    recipe = experiment.recipe
    published = recipe == Recipe(epochs=recipe.epochs, milestones=recipe.milestones)
    key = (experiment.dataset, experiment.subset, recipe.epochs)
    if not published or key not in CLEAN_ACCURACY:
        return VitalSign(name, f"{found:.3f}", healthy=True, expected="no range is stated for this network and size")
    low, high = CLEAN_ACCURACY[key]
    return VitalSign(name, f"{found:.3f}", low <= found <= high, f"{low:.3f} to {high:.3f}")


def carriers_as_asked(rows: Rows) -> VitalSign:
    """Whether target carriers are all of the target class, and balanced ones as often as of any other, in every row."""
    n, of_target = rows["n"], rows["carriers_of_target"]
    balanced = np.isin(rows["carriers"], ("balanced", "balanced again"))
    least, most = np.where(balanced, n // CLASSES, n), np.where(balanced, -(-n // CLASSES), n)
    asked = rows["carriers"] != "any"
    wrong = int((asked & ((of_target < least) | (of_target > most))).sum())
    return VitalSign("networks whose carriers are of other classes than asked", f"{wrong:,}", wrong == 0, "0")


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
