"""The cached heads of unchanged folders: all that a start without pending revisions needs.

They are kept beside the index, with the listing of the folders that they were found in: every file with
its size, times and number. A folder that has changed in any way, and one with a script whose metadata is
computed, has no known heads: then the history is read.
"""

from __future__ import annotations

import marshal
from pathlib import Path
from typing import TYPE_CHECKING

from asyncmig.revisions.cache.cache_file import CacheFile
from asyncmig.revisions.files.listing import list_folder, refuse_missing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from asyncmig.revisions.files.listing import RevisionFile
    from asyncmig.revisions.graph.graph import RevisionGraph

__all__ = ["keep_heads", "known_heads"]

_VERSION = "asyncmig-heads-1"

_NAME = "asyncmig-heads.index"


def known_heads(
    locations: Sequence[Path],
    *,
    recursive: bool = False,
    sourceless: bool = False,
    named_by: Path | None = None,
) -> tuple[str, ...] | None:
    """The heads, or None where only reading the history can tell. This is file work.

    Heads that another revision depends on have no row in the version table: where there are such, None.

    Args:
        locations: as for ``ScriptDirectory.load``, like the other arguments.
        recursive: subfolders too.
        sourceless: byte code too.
        named_by: the configuration that they come from, for the error.

    Raises:
        FileError: there is no script directory, or a folder cannot be read.
    """
    refuse_missing(locations, named_by=named_by)
    folders = [Path(location).resolve() for location in locations]
    kept = _file(folders).read()
    if kept is None:
        return None
    listed = (
        file
        for folder in folders
        for file in list_folder(folder, recursive=recursive, sourceless=sourceless)
    )
    heads: tuple[str, ...] = kept[1]
    return heads if kept[0] == _written(folders, listed) else None


def keep_heads(
    locations: Sequence[Path], listed: Iterable[RevisionFile], graph: RevisionGraph
) -> None:
    """Keep the heads of a history.

    Args:
        locations: where it was read.
        listed: all files, in the order of the folders, in the state in which they were read.
        graph: the history.
    """
    folders = [Path(location).resolve() for location in locations]
    if graph.heads != graph.effective_heads:
        return
    file = _file(folders)
    found = (_written(folders, listed), graph.heads)
    if file.read() != found:
        file.write(found)


def _file(folders: Sequence[Path]) -> CacheFile:
    return CacheFile(folders[0], _NAME, _VERSION)


def _written(folders: Sequence[Path], listed: Iterable[RevisionFile]) -> bytes:
    # version 2 does not tell equal strings from the same one
    return marshal.dumps(([str(folder) for folder in folders], [tuple(file) for file in listed]), 2)
