"""Where the repository is, and where the tests write."""

from __future__ import annotations

from pathlib import Path
from shutil import disk_usage

ROOT = Path(__file__).parents[2]
ROOMY = 2 << 30


def memory_folder() -> Path | None:
    """A folder whose files are in memory, or None where there is none or little room in it."""
    folder = Path("/dev/shm")
    return folder if folder.is_dir() and disk_usage(folder).free > ROOMY else None
