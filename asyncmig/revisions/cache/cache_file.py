"""What we keep of a folder of scripts: files beside their byte code.

Where no byte code may be written (``PYTHONDONTWRITEBYTECODE``, a read-only folder), they are kept in the
user's own cache folder, so that the project stays as it is. One that is missing, damaged, of another
version or not ours to write is none, never an error.
"""

from __future__ import annotations

import marshal
import os
import sys
import time
import zlib
from pathlib import Path
from typing import Any

__all__ = ["CacheFile", "cache_of_user", "is_settled"]

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
        """What was kept, or None."""
        if self._path is None:
            return None
        try:
            content = self._path.read_bytes()
        except OSError:
            return None
        body = content.partition(b"\n")[2]
        if self._sealed(body) != content:
            return None
        return marshal.loads(body)  # noqa: S302  # trusted like byte code

    def write(self, value: Any) -> None:
        """Keep what marshal can write, in one step; where that is not possible, not."""
        if self._path is None:
            return
        body = marshal.dumps(value, _MARSHAL)
        draft = self._path.with_name(f"{self._path.name}.{os.getpid()}.{time.monotonic_ns()}")
        try:
            draft.parent.mkdir(exist_ok=True, parents=True)
            try:
                draft.write_bytes(self._sealed(body))
                draft.replace(self._path)
            except OSError:
                draft.unlink(missing_ok=True)
        except OSError:
            return

    def _sealed(self, body: bytes) -> bytes:
        return f"{self._version} {zlib.crc32(body):08x} {len(body)}\n".encode() + body


def is_settled(state: tuple[int, int, int, int], now: int) -> bool:
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
    return folder / "__pycache__" / name


def _place_of_user(folder: Path, name: str) -> Path | None:
    cache = cache_of_user()
    encoded = os.fsencode(folder)
    # two folders of one number would overwrite, but never mislead each other
    number = f"{zlib.crc32(encoded):08x}{zlib.adler32(encoded):08x}"
    return None if cache is None else cache / f"{number}-{name}"


def cache_of_user() -> Path | None:
    """Our part of the user's cache folder; None for a user who has none."""
    cache = os.environ.get("XDG_CACHE_HOME")
    home = os.environ.get("HOME") or os.environ.get("USERPROFILE")
    if not (cache or home):
        return None
    return Path(cache or f"{home}/.cache", "asyncmig")
