"""The files of a run's report: JSON, page and summary, written so that they say the same.

The JSON of the verdicts is written before anything is made of it. Then all three are written aside and change places
together, and the page says of which JSON it was made.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from support.document.reading import parse
from support.document.types import Report
from support.document.writing import as_read, file_content
from support.suite.places import JSON, PAGE
from support.whole_files import aside, swap

# Makes of a report what is told beside its verdicts.
Step = Callable[[Report], Report]


@dataclass
class ReportFiles:
    """Where a report is written.

    Attributes
    ----------
    folder : that was asked for.
    summary : the file of the summary, None where none is asked for.
    noted : puts what has failed until now among a report's notes.
    failures : what could not be written or made, a sentence each.
    written : the files that were.
    """

    folder: Path
    summary: Path | None
    noted: Step
    failures: list[str] = field(default_factory=list)
    written: list[Path] = field(default_factory=list)

    def write(self, report: Report, steps: dict[str, Step]) -> None:
        """Write a report's verdicts, then all that is made of them.

        Parameters
        ----------
        steps : what is added to the report, by what is said if it cannot be.
        """
        folder = self._write_first(report)
        if folder is None:
            return
        for what, step in steps.items():
            with self._kept(what):
                report = step(report)
        with self._kept(f"{folder / JSON} lacks what was made last"), ExitStack() as stack:
            summary = self._summary_aside(report, stack)
            with self._kept(f"{folder / JSON} cannot be read as a baseline"):
                parse(file_content(report))
            noted = as_read(self.noted(report))
            content = file_content(noted)
            page = self._page_aside(noted, content, folder, stack)
            if page is None:
                content = file_content(as_read(self.noted(report)))  # with the note that says so
            swap([(stack.enter_context(aside(content, folder / JSON)), folder / JSON)])
            if page is not None:
                swap([(page, folder / PAGE)])
                self.written.append(folder / PAGE)
            if summary is not None and self.summary is not None:
                with self._kept(_no_summary(self.summary)):
                    swap([(summary, self.summary)])

    def _summary_aside(self, report: Report, stack: ExitStack) -> Path | None:
        if self.summary is None:
            return None
        with self._kept(_no_summary(self.summary)):
            return stack.enter_context(aside(_summary(report), self.summary))
        return None

    def _page_aside(self, report: Report, content: bytes, folder: Path, stack: ExitStack) -> Path | None:
        with self._kept(f"{folder / PAGE} was not drawn"):
            return stack.enter_context(aside(_page(report, content, folder), folder / PAGE))
        return None

    def _write_first(self, report: Report) -> Path | None:
        """Write the JSON where it was asked for or, if that fails, among temporary files; the folder, None if neither.

        The page of an earlier run goes: it says nothing of this report.
        """
        said = ""
        for chosen in (self.folder, None):
            try:
                folder = chosen or Path(tempfile.mkdtemp(prefix="spurious-claims-report-"))
                folder.mkdir(parents=True, exist_ok=True)  # it may have gone meanwhile
                with aside(file_content(report), folder / JSON) as written:
                    swap([(written, folder / JSON)], stale=[folder / PAGE])
            except OSError as error:
                said = said or f"{self.folder / JSON} could not be written ({error.strerror or error})"
                continue
            if said:
                self.failures.append(f"{said}: the report is in {folder}")
            self.written.append(folder / JSON)
            return folder
        self.failures.append(f"{said}: the evidence is kept, and the same command decides it again")
        return None

    @contextmanager
    def _kept(self, what: str) -> Iterator[None]:
        """Note what fails, in one sentence: the verdicts are kept."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - whatever it is; it is told
            self._fail(what, error)

    def _fail(self, what: str, error: Exception) -> None:
        words = " ".join(str(error).split())
        self.failures.append(f"{what}: {type(error).__name__}: {words}" if words else f"{what}: {error!r}")


def _page(report: Report, content: bytes, folder: Path) -> bytes:
    from support.page import html
    from support.page.beside import beside

    return html.file_content(html.render(report, beside(folder, report), hashlib.sha256(content).hexdigest()))


def _summary(report: Report) -> bytes:
    from support.page.markdown import markdown

    return markdown(report).encode()


def _no_summary(path: Path) -> str:
    return f"--summary {path} was not written"
