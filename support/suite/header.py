"""What pytest's header says before anything runs."""

from __future__ import annotations

import pytest

from support.document.letters import in_one_line
from support.evidence.inputs import UserNetwork
from support.suite import machine
from support.suite.settings import Settings, data_states
from support.suite.stash import CLUSTER, NETWORK, REGISTER, SETTINGS

# What decides a user's network and has no part in the key of its evidence.
UNSEEN = (
    "its evidence is kept under its files, what they read when it was made, its initial weights and its repr; a "
    "variable of the environment or what comes over a network is noticed only where it changes its first answers"
)


def header_lines(config: pytest.Config) -> list[str]:
    """What is about to run, on what, and where numbers come from and go to."""
    settings, register = config.stash[SETTINGS], config.stash[REGISTER]
    network = config.stash.get(NETWORK, None)
    covered = sum(bool(claim.covered_by) for claim in register.claims)
    workers = f"{machine.workers(config)} workers of {machine.threads(config)} threads"
    lines = [
        f"claims: {covered} of {len(register.claims)} registered claims have tests",
        f"scale {settings.scale}, seed {settings.seed}, device {settings.device}, {workers}",
        *([f"model under test: {brought}"] if (brought := under_test(settings)) else []),
        *(f"model under test: {remark}" for remark in remarks_on(network)),
        *([f"model under test: {UNSEEN}"] if network is not None else []),
        f"data: {', '.join(data_states(settings.data))}",
        f"evidence: {', '.join(map(str, (*settings.evidence, *settings.published.packs)))}",
        *([f"published evidence: {passed_over}"] if (passed_over := settings.passed_over) else []),
        *([f"engine: {config.stash[CLUSTER]}"] if CLUSTER in config.stash else []),
        f"report: {settings.report}",
        *([f"baseline: {settings.baseline}"] if settings.baseline else []),
    ]
    return list(map(in_one_line, lines))


def remarks_on(network: UserNetwork | None) -> tuple[str, ...]:
    """What was noticed when the user's network was probed."""
    return network.remarks if network is not None else ()


def under_test(settings: Settings) -> str | None:
    """What the user brings, in words; None where it is nothing."""
    features = settings.features and f"features {settings.features}"
    return ", ".join(filter(None, (settings.model, features))) or None
