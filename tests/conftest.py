"""A report that holds every kind of case once, as a run would write it."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from support.document.reading import parse
from support.document.types import SCHEMA, Report

HOSTILE = "<script>alert('x')</script> & \"quoted\" <b>"
HOSTILE_TEST = 'claims/test_x.py::test_y[<img src=x onerror=alert(1)>"\' onclick="]'
DIGEST = "0123456789abcdef" * 4
BELOW = {"low": None, "high": -0.02, "label": "falls by more than 0.02 per decade"}
TRIALS = [-0.10, -0.12, -0.14, -0.09, -0.11, -0.13, -0.12, -0.10, -0.08, -0.11]


def control(name: str = "fresh background", verdict: str = "refuted", **changes: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "name": name,
        "description": "The query's background was never seen in training.",
        "kind": "negative",
        "expected": "refuted",
        "verdict": verdict,
        "effect": 0.001,
        "interval": [-0.008, 0.010],
        "region": BELOW,
        "trials": [0.004, -0.003, 0.002, 0.001],
    }
    return given | changes


def a_case(verdict: str = "supported", name: str = "h1+h2", **changes: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "id": name,
        "test": f"claims/kernels/test_sample_size.py::test_falls[{name}]",
        "verdict": verdict,
        "reason": None,
        "departure": None,
        "protocol": "Spurious accuracy falls as the training set grows.\n\n"
        "    Decided by the slope over the decimal\n    logarithm of N, per trial.\n\n"
        "    - SIZES: N from 10 to 1000\n    - control: a fresh background",
        "effect": -0.11,
        "effect_label": "change of spurious accuracy per decade of N",
        "interval": [-0.13, -0.09],
        "level": 0.999,
        "effect_kind": "slope",
        "method": "Student t over 10 independent trials",
        "region": BELOW,
        "trials": TRIALS,
        "resolution": 0.03,
        "power": 0.9,
        "controls": [control()],
        "sizes": {"d": 1000, "N": [10, 100, 1000], "trials": 10},
        "command": {
            "tests": [f"claims/kernels/test_sample_size.py::test_falls[{name}]"],
            "scale": "quick",
            "seed": 0,
        },
        "evidence": [
            {
                "experiment": "SampleSizeSweep(RandomFeatures(h1+h2, k=2000), gaussian(d=1000, alpha=0.25))",
                "key": DIGEST,
                "digest": DIGEST[::-1],
                "cells": 40,
            }
        ],
        "seconds": 12.34,
        "panels": [],
    }
    return given | changes


def not_run(name: str = "mnist") -> dict[str, Any]:
    """A skipped case knows little: its writer leaves the measured fields out."""
    return {
        "id": name,
        "test": f"claims/test_x.py::test_z[{name}]",
        "verdict": "not run",
        "not_run": {"why": "not asked here", "reason": "needs --scale paper", "scale": "paper"},
        "protocol": None,
        "command": {"tests": [f"claims/test_x.py::test_z[{name}]"], "scale": "quick"},
    }


def exact(**changes: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "effect": 3.1e-12,
        "effect_label": "largest absolute difference between the two sides",
        "interval": [0.0, 4.0e-12],
        "level": None,
        "effect_kind": "worst",
        "method": "float64 rounding bound over 50 random instances",
        "region": {"low": None, "high": 1e-8, "label": "equal up to rounding"},
        "trials": [0.0, 3.1e-12, 2.2e-13],
        "resolution": None,
        "power": None,
        "controls": [
            control(
                "other projector",
                effect=0.31,
                interval=[0.31, 0.31],
                region={"low": None, "high": 1e-8, "label": "equal up to rounding"},
                trials=[0.31, 0.29, 0.35],
            )
        ],
    }
    return a_case("supported", "identity", **(given | changes))


def panel(label: str, values: list[list[float]], **changes: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "figure": "Paper A, Figure 2",
        "panel": "Random features, α = 1/4",
        "order": 1,
        "x_label": "N",
        "y_label": "accuracy",
        "x_scale": "log",
        "y_range": [0.4, 1.0],
        "guides": [{"y": 0.5, "label": "chance"}],
        "lines": [
            {
                "label": label,
                "x": [10, 100, 1000],
                "trials": values,
                "dashed": False,
                "band": True,
                "color": 0,
            }
        ],
        "note": "The published curve falls from 0.9 to 0.5.",
    }
    return given | changes


def a_formula(title: str = "The minimiser", order: float = 1, **changes: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "chapter": "The linear model",
        "title": title,
        "order": order,
        "mathml": "<mrow><mi>b</mi><mo>=</mo><mfrac><mi>γ</mi><mn>2</mn></mfrac></mrow>",
        "plain": "b = γ/2",
        "text": "The gradient of the loss vanishes.",
        "erratum": None,
        "side": None,
    }
    return given | changes


def reading(name: str, cases: list[dict[str, Any]], verdict: str, departure: str | None = None) -> dict[str, Any]:
    tested = sum(case["verdict"] != "not run" for case in cases)
    counts = {"tested": tested, "settings": len(cases)}
    return {"reading": name, "verdict": verdict, "departure": departure, "cases": cases} | counts


def claim(name: str, title: str, readings: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "id": name,
        "paper": name[0],
        "title": title,
        "statement": f"What the paper says about it: {title.lower()}, for all over-parameterised models.",
        "place": "Section 5, Figure 2",
        "kind": "statistical",
        "provenance": "Read in the published version and checked against the authors' code.",
        "readings": readings,
    }
    return given | changes


FALLING = [[0.9, 0.7, 0.5], [0.92, 0.74, 0.52], [0.88, 0.72, 0.49]]
FLAT = [[0.5, 0.51, 0.49], [0.52, 0.5, 0.5], [0.49, 0.5, 0.51]]


def erratum() -> dict[str, Any]:
    return {
        "id": "E-1",
        "kind": "erratum",
        "claim": "A-03",
        "reading": "printed",
        "title": "The sign in Eq. (8)",
        "place": "Lemma 4.1, Eq. (8)",
        "printed": "F(z, Z₋₁) = 1 + φ(z)ᵀ P φ(z₁)",
        "corrected": "F(z, Z₋₁) = φ(z)ᵀ P φ(z₁) / ‖P φ(z₁)‖²",
        "explanation": "The printed form does not vanish for a pattern outside the span.",
        "changes": "Nothing in the theorem: its proof uses the corrected form.",
    }


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: needs chromium and the package playwright; -m browser selects these")


@pytest.fixture(scope="session")
def hostile() -> str:
    return HOSTILE


@pytest.fixture
def make_case() -> Callable[..., dict[str, Any]]:
    """Builds one case: make_case(verdict, name, **fields)."""
    return a_case


@pytest.fixture
def make_panel() -> Callable[..., dict[str, Any]]:
    """Builds one panel with one line: make_panel(label, trials, **fields)."""
    return panel


@pytest.fixture(scope="session")
def make_formula() -> Callable[..., dict[str, Any]]:
    """Builds one formula: make_formula(title, order, **fields)."""
    return a_formula


def sample() -> dict[str, Any]:
    refuted: dict[str, Any] = {"effect": 0.01, "interval": [-0.01, 0.03], "trials": [0.0, 0.02, 0.01]}
    falling = panel("spurious accuracy, h1+h2", FALLING)
    other = panel("spurious accuracy, h1+h4", FLAT)
    return {
        "schema": SCHEMA,
        "run": {
            "commit": "5f3c9d2e7a1b",
            "dirty": False,
            "versions": {"python": "3.11.7", "torch": "2.6.0", "numpy": "2.1.0"},
            "device": "cpu",
            "threads": 1,
            "workers": 2,
            "scale": "quick",
            "seed": 0,
            "seconds": 120.3,
            "started": "2026-01-01T00:00:00+00:00",
            "command": "pytest claims -n auto",
            "datasets": {"mnist": DIGEST, "cifar10": None},
            "complete": True,
            "notes": ["One bad evidence entry was set aside and recomputed."],
        },
        "papers": {
            "A": {
                "title": "How spurious features are memorized",
                "authors": "First, Second",
                "reference": "ICML 2024",
            },
            "B": {"title": "The other paper", "authors": "Third", "reference": "TMLR 2025"},
        },
        "claims": [
            claim(
                "A-01",
                "Spurious accuracy falls with N",
                [
                    reading(
                        "printed",
                        [
                            a_case(panels=[falling]),
                            a_case(name="h1+h4", interval=[None, -0.09], panels=[falling, other]),
                            not_run(),
                        ],
                        "supported",
                    )
                ],
            ),
            claim(
                "A-02",
                "Alignment is an identity",
                [reading("printed", [exact()], "supported")],
                kind="exact",
            ),
            claim(
                "A-03",
                "The closed form of feature alignment",
                [
                    reading("printed", [a_case("refuted", **refuted)], "refuted", "E-1"),
                    reading("sound", [a_case(panels=[other])], "supported"),
                ],
            ),
            claim(
                "A-04",
                "Clipping does not help",
                [reading("published", [a_case("refuted", **refuted)], "refuted")],
            ),
            claim(
                "A-05",
                "Deletion leaves the score",
                [
                    reading(
                        "printed",
                        [a_case("inconclusive", interval=[-0.05, 0.01], effect=-0.02)],
                        "inconclusive",
                    )
                ],
            ),
            claim("B-01", "Needs the paper's own size", [reading("printed", [not_run("ResNet")], "not run")]),
            claim("B-02", "Nobody has tested this", []),
            claim(
                "B-03",
                HOSTILE,
                [
                    reading(
                        "printed",
                        [
                            a_case(
                                name=HOSTILE,
                                test=HOSTILE_TEST,
                                effect_label=HOSTILE,
                                protocol=HOSTILE,
                                command={"tests": [HOSTILE_TEST]},
                                sizes={HOSTILE: HOSTILE},
                                controls=[control(HOSTILE, description=HOSTILE)],
                                panels=[
                                    panel(HOSTILE, FALLING, figure=HOSTILE, panel=HOSTILE, note=HOSTILE)
                                    | {"x_label": HOSTILE, "y_label": "$\\frac{"}
                                ],
                            )
                        ],
                        "supported",
                    )
                ],
                statement=HOSTILE,
                place=HOSTILE,
            ),
        ],
        "departures": [erratum()],
    }


@pytest.fixture(scope="session")
def make_document() -> Callable[[], dict[str, Any]]:
    """Builds a report: make_document()."""
    return sample


@pytest.fixture
def document() -> dict[str, Any]:
    """A report of its own for each test to change."""
    return sample()


@pytest.fixture(scope="session")
def parsed() -> Callable[[dict[str, Any]], Report]:
    """Reads a report from the data of its JSON: parsed(document)."""
    return lambda document: parse(json.dumps(document).encode())


@pytest.fixture(scope="session")
def draw_page(parsed: Callable[[dict[str, Any]], Report]) -> Callable[[dict[str, Any]], str]:
    """Draws the page from the data of a report's JSON: draw_page(document)."""
    from support.page import render

    return lambda document: render(parsed(document))


@pytest.fixture(scope="session")
def page(draw_page: Callable[[dict[str, Any]], str]) -> str:
    """The page of the unchanged report."""
    return draw_page(sample())
