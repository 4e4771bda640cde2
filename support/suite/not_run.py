"""A case that this run cannot ask: why, and what would ask it, as data to the last place that shows it."""

from __future__ import annotations

from typing import NoReturn

import pytest

from support.document.types import Why


class NotRun(Exception):  # noqa: N818 - no mistake
    """The case is skipped; raised by `not_run` and `require_budget`.

    Attributes
    ----------
    reason : a clause without a full stop.
    scale : at which the case runs; None where no scale is known to.
    planned : trials that would decide it; None where it is not for want of trials.
    why : of which kind the reason is.
    """

    def __init__(
        self, reason: str, scale: str | None = None, planned: int | None = None, why: Why = "not asked here"
    ) -> None:
        super().__init__(reason)
        self.reason, self.scale, self.planned = reason, scale, planned
        self.why: Why = why


# Why a test was skipped, for the record of its case.
NOT_RUN = pytest.StashKey[NotRun]()


def not_run(reason: str, *, scale: str | None = None) -> NoReturn:
    """Leave the case out.

    Parameters
    ----------
    reason : why, a clause without a full stop.
    scale : at which it runs.

    Raises
    ------
    NotRun : always.
    """
    raise NotRun(reason, scale)


def require_budget(planned: int, budget: int) -> None:
    """Leave out a case that its budget of trials would not decide.

    Parameters
    ----------
    planned : trials that decide it, by the spread of a pilot or of an earlier report.
    budget : of this scale.

    Raises
    ------
    NotRun : the budget is smaller.
    """
    if planned > budget:
        raise NotRun(f"about {planned:,} trials decide it at this spread, and the budget is {budget:,}", None, planned)
