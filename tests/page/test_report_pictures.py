"""Pictures of decisions: every mark stands where an independent map of the axis puts it."""

import itertools
import json
import math
import re
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from support.document.reading import parse
from support.document.types import Case
from support.page.pictures import MOST_DOTS, Axis, Picture, picture
from support.page.typeset import number

Document = dict[str, Any]
PERCENT = 0.02  # marks are rounded to a thousandth of a percent, tick labels to four digits


def cases(document: Document) -> tuple[Case, ...]:
    """The cases of the first claim."""
    return parse(json.dumps(document).encode()).claims[0].readings[0].cases


@pytest.fixture
def draw(document: Document, make_case: Callable[..., Document]) -> Callable[..., Picture]:
    def drawn(**changes: Any) -> Picture:
        document["claims"][0]["readings"][0]["cases"] = [make_case(**changes)]
        shown = picture(cases(document)[0])
        assert shown is not None
        return shown

    return drawn


def linear_map(shown: Picture) -> Callable[[float], float]:
    """Read the axis as a reader does: from its first and last tick."""
    (first_x, first), *_, (last_x, last) = shown.ticks
    low, high = (float(label.replace("−", "-")) for label in (first, last))
    return lambda value: first_x + (value - low) / (high - low) * (last_x - first_x)


def test_marks_stand_where_the_ticks_say(draw: Callable[..., Picture]) -> None:
    trials = [-0.10, -0.12, -0.14]
    shown = draw(trials=trials)
    at = linear_map(shown)
    claim, control = shown.lanes
    assert claim.estimate == pytest.approx(at(-0.11), abs=PERCENT)
    assert claim.bar == pytest.approx((at(-0.13), at(-0.09)), abs=PERCENT)
    assert claim.region == pytest.approx((0.0, at(-0.02)), abs=PERCENT)
    assert [x for x, _ in claim.dots] == pytest.approx([at(value) for value in trials], abs=PERCENT)
    assert control.estimate == pytest.approx(at(0.001), abs=PERCENT)
    assert [x for x, _ in control.dots] == pytest.approx([at(x) for x in (0.004, -0.003, 0.002, 0.001)], abs=PERCENT)


def test_nothing_leaves_the_picture(draw: Callable[..., Picture]) -> None:
    shown = draw(trials=[-3.0, 0.5], effect=-1.0, interval=[-4.0, 2.0])
    for lane in shown.lanes:
        ends = [*(lane.bar or ()), *(lane.region or ()), *(x for x, _ in lane.dots), lane.estimate or 0.0]
        assert all(0 <= x <= 100 for x in ends)
        assert all(0 < y < lane.bar_y - lane.lane_top < lane.height for _, y in lane.dots)


def test_infinite_ends_reach_the_edge(draw: Callable[..., Picture]) -> None:
    left, right = draw(interval=[None, -0.09]).lanes[0], draw(interval=[-0.13, None]).lanes[0]
    assert (left.open_low, left.open_high, left.bar and left.bar[0]) == (True, False, 0.0)
    assert (right.open_low, right.open_high, right.bar and right.bar[1]) == (False, True, 100.0)


def test_an_error_bound_gets_a_logarithmic_axis(draw: Callable[..., Picture]) -> None:
    tiny = {"low": None, "high": 1e-8, "label": None}
    shown = draw(effect=3e-12, interval=[0.0, 4e-12], region=tiny, trials=[0.0, 3e-12], controls=[])
    far = draw(effect=0.3, interval=[0.3, 0.3], region=tiny, trials=[0.0, 3e-12, 1e-9, 0.3], controls=[])
    assert shown.axis.threshold is not None
    zero, small, large, huge = (x for x, _ in far.lanes[0].dots)
    end = far.lanes[0].region_ends[0]
    assert zero < small < large < end < huge
    threshold = 1e-12  # four decades inside the region

    def position(value: float) -> float:
        return math.log10(1 + value / threshold)

    assert (end - zero) / (huge - zero) == pytest.approx(position(1e-8) / position(0.3), abs=1e-4)
    labels = [label for _, label in far.ticks]
    assert "0" in labels
    assert "10⁻⁹" in labels


def test_a_two_sided_error_bound_shows_both_signs(draw: Callable[..., Picture]) -> None:
    region = {"low": -1e-8, "high": 1e-8, "label": None}
    shown = draw(effect=-1e-10, interval=[-2e-10, 0.0], region=region, trials=[], controls=[])
    low, high = shown.lanes[0].region_ends
    assert 0 < low < (shown.lanes[0].estimate or 0) < shown.axis.percent(0.0) < high < 100
    assert shown.axis.percent(0.0) - low == pytest.approx(high - shown.axis.percent(0.0), abs=PERCENT)


