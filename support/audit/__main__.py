"""``python -m support.audit MODEL``: what a network memorizes, or whether a change made it memorize more."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from support.audit.asking import STOPS, TRIALS, Asked, ask, cores
from support.audit.result import Audit
from support.audit.subject import Subject, dataset_of, settings_of, subject_of
from support.audit.table import lines, markdown
from support.audit.wrong_input import WRONG_INPUT, InputParser, files_read
from support.command_line import number, positive, seed, whole_number
from support.data.datasets import DatasetError
from support.data_directory import require_data
from support.devices import device_of
from support.document.changes import FailOn
from support.document.letters import in_one_line, plain
from support.interrupts import Interrupts
from support.outputs import require_outputs
from support.statistics.sequence import looks
from support.whole_files import write_whole

FAIL_ON = get_args(FailOn)
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run an audit; the exit status: 1 where it got worse (`--fail-on`), 4 for wrong input, 130 if interrupted."""
    given = _parser().parse_args(arguments)
    interrupts = Interrupts("\nthis audit is ending\n")
    interrupts.listen()
    try:
        return _audit(given, interrupts)
    except KeyboardInterrupt:  # before anything was asked
        print("audit: interrupted", file=sys.stderr)  # noqa: T201
        return INTERRUPTED
    finally:
        interrupts.forget()


def _audit(given: argparse.Namespace, interrupts: Interrupts) -> int:
    """Run an audit, say and write what was found; the exit status."""
    try:
        asked = _asked(given)
    except (ValueError, DatasetError, OSError) as error:
        return _refuse(error)
    try:
        audit = ask(asked, _Progress())
    except (ValueError, DatasetError, *STOPS) as error:
        return _refuse(error)
    interrupts.ending = True
    status = _status(audit, given.fail_on)
    print("\n".join(["", *lines(audit)]))  # noqa: T201
    try:
        _write(audit, given)
    except OSError as error:
        print(in_one_line(f"{error.filename} cannot be written: {error.strerror}"), file=sys.stderr)  # noqa: T201
        return max(status, 1)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = InputParser(prog="python -m support.audit", description=__doc__, allow_abbrev=False)
    parser.add_argument("model", metavar="MODEL", help="file.py:function, module:function or an architecture's name")
    parser.add_argument("--against", metavar="BEFORE", help="a model to compare with: did the change make it worse?")
    parser.add_argument(
        "--images",
        default="mnist",
        metavar="IMAGES",
        help="mnist, fashion-mnist, cifar-10, a folder of images in folders of classes, an .npz file, or "
        "file.py:function that returns (images, labels) or (images, labels, test_images, test_labels)",
    )
    parser.add_argument(
        "--target", type=whole_number(), default=0, metavar="CLASS", help="whose images carry the pattern"
    )
    training = parser.add_argument_group("training", "as paper B trains unless something is said")
    training.add_argument("--recipe", type=Path, metavar="FILE.toml", help="settings of training, as below")
    training.add_argument("--train", metavar="SPEC", help="a function train(network, images, labels, seed) instead")
    training.add_argument("--train-before", metavar="SPEC", help="the same of --against (default: as --train)")
    training.add_argument("--recipe-before", type=Path, metavar="FILE.toml", help="as --recipe, of --against")
    training.add_argument("--optimizer", choices=["adam", "sgd"])
    for name in ("learning-rate", "momentum", "weight-decay", "decay"):
        training.add_argument(f"--{name}", type=number)
    for name in ("batch", "epochs"):
        training.add_argument(f"--{name}", type=whole_number(1))
    training.add_argument(
        "--milestones", type=whole_number(1), nargs="+", metavar="EPOCH", help="where --decay multiplies the rate"
    )
    effort = parser.add_argument_group("effort")
    effort.add_argument("--first", action="store_true", help="ask the first questions only")
    effort.add_argument("--minutes", type=positive, metavar="M", help="begin no further look after so many")
    effort.add_argument(
        "--trials", type=whole_number(8), default=TRIALS, help=f"of each question at most (default: {TRIALS})"
    )
    effort.add_argument(
        "--workers", type=whole_number(1), default=cores(), help="processes (default: one for each core)"
    )
    parser.add_argument("--seed", type=seed, default=0)
    parser.add_argument("--device", default="cpu", help="a torch device")
    parser.add_argument("--data", type=Path, metavar="DIR", help="directory with published datasets")
    parser.add_argument("--evidence", type=Path, metavar="DIR", help="where trials are kept (default: user cache)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what was found, trial by trial")
    parser.add_argument("--page", type=Path, metavar="FILE", help="write a page to read")
    parser.add_argument("--summary", type=Path, metavar="FILE", help="write Markdown, for a pull request")
    parser.add_argument(
        "--fail-on", choices=FAIL_ON, default="worse", help="when the exit status is 1 (default: worse)"
    )
    return parser


