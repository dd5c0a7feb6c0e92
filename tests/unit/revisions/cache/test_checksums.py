"""Checksums of scripts that are kept by the content of their files."""

import os
import sys
from pathlib import Path

import pytest

from asyncmig.revisions.cache import checksums
from asyncmig.revisions.cache.checksums import read_checksums
from asyncmig.revisions.files import python_ast
from asyncmig.revisions.files.script import load_script
from asyncmig.revisions.script_directory import ScriptDirectory

TEXT = "revision = {rev!r}\ndown_revision = None\n\ndef upgrade():\n    pass  # {comment}\n"


@pytest.fixture(autouse=True)
def byte_code_is_written(monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)


@pytest.fixture
def parsed(monkeypatch) -> list[str]:
    """The files that were parsed for their checksum."""
    calls: list[str] = []
    original = python_ast.flattened

    def flattened(tree):
        calls.append("parsed")
        return original(tree)

    monkeypatch.setattr(python_ast, "flattened", flattened)
    return calls


def write(folder: Path, rev: str, comment: str = "nothing") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{rev}.py"
    path.write_text(TEXT.format(rev=rev, comment=comment))
    os.utime(path, (1, 1))  # the byte code of a file that was just saved is not used
    return path


def checksums_of(folder: Path) -> dict[str, str]:
    graph = ScriptDirectory.load([folder]).graph
    scripts = {revision.id: load_script(revision) for revision in graph}
    read_checksums(scripts.values())
    return {name: script.checksum for name, script in scripts.items()}


def test_a_script_is_parsed_once(tmp_path, parsed):
    write(tmp_path, "a")
    first = checksums_of(tmp_path)
    assert parsed == ["parsed"]
    assert checksums_of(tmp_path) == first
    assert parsed == ["parsed"]


def test_a_changed_script_has_its_own_checksum(tmp_path, parsed):
    path = write(tmp_path, "a")
    first = checksums_of(tmp_path)
    path.write_text(path.read_text() + "    print()\n")
    assert checksums_of(tmp_path) != first
    assert len(parsed) == 2


def test_a_comment_changes_no_checksum(tmp_path, parsed):
    write(tmp_path, "a")
    first = checksums_of(tmp_path)
    write(tmp_path, "a", comment="another")
    assert checksums_of(tmp_path) == first
    assert len(parsed) == 2


def test_another_version_is_not_read(tmp_path, parsed, monkeypatch):
    write(tmp_path, "a")
    checksums_of(tmp_path)
    monkeypatch.setattr(checksums, "_VERSION", "asyncmig-checksums-0")
    checksums_of(tmp_path)
    assert len(parsed) == 2


def test_what_is_kept_does_not_grow_with_each_change(tmp_path):
    for number in range(20):
        write(tmp_path, "a", comment=str(number))
        checksums_of(tmp_path)
    kept = checksums.CacheFile(tmp_path, checksums._NAME, checksums._VERSION).read()
    assert kept is not None
    assert len(kept) <= 6
