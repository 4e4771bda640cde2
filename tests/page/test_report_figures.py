"""The papers' figures: gathered from all cases, drawn once, with nothing that leaks into the page."""

import itertools
import re
import statistics
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from support.page import export, figures
from support.page.captions import caption, signs
from support.page.figures import curves_of, draw
from support.page.words import Printed, words
from tests.page.gathering import gathered, only
from tests.page.tree import Document

FLAT = [[0.5, 0.5, 0.5]]


def test_panels_of_a_figure_are_gathered_over_claims(document: Document) -> None:
    figure = gathered(document)[0]
    assert (figure.name, figure.claims) == ("Paper A, Figure 2", ["A-01", "A-03"])
    (panel,) = figure.panels
    assert [line.label for line in panel.lines] == ["spurious accuracy, h1+h2", "spurious accuracy, h1+h4"]
    assert [line.color for line in panel.lines] == [0, 1]
    assert len(panel.guides) == 1
    assert figure.notes == ["The published curve falls from 0.9 to 0.5."]


def test_other_numbers_under_the_same_label_are_not_hidden(
    document: Document, make_panel: Callable[..., Document]
) -> None:
    panel = make_panel("spurious accuracy, h1+h2", FLAT)
    document["claims"][2]["readings"][1]["cases"][0]["panels"] = [panel]
    labels = [line.label for line in gathered(document)[0].panels[0].lines]
    assert labels[-1] == "spurious accuracy, h1+h2 [A-03 h1+h2]"


def test_of_two_looks_at_the_same_trials_the_longer_is_drawn(
    document: Document, make_panel: Callable[..., Document]
) -> None:
    cases = document["claims"][0]["readings"][0]["cases"]
    long = [[0.5, 0.6, 0.7], [0.6, 0.7, 0.8], [0.4, 0.5, 0.6]]
    for case, trials in zip(cases, (long[:2], long), strict=False):
        case["panels"] = [make_panel("accuracy", trials)]
    document["claims"] = document["claims"][:1]
    (line,) = gathered(document)[0].panels[0].lines
    assert line.label == "accuracy"
    assert [list(trial) for trial in line.trials] == long


def test_panels_stand_in_order(document: Document, make_panel: Callable[..., Document]) -> None:
    cases = document["claims"][0]["readings"][0]["cases"]
    cases[0]["panels"] = [make_panel("a", FLAT, panel=name, order=order) for name, order in [("c", 3), ("a", 1)]]
    cases[1]["panels"] = [make_panel("b", FLAT, panel="b", order=2)]
    document["claims"] = document["claims"][:1]
    assert [panel.name for panel in gathered(document)[0].panels] == ["a", "b", "c"]


def test_a_dashed_and_a_solid_line_may_share_a_colour(document: Document, make_panel: Callable[..., Document]) -> None:
    panel = make_panel("solid", FLAT)
    panel["lines"].append({**panel["lines"][0], "label": "dashed", "dashed": True})
    document["claims"][0]["readings"][0]["cases"][0]["panels"] = [panel]
    document["claims"] = document["claims"][:1]
    colors = {line.label: line.color for line in gathered(document)[0].panels[0].lines}
    assert colors["solid"] == colors["dashed"] == 0


def test_a_figure_is_shown_once_and_linked_from_the_others(page: str) -> None:
    assert page.count("<strong>Paper A, Figure 2</strong>") == 1
    assert page.count('id="figure-Paper-A-Figure-2"') == 1
    assert page.count('href="#figure-Paper-A-Figure-2"') == 2  # from A-01 and from A-03
    assert page.index('id="first"') < page.index('id="figure-Paper-A-Figure-2"') < page.index('id="A-01"')


def test_the_paper_s_own_numbers_stand_in_its_figure(document: Document, draw_page: Callable[[Document], str]) -> None:
    document["claims"][0]["published_numbers"] = "0.95 to 0.62 over mnist"
    document["claims"][4]["published_numbers"] = "of a claim without a figure"
    body = draw_page(document).partition('id="figure-Paper-A-Figure-2"')[2].partition("</details>")[0]
    (said,) = re.findall(r"<p class=\"fine\">The paper’s own numbers, for <a [^>]*>(A-\d+)</a>: ([^<]*)</p>", body)
    assert said == ("A-01", "0.95 to 0.62 over MNIST")