EXACTLY_ZERO = {"low": 0.0, "high": 0.0, "label": "exactly 0"}
# Its reading has this one case.
ONE = {"tested": 1, "settings": 1}


def test_a_region_of_one_value_is_a_line_with_one_label(draw: Callable[..., Picture]) -> None:
    shown = draw(effect=0.0, interval=[0.0, 0.0], region=EXACTLY_ZERO, trials=[0.0, 0.0], level=None)
    lane, control = shown.lanes
    zero = linear_map(shown)(0.0)
    assert lane.region == pytest.approx((zero, zero), abs=PERCENT)
    assert lane.region_ends == pytest.approx([zero], abs=PERCENT)
    assert [label.text for label in lane.region_labels] == ["exactly 0"]
    assert lane.bar == pytest.approx((zero, zero), abs=PERCENT)
    assert lane.estimate == pytest.approx(zero, abs=PERCENT)
    assert shown.description == "2 trials from 0 to 0"
    assert [label.text for label in control.region_labels] == ["below −0.02"]


@pytest.mark.parametrize(("other", "anchor"), [(1.0, "start"), (-1.0, "end")])
def test_the_label_of_one_value_stays_in_the_picture(draw: Callable[..., Picture], other: float, anchor: str) -> None:
    lane = draw(effect=other, interval=[other, other], region=EXACTLY_ZERO, trials=[], controls=[]).lanes[0]
    (label,) = lane.region_labels
    assert label.anchor == anchor
    alone = draw(effect=0.0, interval=[0.0, 0.0], region=EXACTLY_ZERO, trials=[], controls=[]).lanes[0]
    assert [(label.x, label.anchor) for label in alone.region_labels] == [(50.0, "middle")]


@pytest.mark.parametrize(
    ("interval", "verdict", "said"),
    [
        ([0.25, 0.25], "refuted", "Refuted: the numeric error bound [0.25, 0.25] lies outside the region"),
        ([-0.25, 0.25], "inconclusive", "Inconclusive: the numeric error bound [−0.25, 0.25] lies neither inside nor"),
    ],
)
def test_a_region_of_one_value_is_worded_and_agrees_with_its_verdict(
    document: Document,
    make_case: Callable[..., Document],
    draw_page: Callable[[Document], str],
    interval: list[float],
    verdict: str,
    said: str,
) -> None:
    exact = {"region": EXACTLY_ZERO, "interval": interval, "effect": interval[0], "trials": [], "level": None}
    document["claims"] = document["claims"][:1]
    document["claims"][0]["readings"][0] |= {"cases": [make_case(verdict, **exact)], "verdict": verdict} | ONE
    page = draw_page(document)
    assert said in page
    assert "in which the claim holds (exactly 0)." in page
    assert ", region exactly 0</span>" in page
    assert "region: exactly 0" not in page
    assert "contradict" not in page.split('id="attention"')[1].split("</section>")[0]


def test_the_only_value_of_a_region_is_said_to_be_the_upright_line(
    document: Document, make_case: Callable[..., Document], draw_page: Callable[[Document], str]
) -> None:
    reading = document["claims"][0]["readings"][0]
    reading["cases"] = [make_case("refuted", region=EXACTLY_ZERO, interval=[0.1, 0.3], effect=0.2)]
    assert "Upright line: the only value for which the claim holds." in draw_page(document)
    reading["cases"][0]["level"] = None  # two numbers are all there is to see
    assert "Upright line" not in draw_page(document)


def test_nothing_measured_gives_no_picture(document: Document) -> None:
    case = cases(document)[2]
    assert case.verdict == "not run"
    assert picture(case) is None


def test_one_value_and_no_region(draw: Callable[..., Picture]) -> None:
    shown = draw(effect=0.0, interval=None, region=None, trials=[], controls=[])
    assert shown.lanes[0].estimate == pytest.approx(50.0)
    assert shown.lanes[0].region is None


def test_values_that_are_no_numbers_are_left_out(document: Document) -> None:
    nan = math.nan
    shown = picture(replace(cases(document)[0], trials=(nan, -0.1, None), effect=nan, interval=(nan, nan)))
    assert shown is not None
    lane = shown.lanes[0]
    assert (lane.estimate, lane.bar, lane.trials) == (None, None, 1)


def dots_of(path: str) -> list[tuple[int, int]]:
    """Where the strokes of a path stand, each written by how far it is from the one before."""
    steps = [(int(x), int(y)) for x, y in re.findall(r"[Mm](-?\d+) ?(-?\d+)h0", path)]
    return list(itertools.accumulate(steps, lambda here, by: (here[0] + by[0], here[1] + by[1])))


