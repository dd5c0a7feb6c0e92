"""Operations outside of a run: executed at once on a connection that the caller has opened."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

from asyncmig.ddl.compiler import compile_operation
from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.errors import ScriptError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager

    from sqlalchemy.engine import Connection, Dialect
    from sqlalchemy.schema import MetaData

    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["ConnectionSink", "autocommit_block"]


@contextmanager
def autocommit_block(connection: Connection) -> Iterator[None]:
    """Commit before the block, and each of its statements."""
    if connection.in_transaction():
        connection.commit()
    level = connection.get_isolation_level()
    connection.execution_options(isolation_level="AUTOCOMMIT")
    try:
        yield
    finally:
        if connection.in_transaction():
            connection.commit()
        connection.execution_options(isolation_level=level)


class ConnectionSink:
    """The sink of ``Operations(MigrationContext.configure(connection))``.

    Args:
        connection: SQLAlchemy's; its transaction is the caller's.
        options: of the context.
    """

    offline = False

    def __init__(self, connection: Connection, options: Mapping[str, Any]) -> None:
        self._connection = connection
        self._dialect = MigrationDialect()
        self.options = options

    @property
    def dialect(self) -> Dialect:
        """SQLAlchemy's PostgreSQL dialect."""
        return self._dialect

    @property
    def target_metadata(self) -> MetaData | tuple[MetaData, ...] | None:
        """The models of the options."""
        found: MetaData | tuple[MetaData, ...] | None = self.options.get("target_metadata")
        return found

    def perform(self, operation: MigrateOperation) -> None:
        """Compile an operation and execute its statements."""
        doubles = self._connection.dialect.paramstyle in {"format", "pyformat"}
        for compiled in compile_operation(operation, self._dialect, of_alembic=True):
            sql = compiled.sql.replace("%", "%%") if doubles else compiled.sql
            self._connection.exec_driver_sql(sql)

    def autocommit(self) -> AbstractContextManager[None]:
        """Commit before the block, and each of its statements."""
        return autocommit_block(self._connection)

    def bind(self) -> Connection:
        """The connection."""
        return self._connection

    async def driver(self) -> NoReturn:
        """Refuse: no event loop runs it."""
        raise _not_here("connection()")

    async def fetch(self, query: str, *args: Any) -> NoReturn:
        """Refuse: no event loop runs it."""
        del query, args
        raise _not_here("fetch()")

    def run_async(self, function: Any, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse: no event loop runs it."""
        del function, args, kwargs
        raise _not_here("run_async()")


def _not_here(name: str) -> ScriptError:
    return ScriptError(
        f"op.{name} was called outside of a run",
        hint="op.get_bind() gives the connection of the migration context",
    )
