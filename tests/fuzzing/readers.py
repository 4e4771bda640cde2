"""Every way by which this suite reads a report of others, each with what must be right of what it makes."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NoReturn

from msgspec.structs import replace

from support.comparing.baseline_trials import baseline_trials
from support.comparing.comparison import compare
from support.document.build import Placed
from support.document.reading import parse, read
from support.document.types import Report, ReportError
from support.document.walking import every_case
from support.document.writing import as_read, write
from support.evidence.published import Published
from support.page import readme
from support.page.__main__ import main
from support.page.figures import gather
from support.page.html import render
from support.page.markdown import markdown
from support.suite.failing_verdicts import verdict_lines
from support.suite.run import Run
from support.suite.settings import Settings, read_baseline
from support.suite.terminal import claim_lines, comparison_lines, report_lines
from tests.conftest import sample
from tests.fuzzing.oracles import require_lines, require_markdown, require_page, require_picture, require_sentence

# A name that a file of others may have.
NAMED = "planted|`x`<b id=planted>\x1b[2J\u202e.json"


class RefusedError(Exception):
    """The report was refused in one sentence, which was looked at."""


def reading(file: Path) -> None:
    """As everything that reads a report does first."""
    try:
        read(file)
    except ReportError as error:
        _refused(str(error), file)


def page(file: Path) -> None:
    """`python -m support.page FILE`."""
    output = file.with_name("index.html")
    _command(file, str(file), "--output", str(output))
    require_page(output.read_text(encoding="utf-8"))


def block_of_readme(file: Path) -> None:
    """`python -m support.page FILE --readme README.md`, twice: the second must find its marks again.

    The report's first figure goes by the name of the one that README shows.
    """
    try:
        names = [figure.name for figure in gather(read(file).claims)]
    except ReportError as error:
        _refused(str(error), file)
    own, picture, named = (file.with_name(name) for name in ("README.md", readme.PICTURE, "named.json"))
    first = json.dumps({"figure": names[0]} if names else {}, ensure_ascii=False)[1:-1]
    shown = json.dumps({"figure": readme.SHOWN})[1:-1]
    named.write_bytes(file.read_bytes().replace(first.encode(), shown.encode()) if names else file.read_bytes())
    own.write_text(f"{readme.BEGIN}\n{readme.END}\n", encoding="utf-8")
    for _ in range(2):
        _command(named, str(named), "--readme", str(own))
    require_markdown(own.read_text(encoding="utf-8"), pictures=1, comments=2)
    require_picture(picture.read_text(encoding="utf-8"))


def table_of_seeds(file: Path) -> None:
    """`python -m support.page FILE OTHER --seeds TABLE.md`, the other being the same at another seed."""
    output = file.with_name("seeds.md")
    other = file.with_name("other.json")
    try:
        report = read(file)
    except ReportError as error:
        _refused(str(error), file)
    seed = None if report.run.seed is None else (report.run.seed + 1) % 2**63
    write(replace(report, run=replace(report.run, seed=seed)), other)
    _command(file, str(file), str(other), "--seeds", str(output))
    require_markdown(output.read_text(encoding="utf-8"))


def baseline(file: Path) -> None:
    """`--baseline FILE`, as the hooks of pytest do: read, told to the workers, compared, and shown everywhere."""
    try:
        before = read_baseline(file)
    except ValueError as error:
        _refused(str(error).removeprefix("--baseline "), file)
    for scale in ("quick", "paper"):
        for name, node, trials in baseline_trials(before, scale).cases:
            assert 0 <= trials <= 1_000_000, f"{trials} trials of {name} {node}"
    for after in (before, replace(before, run=replace(before.run, seed=1)), _own()):
        compared = replace(after, comparison=compare(after, before, str(file)))
        _shown(compared, before, file.parent)
    require_page(render(compared))


def summary(file: Path) -> None:
    """`--summary`, of the report itself."""
    try:
        report = read(file)
    except ReportError as error:
        _refused(str(error), file)
    require_markdown(markdown(report))


def terminal(file: Path) -> None:
    """The end of a run whose cases are the report's."""
    try:
        report = read(file)
    except ReportError as error:
        _refused(str(error), file)
    _shown(report, report, file.parent)


READERS: Mapping[str, Callable[[Path], None]] = MappingProxyType(
    {
        "reading": reading,
        "page": page,
        "`--readme`": block_of_readme,
        "`--seeds`": table_of_seeds,
        "`--baseline`": baseline,
        "`--summary`": summary,
        "terminal": terminal,
    }
)


def _own() -> Report:
    """A report of this run's own."""
    return parse(json.dumps(sample()).encode())


def _shown(report: Report, before: Report, folder: Path) -> None:
    """Everything that is drawn of a report at the end of a run."""
    assert as_read(report) == report, "it is not what its file says"
    require_markdown(markdown(report))
    run = run_of(report, before, folder)
    require_lines([*claim_lines(run), *comparison_lines(run), *report_lines(run)])
    for placed in run.cases:
        require_lines(verdict_lines(placed, placed.claim, folder))


def run_of(report: Report, before: Report, folder: Path) -> Run:
    """A run at its end, whose cases are a report's and whose remarks and failures are its notes."""
    settings = Settings(
        root=folder,
        scale="quick",
        seed=0,
        device="cpu",
        data=None,
        report=folder,
        evidence=(folder,),
        published=Published(),
        summary=None,
        baseline=None,
        model=report.run.model,
        features=None,
        recorded=False,
        until_decided=False,
    )
    run = Run(folder, settings, before, report.run.model, report.run.notes, comparison=report.comparison)
    placed = [
        Placed(claim=claim.id, reading=reading.reading, case=case) for claim, reading, case in every_case(report.claims)
    ]
    run.ended = {f"{number}": each for number, each in enumerate(placed)}
    run.failures = list(report.run.notes)
    run.written = [folder / NAMED]
    return run


def _command(file: Path, *arguments: str) -> None:
    """Run `python -m support.page`."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        status = main(list(arguments))
    if status != 0:
        assert status == 2, f"exit status {status}"
        _refused(said.getvalue().removesuffix("\n"), file)
    assert not said.getvalue(), said.getvalue()


def _refused(message: str, file: Path) -> NoReturn:
    require_sentence(message, str(file))
    raise RefusedError(message)
