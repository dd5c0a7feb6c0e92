"""The checksums of Python scripts, kept by the content of their files.

A checksum is that of the syntax tree, and parsing a script takes longer than running it.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from asyncmig.revisions.cache.cache_file import CacheFile
from asyncmig.revisions.files.script import PythonScript

if TYPE_CHECKING:
    from collections.abc import Iterable

    from asyncmig.revisions.files.script import Script

__all__ = ["read_checksums"]

_VERSION = "asyncmig-checksums-1"
"""Goes up when ``python_ast.flattened`` gives another text."""

_NAME = "asyncmig-checksums.index"


def read_checksums(scripts: Iterable[Script]) -> None:
    """Give each script its checksum: the one that is kept, or that of its syntax tree, which is kept now."""
    folders: dict[Path, list[PythonScript]] = {}
    for script in scripts:
        if isinstance(script, PythonScript):
            folders.setdefault(Path(script.revision.path).parent, []).append(script)
    for folder, found in folders.items():
        _read_folder(folder, found)


def _read_folder(folder: Path, scripts: Iterable[PythonScript]) -> None:
    file = CacheFile(folder.resolve(), _NAME, _VERSION)
    kept: dict[bytes, str] = file.read() or {}
    added: dict[bytes, str] = {}
    for script in scripts:
        content = sha256(script.source).digest()
        if content in kept:
            script.checksum = kept[content]
        else:
            added[content] = script.checksum
    if added:
        # what is kept of files that have changed since goes with them, once it is the larger part
        limit = 2 * len(list(folder.iterdir()))
        file.write(added if len(kept) > limit else kept | added)
