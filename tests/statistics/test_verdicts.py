"""The decision rule, and what controls do to it."""

from dataclasses import replace
from math import inf

import pytest

from support.statistics import Control, Estimate, Region, Verdict, decide, worst_of
from support.statistics.verdicts import can_refute, decide_with_controls, repeats_the_effect, stands_still


def interval(low: float, high: float) -> Estimate:
    return Estimate((low + high) / 2, low, high, 0.999, (low, high), "effect", "by hand")


def control(low: float, high: float, expected: Verdict = Verdict.REFUTED) -> Control:
    return Control("fresh background", "Backgrounds are new.", interval(low, high), Region.above(0.1), expected)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.2, 0.3, Verdict.SUPPORTED),
        (0.1, 0.1, Verdict.SUPPORTED),
        (0.05, 0.2, Verdict.INCONCLUSIVE),
        (-1.0, 0.1, Verdict.INCONCLUSIVE),
        (-inf, inf, Verdict.INCONCLUSIVE),
        (-1.0, 0.0, Verdict.REFUTED),
    ],
)
def test_decide(low: float, high: float, verdict: Verdict) -> None:
    assert decide(interval(low, high), Region.above(0.1)) is verdict
    # Mirrored, the same rule.
    assert decide(interval(-high, -low), Region.below(-0.1)) is verdict


def test_verdicts_print_as_words() -> None:
    assert [str(verdict) for verdict in Verdict] == ["supported", "refuted", "inconclusive"]


@pytest.mark.parametrize(
    ("subject", "verdict", "passed"),
    [
        (control(-0.1, 0.0), Verdict.REFUTED, True),
        (control(-0.1, 0.2), Verdict.INCONCLUSIVE, False),
        (control(0.2, 0.3), Verdict.SUPPORTED, False),
        (control(0.2, 0.3, Verdict.SUPPORTED), Verdict.SUPPORTED, True),
        (control(-0.1, 0.0, Verdict.SUPPORTED), Verdict.REFUTED, False),
    ],
)
def test_control(subject: Control, verdict: Verdict, passed: bool) -> None:
    assert subject.verdict is verdict
    assert subject.passed is passed


# Outside the region; inside it, on both sides of the effects below; across its edge, and of the effects too.
PASSES, FAILS, UNDECIDED = control(-0.1, 0.0), control(0.2, 0.9), control(-0.9, 0.9)
SEEN, UNSEEN = control(0.2, 0.3, Verdict.SUPPORTED), control(-0.1, 0.0, Verdict.SUPPORTED)


@pytest.mark.parametrize(
    ("effect", "clear"), [((0.5, 0.6), Verdict.SUPPORTED), ((-0.6, -0.5), Verdict.REFUTED)], ids=["true", "false"]
)
@pytest.mark.parametrize(
    ("controls", "count"),
    [
        ((SEEN,), True),
        ((PASSES, PASSES, SEEN), True),
        ((FAILS, SEEN), False),
        ((PASSES, FAILS, SEEN), False),
        ((UNDECIDED, PASSES, SEEN), False),
        ((PASSES, UNSEEN), False),
    ],
    ids=["positive", "all pass", "fails", "one fails", "one undecided", "the positive one fails"],
)
def test_a_failing_control_leaves_even_a_clear_effect_inconclusive(
    effect: tuple[float, float], clear: Verdict, controls: tuple[Control, ...], count: bool
) -> None:
    expected = clear if count else Verdict.INCONCLUSIVE
    assert decide_with_controls(interval(*effect), Region.above(0.1), controls) is expected


def test_passing_controls_do_not_decide_an_open_effect() -> None:
    assert decide_with_controls(interval(0.0, 0.2), Region.above(0.1), (PASSES,)) is Verdict.INCONCLUSIVE


# ------------------------------------------------------------------------------------------------ refutations


def test_a_random_effect_is_refuted_only_beside_a_positive_control() -> None:
    effect, region = interval(-0.6, -0.5), Region.above(0.1)
    assert not can_refute(effect, (PASSES,))
    assert decide_with_controls(effect, region, (PASSES,)) is Verdict.INCONCLUSIVE
    assert can_refute(effect, (PASSES, SEEN))
    assert decide_with_controls(effect, region, (PASSES, SEEN)) is Verdict.REFUTED
    # To support a claim takes none.
    assert decide_with_controls(interval(0.5, 0.6), region, (PASSES,)) is Verdict.SUPPORTED


def test_what_is_exact_is_refuted_without() -> None:
    assert decide_with_controls(worst_of([2.0], "x"), Region.below(1), ()) is Verdict.REFUTED


# ------------------------------------------------------------------------------------------------ trials of controls

OWN = (0.3, 0.1, 0.25, 0.7, 0.2)


def with_trials(*trials: float) -> Estimate:
    return Estimate(0.3, 0.2, 0.4, 0.999, trials, "effect", "by hand")


@pytest.mark.parametrize(
    ("trials", "repeats"),
    [
        ([1 - x for x in OWN], True),
        ([-x for x in OWN], True),
        ([x / 3 for x in OWN], True),
        ([x - 0.18 for x in OWN], True),
        ([x**2 for x in OWN], False),
        ([*OWN[:-1], 0.21], False),
        (OWN[:-1], False),
        ([0.5] * 5, False),
    ],
    ids=["complement", "sign turned", "share", "moved", "not in line", "one trial differs", "other trials", "constant"],
)
def test_a_control_may_not_repeat_the_effect(trials: list[float], repeats: bool) -> None:
    subject = Control("other", "", with_trials(*trials), Region.above(0.1))
    assert repeats_the_effect(subject, with_trials(*OWN)) is repeats


def test_what_must_lie_on_a_line_repeats_nothing() -> None:
    # Shares of networks take two values, and two columns of them may agree or be opposed by chance.
    for trials in ((0.0, 1.0, 1.0, 0.0), (1.0, 0.0, 0.0, 1.0)):
        subject = Control("other", "", with_trials(*trials), Region.above(0.1))
        assert not repeats_the_effect(subject, with_trials(0.0, 1.0, 1.0, 0.0))
    # Numbers without a sampling error are no trials.
    exact = Control("other", "", worst_of(OWN, "x"), Region.above(0.1))
    assert not repeats_the_effect(exact, with_trials(*OWN))
    assert not repeats_the_effect(Control("other", "", with_trials(*OWN), Region.above(0.1)), worst_of(OWN, "x"))


def test_a_control_that_stands_still_must_say_why() -> None:
    still = Control("other", "", with_trials(0.0, 0.0, 0.0), Region.above(0.1))
    assert stands_still(still, with_trials(*OWN))
    assert not stands_still(replace(still, constant_because="F of a sample with itself is 1"), with_trials(*OWN))
    assert not stands_still(still, with_trials(0.5, 0.5, 0.5))
    assert not stands_still(still, worst_of(OWN, "x"))
    assert not stands_still(replace(still, estimate=with_trials(0.0, 0.0)), with_trials(*OWN))
    assert not stands_still(replace(still, estimate=with_trials(0.0, 0.0, 1e-9)), with_trials(*OWN))
    assert stands_still(replace(still, estimate=worst_of([0.0, 0.0, 0.0], "x")), with_trials(*OWN))
