"""The cache of printed models in the user's cache folder: unchanged models are not built again.

An entry is valid for one key, a hash of everything that the printed text can depend on. An entry that
is missing, damaged or not trusted is ignored, and never an error.
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
"""Changes with the format of entries; the catalog queries are part of the key."""

_MARSHAL = 2
"""The version of marshal's format, which every version of Python reads."""

_MAX_ENTRIES = 32
"""The number of entries that are kept: those that were used last."""


def key_of(facts: Iterable[str]) -> str:
    """Return the key of an entry.

    Args:
        facts: all statements that are built, and everything that affects how they are printed.
    """
    hashed = sha256()
    for fact in (_FORMAT, ENTITIES, CATALOG, *facts):
        text = fact.encode("utf-8", "surrogatepass")
        hashed.update(b"%d:" % len(text))
        hashed.update(text)
    return hashed.hexdigest()


class ShadowCache:
    """The entries in a folder.

    Args:
        folder: the folder; None for the user's cache folder, if there is one.
    """

    def __init__(self, folder: Path | None = None) -> None:
        user = cache_of_user()
        self._folder = folder or (user / "shadow" if user is not None else None)

    def get(self, key: str) -> CatalogSnapshot | None:
        """Return an entry, if there is one."""
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
        """Store an entry atomically; if that fails, it is not stored."""
        if self._folder is None:
            return
        kept = (printed.rows, printed.entities)
        body = zlib.compress(marshal.dumps(kept, _MARSHAL), 1)
        write_trusted(self._folder / key, _sealed(key, body))
        with contextlib.suppress(OSError):
            # entries that were not used for the longest time, and files of writers that died
            for path in sorted(self._folder.iterdir(), key=_last_used, reverse=True)[_MAX_ENTRIES:]:
                path.unlink(missing_ok=True)


def _last_used(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _sealed(key: str, body: bytes) -> bytes:
    return f"{_FORMAT} {key} {zlib.crc32(body):08x} {len(body)}\n".encode() + body
