"""What a computation rests on, seen again before its result is stored: code, data and the user's files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import msgspec

from support.evidence.sources import first_seen, module_file, source_files
from support.experiments.experiment import Context, Experiment


class InputsChangedError(Exception):
    """Something that a computation rests on is no longer what its evidence would be found under."""


class UserNetwork(msgspec.Struct, frozen=True):
    """A network of the user's.

    Attributes
    ----------
    digest : `support.evidence.user_networks.network_digest`.
    files : SHA-256 of every file that makes it.
    answers : before training, to a few images (`support.models.probing.Probed`).
    remarks : what was noticed when it was probed.
    """

    digest: str
    files: dict[str, str]
    answers: tuple[float, ...] = ()
    remarks: tuple[str, ...] = ()


def file_digest(path: Path | str) -> str | None:
    """SHA-256 of a file; None where it cannot be read."""
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError:
        return None


@dataclass(frozen=True)
class Inputs:
    """The files behind an experiment's numbers, as they were when its identity was made.

    Attributes
    ----------
    files : SHA-256 of each file of code, the suite's and the user's.
    datasets : names of the datasets it reads, which may be stand-ins.
    """

    files: dict[str, str | None]
    datasets: tuple[str, ...]
    context: Context

    @classmethod
    def of(cls, experiment: Experiment, context: Context, network: UserNetwork | None) -> Inputs:
        """The inputs of an experiment; of a user's network, as they were when it was checked."""
        from support.data.datasets import read_as

        paths = source_files(module_file(type(experiment)))
        own: dict[str, str | None] = {str(path): hashlib.sha256(first_seen(path)).hexdigest() for path in paths}
        datasets = tuple(read_as(name, context.data) for name in experiment.datasets())
        return cls(own | (dict(network.files) if network else {}), datasets, context)

    def require_unchanged(self) -> None:
        """See that all of them are what they were.

        Raises
        ------
        InputsChangedError : one is not, named.
        """
        from support.data.datasets import changed_file

        changed = [path for path, digest in self.files.items() if file_digest(path) != digest]
        changed += [str(path) for name in self.datasets if (path := changed_file(name, self.context.data))]
        if changed:
            raise InputsChangedError(
                f"{changed[0]} has changed since this run began: what was computed with it is not stored; run again"
            )
