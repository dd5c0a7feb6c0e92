"""Errors of a run as Alembic's callers expect them: the script's own exceptions, and SQLAlchemy's."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy.exc import OperationalError

from asyncmig.alembic_compat.psycopg2_compat.dialect import LenientDialect
from asyncmig.database.server_errors import postgres_error
from asyncmig.errors import (
    AsyncmigError,
    ConnectionFailedError,
    EnvFileError,
    IrreversibleError,
    ScriptError,
    StatementFailedError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["UnwrittenDowngradeError", "raised_as_alembic_does"]


class UnwrittenDowngradeError(IrreversibleError, NotImplementedError):
    """A downgrade that only raises ``NotImplementedError``: both errors at once."""


@contextmanager
def raised_as_alembic_does() -> Iterator[None]:
    """Raise what Alembic would; asyncmig's own error, which says more, is its cause."""
    try:
        yield
    except IrreversibleError as error:
        raise UnwrittenDowngradeError(error.message, hint=error.hint, **error.fields()) from error
    except (StatementFailedError, ConnectionFailedError) as error:
        raise _of_sqlalchemy(error) from error
    except (ScriptError, EnvFileError) as error:
        own = _own_exception(error)
        if own is None:
            raise
        raise own from own.__cause__


def _of_sqlalchemy(error: AsyncmigError) -> BaseException:
    server = postgres_error(error)
    if server is not None:
        return LenientDialect((14, 0)).raised_for(server, str(error.fields().get("sql") or ""))
    if isinstance(error, ConnectionFailedError) and error.__cause__ is not None:
        return OperationalError(None, None, error.__cause__)
    return error


def _own_exception(error: AsyncmigError) -> BaseException | None:
    """What a script or an ``env.py`` raised itself."""
    cause = error.__cause__
    while isinstance(cause, AsyncmigError):
        cause = cause.__cause__
    return cause if isinstance(cause, Exception | SystemExit) else None
