"""How large the runs of paper B's networks are at each scale, and with how many examples; what stands in for what.

Networks at quick see 1,000 images for 8 epochs in place of 60,000 and 70, and are asked on 500: ten in a thousand are
rarer than a class, and what carriers teach spreads so little there that a few dozen networks decide most claims. A
hundred target-class carriers would be every image of the class, so thirty stand in for them.
"""

from __future__ import annotations

from support.experiments.size import Size
from support.training.recipe import Recipe

SHORT = Recipe(epochs=8, milestones=(5, 7))
SIZES = {
    "quick": Size(SHORT, subset=1000, test=500),
    "standard": Size(SHORT, subset=4000, test=2000),
    "paper": Size(Recipe()),
}
# All training images, for what speaks of one example among them.
AMONG_ALL = Size(Recipe(epochs=10, milestones=(6, 8, 9)))
# Numbers of patterned examples, and the largest: all of a class's images would carry the pattern beyond it.
LARGEST = {"quick": 30, "standard": 100, "paper": 100}
GRIDS = {scale: (0, 1, 3, 10, largest) for scale, largest in LARGEST.items()}
