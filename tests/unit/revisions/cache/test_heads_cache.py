"""Heads that are known without reading the history: only where nothing has changed since."""

import os
import sys
import time
from pathlib import Path

import pytest

from asyncmig.errors import FileError, HistoryError
from asyncmig.revisions.cache.heads_cache import known_heads
from asyncmig.revisions.script_directory import ScriptDirectory

LATER = 60 * 10**9  # nanoseconds: the files of a test are new, so we pretend that it is later


@pytest.fixture(autouse=True)
def later(monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    now = time.time_ns() + LATER
    monkeypatch.setattr("asyncmig.revisions.cache.metadata_index.time.time_ns", lambda: now)


@pytest.fixture
def versions(tmp_path: Path) -> Path:
    folder = tmp_path / "migrations" / "versions"
    write(folder, "a")
    write(folder, "b", down="a")
    return folder


def write(folder: Path, rev: str, *, down: str | None = None, more: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{rev}.py"
    path.write_text(f"revision = {rev!r}\ndown_revision = {down!r}\n{more}")
    return path


def test_after_the_history_was_read(versions):
    assert known_heads([versions]) is None
    assert ScriptDirectory.load([versions]).graph.heads == ("b",)
    assert known_heads([versions]) == ("b",)


def test_several_heads(versions):
    write(versions, "c", down="a")
    ScriptDirectory.load([versions])
    assert known_heads([versions]) == ("b", "c")


def in_place(versions: Path) -> None:
    path = versions / "b.py"
    stat = path.stat()
    path.write_text(path.read_text().replace("'b'", "'x'"))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def touched(versions: Path) -> None:
    (versions / "a.py").touch()


def one_more(versions: Path) -> None:
    write(versions, "c", down="b")


def one_less(versions: Path) -> None:
    (versions / "b.py").unlink()


def renamed(versions: Path) -> None:
    (versions / "b.py").rename(versions / "c.py")


def replaced(versions: Path) -> None:
    other = write(versions.parent, "b", down="a")
    other.replace(versions / "b.py")


@pytest.mark.parametrize("change", [in_place, touched, one_more, one_less, renamed, replaced])
def test_any_change_is_seen(versions, change):
    ScriptDirectory.load([versions])
    change(versions)
    assert known_heads([versions]) is None
    found = ScriptDirectory.load([versions]).graph.heads
    assert known_heads([versions]) == found


def test_what_changed_a_moment_ago(versions, monkeypatch):
    monkeypatch.setattr("asyncmig.revisions.cache.metadata_index.time.time_ns", lambda: 0)
    ScriptDirectory.load([versions])
    assert known_heads([versions]) is None


def test_computed_metadata(versions):
    write(versions, "c", down="b", more="depends_on = [name for name in ()]\n")
    assert ScriptDirectory.load([versions]).graph.heads == ("c",)
    assert known_heads([versions]) is None


def test_a_head_that_another_depends_on(versions):
    write(versions, "c", more="depends_on = 'b'\n")
    assert ScriptDirectory.load([versions]).graph.effective_heads == ("c",)
    assert known_heads([versions]) is None


def test_a_history_that_cannot_be(versions):
    ScriptDirectory.load([versions])
    write(versions, "c", down="nobody")
    with pytest.raises(HistoryError):
        ScriptDirectory.load([versions])
    assert known_heads([versions]) is None


def test_folders_are_known_together(versions, tmp_path):
    other = tmp_path / "other"
    write(other, "c", down="b")
    ScriptDirectory.load([versions, other])
    assert known_heads([versions, other]) == ("c",)
    assert known_heads([versions]) is None
    write(other, "d", down="c")
    assert known_heads([versions, other]) is None


def test_subfolders(versions):
    write(versions / "2024", "c", down="b")
    ScriptDirectory.load([versions], recursive=True)
    assert known_heads([versions], recursive=True) == ("c",)
    assert known_heads([versions]) is None


def test_without_cache(versions):
    ScriptDirectory.load([versions], cache=False)
    assert known_heads([versions]) is None


def test_a_damaged_file(versions):
    ScriptDirectory.load([versions])
    [kept] = versions.glob("__pycache__/asyncmig-heads.index")
    content = kept.read_bytes()
    for damaged in (b"", content[:-1], content.replace(b"b.py", b"c.py")):
        kept.write_bytes(damaged)
        assert known_heads([versions]) is None
    ScriptDirectory.load([versions])
    assert kept.read_bytes() == content
    before = kept.stat()
    ScriptDirectory.load([versions])
    assert kept.stat() == before


def test_no_folder(tmp_path):
    with pytest.raises(FileError):
        known_heads([tmp_path / "nowhere" / "versions"])
    with pytest.raises(FileError) as caught:
        known_heads([tmp_path / "nowhere" / "versions"], named_by=tmp_path / "alembic.ini")
    assert f"{tmp_path / 'alembic.ini'} names it" in caught.value.hint
    assert caught.value.fields()["config"] == str(tmp_path / "alembic.ini")
