"""Whether a project is configured in Alembic's way; asked in every run, so it imports next to nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from asyncmig.config.settings import Settings

__all__ = ["find_env_file"]


def find_env_file(settings: Settings) -> Path | None:
    """The ``env.py`` that configures a run; None where the project is configured by our own keys."""
    path = settings.config_path
    if path is None or not _is_alembics(path):
        return None
    env = settings.script_location / "env.py"
    return env if env.is_file() else None


def _is_alembics(path: Path) -> bool:
    if path.suffix != ".toml":
        return True
    if path.name != "pyproject.toml":
        return False
    from asyncmig.config.files.layers import read_toml

    tool: Any = read_toml(path).get("tool", {})
    return "asyncmig" not in tool
