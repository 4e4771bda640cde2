"""Which evidence code of today reads: its own, and what was proven to be the same."""

from __future__ import annotations

import functools
from typing import Literal

from support.evidence.keys import SCHEMA, Origin
from support.evidence.kinds import KINDS
from support.evidence.proofs import Proofs
from support.evidence.sources import module_file, source_identity

Reached = Literal["today's code", "proven", "unreachable"]


class Reach:
    """Tells it of one entry after another."""

    def __init__(self, proofs: Proofs) -> None:
        self._proofs = proofs

    def of(self, origin: Origin) -> Reached:
        """Whether an entry is of today's code, of code that was proven to give the same numbers, or of neither."""
        if origin.schema != SCHEMA or origin.experiment not in KINDS:
            return "unreachable"
        today = _identity(origin.experiment)
        if origin.sources == today:
            return "today's code"
        return "proven" if origin.sources in self._proofs.identities(origin.kind, today) else "unreachable"


@functools.cache
def _identity(experiment: str) -> str:
    return source_identity(module_file(KINDS[experiment]))
