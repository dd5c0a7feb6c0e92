"""The lenient connection itself: a real ``AsyncConnection`` on the connection that migrates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import NullPool

from asyncmig.alembic_compat.psycopg2_compat.dialect import LenientDialect
from asyncmig.alembic_compat.psycopg2_compat.driver import DriverConnection
from asyncmig.sql.classify import classify

if TYPE_CHECKING:
    import asyncpg
    from sqlalchemy.ext.asyncio import AsyncConnection

__all__ = ["lenient_connection"]


class _PoolDialect(LenientDialect):
    """What the pool calls when a view is given back.

    A view has nothing to end or to close, so that one which a script forgot may go with the garbage
    collector; of a dialect that awaits, SQLAlchemy would warn.
    """

    is_async = False
    supports_statement_cache = True


async def lenient_connection(driver: asyncpg.Connection, name: str) -> AsyncConnection:
    """SQLAlchemy's view of a connection, as psycopg2 would make it look.

    ``connection.engine.connect()``, ``engine.begin()`` and ``engine.raw_connection()`` give further
    views of the same connection, in the same transaction.

    Args:
        driver: the connection that migrates.
        name: its URL without a password, for scripts that look at ``engine.url``.
    """
    version = driver.get_server_version()
    dialect = LenientDialect((version.major, version.minor))
    of_pool = _PoolDialect((version.major, version.minor))
    owner: list[Connection] = []
    pool = NullPool(
        lambda: DriverConnection(driver, dialect, lambda: owner[0]),  # type: ignore[arg-type]  # a DBAPI connection by shape
        dialect=of_pool,
    )
    engine = Engine(pool, dialect, make_url(name))
    event.listen(engine, "before_cursor_execute", _tell_before, retval=True)
    event.listen(engine, "after_cursor_execute", _tell_after)
    connection = await AsyncEngine(engine).connect()
    view = connection.sync_connection
    assert view is not None  # noqa: S101 - an open AsyncConnection has one
    owner.append(view)
    await connection.run_sync(dialect.initialize)
    await connection.rollback()  # of SQLAlchemy's own view: nothing has begun on the server
    return connection


def _tell_before(
    connection: Connection, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
) -> tuple[str, Any]:
    """Let the runner hear what another view of its connection executes."""
    owner: Connection | None = cursor.connection.owner()
    if owner is None or owner is connection:
        return statement, parameters
    if _alone(cursor, statement):
        owner.exec_driver_sql("COMMIT")
    for listener in owner.dispatch.before_cursor_execute:
        statement, parameters = listener(owner, cursor, statement, parameters, context, many)
    return statement, parameters


def _tell_after(
    connection: Connection, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
) -> None:
    owner: Connection | None = cursor.connection.owner()
    if owner is None or owner is connection:
        return
    for listener in owner.dispatch.after_cursor_execute:
        listener(owner, cursor, statement, parameters, context, many)
    if _alone(cursor, statement):
        owner.exec_driver_sql("COMMIT")


def _alone(cursor: Any, statement: str) -> bool:
    """True for a change on a view that was set to autocommit."""
    if not cursor.connection.autocommit:
        return False
    return classify(statement).verb not in {"SELECT", "SHOW", "VALUES"}
