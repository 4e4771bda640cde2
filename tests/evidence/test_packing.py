"""Packs are the same to the byte, hold what was there, and bring nothing else in."""

import io
import lzma
import tarfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.evidence import __main__ as command
from support.evidence.entries import encode
from support.evidence.store import Store
from tests.evidence.counted import Counted, collector
from tests.evidence.faults import NEW

Files = dict[str, bytes]


def files_in(folder: Path) -> Files:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.jsonl")}


def refusal(arguments: list[object], capsys: pytest.CaptureFixture[str]) -> str:
    """What a command says that cannot be done: one sentence, status 2."""
    with pytest.raises(SystemExit) as stopped:
        command.main([str(each) for each in arguments])
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    return said


@pytest.fixture
def filled(store: Store, counted: Counted) -> Store:
    """A store with three trials, and things that are no entries."""
    collector(store).rows(counted, 3)
    (store.directory / "notes.txt").write_text("mine")
    (store.directory / "set-aside").mkdir()
    (store.directory / "set-aside" / "old.jsonl").write_text("damaged")
    return store


@pytest.fixture
def archive(tmp_path: Path) -> Callable[[list[tarfile.TarInfo | tuple[str, bytes]]], Path]:
    """Writes any archive: of members without content, or of names and contents."""

    def write(members: list[tarfile.TarInfo | tuple[str, bytes]]) -> Path:
        path = tmp_path / "strange.tar.xz"
        with tarfile.open(path, "w:xz") as file:
            for each in members:
                if isinstance(each, tarfile.TarInfo):
                    file.addfile(each)
                    continue
                member = tarfile.TarInfo(each[0])
                member.size = len(each[1])
                file.addfile(member, io.BytesIO(each[1]))
        return path

    return write


# 1. Packing


def test_a_pack_holds_the_entries_and_nothing_else(
    filled: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "pack.tar.xz"
    assert command.main(["pack", str(filled.directory), str(path)]) == 0
    assert capsys.readouterr().out.startswith(f"3 entries of {filled.directory} packed into {path}, ")
    with tarfile.open(path) as file:
        members = file.getmembers()
        held = {each.name: content.read() for each in members if (content := file.extractfile(each))}
    expected = files_in(filled.directory)
    del expected["set-aside/old.jsonl"]
    assert held == expected
    assert [each.name for each in members] == sorted(expected)
    assert {(each.mtime, each.uid, each.gid, each.uname, each.gname, each.mode) for each in members} == {
        (0, 0, 0, "", "", 0o644)
    }


def test_the_same_entries_give_the_same_bytes(filled: Store, tmp_path: Path) -> None:
    first, second = tmp_path / "one.tar.xz", tmp_path / "two.tar.xz"
    other = Store(tmp_path / "other")
    for key in reversed(list(filled.keys())):
        other.put(key, filled.path(key).read_bytes())
    command.main(["pack", str(filled.directory), str(first)])
    command.main(["pack", str(other.directory), str(second)])
    assert first.read_bytes() == second.read_bytes()
    command.main(["pack", str(other.directory), str(first)])  # in the place of an older one
    assert first.read_bytes() == second.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".tmp")) == []


