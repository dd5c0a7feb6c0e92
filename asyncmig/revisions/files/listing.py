"""Lists the revision files of the script directory in a fixed order.

The order is Alembic's: folder by folder as configured, in each folder the files by name, then its
subfolders by name. It decides between valid orders of a run, so it must not depend on the file system.

Not listed are ``__init__``, lock files of editors (``.#name``), macOS's ``._name`` files, ``__pycache__`` and
hidden folders such as ``.ipynb_checkpoints``.
"""

from __future__ import annotations

import os
import sys
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from asyncmig.errors import FileError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["RevisionFile", "list_folder", "refuse_missing"]

_NEVER = (".#", "._", "__init__")  # lock files of editors, resource forks of macOS, packages
_NO_STATE = (0, 0, 0, 0)
_BYTE_CODE = (".pyc", ".pyo")


class RevisionFile(NamedTuple):
    """A file that may be a revision.

    Attributes:
        name: relative to the folder that was listed.
        path: absolute, links resolved.
        state: size, time of content, time of inode, number of inode; zeros for a link to nothing.
    """

    name: str
    path: str
    state: tuple[int, int, int, int]


def refuse_missing(
    locations: Sequence[str | os.PathLike[str]], *, named_by: Path | None = None
) -> None:
    """Check that there is a script directory.

    A missing folder of revisions counts as empty if its parent exists, because git keeps no empty folders.

    Args:
        locations: the folders of revisions.
        named_by: the configuration that names them; None for the hint to create a project.

    Raises:
        FileError: there is none.
    """
    folders = [Path(location) for location in locations]
    if not any(folder.is_dir() or folder.parent.is_dir() for folder in folders):
        names = ", ".join(str(folder) for folder in folders) or "nowhere"
        hint = "is this the project's folder? `asyncmig init DIR` creates a project"
        if folders and named_by is not None:
            from shlex import quote

            # `init` would write a second configuration, which may take precedence over this one.
            hint = (
                f"{named_by} names it: correct its script_location, or create the folder; git does not "
                f"keep empty folders: mkdir -p {quote(str(folders[0]))}"
            )
        raise FileError(
            f"there is no script directory: {names} does not exist",
            hint=hint,
            path=str(folders[0]) if folders else "",
            config=None if named_by is None else str(named_by),
        )


def list_folder(folder: Path, *, recursive: bool, sourceless: bool) -> list[RevisionFile]:
    """The files of a folder that may be revisions; none if there is no such folder.

    Args:
        folder: with links resolved.
        recursive: list subfolders, too.
        sourceless: list byte code whose source is missing, too.

    Raises:
        FileError: a folder cannot be read.
    """
    return _list(str(folder), "", recursive=recursive, sourceless=sourceless)


def _list(folder: str, prefix: str, *, recursive: bool, sourceless: bool) -> list[RevisionFile]:
    entries = _entries(folder)
    files = [entry for entry in entries if not entry.is_dir()]
    scripts = [
        entry
        for entry in files
        if entry.name.endswith((".py", ".sql")) and not entry.name.startswith(_NEVER)
    ]
    if sourceless:
        scripts += _byte_code(folder, {entry.name for entry in files}, files)
    found = [file for entry in scripts if (file := _file(entry, prefix)) is not None]
    if recursive:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False) and not entry.name.startswith(
                (".", "__pycache__")
            ):
                inside = f"{prefix}{entry.name}/"
                found += _list(entry.path, inside, recursive=True, sourceless=sourceless)
    return found


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=attrgetter("name"))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise FileError(
            f"the folder {folder} cannot be read: {error.strerror}",
            hint="check that it is a folder, and that you may read it",
            path=folder,
        ) from error


def _file(entry: os.DirEntry[str], prefix: str) -> RevisionFile | None:
    path = entry.path
    if entry.is_symlink():
        path = str(Path(path).resolve())
        if not path.endswith((".py", ".sql", *_BYTE_CODE)):
            return None
    try:
        stat = entry.stat()
    except OSError:
        if entry.is_symlink():  # to nothing; reading it raises an error
            return RevisionFile(prefix + entry.name, entry.path, _NO_STATE)
        return None  # deleted meanwhile
    state = (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)
    return RevisionFile(prefix + entry.name, path, state)


def _byte_code(
    folder: str, names: set[str], files: list[os.DirEntry[str]]
) -> Iterator[os.DirEntry[str]]:
    """Byte code without a source: in the folder, then in its ``__pycache__``."""
    for entry in files:
        source, suffix = entry.name[:-1], entry.name[-4:]
        if suffix not in _BYTE_CODE or entry.name.startswith(_NEVER) or source in names:
            continue
        if suffix == ".pyc" or f"{source}c" not in names:
            yield entry
    stems = {name.partition(".")[0] for name in names}
    tag = sys.implementation.cache_tag
    for entry in _entries(f"{folder}{os.sep}__pycache__"):
        stem, _, rest = entry.name.partition(".")
        ours = rest.startswith(f"{tag}.") and rest.endswith(".pyc")
        if ours and stem not in stems and not stem.startswith("__init__"):
            stems.add(stem)
            yield entry
