"""``alembic_utils.exceptions``."""

from __future__ import annotations

from asyncmig.errors import ScriptError

__all__ = ["AlembicUtilsException", "BadInputException", "SQLParseFailure"]


class AlembicUtilsException(ScriptError):  # noqa: N818 - its name
    """An entity is wrong."""


class SQLParseFailure(AlembicUtilsException):
    """``from_sql`` was given something else."""


class BadInputException(AlembicUtilsException):
    """Arguments contradict each other."""
