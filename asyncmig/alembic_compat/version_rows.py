"""The version table, read through a connection that the caller has opened."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from sqlalchemy import column, inspect, select, table, text

from asyncmig.alembic_compat.connection_sink import ConnectionSink
from asyncmig.errors import ScriptError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from sqlalchemy.engine import Connection, Dialect

__all__ = ["StandaloneContext"]


class StandaloneContext:
    """What ``MigrationContext.configure(connection)`` gives where no script runs.

    Args:
        connection: where to read.
        opts: ``version_table`` and ``version_table_schema``.
    """

    as_sql = False

    def __init__(self, connection: Connection | None, opts: Mapping[str, Any]) -> None:
        self.connection = self.bind = connection
        self.opts = dict(opts)
        self.version_table: str = opts.get("version_table") or "alembic_version"
        self.version_table_schema: str | None = opts.get("version_table_schema")

    @property
    def sink(self) -> ConnectionSink:
        """What executes operations on the connection, for ``Operations(context)``."""
        return ConnectionSink(self._open(), self.opts)

    @property
    def dialect(self) -> Dialect:
        """The connection's."""
        return self._open().dialect

    @property
    def config(self) -> Any:
        """The ``Config`` of the environment; None without one."""
        return None

    def execute(self, sql: Any, execution_options: Any = None) -> None:
        """Execute a text or a construct."""
        statement = text(sql) if isinstance(sql, str) else sql
        self._open().execute(statement, execution_options=execution_options or {})

    def begin_transaction(self, _per_migration: bool = False) -> AbstractContextManager[Any]:
        """A transaction, where the caller has none open."""
        connection = self._open()
        return nullcontext() if connection.in_transaction() else connection.begin()

    def autocommit_block(self) -> AbstractContextManager[None]:
        """Statements inside commit one by one."""
        return self.sink.autocommit()

    def get_current_heads(self) -> tuple[str, ...]:
        """The rows of the version table; none where there is no such table."""
        connection = self._open()
        if not inspect(connection).has_table(self.version_table, schema=self.version_table_schema):
            return ()
        rows = table(self.version_table, column("version_num"), schema=self.version_table_schema)
        return tuple(sorted(str(row[0]) for row in connection.execute(select(rows))))

    def get_current_revision(self) -> str | None:
        """The one row; None when there is none."""
        heads = self.get_current_heads()
        if len(heads) > 1:
            raise ScriptError(
                f"version table {self.version_table!r} has several rows: {', '.join(heads)}",
                hint="ask for get_current_heads()",
            )
        return heads[0] if heads else None

    def _open(self) -> Connection:
        if self.connection is None:
            raise ScriptError(
                "this migration context has no connection",
                hint="MigrationContext.configure(connection)",
            )
        return self.connection
