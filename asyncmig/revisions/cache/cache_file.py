"""Cache files about a folder of scripts, beside their byte code.

Where no byte code may be written (``PYTHONDONTWRITEBYTECODE``, a read-only folder), or where other users
may write it, they are in the user's own cache folder. A file that is missing, damaged, of another version
or not trusted (``trusted_files``) counts as absent and is never an error.
"""

from __future__ import annotations

import marshal
import os
import sys
import zlib
from pathlib import Path
from typing import Any

from asyncmig.revisions.cache.trusted_files import is_trusted_folder, read_trusted, write_trusted

__all__ = ["CacheFile", "cache_of_user", "is_time_reliable"]

_MARSHAL = 2
"""The version of marshal's format that every Python reads, and that does not share equal strings."""

_GRAIN = 2_000_000_000  # nanoseconds: the coarsest time of a file system in use, FAT's


class CacheFile:
    """One file about one folder.

    Args:
        folder: with links resolved.
        name: of the file.
        version: goes up with every change of what is kept, or of how it is written down.
    """

    def __init__(self, folder: Path, name: str, version: str) -> None:
        self._path = _place(folder, name)
        self._version = version

    def read(self) -> Any | None:
        """The value that was kept, or None."""
        content = None if self._path is None else read_trusted(self._path)
        if content is None:
            return None
        body = content.partition(b"\n")[2]
        if self._sealed(body) != content:
            return None
        return marshal.loads(body)  # noqa: S302  # trusted like byte code

    def write(self, value: Any) -> None:
        """Keep a value that marshal can write, where that is possible."""
        if self._path is not None:
            write_trusted(self._path, self._sealed(marshal.dumps(value, _MARSHAL)))

    def _sealed(self, body: bytes) -> bytes:
        return f"{self._version} {zlib.crc32(body):08x} {len(body)}\n".encode() + body


def is_time_reliable(state: tuple[int, int, int, int], now: int) -> bool:
    """Whether every later change of a file in this state gets another time, and so is seen.

    Times have a grain: a file that changes twice within it looks the same after both. So nothing is
    kept of a file that changed less than two seconds ago.

    Args:
        state: of ``RevisionFile``.
        now: before the folder was listed, in nanoseconds.
    """
    return max(state[1], state[2]) < now - _GRAIN


def _place(folder: Path, name: str) -> Path | None:
    if sys.dont_write_bytecode or not os.access(folder, os.W_OK):
        return _place_of_user(folder, name)
    if sys.pycache_prefix:
        return Path(sys.pycache_prefix, *folder.parts[1:], name)
    byte_code = folder / "__pycache__"
    if byte_code.is_dir() and not is_trusted_folder(byte_code):
        return _place_of_user(folder, name)
    return byte_code / name


def _place_of_user(folder: Path, name: str) -> Path | None:
    cache = cache_of_user()
    encoded = os.fsencode(folder)
    # two folders of one number would overwrite, but never mislead each other
    number = f"{zlib.crc32(encoded):08x}{zlib.adler32(encoded):08x}"
    return None if cache is None else cache / f"{number}-{name}"


def cache_of_user() -> Path | None:
    """The folder of asyncmig in the user's cache folder; None for a user without one."""
    cache = os.environ.get("XDG_CACHE_HOME")
    home = os.environ.get("HOME") or os.environ.get("USERPROFILE")
    if not (cache or home):
        return None
    return Path(cache or f"{home}/.cache", "asyncmig")
