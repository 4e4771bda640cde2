"""Whatever stands on the command line: settings that can be used, or one sentence that names the option."""

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from support.models.architectures import ARCHITECTURES
from support.suite.settings import SCALES, Settings, checked

ROOT = Path(__file__).parents[2]
CUDA_DEVICES = 2
DEFAULTS: dict[str, Any] = {
    "scale": "quick",
    "seed": "0",
    "device": "auto",
    "data": None,
    "report": None,
    "evidence": None,
    "summary": None,
    "baseline": None,
    "model": None,
    "features": None,
    "recorded": False,
    "until_decided": False,
    "engine": None,
    "calibrate": False,
    "fail_on": None,
    "only": None,
}
# How the sentence about an option begins or names it.
NAMED = {
    "scale": "scale",
    "seed": "--seed",
    "device": "device",
    "data": "--data",
    "model": "--model",
    "features": "--features",
    "until_decided": "--until-decided",
    "evidence": "--evidence",
    "fail_on": "--fail-on",
    "only": "--only",
    "report": "--report",
    "summary": "--summary",
    "baseline": "--baseline",
}
# Texts that paths, numbers and terminals take badly.
ODD = ["", "a" * 300, "a/" * 3000, "one\ntwo", "\0", "\udcff", "²", "٣", "9" * 5000, "-1", "1e3", ".", "/", "~", ":"]
TEXTS = st.sampled_from(ODD) | st.text(max_size=8)
DEVICES = st.sampled_from(["auto", "cpu", "cuda"]) | st.from_regex(r"cuda:\d{1,3}", fullmatch=True)
SPECIFICATIONS = st.sampled_from(ARCHITECTURES) | st.builds("{}:{}".format, TEXTS, st.sampled_from(["f", "2", "é", ""]))
GIVEN = st.fixed_dictionaries(
    {},
    optional={
        "scale": st.sampled_from(SCALES) | TEXTS,
        "seed": st.integers().map(str) | TEXTS,
        "device": DEVICES | TEXTS | st.builds("cuda:{}".format, TEXTS),
        "data": st.just(str(ROOT)) | TEXTS,
        "report": TEXTS,
        "evidence": st.lists(TEXTS, max_size=2),
        "summary": TEXTS,
        "baseline": TEXTS,
        "model": SPECIFICATIONS | TEXTS,
        "features": SPECIFICATIONS | TEXTS,
        "fail_on": st.sampled_from(["worse", "changed", "never"]) | TEXTS,
        "only": st.sampled_from(["headline", "hours"]) | TEXTS,
        "recorded": st.booleans(),
        "until_decided": st.booleans(),
    },
)


@pytest.fixture(scope="module", autouse=True)
def _two_cuda_devices() -> Iterator[None]:
    """A stand-in for torch, which takes seconds to import."""
    with pytest.MonkeyPatch.context() as patch:
        torch = SimpleNamespace(cuda=SimpleNamespace(device_count=lambda: CUDA_DEVICES))
        patch.setitem(sys.modules, "torch", torch)
        yield


def settings_or_refusal(given: dict[str, Any]) -> tuple[Settings | None, ValueError | None]:
    try:
        return checked(argparse.Namespace(**(DEFAULTS | given)), ROOT), None
    except ValueError as error:
        return None, error


@hypothesis_settings(derandomize=True, database=None, deadline=None, max_examples=200)
@example({"data": "a" * 300})
@example({"data": "one\ntwo"})
@example({"seed": "9" * 5000})
@example({"device": "cuda:" + "9" * 5000})
@example({"device": "cuda:٠"})
@example({"device": "cuda:01"})
@example({"evidence": [""]})
@given(given=GIVEN)
def test_options_become_settings_or_one_sentence(given: dict[str, Any]) -> None:
    found, refusal = settings_or_refusal(given)
    if found is None:
        assert type(refusal) is ValueError
        assert len(str(refusal).splitlines()) == 1
        assert any(NAMED[option] in str(refusal) for option in given.keys() & NAMED.keys()), refusal
        return
    assert found.scale in SCALES
    assert 0 <= found.seed < 2**63
    assert re.fullmatch(r"cpu|cuda:(0|[1-9][0-9]*)", found.device)
    assert found.data is None or found.data.is_dir()
    assert all(place.is_absolute() for place in (found.report, *found.evidence))
    assert len(found.evidence) >= 1
    for specified in (found.model, found.features):
        assert specified is None or specified in ARCHITECTURES or specified.rpartition(":")[2].isidentifier()
