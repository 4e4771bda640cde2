"""Single runs of the small suite: defaults, damaged evidence, selections, commands, and tests without claims."""

import shlex
import shutil
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from support.evidence import packing
from support.evidence.entries import decode, encode
from support.evidence.rechecks import Rechecked, record

pytestmark = pytest.mark.long("starts pytest anew for every test")

ROOT = Path(__file__).parents[2]

MODULE = '''
@pytest.mark.claim("A-01")
@pytest.mark.parametrize("name", ["one", "two"])
def test_claim(name, evidence, judge):
    """Expect one."""
    evidence(Counting(name), 2)
    decide(judge, 0.5)
'''


def test_damaged_evidence_is_set_aside_and_computed_again_and_the_run_says_so(ready: Any) -> None:
    assert ready.run().returncode == 0
    assert ready.report["run"]["notes"] == []
    first = ready.cases["one"]["evidence"]
    for _ in range(2):  # damaged again, it is told again
        key = first[0]["key"]
        (ready.evidence / key[:2] / f"{key}.jsonl").write_text("{}")
        done = ready.run()
        assert done.returncode == 0, done.stdout
        note = f"evidence entry {key[:16]} failed its digest check, was set aside and computed again"
        assert f"  {note}\n" in done.stdout
        assert ready.report["run"]["notes"] == [note]
        assert ready.cases["one"]["evidence"] == first
    assert sorted(ready.computed) == ["one/0", "one/0", "one/0", "one/1", "two/0", "two/1"]


def test_a_cases_command_runs_that_case_alone(ready: Any) -> None:
    assert ready.run("claims", "-k", "two").returncode == 0
    assert list(ready.cases) == ["two"]
    command = shlex.split(ready.commands["two"])
    assert command[0] == "pytest"
    done = ready.run(*command[1:])
    assert done.returncode == 0, done.stdout
    assert "1 supported of 1 cases" in done.stdout
    assert list(ready.cases) == ["two"]
    assert ready.computed == ["two/0", "two/1"]


@pytest.mark.parametrize("chosen", [["claims", "-k", "two", "-n2"], ["claims/test_claims.py::test_claim[two]"]])
def test_what_a_run_leaves_out_counts_as_not_tested(ready: Any, chosen: list[str]) -> None:
    done = ready.run(*chosen)
    assert done.returncode == 0, done.stdout
    ((reading,),) = (claim["readings"] for claim in ready.report["claims"])
    assert [(case["id"], case["verdict"]) for case in reading["cases"]] == [("one", "not run"), ("two", "supported")]
    assert (reading["verdict"], reading["tested"], reading["settings"]) == ("supported", 1, 2)
    assert "1 supported of 1 cases" in done.stdout
    assert "\n  supported in part: A-01 sound (1 of 2)\n" in done.stdout


STANDING_IN = """
class OfCifar(Counting):
    def datasets(self):
        return ("cifar-10",)

@pytest.mark.claim("A-01")
def test_claim(evidence, judge):
    '''Expect one.'''
    evidence(OfCifar("colour"), 1)
    decide(judge, 0.5)
"""


def test_a_dataset_that_stands_in_for_another_is_named_in_case_and_run(ready: Any) -> None:
    ready.module(STANDING_IN)
    done = ready.run()
    assert done.returncode == 0, done.stdout
    ((reading,),) = (claim["readings"] for claim in ready.report["claims"])
    assert reading["cases"][0]["datasets"] == ["cifar-10-jpeg"]
    note = "cifar-10-jpeg stands in for cifar-10: what is said of CIFAR-10 was measured on CIFAR-10 (as JPEG)"
    assert ready.report["run"]["notes"] == [note]
    assert ready.report["run"]["datasets"]["cifar-10"] is None
    assert "cifar-10 (cifar-10-jpeg stands in for it)" in done.stdout


def test_another_seed_and_device_are_other_evidence_and_stand_in_the_command(ready: Any) -> None:
    assert ready.run("claims", "-k", "one").returncode == 0
    assert ready.run("claims", "-k", "one", "--seed", "1", "--device", "cuda").returncode == 0
    assert len(ready.computed) == 4
    assert ready.commands["one"].endswith("--seed 1 --device cuda")
    assert ready.report["run"]["device"] == "cuda:0"


