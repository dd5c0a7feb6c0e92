"""Paths as reports have them: relative to the root of the repository, with slashes."""

from __future__ import annotations

from pathlib import Path

__all__ = ["relative_path"]


def relative_path(path: str | None, root: Path) -> str | None:
    """A path relative to a folder; as it is where it is elsewhere."""
    if path is None:
        return None
    try:
        return Path(path).resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return Path(path).as_posix()
