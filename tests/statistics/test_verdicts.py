"""The decision rule, and what controls do to it."""

from math import inf

import pytest

from support.statistics import Control, Estimate, Region, Verdict, decide
from support.statistics.verdicts import decide_with_controls


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


@pytest.mark.parametrize(
    ("effect", "clear"), [((0.5, 0.6), Verdict.SUPPORTED), ((-0.6, -0.5), Verdict.REFUTED)], ids=["true", "false"]
)
@pytest.mark.parametrize(
    ("controls", "count"),
    [((), True), ((PASSES, PASSES), True), ((FAILS,), False), ((PASSES, FAILS), False), ((UNDECIDED, PASSES), False)],
    ids=["none", "pass", "fails", "one fails", "one undecided"],
)
def test_a_failing_control_leaves_even_a_clear_effect_inconclusive(
    effect: tuple[float, float], clear: Verdict, controls: tuple[Control, ...], count: bool
) -> None:
    expected = clear if count else Verdict.INCONCLUSIVE
    assert decide_with_controls(interval(*effect), Region.above(0.1), controls) is expected


def test_passing_controls_do_not_decide_an_open_effect() -> None:
    assert decide_with_controls(interval(0.0, 0.2), Region.above(0.1), (PASSES,)) is Verdict.INCONCLUSIVE