def test_recorded_evidence_is_decided_and_the_rest_left_out(ready: Any) -> None:
    """Also of a device that is not there: the numbers are."""
    options = ("--recorded", "--device", "cuda:7")
    assert ready.run("claims", "-k", "one", "--device", "cuda:1").returncode == 0
    before = list(ready.computed)
    done = ready.run("claims", *options)
    assert done.returncode == 0, done.stdout
    assert ready.computed == before
    assert ready.cases["one"]["verdict"] == "supported"
    assert ready.cases["two"]["not_run"]["reason"].startswith(
        "the evidence holds 0 of 2 trials (this code, seed 0, cuda)"
    )
    assert ready.report["run"]["notes"] == ["no experiment was run: verdicts are of the evidence that was there"]
    assert ready.commands["one"].endswith("--device cuda:7 --recorded")


def test_published_evidence_is_read_from_directories_and_packs_and_left_as_it_is(ready: Any) -> None:
    assert ready.run("claims", "-k", "one").returncode == 0
    published = ready.evidence.rename(ready.root / "published")
    pack = ready.root / "evidence.tar.xz"
    with tarfile.open(pack, "w:xz") as archive:
        archive.add(published, ".", filter=lambda member: None if "locks" in member.name else member)
    before = sorted(published.rglob("*"))
    for place in (published, pack):
        done = ready.run("claims", "--evidence", str(place), "-k", "one")
        assert done.returncode == 0, done.stdout
        assert f"evidence: {ready.evidence}, {place}" in done.stdout
    assert ready.computed == ["one/0", "one/1"]
    assert list(ready.evidence.glob("??")) == []
    # What is missing there is measured, and stored in the first place.
    assert ready.run("claims", "--evidence", str(pack)).returncode == 0
    assert ready.computed == ["one/0", "one/1", "two/0", "two/1"]
    assert len(list(ready.evidence.glob("??/*.jsonl"))) == 2
    assert sorted(published.rglob("*")) == before


def test_the_checkouts_own_packs_are_read_where_nothing_is_computed(ready: Any, one_sentence: Any) -> None:
    """After the user's evidence, and by no run that computes; of an earlier format they are passed over in one line."""
    assert ready.run("claims").returncode == 0
    before = list(ready.computed)
    quick, older = (ready.root / "reports" / name / "evidence.tar.xz" for name in ("quick", "standard"))
    for path in (quick, older):
        path.parent.mkdir(parents=True)
    packing.pack(ready.evidence, quick)
    with tarfile.open(older, "w:xz") as archive:
        archive.addfile(tarfile.TarInfo(f"00/{'0' * 64}/manifest.json"))
    shutil.rmtree(ready.evidence)
    done = ready.run("claims", "--recorded")
    assert done.returncode == 0, done.stdout
    assert {case["verdict"] for case in ready.cases.values()} == {"supported"}
    assert ready.computed == before
    assert f"evidence: {ready.evidence}, {quick}\n" in done.stdout
    note = (
        "published evidence: standard/evidence.tar.xz is passed over: of an earlier format (reports/README.md says how "
        "it is read)"
    )
    assert note in done.stdout
    assert note in ready.report["run"]["notes"]
    assert ready.run("claims").returncode == 0
    assert ready.computed == before * 2
    quick.write_bytes(quick.read_bytes()[:-20])
    said = one_sentence(ready.run("claims", "--recorded"))
    assert said.startswith(f"{quick} is no pack of evidence, or cut short: ")


SHARED = """
@pytest.mark.claim("A-01")
@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_claim(number, evidence, judge):
    \"\"\"Expect one.\"\"\"
    evidence(Counting("shared"), 2)
    decide(judge, 0.5)
"""


def sources(suite: Any) -> list[dict[str, Any]]:
    return [case["sources"] for case in suite.cases.values()]


def test_every_verdict_says_where_its_trials_are_from(ready: Any) -> None:
    """All workers of a run have computed what one of them has; later runs read it, from where it then is."""
    ready.module(SHARED)
    none = {"computed": 0, "read": [], "proven": 0, "rechecked": 0, "differing": 0}
    done = ready.run("claims", "-n2")
    assert done.returncode == 0, done.stdout
    assert sources(ready) == [none | {"computed": 2}] * 4
    assert "  trials, counted in every case that rests on them: 8 computed in this run\n" in done.stdout
    ready.run("claims")
    assert sources(ready) == [none | {"read": [{"place": None, "trials": 2}]}] * 4
    published = ready.evidence.rename(ready.root / "reports")
    first = next(published.glob("??/*.jsonl"))
    entry = decode(first.read_bytes(), first.stem)
    made = Rechecked(
        key=first.stem, digest=entry.digest, same=True, how="bits", date="2026-01-01", machine="any", commit=None
    )
    record([(published, made)])
    done = ready.run("claims", "--evidence", str(published))
    from_there = none | {"read": [{"place": "reports", "trials": 2}], "rechecked": 1}
    assert sources(ready) == [from_there] * 4
    assert "8 read from reports; of them 4 rechecked, with the same numbers\n" in done.stdout


