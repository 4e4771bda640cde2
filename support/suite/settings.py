"""The options of a run, checked before anything is computed."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from support.cluster.address import scheduler_address
from support.command_line import LARGEST, is_line, shown, whole
from support.data_directory import require_data
from support.devices import DEVICE, device_of, require_device
from support.document.changes import FailOn
from support.evidence.published import Published, published
from support.models.architectures import ARCHITECTURES
from support.suite.options import OPTIONS
from support.user_cache import NoCacheError, user_cache

if TYPE_CHECKING:
    from support.document.types import Report
    from support.evidence.library import Library

SCALES = ("quick", "standard", "paper")
# What `--only` can ask.
Only = Literal["headline", "hours"]
# Processes on one GPU: two keep it busy, four also while some of them draw and measure on the CPU.
GPU_WORKERS = 4


@dataclass
class Settings:
    """The options, checked.

    `root` is the checkout.
    `evidence` holds the directory that is written, then directories and packs that are only read. `published` are the
    checkout's own packs, which are read after these, and only where nothing is computed.
    `model` and `features` are an architecture's name or such as ``/absolute/file.py:function``, or None.
    `engine` is the address of a cluster's scheduler, or None to compute here.
    `only` leaves out all but the claims by which the papers are known, or what takes hours of its own at a scale.
    `fail_on` is what of the comparison with the baseline fails the run.
    """

    root: Path
    scale: str
    seed: int
    device: str
    data: Path | None
    report: Path
    evidence: tuple[Path, ...]
    published: Published
    summary: Path | None
    baseline: Path | None
    model: str | None
    features: str | None
    recorded: bool
    until_decided: bool
    engine: str | None = None
    fail_on: FailOn = "worse"
    only: Only | None = None

    @property
    def passed_over(self) -> str | None:
        """Which published packs are not read, in one line; None where all of them are."""
        names = [f"{path.parent.name}/{path.name}" for path in self.published.earlier]
        if not names:
            return None
        listed = f"{', '.join(names[:-1])} and {names[-1]} are" if len(names) > 1 else f"{names[0]} is"
        return f"{listed} passed over: of an earlier format (reports/README.md says how it is read)"


def checked(option: argparse.Namespace, root: Path) -> Settings:
    """The options of pytest's command line as settings; the default report stands under `root`.

    Raises
    ------
    ValueError : an option has no such value; says which would be right.
    """
    for name, described in OPTIONS.items():
        if "metavar" in described:
            _require_lines(name, described["metavar"], getattr(option, name.removeprefix("--").replace("-", "_")))
    if option.scale not in SCALES:
        raise ValueError(f"unknown scale {option.scale!r}: choose {', '.join(SCALES)}")
    seed = _seed(option.seed)
    require_device(option.device)
    if option.data is not None:
        require_data(option.data)
    if option.recorded and option.until_decided:
        raise ValueError("--until-decided computes more trials, --recorded none: choose one")
    if option.engine is not None and (option.recorded or option.calibrate):
        raise ValueError("--engine computes trials elsewhere, --recorded none and --calibrate here: choose one")
    evidence = tuple(Path(place).absolute() for place in option.evidence or [_cached_evidence()])
    return Settings(
        root=root,
        scale=option.scale,
        seed=seed,
        device=device_of(option.device, recorded=option.recorded, elsewhere=option.engine is not None),
        data=Path(option.data).absolute() if option.data else None,
        report=Path(option.report or root / "reports" / "latest").absolute(),
        evidence=evidence,
        published=_published(root / "reports", evidence) if option.recorded else Published(),
        summary=Path(option.summary) if option.summary else None,
        baseline=Path(option.baseline) if option.baseline else None,
        model=_specified("--model", option.model, ARCHITECTURES),
        features=_specified("--features", option.features),
        recorded=option.recorded,
        until_decided=option.until_decided,
        engine=None if option.engine is None else scheduler_address(option.engine),
        fail_on=_fail_on(option.fail_on, baseline=option.baseline),
        only=_only(option.only),
    )


def _only(asked: str | None) -> Only | None:
    """What alone is asked."""
    known: dict[str, Only] = {only: only for only in get_args(Only)}
    if asked is not None and asked not in known:
        raise ValueError(f"--only must be {' or '.join(known)}, got {asked!r}")
    return None if asked is None else known[asked]


def _fail_on(asked: str | None, *, baseline: str | None) -> FailOn:
    if asked is None:
        return "worse"
    known: dict[str, FailOn] = {when: when for when in get_args(FailOn)}
    if asked not in known:
        raise ValueError(f"--fail-on must be one of {', '.join(known)}, got {asked!r}")
    if baseline is None:
        raise ValueError(f"--fail-on {asked} says what of a comparison fails the run: give --baseline FILE too")
    return known[asked]


def _require_lines(name: str, metavar: str, given: str | list[str] | None) -> None:
    """See that the values of an option, which may be given several times, can be said in one line each."""
    for value in [given] if isinstance(given, str) else given or []:
        if not value:
            raise ValueError(f"{name} must not be empty: it takes {metavar}")
        if not is_line(value):
            raise ValueError(f"{name} must be one line of text, got {shown(value)}")


def _cached_evidence() -> Path:
    try:
        return user_cache() / "evidence"
    except NoCacheError as error:
        raise ValueError(f"{error}: say where evidence is kept, --evidence DIR, or set it") from error


def _published(reports: Path, evidence: Sequence[Path]) -> Published:
    """The checkout's packs, without those that were given anyway."""
    found = published(reports)
    return Published(tuple(path for path in found.packs if path.absolute() not in evidence), found.earlier)


