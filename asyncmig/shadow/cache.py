"""What servers printed for models, kept in the user's cache folder: unchanged models cost no shadow.

An entry counts for exactly one key, a hash of everything that the printed text can depend on. One that
is missing, damaged or not ours to write is no entry, never an error.
"""

from __future__ import annotations

import contextlib
import marshal
import os
import zlib
from hashlib import sha256
from typing import TYPE_CHECKING

from asyncmig.catalog.entity_queries import ENTITIES
from asyncmig.catalog.queries import CATALOG
from asyncmig.revisions.cache.cache_file import cache_of_user
from asyncmig.revisions.cache.trusted_files import read_trusted, write_trusted
from asyncmig.shadow.scratch_schemas import CatalogSnapshot

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


__all__ = ["ShadowCache", "key_of"]

_FORMAT = "asyncmig-shadow-2"
"""Goes up when an entry is written down differently; what is asked of servers is part of the key."""

_MARSHAL = 2
"""The version of marshal's format that every Python reads."""

_MOST = 32
"""Entries that are kept; those that were used last."""


def key_of(facts: Iterable[str]) -> str:
    """The name of what servers print under these circumstances.

    Args:
        facts: every statement that is built, and everything that decides how it is printed.
    """
    hashed = sha256()
    for fact in (_FORMAT, ENTITIES, CATALOG, *facts):
        text = fact.encode("utf-8", "surrogatepass")
        hashed.update(b"%d:" % len(text))
        hashed.update(text)
    return hashed.hexdigest()


class ShadowCache:
    """The entries of a folder.

    Args:
        folder: None is the user's cache folder, where there is one.
    """

    def __init__(self, folder: Path | None = None) -> None:
        user = cache_of_user()
        self._folder = folder or (user / "shadow" if user is not None else None)

    def get(self, key: str) -> CatalogSnapshot | None:
        """What a server printed, if it was kept."""
        if self._folder is None:
            return None
        path = self._folder / key
        content = read_trusted(path)
        if content is None:
            return None
        body = content.partition(b"\n")[2]
        if _sealed(key, body) != content:
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        loaded = marshal.loads(zlib.decompress(body))  # noqa: S302  # trusted like byte code
        rows, entities = loaded
        return CatalogSnapshot(rows=rows, entities=entities)

    def put(self, key: str, printed: CatalogSnapshot) -> None:
        """Keep what a server printed, in one step; where that is not possible, not."""
        if self._folder is None:
            return
        kept = (printed.rows, printed.entities)
        body = zlib.compress(marshal.dumps(kept, _MARSHAL), 1)
        write_trusted(self._folder / key, _sealed(key, body))
        with contextlib.suppress(OSError):
            # entries that were not used for the longest time, and files of writers that died
            for path in sorted(self._folder.iterdir(), key=_last_used, reverse=True)[_MOST:]:
                path.unlink(missing_ok=True)


def _last_used(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _sealed(key: str, body: bytes) -> bytes:
    return f"{_FORMAT} {key} {zlib.crc32(body):08x} {len(body)}\n".encode() + body
