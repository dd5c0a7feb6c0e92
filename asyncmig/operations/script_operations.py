"""The members of ``op`` that are not directives: performing operations, the connection, the run."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast, overload

from sqlalchemy import literal
from sqlalchemy.sql.elements import conv

from asyncmig.operations.base.created_types import CreatedTypes
from asyncmig.operations.base.directives import Directives
from asyncmig.operations.base.schema_objects import SchemaObjects
from asyncmig.operations.context import MigrationContext
from asyncmig.operations.custom_directives import Extensible
from asyncmig.operations.running_op import using

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from contextlib import AbstractContextManager

    import asyncpg
    from sqlalchemy.engine import Connection
    from sqlalchemy.schema import Table
    from sqlalchemy.sql.elements import BindParameter
    from sqlalchemy.types import TypeEngine

    from asyncmig.operations.alembic_impl import Implementation
    from asyncmig.operations.base.created_types import ScriptTypes
    from asyncmig.operations.base.operation import MigrateOperation
    from asyncmig.operations.base.sink import HasSink, Sink
    from asyncmig.operations.directives.tables import CreateTableOp

__all__ = ["ScriptOperations"]

_Result = TypeVar("_Result")


class ScriptOperations(Directives, Extensible):
    """``Operations`` without its directives.

    Args:
        sink: takes the operations that directives make; a migration context has one.
        created_types: the types that this run has created so far; None for a script on its own.
    """

    def __init__(self, sink: Sink | HasSink, *, created_types: ScriptTypes | None = None) -> None:
        of_context: Sink | None = getattr(sink, "sink", None)
        if of_context is not None:
            created_types = created_types or getattr(sink, "created_types", None)
        self._sink: Sink = of_context or cast("Sink", sink)
        self._migration_context = MigrationContext(
            self, self._sink, created_types or CreatedTypes().for_script("")
        )

    # operations

    @overload
    def invoke(self, operation: CreateTableOp) -> Table: ...
    @overload
    def invoke(self, operation: MigrateOperation) -> object: ...
    def invoke(self, operation: MigrateOperation) -> object:
        """Perform an operation.

        Returns:
            The ``Table`` of a ``CreateTableOp``; for an operation of your own, the result of its
            implementation; else None.

        Example::

            op.invoke(DropIndexOp("ix_book_title", "book"))
        """
        implementation = self._custom_implementation(operation)
        if implementation is not None:
            result: object = implementation(self, operation)
            return result
        return self.perform(operation)

    def perform(self, operation: MigrateOperation) -> Any:
        """Perform an operation with asyncmig's implementation, also where yours replaces it.

        Example::

            @Operations.implementation_for(CreateTableOp, replace=True)
            def create_table(operations, operation):
                table = operations.perform(operation)
                operations.execute(f"GRANT SELECT ON {table.name} TO reporting")
                return table
        """
        operation.set_context(self._migration_context)
        self._sink.perform(operation)
        return operation.result()

    # the run

    def get_context(self) -> MigrationContext:
        """The context of this script: options, version table, connection."""
        return self._migration_context

    @property
    def migration_context(self) -> MigrationContext:
        """The same as ``get_context()``."""
        return self._migration_context

    @property
    def impl(self) -> Implementation:
        """Alembic's implementation object, for code that uses it."""
        return self._migration_context.impl

    @property
    def schema_obj(self) -> SchemaObjects:
        """Makes schema objects with the naming convention of the models."""
        return SchemaObjects(self._migration_context)

    @classmethod
    @contextmanager
    def context(cls, migration_context: MigrationContext) -> Iterator[Self]:
        """Let ``from asyncmig import op`` mean the script of this context within the block.

        Raises:
            TypeError: the context belongs to another class of operations.
        """
        operations = migration_context.operations
        if not isinstance(operations, cls):
            raise TypeError(f"{cls.__name__} expected, not {type(operations).__name__}")
        with using(operations):
            yield operations

    def get_bind(self) -> Connection:
        """The connection of the revision's transaction, for sync scripts that read.

        Pending statements are sent first. Its ``commit()`` does not end the transaction of the
        revision. In offline mode it is a substitute that accepts statements and has no results.

        Raises:
            NeedsDatabaseError: a result is read in offline mode.

        Example::

            names = op.get_bind().scalars(sa.text("SELECT name FROM author")).all()
        """
        if self._sink.offline:
            from asyncmig.operations.offline_connection import OfflineConnection

            return OfflineConnection(self, self._sink)
        if getattr(self._sink, "planning", False):
            from asyncmig.operations.planning_connection import PlanningConnection

            return PlanningConnection(self._sink)
        return self._sink.bind()

    def autocommit(self) -> AbstractContextManager[None]:
        """Commit each statement of the block on its own, as PostgreSQL requires for some.

        The transaction before the block is committed first; a new one begins after it.

        Example::

            with op.autocommit():
                op.execute("VACUUM book")
        """
        return self._sink.autocommit()

    async def fetch(self, query: str, *args: Any) -> list[asyncpg.Record]:
        """Run a query in the revision's transaction, after all pending statements (async scripts).

        Args:
            query: SQL with ``$1`` for the first of ``args``.
            args: values, as asyncpg takes them.

        Raises:
            NeedsDatabaseError: in offline mode.

        Example::

            for row in await op.fetch("SELECT id FROM book WHERE pages > $1", 100): ...
        """
        return await self._sink.fetch(query, *args)

    async def connection(self) -> asyncpg.Connection:
        """The asyncpg connection, in the revision's transaction (async scripts).

        Raises:
            NeedsDatabaseError: in offline mode.

        Example::

            driver = await op.connection()
            await driver.copy_records_to_table("book", records=records, columns=["title"])
        """
        return await self._sink.driver()

    def run_async(
        self, async_function: Callable[..., Awaitable[_Result]], *args: Any, **kw_args: Any
    ) -> _Result:
        """Await a function in a sync script; its first argument is an ``AsyncConnection``.

        Raises:
            NeedsDatabaseError: in offline mode.

        Example::

            op.run_async(lambda connection: connection.execute(sa.text("SELECT 1")))
        """
        result: _Result = self._sink.run_async(async_function, *args, **kw_args)
        return result

    # names and values

    def f(self, name: str) -> conv:
        """A final name: the naming convention of the models does not change it.

        Example::

            op.drop_constraint(op.f("ck_book_pages"), "book", type_="check")
        """
        return conv(name)

    def inline_literal(
        self, value: str | int, type_: TypeEngine[Any] | None = None
    ) -> BindParameter[Any]:
        """A value that is written into the SQL, also where ``get_bind()`` executes it.

        Example::

            op.execute(book.update().values(title=op.inline_literal("Momo")))
        """
        return literal(value, type_, literal_execute=True)
