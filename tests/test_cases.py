"""The judge: one decision a test, never without a negative control, with the numbers in its message."""

import json
from dataclasses import replace
from math import inf, nan

import msgspec
import numpy as np
import pytest

from support.cases import Inconclusive, Judge, Refuted, describe
from support.document.formulas import formula
from support.document.panels import line, panel
from support.document.trial_sources import Read, TrialSources
from support.document.types import Decision, Evidence, Look
from support.document.types import Region as Recorded
from support.document.writing import encoded
from support.evidence.rows import Rows
from support.evidence.trial_sources import TrialSource
from support.statistics import LEVEL, Control, Estimate, Measure, Region, Verdict, worst_of
from support.statistics.exclusion import Exclusion
from support.statistics.vital_sign import VitalSign

BELOW_ONE = Region.below(1)
SLOPE = Measure("slope", "per decade", -9, 9, "bounded", 0.1, "higher")


def number(value: float) -> Estimate:
    return worst_of([value], "largest deviation")


def interval(low: float, high: float, trials: tuple[float, ...] = (0.1, 0.2)) -> Estimate:
    return Estimate((low + high) / 2, low, high, LEVEL, trials, "slope per decade", "a sequence", SLOPE, "slope")


def control(value: float = 2.0, expected: Verdict = Verdict.REFUTED) -> Control:
    return Control("fresh background", "never seen", number(value), BELOW_ONE, expected)


# 1. Verdicts


def decision_of(judge: Judge) -> Decision:
    assert judge.decision is not None
    return judge.decision


def of_trials(*sources: TrialSource, digest: str = "d") -> Rows:
    """Rows with nothing but where their trials are from."""
    return Rows("experiment", {"trial": np.array([0.0])}, (("key", digest),), len(sources), sources=sources)


def test_a_case_says_where_its_trials_are_from() -> None:
    computed, own = (TrialSource(here, None, proven=False, rechecked=None) for here in (True, False))
    packed = TrialSource(computed=False, place="pack", proven=True, rechecked=False)
    checked = TrialSource(computed=False, place="pack", proven=False, rechecked=True)
    judge, twice = Judge(), of_trials(computed, own, packed)
    judge.evidence += [twice, twice, of_trials(checked, computed, digest="other")]
    judge(number(0.5), BELOW_ONE, controls=[control()])
    assert decision_of(judge).sources == TrialSources(
        computed=2, read=(Read(trials=1), Read(place="pack", trials=2)), proven=1, rechecked=1, differing=1
    )


def test_where_trials_are_from_is_null_where_nobody_knows() -> None:
    for evidence in ([], [of_trials()]):
        judge = Judge(evidence=evidence)
        judge(number(0.5), BELOW_ONE, controls=[control()])
        assert decision_of(judge).sources is None


def test_supported_passes_and_is_recorded() -> None:
    judge, drawn = Judge(), panel("2", "a", 1, [], x_label="", y_label="")
    judge(interval(-2, 0.5), BELOW_ONE, controls=[control()], sizes={"d": 10}, panels=[drawn])
    decision = decision_of(judge)
    assert (decision.verdict, decision.reason) == ("supported", None)
    assert (decision.effect, decision.interval, decision.level) == (-0.75, (-2, 0.5), LEVEL)
    assert (decision.effect_label, decision.effect_kind, decision.method) == ("slope per decade", "slope", "a sequence")
    assert decision.region == Recorded(low=None, high=1.0, label="below 1")
    assert (decision.trials, decision.sizes, decision.panels) == ((0.1, 0.2), {"d": 10}, (drawn,))
    assert decision.measure is not None
    assert (decision.measure.name, decision.measure.low, decision.measure.route) == ("slope", -9, "bounded")
    (own,) = decision.controls
    assert (own.name, own.kind, own.expected, own.verdict) == ("fresh background", "negative", "refuted", "refuted")
    assert (own.effect_kind, own.measure) == ("worst", None)
    assert msgspec.json.decode(encoded(decision), type=Decision) == decision


