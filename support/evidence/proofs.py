"""Which code has been shown to give the same numbers as other code: a committed table that look-ups follow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import msgspec

TABLE = Path(__file__).with_name("proofs.json")


class Proof(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Trials of some arms were computed again by other code, and gave the same rows.

    Attributes
    ----------
    experiment : the qualified name of its class.
    old, new : source identities.
    kinds : `support.evidence.keys.Origin.kind` of every arm that was compared, sorted.
    trials : how many entries were compared.
    promise : largest relative difference that counted as the same; 0 is the last bit.
    commit : of the new code; ``+`` where files were changed.
    machine : on which kind of machine.
    """

    experiment: str
    old: str
    new: str
    kinds: tuple[str, ...]
    trials: int
    promise: float
    commit: str | None
    machine: str


class Proofs:
    """The table, asked from today's side."""

    def __init__(self, proofs: Iterable[Proof] = ()) -> None:
        self.proofs = tuple(proofs)
        self._equal: dict[tuple[str, str], set[str]] = defaultdict(set)
        for proof in self.proofs:
            for kind in proof.kinds:
                self._equal[kind, proof.new].add(proof.old)
                self._equal[kind, proof.old].add(proof.new)

    @classmethod
    def read(cls, path: Path = TABLE) -> Proofs:
        """The proofs of a table; none where there is no file.

        Raises
        ------
        ValueError : it is no such table.
        """
        if not path.exists():
            return cls()
        try:
            return cls(msgspec.json.decode(path.read_bytes(), type=list[Proof]))
        except msgspec.MsgspecError as error:
            raise ValueError(f"{path} is no table of proofs: {error}") from error

    def write(self, path: Path = TABLE) -> None:
        """Replace the table."""
        content = msgspec.json.format(msgspec.json.encode(list(self.proofs)), indent=1) + b"\n"
        temporary = path.with_suffix(".tmp")
        temporary.write_bytes(content)
        temporary.replace(path)

    def identities(self, kind: str, today: str) -> list[str]:
        """Source identities that give this arm the same numbers as today's: today's first, over any chain of proofs."""
        found, open_ends = [today], [today]
        while open_ends:
            for identity in sorted(self._equal.get((kind, open_ends.pop()), ())):
                if identity not in found:
                    found.append(identity)
                    open_ends.append(identity)
        return found
