"""What identifies the evidence of one arm of one trial, and its key."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import Any

import msgspec

from support.evidence.sources import module_file, source_identity
from support.experiments.experiment import CHOOSES_ARMS, Context, Experiment

# Of entries and of what their keys are made of; another number makes all older entries unreachable.
SCHEMA = 1

# Fields of a recipe that name what users bring.
USERS = {"network", "trainer"}


def canonical(value: object) -> bytes:
    """Canonical JSON: sorted keys, no spaces, NaN refused with a ValueError."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


class Origin(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that determines the numbers of one arm of one trial.

    Attributes
    ----------
    schema : `SCHEMA`.
    experiment : the qualified name of its class.
    fields : its fields, without those that choose arms and those that have their default.
    arm : one of its arms, in the same way.
    trial, seed : which draw.
    device : kind of device, such as ``"cuda"``.
    datasets : digest of each dataset that it reads, under the name of the stand-in where one is read.
    network : digest of the user's network in the place of the paper's, or None.
    sources : `support.evidence.sources.source_identity` of the experiment's module.
    """

    schema: int
    experiment: str
    fields: dict[str, Any]
    arm: Any
    trial: int
    seed: int
    device: str
    datasets: dict[str, str]
    network: str | None
    sources: str

    @property
    def key(self) -> str:
        """SHA-256 of its canonical JSON."""
        return hashlib.sha256(canonical(msgspec.structs.asdict(self))).hexdigest()

    @property
    def kind(self) -> str:
        """Digest of what is measured, in whichever trial and by whichever code: experiment, fields and arm."""
        return hashlib.sha256(canonical([self.experiment, self.fields, self.arm])).hexdigest()[:16]


def plain(value: Any) -> Any:
    """A configuration as JSON values: dataclasses without the fields that have their default.

    A field that is added with a default that changes nothing leaves keys as they are.

    Raises
    ------
    TypeError : something that is neither a dataclass, a tuple, text, a number, a truth value nor None.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in _identifying(value)}
    if isinstance(value, tuple):
        return [plain(part) for part in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"a field of an experiment must hold plain values or dataclasses, got {type(value).__name__}")


def _identifying(value: Any) -> list[dataclasses.Field[Any]]:
    """The fields of a dataclass that neither choose arms nor have their default."""
    return [
        field
        for field in dataclasses.fields(value)
        if field.metadata != CHOOSES_ARMS and not _is_default(field, getattr(value, field.name))
    ]


def _is_default(field: dataclasses.Field[Any], value: Any) -> bool:
    default = field.default
    return default is not dataclasses.MISSING and type(default) is type(value) and bool(default == value)


def qualified_name(kind: type) -> str:
    """The name by which a class is found again."""
    return f"{kind.__module__}.{kind.__qualname__}"


def origin_of(experiment: Experiment, context: Context, network: str | None = None) -> Origin:
    """What identifies an experiment's evidence, with no arm and trial 0, which are filled in later.

    Parameters
    ----------
    network : digest of a network, and of a function that trains it, that are no part of this code; it takes the place
        of the recipe's specifications, which say where these stand and not what they are.

    Raises
    ------
    support.evidence.sources.SourcesError : the experiment's imports cannot be followed.
    support.data.datasets.DatasetError : a dataset's digest cannot be known without it, and it cannot be had.
    """
    fields = plain(experiment)
    if network is not None:
        fields["recipe"] = fields["recipe"] | dict.fromkeys(USERS & fields["recipe"].keys())
    return Origin(
        schema=SCHEMA,
        experiment=qualified_name(type(experiment)),
        fields=fields,
        arm=None,
        trial=0,
        seed=context.seed,
        device=context.device.split(":")[0],
        datasets=dict(_dataset_digest(name, context) for name in experiment.datasets()),
        network=network,
        sources=source_identity(module_file(type(experiment))),
    )


def of_arm(origin: Origin, arm: Any) -> Origin:
    """The same for one arm."""
    return msgspec.structs.replace(origin, arm=plain(arm))


def _dataset_digest(asked: str, context: Context) -> tuple[str, str]:
    """Name and digest of the dataset that is read, fetching it only where the digest is not known without it."""
    from support.data.datasets import NotAvailable, content_digest, obtain, read_as

    name = read_as(asked, context.data)
    try:
        return name, content_digest(name, context.data)
    except NotAvailable:
        return name, obtain(name, context.data).digest
