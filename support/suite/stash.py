"""What the hooks keep between them, under typed keys of pytest's stash."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

import pytest

from support.cluster.client import Cluster
from support.comparing.baseline_trials import BaselineTrials
from support.evidence.inputs import UserNetwork
from support.register import Register
from support.suite.run import Run
from support.suite.selection import Selection
from support.suite.settings import Settings
from support.suite.worker_files import Progress

# What pytest's terminal writes to, where claims are run.
TERMINAL = pytest.StashKey[TextIO]()
SETTINGS = pytest.StashKey[Settings]()
REGISTER = pytest.StashKey[Register]()
SELECTION = pytest.StashKey[Selection]()
# Every claim test in the modules that were collected, by node id, also those that are then left out.
CLAIM_TESTS = pytest.StashKey[dict[str, pytest.Item]]()
# All are there only where claims are run: the directory in which workers leave word of what they collected and of
# what they are doing, what this process does, and what the controller keeps.
WORKER_FILES = pytest.StashKey[Path]()
PROGRESS = pytest.StashKey[Progress]()
RUN = pytest.StashKey[Run]()
# Keeps other runs out of the directory of the report.
HELD = pytest.StashKey[ExitStack]()
# The user's network, looked at once by the controller (None where it is not the user's), the commit at the start, and
# the run's name, by which all its processes know what it has computed.
NETWORK = pytest.StashKey[UserNetwork | None]()
COMMIT = pytest.StashKey[str | None]()
RUN_NAME = pytest.StashKey[str]()
# How many trials the cases of the baseline had; nothing without one.
BASELINE_TRIALS = pytest.StashKey[BaselineTrials]()
# The controller's connection to the cluster, where there is one; workers of xdist make their own.
CLUSTER = pytest.StashKey[Cluster]()
