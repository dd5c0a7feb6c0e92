"""Which files of the script directory are revision files, and in what order.

The order is Alembic's: folder by folder as configured, in each the files by name, then its subfolders by
name. It decides between orders of a run that are all valid, so it must not depend on the file system.
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

_NEVER = (".#", "__init__")  # an editor's lock file, a package's marker
_BYTE_CODE = (".pyc", ".pyo")


class RevisionFile(NamedTuple):
    """A file that may be a revision.

    Attributes:
        name: relative to the folder that was listed.
        path: absolute, links resolved.
        state: size, time of content, time of entry, number: changes whenever the content does.
    """

    name: str
    path: str
    state: tuple[int, int, int, int]


def refuse_missing(
    locations: Sequence[str | os.PathLike[str]], *, named_by: Path | None = None
) -> None:
    """Make sure that there is a script directory at all.

    A folder for revisions that is not there yet is empty, as git leaves it, if the folder around it is
    there.

    Args:
        locations: the folders for revisions.
        named_by: the configuration that they come from; without one the advice is to start a project.

    Raises:
        FileError: there is none. Facts: ``path``, ``config``.
    """
    folders = [Path(location) for location in locations]
    if not any(folder.is_dir() or folder.parent.is_dir() for folder in folders):
        names = ", ".join(str(folder) for folder in folders) or "nowhere"
        hint = "`asyncmig init DIR` starts a project; is this its folder?"
        if folders and named_by is not None:
            from shlex import quote

            # `init` would write a second configuration, which may go before this one.
            hint = (
                f"{named_by} names it: correct its script_location, or make the folder, which git does "
                f"not keep while it is empty: mkdir -p {quote(str(folders[0]))}"
            )
        raise FileError(
            f"there is no script directory: {names} does not exist",
            hint=hint,
            path=str(folders[0]) if folders else "",
            config=None if named_by is None else str(named_by),
        )


def list_folder(folder: Path, *, recursive: bool, sourceless: bool) -> list[RevisionFile]:
    """The files of a folder that may be revisions; none where there is no such folder.

    Args:
        folder: with links resolved.
        recursive: subfolders too.
        sourceless: byte code too, where its source is missing.

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
            if entry.is_dir(follow_symlinks=False) and entry.name != "__pycache__":
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
            hint="is it a folder, and may you read it?",
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
    except OSError:  # a link to nothing, or a file that was deleted since
        return None
    state = (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)
    return RevisionFile(prefix + entry.name, path, state)


def _byte_code(
    folder: str, names: set[str], files: list[os.DirEntry[str]]
) -> Iterator[os.DirEntry[str]]:
    """Byte code without a source: beside where the source would be, then in ``__pycache__``."""
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
