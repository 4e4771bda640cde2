"""Bad options, a bad register and bad markers: one sentence each, before anything is computed."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.cluster.address import CHOICE
from support.suite import settings

pytestmark = pytest.mark.long("starts pytest anew for every test")

Said = Callable[[subprocess.CompletedProcess[str]], str]

# One claim test that would leave a trace if it ran.
MODULE = '''
@pytest.mark.claim("A-01")
def test_one(evidence, judge):
    """Expect one."""
    evidence(Counting("one"), 1)
    decide(judge, 0.5)
'''


# 1. Options

SEED = "--seed must be a whole number from 0 to 9,223,372,036,854,775,807, got "
OPTIONS = {
    "scale": (["--scale", "huge"], "unknown scale 'huge': choose quick, standard, paper"),
    "seed in words": (
        ["--seed", "one"],
        f"{SEED}'one'",
    ),
    "negative seed": (["--seed=-1"], f"{SEED}'-1'"),
    "long seed": (
        ["--seed", "9" * 400],
        f"{SEED}'{'9' * 40}' and 360 more",
    ),
    "seed of 64 bits": (
        ["--seed", "9223372036854775808"],
        f"{SEED}'9223372036854775808'",
    ),
    "device": (["--device", "tpu"], "unknown device 'tpu': choose auto, cpu, cuda or cuda:INDEX"),
    "CUDA index": (["--device", "cuda:2"], "device cuda:2 is not there: torch sees 2 CUDA devices"),
    "data": (["--data", "nowhere"], "--data must be a directory, got 'nowhere'"),
    # The path is one below a regular file, which stops the superuser too.
    "report": (
        ["--report", "torch.py/report"],
        "report directory {root}/torch.py/report is not writable (Not a directory): give another with --report DIR",
    ),
    "evidence": (
        ["--evidence", "torch.py/it"],
        "there is no evidence at {root}/torch.py/it",  # the command gives a directory to write to before it
    ),
    "summary in no directory": (
        ["--summary", "nowhere/summary.md"],
        "--summary nowhere/summary.md cannot be written: No such file or directory",
    ),
    "summary that is a directory": (["--summary", "claims"], "--summary claims cannot be written: Is a directory"),
    "summary below a file": (
        ["--summary", "torch.py/summary.md"],
        "--summary torch.py/summary.md cannot be written: Not a directory",
    ),
    "baseline": (
        ["--baseline", "nowhere.json"],
        "--baseline nowhere.json: cannot read the report: No such file or directory",
    ),
    "failing on what is not compared": (
        ["--fail-on", "changed"],
        "--fail-on changed says what of a comparison fails the run: give --baseline FILE too",
    ),
    "failing on something else": (
        ["--fail-on", "better", "--baseline", "nowhere.json"],
        "--fail-on must be one of worse, changed, never, got 'better'",
    ),
    "baseline that is a directory": (
        ["--baseline", "claims"],
        "--baseline claims: cannot read the report: Is a directory",
    ),
    "baseline that is a device": (
        ["--baseline", "/dev/zero"],
        "--baseline /dev/zero: cannot read the report: it is no file, but a device or a pipe",
    ),
    "nothing": (["--report", ""], "--report must not be empty: it takes DIR"),
    "engine": (
        ["--engine", "slurm"],
        f"unknown engine 'slurm': choose {CHOICE}",
    ),
    "scheduler file": (
        ["--engine", "dask:nowhere.json"],
        "--engine dask:nowhere.json: cannot read the scheduler file: No such file or directory",
    ),
    "scheduler file that is none": (
        ["--engine", "dask:torch.py", "-n2"],
        "--engine dask:torch.py: it is no scheduler file, but holds no JSON",
    ),
    "engine where nothing is computed": (
        ["--engine", "dask:tcp://127.0.0.1:9", "--recorded"],
        "--engine computes trials elsewhere, --recorded none and --calibrate here: choose one",
    ),
    "workers": (["-n2", "--scale", "huge"], "unknown scale 'huge': choose quick, standard, paper"),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_a_bad_option_is_refused(ready: Any, one_sentence: Said, name: str) -> None:
    arguments, sentence = OPTIONS[name]
    assert one_sentence(ready.run("claims", *arguments)) == sentence.format(root=ready.root)
    assert ready.computed == []
    assert ready.leftovers == []


NO_SCHEMA = (
    "the report's schema must be 'spurious-claims/report/3', 'spurious-claims/report/2' or 'spurious-claims/report/1', "
    "got "
)
NO_REPORT = "the report is not what its schema says: report"
BASELINES = {
    "cut short": ('{"schema": "spurious-claims/report/2", "run": {', "not a complete JSON document: "),
    "another version": (
        '{"schema": "spurious-claims/report/4"}',
        f"{NO_SCHEMA}'spurious-claims/report/4'",
    ),
    "no report": ('{"tests": []}', f"{NO_SCHEMA}None"),
    "no object": ("[]", f"{NO_REPORT}: expected `object`, got `array`"),
    "a wrong field": (
        '{"schema": "spurious-claims/report/1", "run": {"seed": "zero"}, "papers": {}, "claims": [], "errata": []}',
        f"{NO_REPORT}.run.seed: expected `int | null`, got `str`",
    ),
    "a huge number": (
        '{"run": {"seed": 1' + "0" * 400 + "}}",
        f"{NO_REPORT}.run.seed: a number of 401 digits is beyond",
    ),
    "no number": ('{"run": {"seconds": NaN}}', f"{NO_REPORT}.run.seconds: NaN is no number"),
    "half a letter": (
        '{"run": {"command": "\\ud800"}}',
        f"{NO_REPORT}.run.command: half of a surrogate pair is no text",
    ),
    "a name twice": ('{"run": 1, "run": 1}', f"{NO_REPORT}.run: stands there twice"),
    "deep": ("[" * 100_000, "not a complete JSON document: it is nested too deeply"),
    "empty": ("", "not a complete JSON document: the file is empty"),
}


@pytest.mark.parametrize("name", BASELINES)
def test_a_bad_baseline_is_refused(ready: Any, one_sentence: Said, name: str) -> None:
    content, sentence = BASELINES[name]
    (ready.root / "baseline.json").write_text(content)
    said = one_sentence(ready.run("claims", "--baseline", "baseline.json"))
    assert said.startswith(f"--baseline baseline.json: {sentence}")
    assert ready.computed == []
    assert ready.leftovers == []


def test_checking_the_summary_leaves_no_trace(ready: Any) -> None:
    (ready.root / "kept.md").write_text("as it was")
    for name in ("kept.md", "new.md"):
        assert ready.run("claims", "--summary", name, "--scale", "quick", "--collect-only").returncode == 0
    assert (ready.root / "kept.md").read_text() == "as it was"
    assert not (ready.root / "new.md").exists()


def test_a_wrong_file_in_the_data_directory_is_refused(ready: Any, one_sentence: Said) -> None:
    folder = ready.root / "data" / "mnist"
    folder.mkdir(parents=True)
    (folder / "train-images-idx3-ubyte").write_bytes(b"no images")
    said = one_sentence(ready.run("claims", "--data", str(ready.root / "data")))
    assert said == (
        f"{folder / 'train-images-idx3-ubyte'} is not the file of that name in mnist: its SHA-256 is wrong; "
        "replace it or remove it"
    )


def test_images_in_the_data_directory_that_lack_a_class_are_refused(ready: Any, one_sentence: Said) -> None:
    data = ready.root / "data"
    for split in ("train", "test"):
        for name in ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]:
            (data / split / name).mkdir(parents=True)
    (data / "test" / "frog").rmdir()
    said = one_sentence(ready.run("claims", "--data", str(data)))
    assert said == f"{data} is not cifar-10-jpeg's: it has no images in test/frog"
    assert ready.computed == []


def test_the_second_cuda_device_is_taken_where_there_are_two(ready: Any) -> None:
    done = ready.run("claims", "--device", "cuda:1", "--collect-only")
    assert done.returncode == 0, done.stdout
    assert "device cuda:1," in done.stdout


# 2. The register


def test_a_missing_register_is_refused(ready: Any, one_sentence: Said) -> None:
    (ready.root / "claims" / "register.toml").unlink()
    said = one_sentence(ready.run())
    assert said.startswith(f"no register at {ready.root}/claims/register.toml: run from a checkout of the suite")


def test_a_broken_register_is_refused(ready: Any, one_sentence: Said) -> None:
    (ready.root / "claims" / "register.toml").write_text("[papers")
    assert one_sentence(ready.run()).startswith(f"{ready.root}/claims/register.toml is not valid TOML: ")


# 3. Markers. They are refused as errors of collection, which workers can hand on.

MARKERS = {
    'claim("A-02")': "no claim 'A-02' in the register; did you mean A-01?",
    "claim()": "the marker claim needs one id, got ()",
    'claim("A-01", reading="fair")': "unknown reading 'fair': choose printed, published, sound",
    'erratum("E-1")': "the marker erratum('E-1') needs a claim marker beside it",
    'claim("A-01")\n@pytest.mark.erratum("E-2")': "no erratum 'E-2' in the register; did you mean E-1?",
    'claim("A-01")\n@pytest.mark.erratum("E-1")': "E-1 is about A-01 as printed, not about A-01 as sound",
    'slip("S-1")': "the marker slip('S-1') needs a claim marker beside it",
    'claim("A-01")\n@pytest.mark.finding("E-1")': "no finding 'E-1' in the register",
    'claim("A-01", reading="printed")\n@pytest.mark.erratum("E-1", scales=("tiny",))': (
        "the marker erratum('E-1') needs scales among quick, standard, paper, got ('tiny',)"
    ),
    'claim("A-01")\n@pytest.mark.apart("hours", scale="standard")': (
        "the marker apart needs headline or hours, scale=... and because=..., got 'hours', 'standard' and None"
    ),
    'claim("A-01", reading="printed")\n@pytest.mark.erratum("E-1")\n@pytest.mark.slip("S-1")': (
        "one marker of erratum, finding, slip is enough, got E-1 and S-1"
    ),
}


@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_bad_markers_are_refused(ready: Any, workers: str) -> None:
    ready.register(("A-01", ["test_claims.py"]), departures=[("E-1", "A-01", "printed"), ("S-1", "A-01", "printed")])
    for number, marker in enumerate(MARKERS):
        ready.module(f'@pytest.mark.{marker}\ndef test_x(judge):\n    """Expect."""\n', f"test_{number}.py")
    done = ready.run("claims", workers)
    assert done.returncode != 0
    for number, sentence in enumerate(MARKERS.values()):
        assert f"\nclaims/test_{number}.py::test_x: {sentence}\n" in done.stdout, done.stdout
    assert "Traceback" not in done.stdout
    assert "INTERNALERROR" not in done.stdout
    assert ready.computed == []
    assert not (ready.report_folder / "report.json").exists()


@pytest.mark.parametrize(
    ("device", "recorded", "workers"),
    [
        ("cuda", False, 4),
        ("cuda:1", False, 4),
        ("cpu", False, None),
        ("auto", False, None),
        ("cuda", True, None),
        ("cuda:9", False, None),
        ("tpu", False, None),
    ],
)
def test_few_workers_share_a_gpu(
    device: str, recorded: bool, workers: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of what -n auto chooses; on a machine without CUDA, auto is the CPU."""
    monkeypatch.setattr(Path, "exists", lambda _: False)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    assert settings.auto_workers(device, 16, computes_here=not recorded) == workers
    assert settings.auto_workers(device, 2, computes_here=not recorded) == (workers and 2)