@pytest.mark.parametrize("count", [1, 7, MOST_DOTS])
def test_each_trial_has_its_dot_on_the_page(
    document: Document, make_case: Callable[..., Document], draw_page: Callable[[Document], str], count: int
) -> None:
    trials = [-0.1 - index * 1e-4 for index in range(count)]
    reading = document["claims"][1]["readings"][0]
    reading["cases"] = [make_case(trials=trials, controls=[])]
    document["claims"] = [document["claims"][1]]
    page = draw_page(document)
    dots = [dot for path in re.findall(r'<path class="trials" d="([^"]*)"', page) for dot in dots_of(path)]
    assert len(dots) == count
    assert len(set(dots)) == count


def test_thousands_of_trials_keep_their_extremes(draw: Callable[..., Picture]) -> None:
    trials = [-0.2 + index * 1e-5 for index in range(5000)]
    lane = draw(trials=trials).lanes[0]
    edges = draw(trials=[trials[0], trials[-1]]).lanes[0]
    assert (len(lane.dots), lane.trials) == (MOST_DOTS, 5000)
    assert [lane.dots[0][0], lane.dots[-1][0]] == [x for x, _ in edges.dots]


@pytest.mark.parametrize("scale", [1e-6, 1e-3, 1.0, 7.3, 250.0, 1e9])
@pytest.mark.parametrize("shift", [-1.0, 0.0, 3.0])
def test_linear_axes_have_a_readable_number_of_ticks(scale: float, shift: float) -> None:
    axis = Axis((shift - 1) * scale, (shift + 1) * scale, None)
    ticks = axis.ticks()
    assert 3 <= len(ticks) <= 6
    assert len({label for _, label in ticks}) == len(ticks)


def test_the_picture_tells_a_screen_reader_what_it_shows(draw: Callable[..., Picture]) -> None:
    assert draw().description == "10 trials from −0.14 to −0.08"


def test_lanes_of_one_region_share_its_drawing(draw: Callable[..., Picture]) -> None:
    alike, apart = ({"low": None, "high": high, "label": "x"} for high in (-0.02, -0.05))
    control = {
        "name": "fresh",
        "effect": 0.0,
        "interval": [-0.01, 0.01],
        "trials": [],
        "expected": "refuted",
        "verdict": "refuted",
        "description": None,
        "kind": "negative",
    }
    for region, boxes in ((alike, 1), (apart, 2)):
        shown = draw(region=alike, controls=[control | {"region": region}])
        first, last = shown.lanes
        drawn = re.findall(r"M\d+ (\d+)H\d+V(\d+)H\d+z", shown.paths["region"])
        assert len(drawn) == boxes
        assert (int(drawn[0][0]), int(drawn[-1][1])) == (first.lane_top, last.bottom)


def test_paths_stand_where_the_marks_do(draw: Callable[..., Picture]) -> None:
    shown = draw(trials=[-0.10, -0.12], interval=[None, -0.09], controls=[])
    (lane,) = shown.lanes
    dots = dots_of(shown.paths["trials"])
    expected = sorted(lane.dots)
    assert [y for _, y in dots] == [lane.lane_top + y for _, y in expected]
    assert [x / 10 for x, _ in dots] == pytest.approx([x for x, _ in expected], abs=0.05)
    low, high = (int(x) / 10 for x in re.findall(r"^M(\d+) \d+H(\d+)", shown.paths["interval"])[0])
    assert lane.bar == pytest.approx((low, high), abs=0.05)
    assert shown.paths["interval"].count("v10") == 1  # the open end has no tip
    ends = re.findall(r"^M(\d+) \d+H(\d+)", shown.paths["region"])[0]
    assert lane.region == pytest.approx(tuple(int(x) / 10 for x in ends), abs=0.05)


def test_a_control_names_its_region_only_where_it_is_another(draw: Callable[..., Picture]) -> None:
    assert draw().lanes[1].region_labels == []
    shown = draw(region={"low": None, "high": -0.03, "label": None})
    same, other = draw().lanes[1], shown.lanes[1]
    assert [label.text for label in other.region_labels] == ["below −0.02"]
    assert other.lane_top - other.top > same.lane_top - same.top  # the name has a row of its own


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.02, "−0.02"),
        (0.123456, "0.1235"),
        (99.999, "100"),
        (999999.9, "1000000"),
        (12345.678, "12346"),
        (1e-8, "10⁻⁸"),
        (-1.25e-8, "−1.25×10⁻⁸"),
        (6.02e23, "6.02×10²³"),
        (20000, "20000"),
        (math.inf, "∞"),
        (math.nan, "not a number"),
        (None, "—"),
    ],
)
def test_numbers_are_set_for_reading(value: float | None, text: str) -> None:
    assert number(value) == text
