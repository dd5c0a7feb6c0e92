"""The table of configuration keys, for the loader, the error messages and the reference in the docs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.config.keys.comparison import COMPARING, LINTING
from asyncmig.config.keys.connection import CONNECTION
from asyncmig.config.keys.execution import BACKFILLS, BOOKKEEPING, EXECUTION
from asyncmig.config.keys.revision_files import FILES_AND_FOLDERS, NEW_REVISION_FILES

if TYPE_CHECKING:
    from asyncmig.config.keys.key import Key

__all__ = ["BY_NAME", "KEYS"]

KEYS: tuple[Key, ...] = (
    *FILES_AND_FOLDERS,
    *CONNECTION,
    *EXECUTION,
    *BACKFILLS,
    *BOOKKEEPING,
    *NEW_REVISION_FILES,
    *COMPARING,
    *LINTING,
)
"""In the order of the reference."""

BY_NAME = {key.name: key for key in KEYS} | {key.former: key for key in KEYS if key.former}
