"""SQLAlchemy's PostgreSQL dialect with the habits of its psycopg2 one, on the driver beside."""

from __future__ import annotations

from typing import Any

from sqlalchemy import types as sqltypes
from sqlalchemy.dialects.postgresql import ARRAY, JSON, JSONB
from sqlalchemy.dialects.postgresql.base import PGDialect, PGExecutionContext
from sqlalchemy.exc import DBAPIError

from asyncmig.alembic_compat.psycopg2_compat.catalog_queries import CatalogQueries
from asyncmig.alembic_compat.psycopg2_compat.copying import COPYING
from asyncmig.alembic_compat.psycopg2_compat.driver import DriverModule
from asyncmig.alembic_compat.psycopg2_compat.errors import Error, translated

__all__ = ["LenientDialect"]


class _ReadPostgresJSON(JSON):
    """Values come from the driver as Python objects."""

    def result_processor(self, dialect: Any, coltype: Any) -> Any:
        del dialect, coltype


class _ReadJSONB(JSONB):
    def result_processor(self, dialect: Any, coltype: Any) -> Any:
        del dialect, coltype


class _CastArray(ARRAY[Any]):
    render_bind_cast = True  # a literal array of texts is text[], which no enum[] takes


class _ExecutionContext(PGExecutionContext):
    def create_default_cursor(self) -> Any:
        connection: Any = self._dbapi_connection.dbapi_connection
        dialect: Any = self.dialect
        cursor = connection.statement_cursor(self.execution_options.get(COPYING))
        cursor.catalog_query = dialect.catalog_queries.find(self.compiled)
        return cursor


class LenientDialect(PGDialect):
    """The dialect of connections that scripts get.

    Args:
        server_version: of the server that is connected.
    """

    driver = "asyncpg"
    is_async = True
    supports_statement_cache = True
    supports_server_side_cursors = False
    supports_sane_multi_rowcount = False
    default_paramstyle = "pyformat"
    execution_ctx_cls = _ExecutionContext

    colspecs = {  # noqa: RUF012 - SQLAlchemy's own declaration
        **PGDialect.colspecs,
        ARRAY: _CastArray,
        sqltypes.ARRAY: _CastArray,
        sqltypes.JSON: _ReadPostgresJSON,
        JSON: _ReadPostgresJSON,
        JSONB: _ReadJSONB,
    }

    def __init__(self, server_version: tuple[int, ...], **kwargs: Any) -> None:
        super().__init__(dbapi=DriverModule, paramstyle="pyformat", **kwargs)  # type: ignore[no-untyped-call]  # SQLAlchemy's
        self._server_version = server_version
        self.catalog_queries = CatalogQueries()

    def _get_server_version_info(self, connection: Any) -> tuple[int, ...]:
        del connection
        return self._server_version

    def _set_backslash_escapes(self, connection: Any) -> None:
        # standard_conforming_strings is on since PostgreSQL 9.1
        del connection
        self._backslash_escapes = False

    def get_default_isolation_level(self, dbapi_conn: Any) -> Any:
        """Not asked for: the engine sets none."""
        del dbapi_conn
        return "READ COMMITTED"

    def get_isolation_level_values(self, dbapi_conn: Any) -> Any:
        """What scripts may ask for."""
        del dbapi_conn
        return (
            "AUTOCOMMIT",
            "READ COMMITTED",
            "READ UNCOMMITTED",
            "REPEATABLE READ",
            "SERIALIZABLE",
        )

    def get_isolation_level(self, dbapi_connection: Any) -> Any:
        """What was asked for."""
        return "AUTOCOMMIT" if dbapi_connection.autocommit else "READ COMMITTED"

    def set_isolation_level(self, dbapi_connection: Any, level: Any) -> None:
        """Take note of autocommit; other levels are the transaction's, which has begun."""
        dbapi_connection.autocommit = level == "AUTOCOMMIT"

    def get_driver_connection(self, connection: Any) -> Any:
        """The asyncpg connection."""
        return connection.driver_connection

    def is_disconnect(self, e: Any, connection: Any, cursor: Any) -> bool:
        """True when the connection is gone."""
        del e, cursor
        return connection is not None and bool(connection.closed)

    def raised_for(self, error: BaseException, statement: str) -> BaseException:
        """What SQLAlchemy raises when a statement is refused with this error."""
        return DBAPIError.instance(statement, None, translated(error), Error, dialect=self)

    def do_ping(self, dbapi_connection: Any) -> bool:
        """True while the connection is there."""
        return not dbapi_connection.closed
