"""Cases that take a time of their own at standard scale: what its own hours do not hold, by its ledger."""

from __future__ import annotations

import pytest


def takes_hours(because: str) -> pytest.MarkDecorator:
    """Mark what runs at standard scale with `--only hours`, and elsewhere as any case."""
    return pytest.mark.apart("hours", scale="standard", because=because)


CNN = takes_hours("a CNN takes thirty times as long as an MLP")
CLEAN_ACCURACY = takes_hours("an equivalence within 0.02 takes 512 to 768 trials")
