"""Which arms are asked for together, so that a network is trained once whatever is asked of it.

To show a network another pattern costs nothing beside its training, and as much as its training where it has to be
trained again for it.
"""

from __future__ import annotations

from support.experiments.scene import Arm

# A single pixel: a pattern that none of the networks of these claims was trained with.
UNSEEN = "S1"


def shown_both(pattern: str, *numbers: int, target: int = 0) -> tuple[Arm, ...]:
    """Networks with so many examples of a pattern, each shown it, and shown the pattern that no example carried."""
    return tuple(Arm(pattern, n, target, query) for n in numbers for query in (None, UNSEEN))


# All that is asked of the network trained without patterned examples.
UNTAUGHT = (
    *shown_both("R3", 0),
    *shown_both("R3", 0, target=1),
    *(Arm(pattern, 0) for pattern in ("S3", "Inv", UNSEEN)),
    Arm("R1", 0, norm_of="S3"),
)
