"""``Operations``: every directive, on one object a script is given."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar, overload

from sqlalchemy import literal
from sqlalchemy.sql.elements import conv

from asyncmig.operations.alembic_impl import Implementation
from asyncmig.operations.base.created_types import CreatedTypes
from asyncmig.operations.base.schema_objects import SchemaObjects
from asyncmig.operations.batch import BatchAlterTable, BatchOperations
from asyncmig.operations.context import MigrationContext
from asyncmig.operations.custom_directives import Extensible
from asyncmig.operations.directives.checks import CheckDirectives
from asyncmig.operations.directives.columns import ColumnDirectives
from asyncmig.operations.directives.comments import CommentDirectives
from asyncmig.operations.directives.constraints import ConstraintDirectives
from asyncmig.operations.directives.data import DataDirectives
from asyncmig.operations.directives.entities import EntityDirectives
from asyncmig.operations.directives.enums import EnumDirectives
from asyncmig.operations.directives.exclusions import ExclusionDirectives
from asyncmig.operations.directives.execute import ExecuteDirectives
from asyncmig.operations.directives.extensions import ExtensionDirectives
from asyncmig.operations.directives.foreign_keys import ForeignKeyDirectives
from asyncmig.operations.directives.functions import FunctionDirectives
from asyncmig.operations.directives.grants import GrantDirectives
from asyncmig.operations.directives.indexes import IndexDirectives
from asyncmig.operations.directives.keys import KeyDirectives
from asyncmig.operations.directives.partitions import PartitionDirectives
from asyncmig.operations.directives.policies import PolicyDirectives
from asyncmig.operations.directives.schemas import SchemaDirectives
from asyncmig.operations.directives.sequences import SequenceDirectives
from asyncmig.operations.directives.tables import TableDirectives
from asyncmig.operations.directives.triggers import TriggerDirectives
from asyncmig.operations.directives.views import ViewDirectives
from asyncmig.operations.registry import BUILT_IN

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from typing import Literal

    from sqlalchemy.engine import Connection
    from sqlalchemy.schema import Table
    from sqlalchemy.sql.elements import BindParameter
    from sqlalchemy.types import TypeEngine

    from asyncmig.operations.base.created_types import ScriptTypes
    from asyncmig.operations.base.operation import MigrateOperation
    from asyncmig.operations.base.sink import Sink
    from asyncmig.operations.directives.tables import CreateTableOp

__all__ = ["Operations"]

_Result = TypeVar("_Result")
_NOTHING: Mapping[str, Any] = {}


class Operations(
    TableDirectives,
    ColumnDirectives,
    IndexDirectives,
    ConstraintDirectives,
    KeyDirectives,
    ForeignKeyDirectives,
    CheckDirectives,
    ExclusionDirectives,
    CommentDirectives,
    ExecuteDirectives,
    DataDirectives,
    SchemaDirectives,
    ExtensionDirectives,
    SequenceDirectives,
    EnumDirectives,
    ViewDirectives,
    FunctionDirectives,
    TriggerDirectives,
    PolicyDirectives,
    GrantDirectives,
    PartitionDirectives,
    EntityDirectives,
    Extensible,
):
    """The directives of one script.

    Args:
        sink: takes what the directives make.
        created_types: the types that this run has created so far; None when the script is alone.

    Example::

        def upgrade(op: Operations) -> None:
            op.add_column("book", sa.Column("pages", sa.Integer))
    """

    built_in = BUILT_IN

    def __init__(self, sink: Sink, *, created_types: ScriptTypes | None = None) -> None:
        self._sink = sink
        self._implementation: Implementation | None = None
        self._migration_context = MigrationContext(
            self, sink, created_types or CreatedTypes().during("")
        )

    # performing

    @overload
    def invoke(self, operation: CreateTableOp) -> Table: ...
    @overload
    def invoke(self, operation: MigrateOperation) -> Any: ...
    def invoke(self, operation: MigrateOperation) -> Any:
        """Perform an operation.

        Returns:
            The ``Table`` of a ``CreateTableOp``; what its implementation returns, for an operation of
            your own; else None.

        Example::

            op.invoke(DropIndexOp("ix_book_title", "book"))
        """
        implementation = self._custom_implementation(operation)
        if implementation is not None:
            return implementation(self, operation)
        return self.perform(operation)

    def perform(self, operation: MigrateOperation) -> Any:
        """Perform an operation as asyncmig does, passing by an implementation that replaces ours.

        Example::

            @Operations.implementation_for(CreateTableOp, replace=True)
            def create_table(operations, operation):
                table = operations.perform(operation)
                operations.execute(f"GRANT SELECT ON {table.name} TO reporting")
                return table
        """
        operation.belongs_to(self._migration_context)
        self._sink.perform(operation)
        return operation.outcome()

    # the run

    def get_context(self) -> MigrationContext:
        """What this script may know of the run."""
        return self._migration_context

    @property
    def migration_context(self) -> MigrationContext:
        """The same as ``get_context()``."""
        return self._migration_context

    @property
    def impl(self) -> Implementation:
        """What performs schema objects, for code that was written against Alembic's."""
        if self._implementation is None:
            self._implementation = Implementation(self)
        return self._implementation

    @property
    def schema_obj(self) -> SchemaObjects:
        """Makes schema objects with the naming convention of the models."""
        return SchemaObjects(self._migration_context)

    @classmethod
    @contextmanager
    def context(cls, migration_context: MigrationContext) -> Iterator[Operations]:
        """Let ``from asyncmig import op`` speak for this context, for a while."""
        from asyncmig.operations.op_proxy import using

        with using(migration_context.operations) as operations:
            yield operations

    def get_bind(self) -> Connection:
        """The connection of the revision's transaction, for scripts that read (sync ones only).

        What the directives before it said is sent first. Its ``commit()`` does not end our
        transaction. While a script for psql is written, it is a stand-in that takes statements and
        refuses to give results.

        Raises:
            NeedsDatabaseError: a result is asked of the stand-in.

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
        """Statements inside are committed one by one, as PostgreSQL demands of some.

        What stands before the block is committed first; what follows it is a new transaction.

        Example::

            with op.autocommit():
                op.execute("VACUUM book")
        """
        return self._sink.autocommit()

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        """Run a query in the revision's transaction, after all that was said before (async scripts).

        Args:
            query: SQL with ``$1`` for the first of ``args``.
            args: values, as asyncpg takes them.

        Returns:
            asyncpg's records.

        Raises:
            NeedsDatabaseError: a script for psql is written.

        Example::

            for row in await op.fetch("SELECT id FROM book WHERE pages > $1", 100): ...
        """
        return await self._sink.fetch(query, *args)

    async def connection(self) -> Any:
        """The asyncpg connection, in the revision's transaction (async scripts).

        Raises:
            NeedsDatabaseError: a script for psql is written.

        Example::

            driver = await op.connection()
            await driver.copy_records_to_table("book", records=records, columns=["title"])
        """
        return await self._sink.driver()

    def run_async(
        self, async_function: Callable[..., Awaitable[_Result]], *args: Any, **kw_args: Any
    ) -> _Result:
        """Await a function in a sync script; it gets an ``AsyncConnection`` of our transaction first.

        Raises:
            NeedsDatabaseError: a script for psql is written.

        Example::

            op.run_async(lambda connection: connection.execute(sa.text("SELECT 1")))
        """
        result: _Result = self._sink.run_async(async_function, *args, **kw_args)
        return result

    # words

    def f(self, name: str) -> conv:
        """A name that is final: the naming convention of the models leaves it alone.

        Example::

            op.drop_constraint(op.f("ck_book_pages"), "book", type_="check")
        """
        return conv(name)

    def inline_literal(
        self, value: str | int, type_: TypeEngine[Any] | None = None
    ) -> BindParameter[Any]:
        """A value that stands in the SQL itself, also when ``get_bind()`` executes it.

        Example::

            op.execute(book.update().values(title=op.inline_literal("Momo")))
        """
        return literal(value, type_, literal_execute=True)

    # groups

    @contextmanager
    def batch_alter_table(
        self,
        table_name: str,
        schema: str | None = None,
        recreate: Literal["auto", "always", "never"] = "auto",
        partial_reordering: list[tuple[str, ...]] | None = None,
        copy_from: Table | None = None,
        table_args: tuple[Any, ...] = (),
        table_kwargs: Mapping[str, Any] = _NOTHING,
        reflect_args: tuple[Any, ...] = (),
        reflect_kwargs: Mapping[str, Any] = _NOTHING,
        naming_convention: dict[str, str] | None = None,
    ) -> Iterator[BatchOperations]:
        """Group the directives for one table; they run when the block ends.

        PostgreSQL alters tables in place, so the group is only a shorter way to write them, and what
        speaks of copying the table (``copy_from``, ``table_args``, ``reflect_args`` ...) has no
        effect. ``execute`` inside the block runs at once, before the others.

        Raises:
            DirectiveError: ``recreate="always"``: the table would be copied row by row.

        Example::

            with op.batch_alter_table("book", schema="shop") as batch:
                batch.add_column(sa.Column("pages", sa.Integer))
                batch.drop_column("size")
        """
        del copy_from, table_args, table_kwargs, reflect_args, reflect_kwargs, naming_convention
        table = BatchAlterTable(
            self, table_name, schema, recreate=recreate, partial_reordering=partial_reordering
        )
        yield BatchOperations(self, table)
        table.flush()
