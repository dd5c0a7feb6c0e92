"""The index: the cached metadata of a folder's revision files.

An entry is valid only for a file of the same name, size, times and inode.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from asyncmig.revisions.cache.cache_file import CacheFile, is_time_reliable
from asyncmig.revisions.graph.revision import Revision, ScriptKind, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from asyncmig.revisions.files.listing import RevisionFile

__all__ = ["RevisionIndex"]

_VERSION = "asyncmig-index-3"

_NAME = "asyncmig-revisions.index"

_KINDS = {str(kind): kind for kind in ScriptKind}

_Entry = tuple[tuple[int, int, int, int], Any]  # the state of a file, and its facts


class RevisionIndex:
    """The index of one folder.

    Args:
        folder: with links resolved.
    """

    def __init__(self, folder: Path) -> None:
        self._now = time.time_ns()
        self._file = CacheFile(folder, _NAME, _VERSION)
        self._read: dict[str, _Entry] = self._file.read() or {}
        self._kept: dict[str, _Entry] = {}

    def __contains__(self, file: RevisionFile) -> bool:
        """Whether the index has an entry for the file."""
        return file.name in self._kept

    def get(self, file: RevisionFile) -> Revision | Verdict:
        """The metadata of the file, or ``UNREAD``."""
        entry = self._read.get(file.name)
        if entry is None or entry[0] != file.state:
            return Verdict.UNREAD
        self._kept[file.name] = entry
        facts = entry[1]
        if facts is None:
            return Verdict.NO_REVISION
        name, down_revisions, depends_on, branch_labels, doc, kind = facts
        return Revision(
            name, down_revisions, depends_on, branch_labels, doc, file.path, _KINDS[kind]
        )

    def put(self, file: RevisionFile, found: Revision | Verdict) -> None:
        """Add an entry, unless the file changed very recently or its metadata is computed.

        Computed metadata may change without the file, so the script is executed every time.
        """
        if found is not Verdict.COMPUTED and is_time_reliable(file.state, self._now):
            self._kept[file.name] = (file.state, _facts(found))

    def save(self) -> None:
        """Write the index if it has changed."""
        if self._kept != self._read:
            self._file.write(self._kept)


def _facts(revision: Revision | Verdict) -> tuple[Any, ...] | None:
    if isinstance(revision, Verdict):
        return None
    return (
        revision.id,
        revision.down_revisions,
        revision.depends_on,
        revision.branch_labels,
        revision.doc,
        str(revision.kind),
    )
