"""``context.get_context()`` in an ``env.py``."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from asyncmig.alembic_compat.connection_sink import autocommit_block
from asyncmig.alembic_compat.version_rows import StandaloneContext
from asyncmig.bookkeeping.version_table import VersionTable
from asyncmig.ddl.dialect import MigrationDialect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.engine import Connection, Dialect

    from asyncmig.alembic_compat.facade.environment_context import Environment

__all__ = ["EnvMigrationContext"]


class EnvMigrationContext(StandaloneContext):
    """The context around a run, before and after its revisions.

    Args:
        connection: the configured one; None offline.
        opts: what was configured.
        environment: of the file.
    """

    transactional_ddl = True

    def __init__(
        self,
        connection: Connection | None,
        opts: Mapping[str, Any],
        environment: Environment,
    ) -> None:
        super().__init__(connection, opts)
        self.environment_context = environment
        self.as_sql = environment.is_offline_mode()

    @property
    def dialect(self) -> Dialect:
        """The connection's; offline, PostgreSQL's."""
        return MigrationDialect() if self.connection is None else self.connection.dialect

    @property
    def config(self) -> Any:
        """The configuration object."""
        return self.environment_context.config

    @property
    def script(self) -> Any:
        """The script directory."""
        return self.environment_context.script

    @property
    def impl(self) -> Any:
        """This object: it executes."""
        return self

    def execute(self, sql: Any, execution_options: Any = None) -> None:
        """Execute a text or a construct."""
        if self.connection is None:
            self.environment_context.execute(sql)
            return
        statement = text(sql) if isinstance(sql, str) else sql
        self.connection.execute(statement, execution_options=execution_options or {})

    def static_output(self, line: str) -> None:
        """A line of an offline script."""
        self.environment_context.static_output(line)

    def begin_transaction(self, *_: Any, **__: Any) -> AbstractContextManager[Any]:
        """As ``context.begin_transaction()``."""
        return self.environment_context.begin_transaction()

    def autocommit_block(self) -> AbstractContextManager[Any]:
        """Statements that commit one by one."""
        return nullcontext() if self.connection is None else autocommit_block(self.connection)

    def run_migrations(self, **keywords: Any) -> None:
        """As ``context.run_migrations()``."""
        self.environment_context.run_migrations(**keywords)

    def get_current_heads(self) -> tuple[str, ...]:
        """The rows of the version table; offline, where the script starts."""
        if self.connection is None:
            start = self.environment_context.get_starting_revision_argument()
            return () if start in {None, "base"} else (str(start),)
        return super().get_current_heads()

    def _ensure_version_table(self, purge: bool = False) -> None:
        """Alembic's private way of creating the version table, which recipes use."""
        if self.connection is None:
            return
        table = VersionTable(
            name=self.version_table,
            schema=self.version_table_schema,
            primary_key=bool(self.opts.get("version_table_pk", True)),
        )
        began = not self.connection.in_transaction()
        self.connection.exec_driver_sql(table.create(if_missing=True))
        if purge:
            self.connection.exec_driver_sql(f"DELETE FROM {table.sql_name}")
        if began:
            self.connection.commit()

    def _has_version_table(self) -> bool:
        from sqlalchemy import inspect

        if self.connection is None:
            return False
        return inspect(self.connection).has_table(
            self.version_table, schema=self.version_table_schema
        )
