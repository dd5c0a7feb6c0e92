"""The index: what was read from a folder's revision files before.

It is kept beside their byte code. Where no byte code may be written (``PYTHONDONTWRITEBYTECODE``, a
read-only folder), it is kept in the user's own cache folder, so that the project stays as it is.

An entry counts only for a file of the same name, size, times and number. Times have a grain, though: a
file that changes twice within it looks the same after both. So nothing is kept of a file that changed
less than two seconds before the folder was listed; later changes get another time then. An index that is
missing, damaged, of another version or not ours to write is no index, never an error.
"""

from __future__ import annotations

import marshal
import os
import sys
import time
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asyncmig.revisions.revision import Revision, ScriptKind, Verdict

if TYPE_CHECKING:
    from asyncmig.revisions.listing import RevisionFile

__all__ = ["RevisionIndex", "cache_of_user"]

_FORMAT = "asyncmig-index-2"
"""Goes up with every change of what is read from a file, or of how it is written down."""

_NAME = "asyncmig-revisions.index"

_GRAIN = 2_000_000_000  # nanoseconds: the coarsest time of a file system in use, FAT's

_MARSHAL = 2
"""The version of marshal's format that every Python reads, and that does not share equal strings."""

_KINDS = {str(kind): kind for kind in ScriptKind}

_Entry = tuple[tuple[int, int, int, int], Any]  # the state of a file, and its facts


class RevisionIndex:
    """The index of one folder.

    Args:
        folder: with links resolved.
    """

    def __init__(self, folder: Path) -> None:
        self._now = time.time_ns()
        self._path = _place(folder)
        self._read = self._load()
        self._kept: dict[str, _Entry] = {}

    def get(self, file: RevisionFile) -> Revision | Verdict:
        """What the file was when it was read, or ``UNREAD``."""
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
        """Keep what a file is, unless it changed too short a time ago or is computed.

        What a script computes may depend on anything, so it is asked every time.
        """
        settled = max(file.state[1], file.state[2]) < self._now - _GRAIN
        if settled and found is not Verdict.COMPUTED:
            self._kept[file.name] = (file.state, _facts(found))

    def save(self) -> None:
        """Write the index if it says anything new, in one step; where that is not possible, not."""
        if self._path is None or self._kept == self._read:
            return
        body = marshal.dumps(self._kept, _MARSHAL)
        draft = self._path.with_name(f"{self._path.name}.{os.getpid()}.{time.monotonic_ns()}")
        try:
            draft.parent.mkdir(exist_ok=True, parents=True)
            try:
                draft.write_bytes(_sealed(body))
                draft.replace(self._path)
            except OSError:
                draft.unlink(missing_ok=True)
        except OSError:
            return

    def _load(self) -> dict[str, _Entry]:
        if self._path is None:
            return {}
        try:
            content = self._path.read_bytes()
        except OSError:
            return {}
        body = content.partition(b"\n")[2]
        if _sealed(body) != content:
            return {}
        entries: dict[str, _Entry] = marshal.loads(body)  # noqa: S302  # trusted like byte code
        return entries


def _place(folder: Path) -> Path | None:
    if sys.dont_write_bytecode or not os.access(folder, os.W_OK):
        return _place_of_user(folder)
    if sys.pycache_prefix:
        return Path(sys.pycache_prefix, *folder.parts[1:], _NAME)
    return folder / "__pycache__" / _NAME


def _place_of_user(folder: Path) -> Path | None:
    cache = cache_of_user()
    name = os.fsencode(folder)
    # two folders of one number would overwrite, but never mislead each other
    number = f"{zlib.crc32(name):08x}{zlib.adler32(name):08x}"
    return None if cache is None else cache / f"{number}-{_NAME}"


def cache_of_user() -> Path | None:
    """Our part of the user's cache folder; None for a user who has none."""
    cache = os.environ.get("XDG_CACHE_HOME")
    home = os.environ.get("HOME") or os.environ.get("USERPROFILE")
    if not (cache or home):
        return None
    return Path(cache or f"{home}/.cache", "asyncmig")


def _sealed(body: bytes) -> bytes:
    return f"{_FORMAT} {zlib.crc32(body):08x} {len(body)}\n".encode() + body


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
