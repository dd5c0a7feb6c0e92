"""Cache files that only their owner can have written, read and replaced in one step.

A cache decides what is pending and what the models look like, so it is used only if the file and its
folder belong to this user or to root, and no other user may write them. Anything else is ignored, and
reported to the logger ``asyncmig.cache``; it is never an error.
"""

from __future__ import annotations

import os
import stat
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["is_trusted_folder", "read_trusted", "write_trusted"]

_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def read_trusted(path: Path) -> bytes | None:
    """The content of a cache file; None where it is missing, unreadable or not to be trusted."""
    try:
        if not is_trusted_folder(path.parent):
            return None
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return None
    try:
        with os.fdopen(descriptor, "rb") as file:
            return file.read() if _is_trusted(os.fstat(file.fileno()), path) else None
    except OSError:
        return None


def write_trusted(path: Path, content: bytes) -> None:
    """Replace a cache file in one step; where that is not possible, leave things as they are."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.{time.monotonic_ns()}")
    try:
        if not is_trusted_folder(_make_folder(path.parent)):
            return
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
            with os.fdopen(os.open(draft, flags, 0o644), "wb") as file:
                if hasattr(
                    os, "fchmod"
                ):  # pragma: no branch - not on Windows; whatever the umask is
                    os.fchmod(file.fileno(), 0o644)
                file.write(content)
            draft.replace(path)
        except OSError:
            draft.unlink(missing_ok=True)
    except OSError:
        return


def _make_folder(folder: Path) -> Path:
    """Create a folder for cache files that only this user may write, with its parents."""
    folder.parent.mkdir(exist_ok=True, parents=True)
    folder.mkdir(0o755, exist_ok=True)
    return folder


def is_trusted_folder(folder: Path) -> bool:
    """Whether only this user and root can create files in a folder.

    Raises:
        OSError: there is no such folder.
    """
    return _is_trusted(folder.stat(), folder)


def _is_trusted(found: os.stat_result, path: Path) -> bool:
    if not hasattr(
        os, "geteuid"
    ):  # pragma: no cover - Windows: access control lists, which folders inherit
        return True
    if found.st_uid not in {os.geteuid(), 0}:
        reason = f"it belongs to the user with id {found.st_uid}"
    elif found.st_mode & _WRITABLE_BY_OTHERS:
        reason = f"other users may write it (mode {stat.S_IMODE(found.st_mode):04o})"
    else:
        return True
    import logging

    logging.getLogger("asyncmig.cache").info("cache %s is not used: %s", path, reason)
    return False
