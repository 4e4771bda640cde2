"""Code that users bring: what it raises and warns of in one sentence, and what of the process it must leave alone."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import sysconfig
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

import torch

SUITE = Path(__file__).parents[1]
_INSTALLED = {Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
# Of these Python itself tells only what a script's own lines cause.
_FOR_DEVELOPERS = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)


def is_users(file: str | Path | None) -> bool:
    """Whether a file of code is the user's: neither Python's, nor an installed package's, nor this suite's."""
    if not file or str(file).startswith("<"):
        return False
    path = Path(file)
    packaged = not {"site-packages", "dist-packages"}.isdisjoint(path.parts)
    return not packaged and {*_INSTALLED, SUITE}.isdisjoint(path.parents)


def said(error: BaseException) -> str:
    """The exception's name, the first line of what it says, and the last line of the user's own code on the way."""
    lines = str(error).strip().splitlines()
    text = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
    if isinstance(error, SystemExit):
        text = (
            f"it ends the program ({text}), as argparse does over options that are not its own: read them "
            'under if __name__ == "__main__"'
        )
    return f"{text}{_place(error)}"


def _place(error: BaseException) -> str:
    if isinstance(error, SyntaxError) and is_users(error.filename):
        return f" ({error.filename}:{error.lineno})"
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if is_users(frame.filename)]
    return f" ({own[-1].filename}:{own[-1].lineno})" if own else ""


class UserCodeError(ValueError):
    """The user's code has failed; one sentence."""


@contextmanager
def users_code(doing: str) -> Iterator[None]:
    """Run code of the user's; `doing` says what fails where it fails, such as "network f.py:g cannot be imported".

    Raises
    ------
    UserCodeError : whatever it raises, `SystemExit` too, but for an interruption.
    """
    try:
        yield
    except (KeyboardInterrupt, GeneratorExit, UserCodeError):
        raise
    except BaseException as error:
        raise UserCodeError(f"{doing}: {said(error)}") from error


@dataclass(frozen=True)
class ProcessSettings:
    """What is of the whole process (or thread) and decides what networks compute."""

    dtype: torch.dtype
    device: torch.device
    gradients: bool
    threads: int
    folder: str

    @classmethod
    def now(cls) -> ProcessSettings:
        """As they are."""
        return cls(
            torch.get_default_dtype(),
            torch.get_default_device(),
            torch.is_grad_enabled(),
            torch.get_num_threads(),
            os.getcwd(),  # noqa: PTH109 - as text
        )

    def restore(self) -> str | None:
        """Put back what has changed since; returns the first of it, in words."""
        changed = []
        if torch.get_default_dtype() != self.dtype:
            changed.append("torch's default dtype")
            torch.set_default_dtype(self.dtype)
        if torch.get_default_device() != self.device:
            changed.append("torch's default device")
            torch.set_default_device(None if self.device.type == "cpu" else self.device)
        if torch.is_grad_enabled() != self.gradients:
            changed.append("whether torch takes gradients")
            torch.set_grad_enabled(self.gradients)
        if torch.get_num_threads() != self.threads:
            changed.append("torch's number of threads")
            torch.set_num_threads(self.threads)
        if os.getcwd() != self.folder:  # noqa: PTH109 - as text
            changed.append("the working directory")
            os.chdir(self.folder)
        return changed[0] if changed else None


@contextmanager
def settings_kept() -> Iterator[None]:
    """Undo what the user's code does to settings of the process."""
    before = ProcessSettings.now()
    try:
        yield
    finally:
        before.restore()


@contextmanager
def heard(warned: dict[str, None]) -> Iterator[None]:
    """Keep what the user's code prints off the terminal, and put its warnings into `warned`, a sentence each, once."""

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,  # noqa: ARG001 - the signature of warnings.showwarning
        line: str | None = None,  # noqa: ARG001
    ) -> None:
        own = _users_frame(sys._getframe(1))
        if own is None or (issubclass(category, _FOR_DEVELOPERS) and not is_users(filename)):
            return
        text = next(iter(str(message).strip().splitlines()), "")
        where = (filename, lineno) if is_users(filename) else own
        warned[f"it warns: {category.__name__}: {text} ({where[0]}:{where[1]})"] = None

    hidden: Any = io.StringIO()
    with warnings.catch_warnings(), contextlib.redirect_stdout(hidden), contextlib.redirect_stderr(hidden):
        warnings.simplefilter("always")
        warnings.showwarning = show
        yield


def _users_frame(frame: FrameType | None) -> tuple[str, int] | None:
    """The innermost line of the user's that led here, called by the suite."""
    while frame is not None and not Path(frame.f_code.co_filename).is_relative_to(SUITE):
        if is_users(frame.f_code.co_filename):
            return frame.f_code.co_filename, frame.f_lineno
        frame = frame.f_back
    return None