@pytest.mark.parametrize(
    ("estimate", "verdict", "message"),
    [
        (
            interval(1.5, 2.5),
            Refuted,
            r"^refuted: slope per decade = 2, 99\.9% interval \[1\.5, 2\.5\], a sequence; the claim .* below 1$",
        ),
        (
            interval(0.5, 1.5),
            Inconclusive,
            r"^inconclusive: .* = 1, 99\.9% interval \[0\.5, 1\.5\], .* \(the interval crosses the edge of .*\)$",
        ),
        (number(3.25), Refuted, r"^refuted: largest deviation = 3\.25, exactly \[3\.25, 3\.25\], largest of 1"),
    ],
    ids=["refuted", "inconclusive", "exact"],
)
def test_what_is_not_supported_fails_with_its_numbers(
    estimate: Estimate, verdict: type[AssertionError], message: str
) -> None:
    judge = Judge()
    with pytest.raises(verdict, match=message):
        judge(estimate, BELOW_ONE, controls=[control(), replace(control(0.5, Verdict.SUPPORTED), name="kept")])
    assert judge.decision is not None
    assert judge.decision.verdict == verdict.__name__.lower()


def test_an_interval_that_holds_at_one_number_of_trials_decides_nothing() -> None:
    student = replace(interval(-2, 0.5), measure=None)
    for estimate, controls in ((student, [control()]), (number(0.5), [replace(control(), estimate=student)])):
        judge = Judge()
        with pytest.raises(ValueError, match="slope per decade: random trials are decided by a confidence sequence"):
            judge(estimate, BELOW_ONE, controls=controls)
        assert judge.decision is None


def test_formulas_are_recorded() -> None:
    step = formula("Linear model", "Optimum", 1, "<mi>b</mi>", "b")
    judge = Judge()
    judge(number(0.5), BELOW_ONE, controls=[control()], formulas=(step,))
    assert judge.decision is not None
    assert judge.decision.formulas == (step,)


# 2. Controls


@pytest.mark.parametrize("effect", [0.5, 1.5], ids=["would be supported", "would be refuted"])
@pytest.mark.parametrize(
    ("failing", "came_out"),
    [(control(0.5), "supported, expected refuted"), (control(3.0, Verdict.SUPPORTED), "refuted, expected supported")],
    ids=["negative", "positive"],
)
def test_a_failed_control_leaves_the_claim_undecided(effect: float, failing: Control, came_out: str) -> None:
    judge = Judge()
    value = f"{failing.estimate.value:g}"
    with pytest.raises(Inconclusive, match=f"control 'fresh background' came out {came_out} .*deviation = {value}"):
        judge(number(effect), BELOW_ONE, controls=[replace(control(), name="another"), failing])
    assert judge.decision is not None
    assert judge.decision.verdict == "inconclusive"
    assert judge.decision.controls[0].verdict == "refuted"


@pytest.mark.parametrize("controls", [[], [control(0.5, Verdict.SUPPORTED)]], ids=["none", "positive only"])
def test_a_negative_control_is_required(controls: list[Control]) -> None:
    judge = Judge()
    with pytest.raises(ValueError, match="a claim needs a negative control, one that must come out refuted"):
        judge(number(0.5), BELOW_ONE, controls=controls)
    assert judge.decision is None


def test_controls_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two controls are called 'fresh background', and a reader"):
        Judge()(number(0.5), BELOW_ONE, controls=[control(), control()])


def test_a_random_refutation_without_a_positive_control_is_no_verdict() -> None:
    judge = Judge()
    with pytest.raises(Inconclusive, match="refuted without a positive control: nothing shows that the measure could"):
        judge(interval(1.5, 2.5), BELOW_ONE, controls=[control()])
    assert (decision_of(judge).verdict, judge.decided) == ("inconclusive", True)  # no further trial mends it


