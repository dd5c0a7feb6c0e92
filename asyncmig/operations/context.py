"""``op.get_context()``: the options and the state of the run that a script belongs to."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from asyncmig.operations.directives.execute import ExecuteSQLOp

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from sqlalchemy.engine import Connection, Dialect
    from sqlalchemy.sql import Executable

    from asyncmig.operations.alembic_impl import Implementation
    from asyncmig.operations.base.created_types import ScriptTypes
    from asyncmig.operations.base.directives import Directives
    from asyncmig.operations.base.sink import Sink

__all__ = ["MigrationContext"]


class MigrationContext:
    """The context of one script.

    Attributes:
        opts: all options of the run, with ``target_metadata`` and the user's own keys.
        created_types: the enum types that this run has created so far.
    """

    transactional_ddl = True
    """PostgreSQL rolls DDL back."""

    def __init__(self, operations: Directives, sink: Sink, created_types: ScriptTypes) -> None:
        self._operations = operations
        self._sink = sink
        self.created_types = created_types
        self.opts: dict[str, Any] = dict(sink.options)
        if sink.target_metadata is not None:
            self.opts["target_metadata"] = sink.target_metadata

    @property
    def sink(self) -> Sink:
        """What takes the operations of the script, for ``Operations(context)``."""
        return self._sink

    @property
    def dialect(self) -> Dialect:
        """SQLAlchemy's PostgreSQL dialect."""
        return self._sink.dialect

    @property
    def as_sql(self) -> bool:
        """True in offline mode, where a script for psql is written."""
        return self._sink.offline

    def is_offline_mode(self) -> bool:
        """True in offline mode, where a script for psql is written."""
        return self._sink.offline

    @property
    def bind(self) -> Connection:
        """The connection, as ``op.get_bind()`` gives it."""
        return self._operations.get_bind()

    @property
    def connection(self) -> Connection:
        """The connection, as ``op.get_bind()`` gives it."""
        return self._operations.get_bind()

    @cached_property
    def impl(self) -> Implementation:
        """Alembic's implementation object, for code that uses it."""
        from asyncmig.operations.alembic_impl import Implementation

        return Implementation(self._operations, self._sink)

    @property
    def operations(self) -> Directives:
        """The directives of this script."""
        return self._operations

    @property
    def config(self) -> Any:
        """The configuration object that was given to ``configure``, if any."""
        return self.opts.get("config")

    @property
    def environment_context(self) -> Any:
        """The environment context that was given to ``configure``, if any."""
        return self.opts.get("environment_context")

    @property
    def script(self) -> Any:
        """The script directory that was given to ``configure``, if any."""
        return self.opts.get("script")

    @property
    def version_table(self) -> str:
        """The name of the version table."""
        return str(self.opts.get("version_table") or "alembic_version")

    @property
    def version_table_schema(self) -> str | None:
        """The schema of the version table; None is the first schema of the search path."""
        return self.opts.get("version_table_schema")

    def autocommit_block(self) -> AbstractContextManager[None]:
        """Commit each statement of the block on its own, as PostgreSQL requires for some.

        The transaction before the block is committed first; a new one begins after it.

        Example::

            with op.get_context().autocommit_block():
                op.execute("VACUUM book")
        """
        return self._sink.autocommit()

    def execute(
        self, sql: Executable | str, execution_options: dict[str, Any] | None = None
    ) -> None:
        """The same as ``op.execute``."""
        self._operations.invoke(ExecuteSQLOp(sql, execution_options=execution_options))

    def get_current_heads(self) -> tuple[str, ...]:
        """The rows of the version table as this script sees them; none in offline mode."""
        if self.as_sql:
            return ()
        quote = self.dialect.identifier_preparer.quote
        names = (self.version_table_schema, self.version_table)
        table = ".".join(quote(name) for name in names if name)
        rows = self.bind.execute(text(f"SELECT version_num FROM {table} ORDER BY 1"))
        return tuple(str(row[0]) for row in rows)

    def get_current_revision(self) -> str | None:
        """The one row of the version table; None when it is empty or has several."""
        heads = self.get_current_heads()
        return heads[0] if len(heads) == 1 else None
