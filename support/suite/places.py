"""Where a run reads and writes, seen before anything is computed: nothing that it reads is written over.

What is written at the end is written even if something goes wrong, so whatever could stand in its way is refused now.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

from support.document.letters import is_text
from support.evidence.locks import Turn, Wait
from support.outputs import OWN, is_same, require_apart, require_writable, try_directory
from support.suite.settings import Settings, data_states, library

# The files of the directory that `--report` names.
JSON, PAGE = "report.json", "index.html"
# The file by which a run that is still going holds it.
RUNNING = ".running"


def check_places(settings: Settings) -> None:
    """Refuse wrong datasets and places that cannot be written to or hold what is read, while nothing has been spent.

    Raises
    ------
    ValueError : the data directory holds a wrong file, two packs disagree on a key, there is no earlier evidence to
        go on from, or what is written at the end would take the place of something that the run reads.
    OSError : the directory of the evidence or of the report, or the file of the summary, cannot be written.
    """
    from support.data.datasets import DatasetError
    from support.evidence.library import Pack

    _require_apart(settings)
    try:
        data_states(settings.data)
    except DatasetError as error:
        raise ValueError(str(error)) from error
    places = library(settings)
    places.rechecks()
    packs = [place for place in places.others if isinstance(place, Pack)]
    if len(packs) > 1:
        from support.evidence.places import require_packs_to_agree

        require_packs_to_agree(packs)
    if settings.until_decided and places.empty:
        raise ValueError(
            f"--until-decided goes on from earlier evidence, and {settings.evidence[0]} holds none: "
            "run without it first"
        )
    try:
        settings.report.mkdir(parents=True, exist_ok=True)
        try_directory(settings.report)
    except OSError as error:
        raise OSError(
            f"report directory {settings.report} is not writable ({error.strerror}): give another with --report DIR"
        ) from error
    if settings.summary is not None:
        require_writable("--summary", settings.summary)


def hold(report: Path) -> ExitStack:
    """Keep other runs out of the directory of the report until what is returned is closed.

    Raises
    ------
    ValueError : another run is at work there.
    """
    path, held = report / RUNNING, ExitStack()
    if not held.enter_context(Turn(path)).granted:
        raise ValueError(
            f"report directory {report} belongs to a run that is still going (process {Wait(path).holder}): "
            "wait for it, or give another with --report DIR"
        )
    return held


def _require_apart(settings: Settings) -> None:
    """See that the report and the summary take the place of nothing else.

    Raises
    ------
    ValueError : they would; says of what, and what to do.
    """
    files = [settings.report / name for name in (JSON, PAGE)]
    for file in files:
        if os.path.isdir(file):  # noqa: PTH112 - Path.is_dir raises where a name is too long
            raise ValueError(f"{file} is a directory, and the report has a file there: give another with --report DIR")
        if os.path.exists(file) and not os.path.isfile(file):  # noqa: PTH110, PTH113 - as above
            raise ValueError(
                f"{file} is a device or a pipe, and the report has a file there: give another with --report DIR"
            )
    baseline, summary = settings.baseline, settings.summary
    for file in files:
        if baseline is not None and is_same(baseline, file):
            raise ValueError(
                f"--baseline {baseline} is {file}, which this run writes anew: copy it, or give another with --report"
            )
        if summary is not None and is_same(summary, file):
            raise ValueError(f"--summary {summary} is {file}, which the report is written to: give another file")
    if summary is None:
        return
    if baseline is not None and is_same(summary, baseline):
        raise ValueError(f"--summary {summary} is the file of --baseline, and would be written over: give another file")
    require_apart("--summary", summary, _read_places(settings))


def _read_places(settings: Settings) -> Iterator[tuple[str, Path]]:
    """Directories and files that a run reads, each with the option that names it."""
    yield from (("--evidence", place) for place in settings.evidence)
    if settings.data is not None:
        yield "--data", settings.data
    for option, specification in (("--model", settings.model), ("--features", settings.features)):
        place = (specification or "").rpartition(":")[0]
        if place.endswith(".py"):
            yield option, Path(place)
    yield from (("the suite's own", settings.root / name) for name in OWN)


def require_summary_apart_from_code(settings: Settings) -> None:
    """See that the summary takes the place of no module that was imported, as of what a user's network imports.

    Raises
    ------
    ValueError : it would.
    """
    if settings.summary is None:
        return
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and is_same(settings.summary, Path(file)):
            raise ValueError(f"--summary {settings.summary} is code that this run imports: give another file")


def require_text(given: Iterable[tuple[str, object]]) -> None:
    """See that all that is text of a command line or of its surroundings can be written as UTF-8.

    Names of files are bytes; those that are no UTF-8 come in as lone surrogates, which neither the report nor the
    workers of xdist can be handed.

    Parameters
    ----------
    given : what each is, in words, and a text or a list of them; anything else is passed over.

    Raises
    ------
    ValueError : one cannot.
    """
    for what, value in given:
        for text in value if isinstance(value, (list, tuple)) else (value,):
            if isinstance(text, str) and not is_text(text):
                raise ValueError(f"{what} must be text, got {text!r}, which has bytes that are not UTF-8")
