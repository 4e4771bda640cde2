"""What is there, in words: experiments, for which claims, how many trials of what, and what they were made with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from support.evidence.entries import Making
from support.evidence.keys import canonical
from support.evidence.kinds import KINDS
from support.evidence.places import Stored
from support.evidence.reach import Reach


def listing(entries: Iterable[Stored], reach: Reach, claims: Mapping[str, Sequence[str]]) -> list[str]:
    """A paragraph for each kind of experiment, by name.

    Parameters
    ----------
    claims : the claims that read each experiment, by the qualified name of its class.
    """
    by_name = sorted(entries, key=_experiment)
    return [
        _paragraph(name, list(group), reach, claims.get(name, ())) for name, group in groupby(by_name, key=_experiment)
    ]


def _experiment(stored: Stored) -> str:
    return stored.entry.manifest.origin.experiment


def _configuration(stored: Stored) -> bytes:
    return canonical(stored.entry.manifest.origin.fields)


def _paragraph(name: str, entries: Sequence[Stored], reach: Reach, claims: Sequence[str]) -> str:
    origins = [stored.entry.manifest.origin for stored in entries]
    seeds, size = sorted({origin.seed for origin in origins}), sum(len(stored.content) for stored in entries)
    made = Counter(_made_with(stored.entry.manifest.making) for stored in entries)
    reached = Counter(reach.of(origin) for origin in origins)
    configurations = groupby(sorted(entries, key=_configuration), key=_configuration)
    return "\n".join(
        [
            f"{name.rpartition('.')[2]}: {_what_it_measures(name)}",
            f"    for claims {', '.join(claims)}" if claims else "    for no claim",
            f"    {_counted(entries)}, {size:,} bytes; seed {', '.join(map(str, seeds))}",
            f"    read by {', '.join(f'{kind}: {count:,}' for kind, count in sorted(reached.items()))}",
            *(f"    made with {what}: {count:,}" for what, count in sorted(made.items())),
            *(f"        {_counted(list(group))}: {_fields(fields)}" for fields, group in configurations),
        ]
    )


def _what_it_measures(name: str) -> str:
    """The first line of the experiment's documentation, which holds at every scale."""
    kind = KINDS.get(name)
    return (kind.__doc__ or "").strip().partition("\n")[0] if kind is not None else f"no experiment of today ({name})"


def _counted(entries: Sequence[Stored]) -> str:
    origins = [stored.entry.manifest.origin for stored in entries]
    trials = len({canonical([origin.fields, origin.seed, origin.trial]) for origin in origins})
    arms = len({origin.kind for origin in origins})
    parts = (trials, "trial", "trials"), (arms, "arm", "arms"), (len(entries), "entry", "entries")
    return ", ".join(f"{count:,} {one if count == 1 else more}" for count, one, more in parts)


def _made_with(making: Making) -> str:
    versions = {name: version for name, version in making.versions.items() if name != "torch"}  # the machine says it
    return ", ".join([making.device.partition(":")[0], making.machine, *(f"{n} {v}" for n, v in versions.items())])


def _fields(fields: bytes) -> str:
    return fields.decode()[1:-1].replace('"', "").replace(",", ", ") or "no field but defaults"
