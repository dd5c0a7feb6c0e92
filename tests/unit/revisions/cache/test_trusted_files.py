"""Cache files count only if nobody but their owner and root can have written them."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from asyncmig.revisions.cache.heads_cache import keep_heads, known_heads
from asyncmig.revisions.cache.trusted_files import read_trusted, write_trusted
from asyncmig.revisions.script_directory import ScriptDirectory

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def cached(tmp_path: Path) -> Path:
    path = tmp_path / "cache" / "heads.index"
    write_trusted(path, b"heads")
    return path


def test_what_was_written_is_read(cached: Path):
    assert read_trusted(cached) == b"heads"
    write_trusted(cached, b"others")
    assert read_trusted(cached) == b"others"
    assert [path.name for path in cached.parent.iterdir()] == ["heads.index"]


def test_a_missing_file_or_folder_is_no_cache(tmp_path: Path):
    assert read_trusted(tmp_path / "no" / "heads.index") is None
    assert read_trusted(tmp_path / "heads.index") is None


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o666])
def test_a_file_that_others_may_write_is_no_cache(cached: Path, mode: int, caplog):
    cached.chmod(mode)
    with caplog.at_level(logging.INFO, "asyncmig.cache"):
        assert read_trusted(cached) is None
    assert caplog.messages == [
        f"cache {cached} is not used: other users may write it (mode {mode:04o})"
    ]


@pytest.mark.parametrize("mode", [0o775, 0o757, 0o1777])
def test_a_folder_that_others_may_write_is_no_cache(cached: Path, mode: int):
    cached.parent.chmod(mode)
    assert read_trusted(cached) is None
    write_trusted(cached.with_name("new"), b"")
    assert not cached.with_name("new").exists()


def test_what_another_user_owns_is_no_cache(cached: Path, monkeypatch, caplog):
    if os.getuid() == 0:
        os.chown(cached, 65534, 65534)
        owner = 65534
    else:
        owner = os.getuid()
        monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with caplog.at_level(logging.INFO, "asyncmig.cache"):
        assert read_trusted(cached) is None
    assert f"it belongs to the user with id {owner}" in caplog.text


def test_a_link_is_no_cache(cached: Path):
    link = cached.with_name("link")
    link.symlink_to(cached)
    assert read_trusted(link) is None


def test_files_are_closed_to_others_whatever_the_umask(tmp_path: Path):
    code = (
        "import os, sys, pathlib; os.umask(0)\n"
        "from asyncmig.revisions.cache.trusted_files import write_trusted\n"
        "write_trusted(pathlib.Path(sys.argv[1]), b'x')"
    )
    path = tmp_path / "cache" / "file"
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)
    assert path.stat().st_mode & 0o777 == 0o644
    assert path.parent.stat().st_mode & 0o777 == 0o755


def test_byte_code_folders_that_others_may_write_give_way(tmp_path: Path, monkeypatch):
    """The cache is then in the user's own folder, and works there."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    versions = tmp_path / "versions"
    (versions / "__pycache__").mkdir(parents=True)
    (versions / "__pycache__").chmod(0o777)
    script = versions / "a.py"
    script.write_text('revision = "a"\ndown_revision = None\n')
    long_ago = time.time() - 60
    os.utime(script, (long_ago, long_ago))
    directory = ScriptDirectory.load([versions])
    keep_heads([versions], [], directory.graph)
    assert not list((versions / "__pycache__").glob("*.index"))
    assert list((tmp_path / "home" / "asyncmig").glob("*.index"))
    assert known_heads([versions]) is None  # other files than those it was kept with


def test_a_folder_is_no_cache_file(tmp_path: Path):
    folder = tmp_path / "cache"
    folder.mkdir(0o755)
    assert read_trusted(folder) is None
