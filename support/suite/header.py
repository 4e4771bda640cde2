"""What pytest's header says before anything runs."""

from __future__ import annotations

import pytest

from support.suite import machine
from support.suite.settings import Settings, data_states
from support.suite.stash import CLUSTER, REGISTER, SETTINGS


def header_lines(config: pytest.Config) -> list[str]:
    """What is about to run, on what, and where numbers come from and go to."""
    settings, register = config.stash[SETTINGS], config.stash[REGISTER]
    covered = sum(bool(claim.covered_by) for claim in register.claims)
    workers = f"{machine.workers(config)} workers of {machine.threads(config)} threads"
    return [
        f"claims: {covered} of {len(register.claims)} registered claims have tests",
        f"scale {settings.scale}, seed {settings.seed}, device {settings.device}, {workers}",
        *([f"model under test: {brought}"] if (brought := under_test(settings)) else []),
        f"data: {', '.join(data_states(settings.data))}",
        f"evidence: {', '.join(map(str, (*settings.evidence, *settings.published.packs)))}",
        *([f"published evidence: {passed_over}"] if (passed_over := settings.passed_over) else []),
        *([f"engine: {config.stash[CLUSTER]}"] if CLUSTER in config.stash else []),
        f"report: {settings.report}",
        *([f"baseline: {settings.baseline}"] if settings.baseline else []),
    ]


def under_test(settings: Settings) -> str | None:
    """What the user brings, in words; None where it is nothing."""
    features = settings.features and f"features {settings.features}"
    return ", ".join(filter(None, (settings.model, features))) or None
