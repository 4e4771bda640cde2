"""Why cases have not run, counted in one line: no reason is lost where few are given, and none is told twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from support.document.types import NotRun, Why

_KINDS: Mapping[Why, str] = MappingProxyType(
    {
        "not asked here": "for other reasons",
        "takes hours": "take hours of their own (--only hours)",
        "other model": "are asked of something else than this run's model",
        "not selected": "were not selected",
        "not recorded": "are not among the evidence",
        "interrupted": "were interrupted",
        "error": "broke down",
    }
)


def counted(reasons: Iterable[NotRun]) -> str:
    """How many cases have not run for which kind of reason, the most first: ``9 run at --scale standard; 2: …``.

    A reason that all cases of its kind have stands there itself.
    """
    kinds: dict[str, list[str]] = {}
    for not_run in reasons:
        kinds.setdefault(_kind(not_run), []).append(not_run.reason)
    ordered = sorted(kinds.items(), key=lambda item: -len(item[1]))
    return "; ".join(f"{len(own)}: {own[0]}" if len(set(own)) == 1 else f"{len(own)} {kind}" for kind, own in ordered)


def _kind(not_run: NotRun) -> str:
    if not_run.planned is not None:
        return "need more trials than their budget"
    if not_run.scale is not None:
        return f"run at --scale {not_run.scale}"
    return _KINDS[not_run.why]
