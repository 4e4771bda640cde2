"""Whether trials are draws of their own: one that gives every number of another again is no further evidence."""

from __future__ import annotations

import numpy as np

from support.evidence.rows import Rows


def repeated_trials(rows: Rows) -> list[int]:
    """Trials whose every number is that of an earlier trial, increasing.

    Trials with fewer numbers than the others, such as those of networks that diverged, are not compared: two of them
    may well be alike.
    """
    columns = [column for name, column in rows.columns.items() if name != "trial" and column.dtype.kind == "f"]
    numbers, of = np.column_stack(columns), rows.columns["trial"]
    parts = {int(trial): numbers[of == trial] for trial in np.unique(of)}
    missing = {trial: int(np.isnan(part).sum()) for trial, part in parts.items()}
    fewest = min(missing.values())
    seen: set[bytes] = set()
    repeated: list[int] = []
    for trial, part in parts.items():
        if missing[trial] > fewest:
            continue
        if (found := part.tobytes()) in seen:
            repeated.append(trial)
        seen.add(found)
    return repeated
