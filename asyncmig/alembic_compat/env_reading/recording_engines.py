"""Engines for an ``env.py`` that is read: real ones of SQLAlchemy, on a driver that only takes notes.

Whatever is executed is noted, and every question has an empty answer. Engines that the project made
itself are led here too, while the file is read and in its context alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import NullPool

from asyncmig.alembic_compat.engine_methods import EngineMethods
from asyncmig.alembic_compat.imports import current_environment
from asyncmig.alembic_compat.psycopg2_compat.adaptation import merge
from asyncmig.alembic_compat.psycopg2_compat.dialect import LenientDialect
from asyncmig.alembic_compat.psycopg2_compat.driver import DriverConnection, StatementCursor, texts
from asyncmig.sql.classify import classify

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from sqlalchemy.engine import Connection

__all__ = ["Notes", "create_async_engine", "create_engine", "engine_from_config", "recording"]

_NOWHERE = URL.create("postgresql")
_MODERN = (14, 0)  # the server is unknown; all supported versions have these features


class Notes:
    """What was executed, in order."""

    def __init__(self) -> None:
        self.statements: list[str] = []
        self.connections: list[Connection] = []

    def close(self) -> None:
        """Close what an ``env.py`` has left open."""
        for connection in self.connections:
            connection.close()

    def take(self) -> list[str]:
        """Everything noted since the last call."""
        taken, self.statements = self.statements, []
        return taken


class _Cursor(StatementCursor):
    def execute(
        self, operation: str, parameters: Mapping[str, Any] | Sequence[Any] | None = None
    ) -> None:
        text = merge(operation, parameters, self.connection.dialect)
        self._note(text)
        rows = [each for each in texts(text) if classify(each).returns_rows]
        self.description = [("value", 0, None, None, None, None, None)] if rows else None
        self.rowcount = 0
        self._rows = []

    def executemany(self, operation: str, seq_of_parameters: Sequence[Any]) -> None:
        for parameters in seq_of_parameters:
            self._note(merge(operation, parameters, self.connection.dialect))

    def _note(self, text: str) -> None:
        environment: Any = current_environment()
        notes: Notes | None = getattr(environment, "notes", None)
        if notes is not None:
            notes.statements.extend(texts(text))


class _Connection(DriverConnection):
    __slots__ = ()

    @property
    def closed(self) -> bool:
        return False

    def cursor(self, *_: Any, **__: Any) -> Any:
        return _Cursor(self)

    def statement_cursor(self, copying: Any = None) -> StatementCursor:
        del copying
        return _Cursor(self)


class _Dialect(LenientDialect):
    supports_statement_cache = True
    default_schema_name = "public"

    def get_driver_connection(self, connection: Any) -> Any:
        return connection


class RecordingEngine(Engine):
    """An engine that never connects."""

    def connect(self) -> Connection:
        """A connection that takes notes, and is closed with the environment."""
        connection = super().connect()
        environment: Any = current_environment()
        notes: Notes | None = getattr(environment, "notes", None)
        if notes is not None:
            notes.connections.append(connection)
        return connection


def create_engine(url: Any = None, **_: Any) -> Engine:
    """Replaces ``sqlalchemy.create_engine``: accepts any URL and needs no driver."""
    try:
        parsed = make_url(url) if url else _NOWHERE
    except ArgumentError:  # not fatal here: the URL may come from another place
        parsed = _NOWHERE
    dialect = _Dialect(_MODERN)
    pool = NullPool(
        lambda: _Connection(None, dialect, _no_connection),  # type: ignore[arg-type]  # a DBAPI connection by shape
        dialect=dialect,
    )
    return RecordingEngine(pool, dialect, parsed)


def create_async_engine(url: Any = None, **_: Any) -> AsyncEngine:
    """Replaces ``sqlalchemy.ext.asyncio.create_async_engine``."""
    return AsyncEngine(create_engine(url))


def engine_from_config(
    configuration: Mapping[str, Any] | None = None, prefix: str = "sqlalchemy.", **_: Any
) -> Engine:
    """Replaces ``sqlalchemy.engine_from_config``."""
    return create_engine((configuration or {}).get(f"{prefix}url"))


def async_engine_from_config(
    configuration: Mapping[str, Any] | None = None, prefix: str = "sqlalchemy.", **_: Any
) -> AsyncEngine:
    """Replaces ``sqlalchemy.ext.asyncio.async_engine_from_config``."""
    return AsyncEngine(engine_from_config(configuration, prefix))


def _no_connection() -> Connection:
    raise NotImplementedError


def recording() -> AbstractContextManager[None]:
    """Lead engines of the project to the recording driver, where an ``env.py`` is being read."""
    return _METHODS.replaced()


def _led(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: Engine, *args: Any, **kwargs: Any) -> Any:
        being_read = hasattr(current_environment(), "notes")
        if being_read and not isinstance(self, RecordingEngine):
            return getattr(create_engine(self.url), name)(*args, **kwargs)
        return original(self, *args, **kwargs)

    return method


_METHODS = EngineMethods(("connect", "raw_connection"), _led)