def _asked(given: argparse.Namespace) -> Asked:
    """The options as what is asked.

    Raises
    ------
    ValueError, OSError, DatasetError : one of them is wrong; says which would be right.
    """
    if given.data is not None:
        require_data(given.data)
    given.device = device_of(given.device)
    _check_places(given)
    if given.against is None and (given.train_before or given.recipe_before):
        raise ValueError("--train-before and --recipe-before are of the model that --against names, which is not given")
    dataset = dataset_of(given.images)

    def subject(model: str, recipe: Path | None, train: str | None) -> Subject:
        settings: dict[str, object] = settings_of(recipe) if recipe else {}
        named = ("optimizer", "learning_rate", "momentum", "weight_decay", "decay", "batch", "epochs", "milestones")
        settings |= {name: getattr(given, name) for name in named if getattr(given, name) is not None}
        return subject_of(model, dataset, settings, train, target=given.target, data=given.data)

    before = None
    if given.against is not None:
        before = subject(given.against, given.recipe_before or given.recipe, given.train_before or given.train)
    return Asked(
        subject(given.model, given.recipe, given.train),
        before,
        given.seed,
        given.device,
        given.data,
        given.evidence,
        given.workers,
        given.trials,
        None if given.minutes is None else time.monotonic() + 60 * given.minutes,
        given.first,
    )


def _check_places(given: argparse.Namespace) -> None:
    """Refuse what cannot be written, or would be written over what is read, before anything is computed.

    Raises
    ------
    ValueError : in one sentence.
    """
    names = ("model", "against", "images", "recipe", "recipe_before", "train", "train_before", "data", "evidence")
    read = files_read(**{name: getattr(given, name) for name in names})
    require_outputs({f"--{name}": getattr(given, name) for name in ("json", "page", "summary")}, read)
    if given.evidence is not None and os.path.lexists(given.evidence) and not given.evidence.is_dir():
        raise ValueError(f"--evidence must be a directory, got {given.evidence}")


class _Progress:
    """Says in a line on stderr how far an audit is, and when the next look will be."""

    def __init__(self) -> None:
        self._looked: tuple[tuple[str, ...], int, float] = ((), 0, 0.0)

    def begins(self, seconds: float, trials: int) -> None:
        """Say how long it takes."""
        self._say(
            f"a trial takes {seconds:.1f} s here; what is there shows after some 16 to 32 of them, that there is "
            f"nothing, or that nothing moved, after {trials} or more ({trials * seconds / 60:.1f} minutes)"
        )

    def looked(self, audit: Audit, what: Sequence[str], trials: int) -> None:
        """Say what is still open."""
        before, seen, seconds = self._looked
        self._looked = (tuple(what), trials, audit.seconds)
        if not what:
            return
        # Of the same questions; others may take another time.
        each = (audit.seconds - seconds) / (trials - seen) if before and trials > seen else None
        following = next(number for number in looks() if number > trials)
        when = "" if each is None else f", in about {(following - trials) * each:.0f} s"
        self._say(f"{audit.seconds:.0f} s, {trials} trials; open: {', '.join(what)}; next at {following}{when}")

    def first_table(self, audit: Audit) -> None:
        """Show it."""
        print("\n".join([f"first table, after {audit.seconds:.0f} s:", *lines(audit), ""]), flush=True)  # noqa: T201

    def _say(self, text: str) -> None:
        try:
            print(in_one_line(text), file=sys.stderr, flush=True)  # noqa: T201
        except OSError:
            return  # a courtesy


def _status(audit: Audit, fail_on: str) -> int:
    if not audit.complete and audit.answer in (None, "cannot tell"):
        return INTERRUPTED
    wrong = {"worse": ("worse",), "changed": ("worse", "better"), "never": ()}[fail_on]
    return int(audit.answer in wrong)


def _write(audit: Audit, given: argparse.Namespace) -> None:
    from support.audit.page import page

    contents = (
        (given.json, audit.to_json),
        (given.page, lambda: page(audit)),
        (given.summary, lambda: markdown(audit)),
    )
    for path, content in contents:
        if path is not None:
            written = content()
            write_whole(written if isinstance(written, bytes) else plain(written).encode(), path)


def _refuse(error: Exception) -> int:
    print(in_one_line(f"audit: {error}"), file=sys.stderr)  # noqa: T201
    return WRONG_INPUT


if __name__ == "__main__":
    sys.exit(main())
