"""Processes in which Alembic cannot be imported, and ``asyncmig.alembic`` is installed in its place."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["hidden_environment"]

_HIDE = """
import sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "alembic":
            raise ModuleNotFoundError(f"{name} is hidden", name=name)

sys.meta_path.insert(0, Hidden())
import asyncmig.alembic

asyncmig.alembic.install()
"""


def hidden_environment(folder: Path, **more: str) -> dict[str, str]:
    """Environment variables for such a process; a folder for its start is made."""
    start = folder / "hidden"
    start.mkdir()
    (start / "sitecustomize.py").write_text(_HIDE)
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST")}
    return {**kept, "PYTHONPATH": str(start), **more}
