"""What numbers and names in a report may be: types with bounds, which its JSON Schema says too.

Bounds hold where a report is read. They are wide: what they refuse is no report of this suite, whatever its scale.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

# What all programs that read JSON take for the same number.
LARGEST_COUNT = 2**53 - 1
LARGEST_SEED = 2**63 - 1
# A run that is compared with a report goes on to as many trials as its cases had: more than a million is a mistake.
MOST_TRIALS = 1_000_000

Count = Annotated[int, Meta(ge=0, le=LARGEST_COUNT)]
Trials = Annotated[int, Meta(ge=0, le=MOST_TRIALS)]
Seed = Annotated[int, Meta(ge=0, le=LARGEST_SEED)]
# Of one, both ends included.
Share = Annotated[float, Meta(ge=0, le=1)]
# With which an interval covers: 0 and 1 are none.
Level = Annotated[float, Meta(gt=0, lt=1)]
# A margin, a resolution or seconds.
Size = Annotated[float, Meta(ge=0)]
Margin = Annotated[float, Meta(gt=0)]
# `$` of Python also stands before a last line break.
Scale = Annotated[str, Meta(pattern=r"^(quick|standard|paper)$(?!\n)")]