def test_packs_that_disagree_are_refused(ready: Any, one_sentence: Any) -> None:
    assert ready.run("claims").returncode == 0
    one, two = ready.root / "one.tar.xz", ready.root / "two.tar.xz"
    packing.pack(ready.evidence, one)
    path = next(ready.evidence.glob("??/*.jsonl"))
    entry = decode(path.read_bytes(), path.stem)
    path.write_bytes(encode(entry.manifest, {"value": [-1.0]}))
    packing.pack(ready.evidence, two)
    said = one_sentence(ready.run("claims", "--evidence", str(one), "--evidence", str(two)))
    assert said.startswith(f"{one} and {two} disagree on {path.stem}: value: ")


def test_a_broken_record_of_rechecks_is_refused(ready: Any, one_sentence: Any) -> None:
    ready.evidence.mkdir()
    (ready.evidence / "rechecked.json").write_text("{")
    said = one_sentence(ready.run("claims"))
    assert said.startswith(f"{ready.evidence / 'rechecked.json'} is no record of rechecks (")
    assert ready.computed == []


def test_a_run_that_records_nothing_needs_no_place_to_write(ready: Any) -> None:
    done = ready.run("claims", "--recorded")
    assert done.returncode == pytest.ExitCode.NO_TESTS_COLLECTED, done.stdout
    assert not ready.evidence.exists()


def test_a_full_disk_ends_every_case_in_one_sentence_before_it_computes(ready: Any) -> None:
    (ready.root / "support" / "evidence").unlink()
    shutil.copytree(ROOT / "support" / "evidence", ready.root / "support" / "evidence")
    store = ready.root / "support" / "evidence" / "store.py"
    full = "def _probe(self, content: bytes) -> None:\n        if content: raise OSError(28, 'No space left on device')"
    store.write_text(store.read_text().replace("def _probe(self, content: bytes) -> None:", full))
    done = ready.run("claims")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert ready.computed == []
    assert "Traceback" not in done.stdout
    sentence = f"no room is left for evidence in {ready.evidence}: what was finished is kept"
    assert done.stdout.count(sentence) >= 2
    assert all(sentence in case["not_run"]["reason"] for case in ready.cases.values())


def test_the_data_directory_stands_in_the_command(ready: Any) -> None:
    (ready.root / "my data").mkdir()
    assert ready.run("claims", "-k", "one", "--data", "my data").returncode == 0
    command = ready.commands["one"]
    assert command.endswith(f"--seed 0 --data '{ready.root}/my data'")
    assert ready.run(*shlex.split(command)[1:]).returncode == 0
    assert len(ready.computed) == 2


def test_the_run_tells_the_versions_of_what_makes_numbers(ready: Any) -> None:
    assert ready.run("claims", "-k", "one").returncode == 0
    run = ready.report["run"]
    assert {"python", "torch", "numpy", "scipy", "sympy", "pytest"} <= run["versions"].keys()
    assert all(run["versions"].values())
    assert run["model"] is None


def test_the_report_concludes_from_its_verdicts(ready: Any) -> None:
    ready.register(("B-02", ["test_claims.py"]))
    names = {"A-01": "B-02", "one": "mnist-0", "two": "fashion-mnist-0"}
    module = MODULE
    for old, new in names.items():
        module = module.replace(old, new)
    ready.module(module.replace("test_claim", "test_three_examples_teach_their_class"))
    assert ready.run().returncode == 0
    (conclusion,) = ready.report["conclusions"]
    ((sentence),) = conclusion["sentences"]
    assert (conclusion["title"], sentence["claims"], sentence["verdicts"]) == ("Paper B", ["B-02"], ["supported"])
    assert sentence["text"].startswith("A handful of examples is enough")


def test_the_default_report_is_the_latest(ready: Any) -> None:
    command = [part for part in ready.command("claims") if part not in ("--report", str(ready.report_folder))]
    assert command[0] == sys.executable
    ready.report_folder = ready.root / "reports" / "latest"
    ready.command = lambda *_: command
    assert ready.run().returncode == 0
    assert ready.report["run"]["complete"] is True


def test_tests_without_claims_print_no_header_and_write_nothing(ready: Any) -> None:
    (ready.root / "tests").mkdir()
    (ready.root / "tests" / "test_nothing.py").write_text("def test_nothing():\n    pass\n")
    done = ready.run("-n1")  # the tests folder is what pytest runs if nothing else is said
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
    for word in ("claims:", "evidence:", "report:", "scale"):
        assert word not in done.stdout
    assert not ready.report_folder.exists()
    assert not ready.evidence.exists()
    assert ready.leftovers == []