def test_a_control_from_the_trials_of_the_effect_is_refused() -> None:
    effect = interval(-2, 0.5, trials=(0.1, 0.4, 0.3))
    turned = replace(control(), name="the other way", estimate=interval(2, 3, trials=(0.9, 0.6, 0.7)))
    judge = Judge()
    with pytest.raises(
        ValueError, match=r"^slope per decade: control 'the other way' is computed from the effect's own"
    ):
        judge(effect, BELOW_ONE, controls=[turned])
    assert judge.decision is None
    judge(effect, BELOW_ONE, controls=[replace(turned, estimate=interval(2, 3, trials=(0.9, 0.6, 0.8)))])


def test_a_control_that_never_moves_leaves_no_verdict_unless_it_says_why() -> None:
    effect = interval(-2, 0.5, trials=(0.1, 0.4, 0.3))
    still = replace(control(), estimate=interval(2, 3, trials=(2.0, 2.0, 2.0)))
    judge = Judge()
    with pytest.raises(
        Inconclusive, match=r"control 'fresh background' is 2 in all 3 trials and does not say why it may"
    ):
        judge(effect, BELOW_ONE, controls=[still])
    assert not judge.decided  # further trials may move it
    Judge()(effect, BELOW_ONE, controls=[replace(still, constant_because="two by definition")])


def test_one_test_decides_once() -> None:
    judge = Judge()
    judge(number(0.5), BELOW_ONE, controls=[control()])
    before = judge.decision
    with pytest.raises(ValueError, match="one test decides one case"):
        judge(number(0.25), BELOW_ONE, controls=[control()])
    assert judge.decision is before


# 3. Numbers that JSON has not


def test_an_unbounded_interval_is_recorded_without_its_end() -> None:
    judge = Judge()
    with pytest.raises(Inconclusive, match=r"interval \[-inf, inf\]"):
        judge(replace(interval(-1, 1), low=-inf, high=inf), BELOW_ONE, controls=[control()])
    assert judge.decision is not None
    assert judge.decision.interval == (None, None)
    json.dumps(msgspec.to_builtins(judge.decision), allow_nan=False)


@pytest.mark.parametrize(
    "estimate",
    [interval(nan, nan), replace(interval(-1, 0.5), high=nan), interval(-1, 0.5, trials=(0.1, nan))],
    ids=["effect", "interval", "trials"],
)
def test_nan_is_no_effect(estimate: Estimate) -> None:
    judge = Judge()
    with pytest.raises(ValueError, match="slope per decade: NaN is no effect"):
        judge(estimate, BELOW_ONE, controls=[control()])
    with pytest.raises(ValueError, match="slope per decade: NaN is no effect"):
        judge(number(0.5), BELOW_ONE, controls=[control(), replace(control(), estimate=estimate)])
    assert judge.decision is None


def test_nan_beside_the_effect_leaves_no_verdict() -> None:
    drawn = panel("2", "a", 1, [line("b", [1], [[nan]], color=0)], x_label="", y_label="")
    guided = panel("2", "a", 1, [], x_label="", y_label="", guides=[(inf, "c")])
    judge, known = Judge(), [control()]
    with pytest.raises(ValueError, match="not JSON compliant"):
        judge(number(0.5), BELOW_ONE, controls=known, sizes={"d": nan})
    for wrong in (drawn, guided):
        with pytest.raises(ValueError, match="not JSON compliant"):
            judge(number(0.5), BELOW_ONE, controls=known, panels=[wrong])
    with pytest.raises(ValueError, match="not JSON compliant"):
        judge(number(0.5), BELOW_ONE, controls=known, formulas=[formula("a", "b", nan, "<mi>b</mi>", "b")])
    assert judge.decision is None


def test_numbers_of_numpy_are_plain_in_the_record() -> None:
    judge = Judge()
    judge(number(0.5), BELOW_ONE, controls=[control()], sizes={"alpha": np.float64(0.25), "N": (1, 2)})
    assert decision_of(judge).sizes == {"alpha": 0.25, "N": [1, 2]}
    assert type(decision_of(judge).sizes["alpha"]) is float


# 4. Trials


def test_the_record_says_how_often_it_was_looked_at() -> None:
    judge = Judge(look=Look(trials=24, budget=160))
    judge(interval(-2, 0.5), BELOW_ONE, controls=[control()])
    assert decision_of(judge).look == Look(trials=24, budget=160)