def _seed(text: str) -> int:
    try:
        return whole(text, most=LARGEST)
    except ValueError as error:
        raise ValueError(f"--seed {error}") from error


def _specified(option: str, text: str | None, names: tuple[str, ...] = ()) -> str | None:
    """A specification that can be read from any directory."""
    if text is None or text in names:
        return text
    place, _, function = text.rpartition(":")
    if not place or not function.isidentifier():
        choice = f", or one of {', '.join(names)}" if names else ""
        raise ValueError(f"{option} must be file.py:function or module:function{choice}; got {text!r}")
    return f"{Path(place).absolute()}:{function}" if place.endswith(".py") else text


def auto_workers(device: str, cores: int, *, computes_here: bool) -> int | None:
    """Workers of ``-n auto`` where they share a GPU and its memory; None leaves the number to xdist.

    Parameters
    ----------
    device : as given on the command line; a wrong one is refused later, with the other options.
    """
    if not computes_here or not DEVICE.fullmatch(device):
        return None
    try:
        shared = device_of(device).startswith("cuda")
    except ValueError:
        return None
    return min(cores, GPU_WORKERS) if shared else None


def library(settings: Settings) -> Library:
    """The places of evidence; the first is only read too where nothing is computed, and published packs come last.

    Raises
    ------
    OSError : one is not there, cannot be read or, the first, written.
    """
    from support.evidence.library import Library, source
    from support.evidence.store import Store

    first, *others = settings.evidence
    places = [source(place) for place in (*others, *settings.published.packs)]
    return Library(Store(first, writable=not settings.recorded), places)


def data_states(data: Path | None) -> list[str]:
    """Where each dataset will come from; raises `DatasetError` where a file is not what its name says.

    What the data directory holds in one piece is unpacked or decoded, so that what is wrong with it is said now.

    Parameters
    ----------
    data : the directory of `--data`.
    """
    from support.data.datasets import DATASETS, NotAvailable, at_hand, read_as
    from support.data.places import passed_over

    states = []
    for dataset in DATASETS.values():
        name, other = dataset.name, dataset.stands_in_for
        try:
            if other and read_as(other, data) == other:
                continue
            located = at_hand(name, data)
        except NotAvailable as error:
            states.append(str(error))
            continue
        where = located.source if located else "fetched when first needed, if it can be had"
        if (read := read_as(name, data)) != name:
            where = f"{read} stands in for it"
        unread = passed_over(name, data) if located is None or located.source != "--data" else None
        states.append(f"{name} ({'; '.join(filter(None, (where, unread)))})")
    return states


def read_baseline(path: Path) -> Report:
    """The report to compare with, in full.

    Raises
    ------
    ValueError : there is none, it is cut short, of another version or no report; in one sentence.
    """
    from support.document.reading import read
    from support.document.types import ReportError

    try:
        return read(path)
    except ReportError as error:
        raise ValueError(f"--baseline {error}") from error
