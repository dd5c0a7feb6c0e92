"""The exceptions of a DBAPI driver, told apart by SQLSTATE as psycopg2 does."""

from __future__ import annotations

import asyncpg

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
        pgerror: the server's message.
        diag: the server's error with all its fields (``constraint_name``, ``table_name`` ...).
    """

    pgcode: str | None = None
    pgerror: str | None = None
    diag: BaseException | None = None

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


def translated(error: BaseException) -> Error:
    """The same error as this driver's."""
    if not isinstance(error, asyncpg.PostgresError):
        return InterfaceError(str(error))
    state = getattr(error, "sqlstate", None) or ""
    detail = getattr(error, "detail", None)
    told = _BY_CLASS.get(state[:2], DatabaseError)(
        f"{error}\nDETAIL:  {detail}" if detail and detail not in str(error) else str(error)
    )
    told.pgcode = state or None
    told.pgerror = str(error)
    told.diag = error
    return told