def test_what_cannot_be_packed_is_refused(filled: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "pack.tar.xz"
    (tmp_path / "empty").mkdir()
    assert "there is no entry of evidence in" in refusal(["pack", tmp_path / "empty", path], capsys)
    assert "there is no evidence at nowhere" in refusal(["pack", "nowhere", path], capsys)
    assert "is a file, and a directory of evidence is wanted" in refusal(["pack", __file__, path], capsys)
    assert "must end in .tar.xz, got" in refusal(["pack", filled.directory, tmp_path / "pack.zip"], capsys)
    nowhere = tmp_path / "no" / "pack.tar.xz"
    assert f"PACK.tar.xz {nowhere} cannot be written: No such file" in refusal(
        ["pack", filled.directory, nowhere], capsys
    )
    damaged = filled.path(next(filled.keys()))
    damaged.write_bytes(damaged.read_bytes().replace(b"value", b"velue"))
    said = refusal(["pack", filled.directory, path], capsys)
    assert f"1 entry of {filled.directory} cannot be used, first {damaged}: its digest does not fit" in said
    assert not path.exists()


# 2. Unpacking


def test_what_is_unpacked_is_what_was_packed(
    filled: Store, tmp_path: Path, counted: Counted, capsys: pytest.CaptureFixture[str]
) -> None:
    path, directory = tmp_path / "pack.tar.xz", tmp_path / "new" / "place"
    command.main(["pack", str(filled.directory), str(path)])
    capsys.readouterr()
    assert command.main(["unpack", str(path), str(directory)]) == 0
    assert capsys.readouterr().out == f"3 entries of {path} unpacked into {directory}, 0 were there already\n"
    expected = files_in(filled.directory)
    del expected["set-aside/old.jsonl"]
    assert files_in(directory) == expected
    (directory / sorted(expected)[0]).unlink()
    (directory / sorted(expected)[1]).write_bytes(b"damaged")
    command.main(["unpack", str(path), str(directory)])
    assert "2 entries of" in capsys.readouterr().out
    before = counted.measured
    assert collector(Store(directory), recorded=True).rows(counted, 3)["value"].tolist() == [0.0, 1.0, 2.0]
    assert counted.measured == before


@pytest.mark.parametrize(
    "member",
    [
        ("../../evil.jsonl", b""),
        ("/tmp/evil.jsonl", b""),  # noqa: S108 - a name in an archive
        (f"{NEW.key[:2]}/../../{NEW.key}.jsonl", b""),
        ("README", b""),
        *((NEW.key, kind) for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE)),
    ],
)
def test_other_paths_are_refused_and_nothing_is_written(
    member: tuple[str, bytes], archive: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name, content = member
    strange: Any = member
    if content:
        strange = tarfile.TarInfo(f"{name[:2]}/{name}.jsonl")
        strange.type, strange.linkname = content, "/etc/passwd"
    path = archive([(f"{NEW.key[:2]}/{NEW.key}.jsonl", encode(NEW.manifest(), NEW.columns)), strange])
    said = refusal(["unpack", path, tmp_path / "there"], capsys)
    assert f"{path} is no pack of evidence: it holds" in said
    assert not (tmp_path / "there").exists()


def test_an_entry_that_stands_there_twice_is_refused(
    archive: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    member = f"{NEW.key[:2]}/{NEW.key}.jsonl", encode(NEW.manifest(), NEW.columns)
    said = refusal(["unpack", archive([member, member]), tmp_path / "there"], capsys)
    assert f"it holds {NEW.key} twice" in said


def test_a_damaged_entry_of_a_pack_is_refused_before_anything_is_written(
    filled: Store, archive: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = list(filled.keys())
    members = [(f"{key[:2]}/{key}.jsonl", filled.path(key).read_bytes()) for key in keys]
    members[2] = members[2][0], members[2][1][:-1]
    path = archive(members)
    said = refusal(["unpack", path, tmp_path / "there"], capsys)
    assert f"1 entry of {path} cannot be used, first {path}: {keys[2]}: its digest does not fit" in said
    members[2] = members[2][0], members[1][1]
    assert "it is the entry of another key" in refusal(["unpack", archive(members), tmp_path / "there"], capsys)
    assert not (tmp_path / "there").exists()


def test_a_pack_that_is_cut_short_is_refused_wherever_it_is_cut(
    filled: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "pack.tar.xz"
    command.main(["pack", str(filled.directory), str(path)])
    capsys.readouterr()
    content = path.read_bytes()
    for length in (0, 1, 100, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:length])
        assert "is no pack of evidence, or cut short" in refusal(["unpack", path, tmp_path / "there"], capsys)
    raw = lzma.decompress(content)
    path.write_bytes(lzma.compress(raw[: raw.rindex(b'{"sha256"') + 100]))
    assert "is no pack of evidence, or cut short" in refusal(["unpack", path, tmp_path / "there"], capsys)
    assert not (tmp_path / "there").exists()


def test_other_numbers_under_one_key_are_named_and_nothing_is_written(
    filled: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, other = tmp_path / "pack.tar.xz", Store(tmp_path / "other")
    command.main(["pack", str(filled.directory), str(path)])
    capsys.readouterr()
    key = list(filled.keys())[1]
    entry = filled.read(key)
    assert entry is not None
    other.write(key, entry.manifest, {"value": [9.0]})
    said = refusal(["unpack", path, other.directory], capsys)
    (value,) = entry.columns["value"]
    assert f"{other.directory} and {path} disagree on {key}: value: 9.0 before, {value} now" in said
    assert list(other.keys()) == [key]


def test_the_same_numbers_that_took_another_time_are_no_disagreement(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for process in (1, 2):
        store = Store(tmp_path / str(process))
        store.write(NEW.key, NEW.manifest(process), NEW.columns)
    path = tmp_path / "pack.tar.xz"
    command.main(["pack", str(tmp_path / "1"), str(path)])
    capsys.readouterr()
    assert command.main(["unpack", str(path), str(tmp_path / "2")]) == 0
    assert "0 entries" in capsys.readouterr().out
    assert Store(tmp_path / "2").path(NEW.key).read_bytes() == encode(NEW.manifest(2), NEW.columns)


@pytest.mark.parametrize("folder", ["entries", "set-aside"])
def test_a_link_out_of_the_directory_is_not_followed(
    folder: str, filled: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, there, outside = tmp_path / "pack.tar.xz", tmp_path / "there", tmp_path / "outside"
    command.main(["pack", str(filled.directory), str(path)])
    capsys.readouterr()
    there.mkdir()
    outside.mkdir()
    link = there / (next(filled.keys())[:2] if folder == "entries" else folder)
    link.symlink_to(outside)
    said = refusal(["unpack", path, there], capsys)
    assert f"{link} is a link: nothing is written outside {there}" in said
    assert list(outside.iterdir()) == []


def test_a_link_in_the_place_of_an_entry_is_replaced_and_not_written_through(filled: Store, tmp_path: Path) -> None:
    path, there = tmp_path / "pack.tar.xz", Store(tmp_path / "there")
    command.main(["pack", str(filled.directory), str(path)])
    key = next(filled.keys())
    outside = tmp_path / "outside.txt"
    outside.write_text("mine")
    there.path(key).parent.mkdir()
    there.path(key).symlink_to(outside)
    command.main(["unpack", str(path), str(there.directory)])
    assert outside.read_text() == "mine"
    assert not there.path(key).is_symlink()
    assert there.read(key) == filled.read(key)


# 3. Verifying


def test_every_entry_is_checked_and_the_damaged_are_named(
    filled: Store, tmp_path: Path, archive: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    place = str(filled.directory)
    assert command.main(["verify", place]) == 0
    assert capsys.readouterr().out == f"{place}: 3 entries whole, 0 damaged, 0 unreadable\n"
    first, second, _ = (filled.path(key) for key in filled.keys())  # noqa: SIM118 - no mapping
    content = first.read_bytes()
    first.write_bytes(content[:-2] + b" \n")
    assert command.main(["verify", place]) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"{place}: 2 entries whole, 1 damaged, 0 unreadable",
        f"damaged: {first}: its digest does not fit its content",
    ]
    pack = archive([(f"{first.stem[:2]}/{first.name}", first.read_bytes())])
    assert command.main(["verify", place, str(pack)]) == 1
    said = capsys.readouterr().out
    assert f"{pack}: 0 entries whole, 1 damaged, 0 unreadable" in said
    assert f"damaged: {pack}: {first.stem}: its digest" in said
    first.write_bytes(content)
    second.unlink()
    second.symlink_to(second)
    assert command.main(["verify", place]) == 1
    said = capsys.readouterr().out
    assert f"{place}: 2 entries whole, 0 damaged, 1 unreadable" in said
    assert f"unreadable: {second}: cannot read {second}: Too many levels of symbolic links" in said
    assert "there is no evidence at" in refusal(["verify", tmp_path / "nowhere"], capsys)


def test_a_pack_that_unpacks_to_more_than_any_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("support.evidence.library.MOST_BYTES", 1_000_000)
    (tmp_path / "large.tar.xz").write_bytes(lzma.compress(bytes(50_000_000), preset=0))
    tracemalloc.start()
    said = refusal(["list", tmp_path / "large.tar.xz"], capsys)
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()
    assert "large.tar.xz is no pack of evidence: it unpacks to more than 1,000,000 bytes" in said
