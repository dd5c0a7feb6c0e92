"""The exceptions of a DBAPI driver, told apart by SQLSTATE as psycopg2 does."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

import asyncpg

from asyncmig.alembic_compat.psycopg2_compat.diagnostics import Diagnostics, message_text
from asyncmig.database.server_errors import sqlstate_of

__all__ = [
    "DataError",
    "DatabaseError",
    "Error",
    "IntegrityError",
    "InterfaceError",
    "InternalError",
    "NotSupportedError",
    "OperationalError",
    "ProgrammingError",
    "translated",
]


class Error(Exception):
    """The root.

    Attributes:
        pgcode: the SQLSTATE.
        pgerror: the server's message with its place, detail, hint and context.
        diag: its fields by psycopg2's names (``constraint_name``, ``message_detail`` ...).
        cursor: None.
    """

    pgcode: str | None = None
    pgerror: str | None = None
    diag: Diagnostics | None = None
    cursor: Any = None

    @property
    def sqlstate(self) -> str | None:
        """The SQLSTATE."""
        return self.pgcode


class InterfaceError(Error):
    """The driver was used wrongly."""


class DatabaseError(Error):
    """The server refused."""


class DataError(DatabaseError):
    """A value is out of range, or no value of its type."""


class OperationalError(DatabaseError):
    """The server, not the statement: locks, limits, shutdown."""


class IntegrityError(DatabaseError):
    """A constraint."""


class InternalError(DatabaseError):
    """The state of the transaction; RAISE EXCEPTION."""


class ProgrammingError(DatabaseError):
    """The statement: its syntax, a name that is not there."""


class NotSupportedError(DatabaseError):
    """PostgreSQL has no such feature."""


_BY_CLASS: dict[str, type[DatabaseError]] = {
    **dict.fromkeys(("0A",), NotSupportedError),
    **dict.fromkeys(("20", "21", "3D", "3F", "42", "44"), ProgrammingError),
    **dict.fromkeys(("22",), DataError),
    **dict.fromkeys(("23",), IntegrityError),
    **dict.fromkeys(
        ("08", "26", "27", "28", "34", "40", "53", "54", "55", "57", "58", "HV"), OperationalError
    ),
    **dict.fromkeys(
        ("0B", "24", "25", "2B", "2D", "2F", "38", "39", "3B", "F0", "P0", "XX"), InternalError
    ),
}
"""The first two characters of the SQLSTATE."""


def translated(error: BaseException, query: str | None = None) -> Error:
    """The same error as this driver's, and as psycopg2's and psycopg's where they are installed.

    Args:
        error: asyncpg's.
        query: the text that was sent.
    """
    if not isinstance(error, asyncpg.PostgresError):
        return InterfaceError(str(error))
    state = sqlstate_of(error) or ""
    text = message_text(error, query)
    told = _class_for(state)(text.partition(":  ")[2])
    told.pgcode = state or None
    told.pgerror = text
    told.diag = Diagnostics(error)
    return told


@cache
def _class_for(state: str) -> type[DatabaseError]:
    """A class that is also the one of each installed driver for a SQLSTATE."""
    own = _BY_CLASS.get(state[:2], DatabaseError)
    theirs = [found for name in _DRIVERS if (found := _class_in(name, state)) is not None]
    if not theirs:
        return own
    return type(theirs[0].__name__, (own, *theirs), {"__module__": theirs[0].__module__})


_DRIVERS = ("psycopg2", "psycopg")


def _class_in(driver: str, state: str) -> type[Exception] | None:
    """The class of a driver; the one of the SQLSTATE's group where it has none for it alone."""
    try:
        module: Any = import_module(f"{driver}.errors")
    except ImportError:  # not installed, or without libpq
        return None
    try:
        found: type[Exception] = module.lookup(state)
    except KeyError:
        group = _BY_CLASS.get(state[:2], DatabaseError).__name__
        found = getattr(import_module(driver), group)
    return found
