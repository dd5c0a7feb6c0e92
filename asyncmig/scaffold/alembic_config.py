"""A project of Alembic's in the folder of a new one."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["find_alembic_config"]


def find_alembic_config(folder: Path) -> Path | None:
    """``alembic.ini`` in a folder, or its ``pyproject.toml`` with a ``[tool.alembic]``."""
    ini = folder / "alembic.ini"
    if ini.is_file():
        return ini
    toml = folder / "pyproject.toml"
    try:
        tools = tomllib.loads(toml.read_text(encoding="utf-8")).get("tool")
    except (
        OSError,
        ValueError,
    ):  # there is none, or `init` reports what is wrong when it writes to it
        return None
    return toml if isinstance(tools, dict) and "alembic" in tools else None