@pytest.mark.parametrize(("dropped", "verdict"), [(4, "supported"), (5, "inconclusive")])
def test_trials_that_were_left_out_are_recorded_and_must_be_few(dropped: int, verdict: str) -> None:
    judge, left_out = Judge(), Exclusion("at chance", dropped, 40)
    if verdict == "supported":
        judge(interval(-2, 0.5), BELOW_ONE, controls=[control()], exclusions=[left_out])
    else:
        with pytest.raises(Inconclusive, match="5 of 40 trials left out: at chance"):
            judge(interval(-2, 0.5), BELOW_ONE, controls=[control()], exclusions=[left_out])
    (exclusion,) = decision_of(judge).exclusions
    assert (exclusion.rule, exclusion.dropped, exclusion.trials) == ("at chance", dropped, 40)
    assert (decision_of(judge).verdict, decision_of(judge).sizes) == (verdict, {})


@pytest.mark.parametrize("value", [0.0, 2.0])
def test_a_failed_vital_sign_leaves_no_verdict_and_says_which(value: float) -> None:
    judge = Judge()
    sound = VitalSign("accuracy", "0.90", healthy=True, expected="0.88 to 0.92")
    broken = VitalSign("images in both", "7 of 10", healthy=False, expected="none")
    with pytest.raises(Inconclusive, match=r"vital sign failed: images in both: 7 of 10, expected none\)$"):
        judge(number(value), Region.near(0, 1), controls=[control()], signs=[sound, broken])
    assert [(sign.name, sign.healthy) for sign in decision_of(judge).signs] == [
        ("accuracy", True),
        ("images in both", False),
    ]


def test_healthy_signs_leave_the_verdict_alone() -> None:
    judge = Judge()
    judge(number(0.0), Region.near(0, 1), controls=[control()], signs=[VitalSign("accuracy", "0.9", True, "any")])
    assert decision_of(judge).verdict == "supported"


def test_trials_that_are_copies_leave_no_verdict() -> None:
    columns = {"trial": np.arange(3.0), "effect": np.array([0.1, 0.4, 0.1])}
    judge = Judge(evidence=[Rows("RF sweep", columns, (("key", "digest"),) * 3, 3)])
    with pytest.raises(Inconclusive, match="trial 2 of RF sweep gives every number of an earlier trial again"):
        judge(interval(-2, 0.5), BELOW_ONE, controls=[control()])
    # What is exact may well be the same in every trial.
    Judge(evidence=judge.evidence)(number(0.5), BELOW_ONE, controls=[control()])


# 5. Evidence and words


def test_the_record_names_its_evidence() -> None:
    rows = Rows(
        "RF sweep",
        {"trial": np.zeros(0)},
        (("key 0", "digest 0"), ("key 1", "digest 1")),
        1,  # a trial of two arms
        ("cpu, torch 2", "cuda, torch 2"),
    )
    judge = Judge(evidence=[rows])
    judge(number(0.5), BELOW_ONE, controls=[control()])
    assert judge.decision is not None
    assert judge.decision.evidence == (
        Evidence(
            experiment="RF sweep",
            key="key 0",
            digest=rows.digest,
            cells=2,
            made="cpu, torch 2; cuda, torch 2",
        ),
    )


def test_the_record_says_which_evidence_rests_on_a_proof() -> None:
    judge = Judge(evidence=[Rows("RF sweep", {}, (("key", "digest"),), 1, ("cpu",), proven=3)])
    judge(number(0.5), BELOW_ONE, controls=[control()])
    assert judge.decision is not None
    (told,) = judge.decision.evidence
    assert told.made == "cpu; 3 entries by earlier code, proven to give the same numbers"


def test_a_decision_is_described_in_one_line() -> None:
    assert describe(number(0.5), Region.within(0, 1)) == (
        "largest deviation = 0.5, exactly [0.5, 0.5], largest of 1, computed in double precision; "
        "the claim holds for effects between 0 and 1"
    )
