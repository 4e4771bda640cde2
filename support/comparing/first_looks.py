"""At which look a case was decided: its effect and each of its controls, from the trials that a report holds.

The report's trials are looked at again with the suite's one rule, and so are trials drawn from them with replacement:
how many another seed would need. Effects that are means, slopes or shares of trials can be; of the largest or smallest
of several, and of a ratio, a report holds one part only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, inf

import numpy as np
from numpy.typing import NDArray

from support.comparing.moves import MEANS
from support.comparing.seeds import measure_of
from support.document import types as document
from support.document.statuses import ends
from support.document.types import Case, Measured
from support.statistics import Control, Estimate, Region, Verdict, effects
from support.statistics.sequence import RAISED, looks
from support.statistics.verdicts import comes_out, decide

Trials = NDArray[np.float64]
RESAMPLES = 40
# The share of resamplings by which a case is to be decided.
SHARE = 0.9
# Whatever budget a report names, no more trials than this are imagined: half a second to look at.
MOST_IMAGINED = 1 << 14


@dataclass(frozen=True)
class FirstLooks:
    """Numbers of trials; None where the trials do not suffice.

    Attributes
    ----------
    effect : at which its interval first lay inside the region or outside.
    controls : at which each first came out, by name.
    """

    effect: int | None
    controls: dict[str, int | None]

    @property
    def case(self) -> int | None:
        """At which all of them had."""
        found = [self.effect, *self.controls.values()]
        known = [each for each in found if each is not None]
        return max(known) if len(known) == len(found) else None


def looks_again(case: Case) -> bool:
    """Whether the report holds all that the case was decided on."""
    parts: Sequence[Measured] = (case, *case.controls)
    return case.look is not None and case.measure is not None and all(map(_known, parts))


def first_looks(case: Case) -> FirstLooks:
    """When the case was decided.

    Raises
    ------
    ValueError : `looks_again` says no.
    """
    budget = _budget(case)
    return _walk(case, [_trials(part) for part in (case, *case.controls)], budget)


def resampled_looks(case: Case, resamples: int = RESAMPLES, seed: int = 0) -> int | None:
    """By which look nine in ten resamplings of the trials are decided; None where the budget does not suffice.

    Trials of effect and controls are drawn together where there are as many of each. The same report gives the same.

    Raises
    ------
    ValueError : `looks_again` says no.
    """
    budget, generator = _budget(case), np.random.default_rng(seed)
    own = [_trials(part) for part in (case, *case.controls)]
    found: list[float] = []
    for _ in range(resamples):
        drawn = generator.random(budget)
        again = [trials[(drawn * len(trials)).astype(int)] for trials in own]
        at = _walk(case, again, budget).case
        found.append(inf if at is None else at)
    at_share = sorted(found)[ceil(SHARE * resamples) - 1]
    return None if at_share == inf else int(at_share)


def trials_to_decide(case: Case) -> int | None:
    """The look at which a case would be decided if its trials came out again and again, in their order.

    None where `most_imagined` would not suffice: with a mean on an edge no number does.

    Raises
    ------
    ValueError : `looks_again` says no.
    """
    region = _region(case)
    trials, *others = (_trials(part) for part in (case, *case.controls))
    longest = max(map(len, (trials, *others)))
    for look in looks(most_imagined(case)):
        if look <= longest:
            continue
        effect = _estimate(case, np.resize(trials, look))
        if decide(effect, region) != Verdict.INCONCLUSIVE and all(
            comes_out(_control(control, _estimate(control, np.resize(own, look))), effect, region)
            for control, own in zip(case.controls, others, strict=True)
        ):
            return look
    return None


def most_imagined(case: Case) -> int:
    """How many trials `trials_to_decide` looks at: as many as the suite itself would go on to, within bounds.

    Raises
    ------
    ValueError : `looks_again` says no.
    """
    return min(RAISED * _budget(case), MOST_IMAGINED)


def _budget(case: Case) -> int:
    if case.look is None or not looks_again(case):
        raise ValueError(f"the report does not hold all trials of {case.test}")
    return case.look.budget


def _known(part: Measured) -> bool:
    """A number without a sampling error, or the trials of which an effect is the mean."""
    if part.region is None or part.interval is None:
        return False
    if part.level is None:
        return True
    whole = len(part.trials) > 1 and None not in part.trials
    return whole and part.measure is not None and part.measure.route != "ratio" and part.effect_kind in MEANS


def _trials(part: Measured) -> Trials:
    """Of a number without a sampling error, none that matter: one trial, which is never looked at."""
    return np.array([each for each in part.trials if each is not None] if part.level is not None else [0.0])


def _walk(case: Case, trials: Sequence[Trials], budget: int) -> FirstLooks:
    """The suite's looks over trials of the effect and of each control."""
    region, effect_at = _region(case), None
    controls: dict[str, int | None] = {control.name: None for control in case.controls}
    longest = max(len(each) for each in trials)
    for look in looks(budget):
        effect = _estimate(case, trials[0][:look])
        if effect_at is None and decide(effect, region) != Verdict.INCONCLUSIVE:
            effect_at = look
        for control, own in zip(case.controls, trials[1:], strict=True):
            found = _control(control, _estimate(control, own[:look]))
            if controls[control.name] is None and comes_out(found, effect, region):
                controls[control.name] = look
        if look >= longest or (effect_at is not None and None not in controls.values()):
            break
    return FirstLooks(effect_at, controls)


def _estimate(part: Measured, trials: Trials) -> Estimate:
    if part.level is None or part.measure is None:
        low, high = (0.0, 0.0) if part.interval is None else ends(part.interval)
        return Estimate(low, low, high, None, (), "", "")
    return effects.mean_of(trials, measure_of(part.measure), part.effect_label or "")


def _control(control: document.Control, found: Estimate) -> Control:
    return Control(control.name, "", found, _region(control), Verdict(control.expected))


def _region(part: Measured) -> Region:
    if part.region is None:
        raise ValueError("a decision needs a region")
    low, high = ends((part.region.low, part.region.high))
    return Region(low, high)