def test_a_paper_s_own_curve_is_drawn_where_this_run_has_one(
    document: Document, make_panel: Callable[..., Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    printed = Printed(
        claim="A-01", figure="F", panel="p", label="published", x=(1.0, 10.0, 50.0, 5000.0), y=(0.1, 0.2, 0.3, 0.4)
    )
    monkeypatch.setattr(figures, "words", lambda: replace(words(), published=(printed,)))
    panels = [make_panel("ours", [[0.5, 0.6, 0.7]] * 2, figure="F", panel=name) for name in ("p", "q")]
    (figure,) = only(document, *panels)
    first, second = figure.panels
    assert [one.label for one in second.lines] == ["ours"]
    # Of 10 to 1000, as this run has.
    assert (first.lines[1].x, first.lines[1].trials) == ((10.0, 50.0), ((0.2, 0.3),))
    assert first.lines[1].color != first.lines[0].color
    assert caption(figure) == "Line: mean over 2 trials. Line “published”: the paper’s own numbers, at its own sizes."
    rows = export.table(figure).splitlines()
    assert rows[1:6] == [
        "p,ours,10,0.5,0,2",
        "p,ours,100,0.6,0,2",
        "p,ours,1000,0.7,0,2",
        "p,published,10,0.2,,",
        "p,published,50,0.3,,",
    ]
    one = make_panel("ours", [[0.5]], figure="F", panel="p")
    one["lines"][0]["x"] = [10]
    assert len(only(document, one)[0].panels[0].lines) == 1


TENTH = 0.15  # places are rounded to a tenth of a unit


def curve(svg: str, color: int) -> list[tuple[float, float]]:
    """The vertices of the line of a colour."""
    drawn = re.search(rf'<g class="s{color}">.*?<path class="curve" d="M([^"]*)"', svg)
    assert drawn is not None
    return corners(drawn[1])


def corners(path: str) -> list[tuple[float, float]]:
    """The points of a path that begins somewhere and goes on from each by how far to the next."""
    numbers = [float(number) for number in re.findall(r"-?[\d.]+", path)]
    steps = zip(numbers[::2], numbers[1::2], strict=True)
    return list(itertools.accumulate(steps, lambda here, by: (here[0] + by[0], here[1] + by[1])))


def test_the_line_is_the_mean_over_trials(document: Document) -> None:
    (x0, y0), (x1, y1), (x2, y2) = curve(draw(gathered(document)[0].panels[0]), 0)
    assert x1 - x0 == pytest.approx(x2 - x1, abs=TENTH)  # 10, 100, 1000 on a logarithmic axis
    means = (0.9, 0.72, (0.5 + 0.52 + 0.49) / 3)
    height = 170 / (1.0 - 0.4)  # units of the drawing per unit of accuracy
    assert (y1 - y0, y2 - y1) == pytest.approx(
        ((means[0] - means[1]) * height, (means[1] - means[2]) * height), abs=TENTH
    )


def test_the_band_is_one_standard_deviation(document: Document) -> None:
    svg = draw(gathered(document)[0].panels[0])
    band = re.search(r'<g class="s0"><path class="band" d="M([^"]*)z"', svg)
    assert band is not None
    edge = [y for _, y in corners(band[1])]
    values = [[0.9, 0.92, 0.88], [0.7, 0.74, 0.72], [0.5, 0.52, 0.49]]
    widths = [2 * statistics.stdev(column) * 170 / 0.6 for column in values]
    assert [abs(edge[i] - edge[5 - i]) for i in range(3)] == pytest.approx(widths, abs=TENTH)


def test_missing_values_leave_the_others(document: Document, make_panel: Callable[..., Document]) -> None:
    panel = make_panel("broken", [[0.9, None, 0.5], [0.8, None], [None, None, 0.6]])
    document["claims"][0]["readings"][0]["cases"][0]["panels"] = [panel]
    document["claims"] = document["claims"][:1]
    document["claims"][0]["readings"][0]["cases"][1]["panels"] = []
    (first, last) = curve(draw(gathered(document)[0].panels[0]), 0)
    assert first[1] < last[1]


def test_the_drawing_belongs_to_the_page(document: Document) -> None:
    panel = gathered(document)[0].panels[0]
    svg = draw(panel)
    assert draw(panel) == svg
    assert not re.search(r"http|<style|<!|\bid=", svg)
    assert not re.search(r"nan|inf\b", svg)


@pytest.mark.parametrize("y_range", [None, [None, 1.0], [0.5, 0.5]])
@pytest.mark.parametrize("scale", ["log", "linear"])
def test_axes_without_a_usable_range_hold_the_data(
    document: Document, make_panel: Callable[..., Document], y_range: list[float | None] | None, scale: str
) -> None:
    panel = make_panel("a", [[0.5, 0.6, 0.9]], y_range=y_range, x_scale=scale, guides=[])
    document["claims"][0]["readings"][0]["cases"][0]["panels"] = [panel]
    document["claims"] = document["claims"][:1]
    document["claims"][0]["readings"][0]["cases"][1]["panels"] = []
    points = curve(draw(gathered(document)[0].panels[0]), 0)
    assert all(0 < x < 256 and 0 < y < 170 for x, y in points)


@pytest.mark.parametrize(
    ("x", "trials"), [([], [[]]), ([0, -1], [[0.5, 0.6]]), ([5], [[0.5]]), ([1, 2], [[None, None]])]
)
def test_a_panel_with_little_to_draw_is_drawn(
    document: Document, make_panel: Callable[..., Document], x: list[float], trials: list[list[float]]
) -> None:
    panel = make_panel("little", trials, y_range=None, guides=[])
    panel["lines"][0]["x"] = x
    document["claims"][0]["readings"][0]["cases"][0]["panels"] = [panel]
    document["claims"] = document["claims"][:1]
    document["claims"][0]["readings"][0]["cases"][1]["panels"] = []
    assert "little" in draw(gathered(document)[0].panels[0])


def test_the_panel_says_where_its_curves_begin_and_end(document: Document) -> None:
    assert "spurious accuracy, h1+h2 from 0.9 at 10 to 0.5033 at 1000" in draw(gathered(document)[0].panels[0])


def test_labels_are_text_and_never_formulas(document: Document, hostile: str) -> None:
    figure = gathered(document)[1]
    assert figure.name == hostile
    svg = draw(figure.panels[0])
    assert "$\\frac{" in svg
    assert "<script" not in svg
    assert svg.count("&lt;script&gt;") >= 3


def test_a_curve_of_one_point_has_a_bar_for_a_band(document: Document, make_panel: Callable[..., Document]) -> None:
    panel = make_panel("one", [[0.2], [0.4], [0.6]])
    panel["lines"][0]["x"], panel["y_range"] = [10.0], [0.0, 1.0]
    document["claims"] = document["claims"][:1]
    document["claims"][0]["readings"] = document["claims"][0]["readings"][:1]
    document["claims"][0]["readings"][0]["cases"] = document["claims"][0]["readings"][0]["cases"][:1]
    document["claims"][0]["readings"][0]["cases"][0]["panels"] = [panel]
    drawn = draw(gathered(document)[0].panels[0])
    (band,) = re.findall(r'class="band" d="M([^"]+)z"', drawn)
    places = corners(band)
    # Mean 0.4 and standard deviation 0.2, on axes 170 high.
    assert sorted({round(y, 1) for _, y in places}) == pytest.approx([170 * 0.4, 170 * 0.8])
    assert len({round(x, 1) for x, _ in places}) == 2


# ------------------------------------------------------------------------------------------------ axes, bars, captions


def line(label: str, x: list[float], trials: list[list[float]], **fields: Any) -> Document:
    return {"label": label, "x": x, "trials": trials, "dashed": False, "band": True, "color": 0, **fields}


def test_figures_stand_as_the_register_puts_them(document: Document, make_panel: Callable[..., Document]) -> None:
    first, second = words().figures[:2]
    figures = only(document, *(make_panel("a", FLAT, figure=name) for name in ("Another", second, first)))
    assert [figure.name for figure in figures] == [first, second, "Another"]


def ticks(svg: str) -> list[str]:
    """The labels below the axis."""
    found = re.search(r'<g text-anchor="middle">(.*?)</g>', svg)
    assert found is not None
    return re.findall(r">([^<]+)</text>", found[1])


def test_a_curve_has_a_point_where_it_bends(document: Document, make_panel: Callable[..., Document]) -> None:
    """What is left of a curve lies within a tenth of what was measured, everywhere."""
    places = list(range(41))
    values = [1 - (place / 40) ** 3 for place in places]
    panel = make_panel("a", [values], x_scale="linear", y_range=[0.0, 1.0])
    panel["lines"][0]["x"] = places
    points = curve(draw(only(document, panel)[0].panels[0]), 0)
    assert 3 < len(points) < len(places)
    x, y = zip(*points, strict=True)
    drawn = np.interp(np.linspace(x[0], x[-1], len(places)), x, y)
    assert drawn == pytest.approx(170 * (1 - np.array(values)), abs=2 * TENTH)
    panel["lines"][0]["trials"] = [[0.25] * 41]
    assert len(curve(draw(only(document, panel)[0].panels[0]), 0)) == 2
    # One that bends everywhere, the farther the earlier, as a report of others may hold it.
    panel["lines"][0]["x"] = list(range(1500))
    panel["lines"][0]["trials"] = [[0.5 + (-1) ** place * (1500 - place) / 3000 for place in range(1500)]]
    assert len(curve(draw(only(document, panel)[0].panels[0]), 0)) > 1000


def test_a_logarithmic_axis_with_a_place_for_zero_shows_the_values_themselves(
    document: Document, make_panel: Callable[..., Document]
) -> None:
    panel = make_panel("a", [[0.5, 0.1, 0.5]], x_scale="log1p", x_label="n")
    panel["lines"][0]["x"] = [0, 9, 99]
    svg = draw(only(document, panel)[0].panels[0])
    assert ticks(svg) == ["0", "9", "99"]
    (x0, _), (x1, _), (x2, _) = curve(svg, 0)
    assert x1 - x0 == pytest.approx(x2 - x1, abs=TENTH)


def test_panels_over_one_more_than_n_in_earlier_reports_are_over_n(
    document: Document, make_panel: Callable[..., Document]
) -> None:
    panel = make_panel("a", [[0.5, 0.6, 0.7]], x_scale="log", x_label="1 + n")
    panel["lines"][0]["x"] = [1, 4, None]
    (read,) = only(document, panel)[0].panels
    assert (read.description.x_label, read.description.x_scale, read.lines[0].x) == ("n", "log1p", (0.0, 3.0, None))
    panel["x_label"] = "1 + N"
    assert only(document, panel)[0].panels[0].lines[0].x == (1.0, 4.0, None)


@pytest.mark.parametrize(("y_range", "ends"), [([-0.02, 1.02], (0.0, 1.0)), ([0.0, 1.5], (-0.2, 1.2)), (None, None)])
def test_the_band_of_a_rate_stays_between_zero_and_one(
    document: Document,
    make_panel: Callable[..., Document],
    y_range: list[float] | None,
    ends: tuple[float, float] | None,
) -> None:
    panel = make_panel("a", [[0.0, 1.0], [0.4, 0.6]], y_range=y_range, guides=[])
    panel["lines"][0]["x"] = [1, 2]
    (drawn,) = curves_of(only(document, panel)[0].panels[0])
    spread = statistics.stdev([0.0, 0.4])
    free = (0.2 - spread, 0.8 + spread)
    low, high = (0.0, 1.0) if ends == (0.0, 1.0) else free
    assert (min(drawn.extent), max(drawn.extent)) == pytest.approx((low, high))
    assert ("kept within 0 and 1" in caption(gathered(document)[0])) == (ends == (0.0, 1.0))


def deletion(make_panel: Callable[..., Document]) -> Document:
    """A panel of three methods at one n."""
    trials = [[[0.9], [0.9]], [[0.5], [0.7]], [[0.1], [0.1]]]
    lines = [line(name, [10], values, color=i) for i, (name, values) in enumerate(zip("abc", trials, strict=True))]
    return {**make_panel("x", FLAT, y_range=[0.0, 1.0], guides=[]), "lines": lines}


def test_categories_are_compared_by_bars(document: Document, make_panel: Callable[..., Document]) -> None:
    (figure,) = only(document, deletion(make_panel))
    svg = draw(figure.panels[0])
    boxes = re.findall(r'class="bar" d="M([\d.]+) 170.0V([\d.]+)h([\d.]+)V170.0z"', svg)
    assert [170 - float(top) for _, top, _ in boxes] == pytest.approx([153, 102, 17], abs=TENTH)
    lefts, widths = [float(left) for left, _, _ in boxes], [float(width) for _, _, width in boxes]
    assert all(left + width < after for left, width, after in zip(lefts, widths, lefts[1:], strict=False))
    (whisker,) = re.findall(r'class="whisker" d="M[\d.]+ ([\d.]+)V([\d.]+)', svg)  # the others have no spread
    half = statistics.stdev([0.5, 0.7]) * 170
    assert tuple(map(float, whisker)) == pytest.approx((68 + half, 68 - half), abs=TENTH)
    assert 'class="curve"' not in svg.partition("</svg></svg>")[0]
    assert ticks(svg) == ["10"]
    assert caption(figure).startswith("Bar: mean over 2 trials; whisker: one standard deviation")


def test_lines_that_have_something_to_join_stay_lines(document: Document, make_panel: Callable[..., Document]) -> None:
    panel = deletion(make_panel)
    panel["lines"] = [line("a", [1, 2, 3, 4], [[0.1] * 4]), line("b", [4], [[0.2]], color=1)]
    assert 'class="bar"' not in draw(only(document, panel)[0].panels[0])
    panel["lines"] = panel["lines"][1:]
    assert 'class="bar"' not in draw(only(document, panel)[0].panels[0])


BAND = "band: one standard deviation, kept within 0 and 1."


@pytest.mark.parametrize(
    ("trials", "said"),
    [
        ([[[0.5, 0.6]]], "Line: computed, no trials."),
        ([[[0.5, 0.6], [0.6, 0.7]]], f"Line: mean over 2 trials; {BAND}"),
        ([[[0.5, 0.6], [0.5, 0.6]]], "Line: mean over 2 trials."),
        (
            [[[0.5, 0.6], [0.6, 0.7]], [[0.5, 0.6]] * 3, [[0.5, 0.6]]],
            f"Line: mean over 2 to 3 trials; {BAND} Line without band: one computation, no trials.",
        ),
    ],
)
def test_a_caption_says_what_is_drawn_in_its_figure(
    document: Document, make_panel: Callable[..., Document], trials: list[list[list[float]]], said: str
) -> None:
    lines = [line(f"line {i}", [1, 2], values, color=i) for i, values in enumerate(trials)]
    assert caption(only(document, {**make_panel("x", FLAT), "lines": lines})[0]) == said


def test_the_signs_of_a_figure_are_explained_in_it(document: Document, make_panel: Callable[..., Document]) -> None:
    panel = {**make_panel("x", FLAT), "panel": "α = 0.25", "lines": [line("measured, h1+h2", [1, 2], [[0.5, 0.6]])]}
    said = signs(only(document, panel)[0])
    assert [meaning.partition(":")[0] for meaning in said] == ["α", "N", "h₁ + h₂, h₁ + h₄, h₀ + h₁ and h₀ + h₃"]
