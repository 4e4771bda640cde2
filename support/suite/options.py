"""The options of the claims; none changes what a claim says, only what it is asked of, decided on, compared with."""

from __future__ import annotations

from typing import TypedDict

import pytest


class _Option(TypedDict, total=False):
    """What pytest's parser takes; an option without a default is a flag, or None where not given."""

    default: str
    metavar: str
    action: str
    help: str


OPTIONS: dict[str, _Option] = {
    "--scale": {
        "default": "quick",
        "metavar": "SCALE",
        "help": "quick, standard or paper: sizes of the experiments",
    },
    "--seed": {"default": "0", "metavar": "SEED", "help": "moves every random stream; verdicts must not change"},
    "--device": {"default": "auto", "metavar": "DEVICE", "help": "auto, cpu, cuda or cuda:INDEX"},
    "--engine": {
        "metavar": "dask:WHERE",
        "help": "compute on a Dask cluster: dask:tcp://HOST:PORT, dask:tls://HOST:PORT or dask:SCHEDULER_FILE",
    },
    "--data": {"metavar": "DIR", "help": "directory with datasets (default: user cache)"},
    "--report": {"metavar": "DIR", "help": "where the report goes (default: reports/latest)"},
    "--evidence": {
        "action": "append",
        "metavar": "DIR",
        "help": "where evidence is kept (default: user cache); given again, a directory or pack that is only read",
    },
    "--recorded": {
        "action": "store_true",
        "help": "run no experiment: decide what the evidence decides, also the published (reports/*/evidence.tar.xz), "
        "and skip the rest; without it nothing published is read",
    },
    "--until-decided": {
        "action": "store_true",
        "help": "raise the budgets of trials: go on from earlier evidence until a case is decided",
    },
    "--calibrate": {
        "action": "store_true",
        "help": "decide nothing: see whether near-normal measures are that (with -n0)",
    },
    "--summary": {"metavar": "FILE", "help": "a summary in Markdown, for a pull request"},
    "--model": {"metavar": "SPEC", "help": "a network of your own, file.py:function: ask claims of it"},
    "--features": {"metavar": "SPEC", "help": "a feature map of your own, file.py:function: ask claims of it"},
    "--only": {
        "metavar": "headline|hours",
        "help": "ask the claims by which the papers are known, or what takes hours of its own at standard scale, and "
        "leave out the others",
    },
    "--baseline": {"metavar": "FILE", "help": "an earlier report.json: say whether it memorizes more than before"},
    "--fail-on": {
        "metavar": "WHEN",
        "help": "with --baseline, fail where it memorizes more: worse (default); also where it memorizes less, a "
        "verdict changed or a case is gone: changed; or never",
    },
}

MARKERS = (
    "claim(id, reading='sound', cost=1, budget=None, because=None): decides this claim's reading",
    "erratum(id, scales=None): this reading is refuted, as an erratum explains; only at these scales, where given",
    "finding(id, scales=None): the same, as a finding says",
    "slip(id, scales=None): the same, as a slip of a third party's summary",
    "asks(of, because=None): what a user may bring that this test can be asked of",
    "apart(only, scale, because): at this scale the test has a time of its own, and runs with `--only` alone",
    "long(because): a test of support that takes long: left out of `pytest tests`, run with --long",
)


def add_options(parser: pytest.Parser) -> None:
    """Add the options of the claims, and the one of the tests of support."""
    group = parser.getgroup("claims", "spurious-claims")
    for name, option in OPTIONS.items():
        group.addoption(name, **option)
    group.addoption("--long", action="store_true", help="with `pytest tests`: run those that take long too")
