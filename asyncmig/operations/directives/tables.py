"""Tables: ``create_table``, ``drop_table``, ``rename_table``."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy.schema import SchemaItem

from asyncmig.operations.base.directives import Directives
from asyncmig.operations.base.errors import directive_error
from asyncmig.operations.base.operation import MigrateOperation
from asyncmig.operations.base.schema_objects import SchemaObjects
from asyncmig.operations.base.sqlalchemy_private import in_creation_order, table_prefixes

if TYPE_CHECKING:
    from collections.abc import MutableMapping, Sequence

    from sqlalchemy.schema import MetaData, Table

    from asyncmig.operations.base.operation import ScriptContext

__all__ = ["AlterTableOp", "CreateTableOp", "DropTableOp", "RenameTableOp", "TableDirectives"]


class CreateTableOp(MigrateOperation, directive="create_table", in_alembic=True):
    """``CREATE TABLE``, and the types, indexes and comments that come with its columns."""

    def __init__(
        self,
        table_name: str,
        columns: Sequence[SchemaItem],
        *,
        schema: str | None = None,
        if_not_exists: bool | None = None,
        _namespace_metadata: MetaData | None = None,
        _constraints_included: bool = False,
        **kw: Any,
    ) -> None:
        self.table_name = table_name
        self.columns = columns
        self.schema = schema
        self.if_not_exists = if_not_exists
        self.info = kw.pop("info", None) or {}
        self.comment: str | None = kw.pop("comment", None)
        self.prefixes: list[str] | None = kw.pop("prefixes", None)
        self.kw = kw
        self._namespace_metadata = _namespace_metadata
        self._constraints_included = _constraints_included
        self._table: Table | None = None

    @classmethod
    def from_table(
        cls, table: Table, *, _namespace_metadata: MetaData | None = None
    ) -> CreateTableOp:
        """The operation that creates this table, without its indexes."""
        return cls(
            table.name,
            [*table.columns, *in_creation_order(table.constraints)],
            schema=table.schema,
            comment=table.comment,
            info=dict(table.info),
            prefixes=table_prefixes(table),
            _namespace_metadata=_namespace_metadata or table.metadata,
            _constraints_included=True,
            **table.kwargs,
        )

    def to_table(self, migration_context: ScriptContext | None = None) -> Table:
        """The table as SQLAlchemy has it; a new one each time."""
        return SchemaObjects(migration_context or self.script_context).table(
            self.table_name,
            *self.columns,
            schema=self.schema,
            comment=self.comment,
            info=dict(self.info),
            prefixes=list(self.prefixes or ()),
            _constraints_included=self._constraints_included,
            **self.kw,
        )

    @property
    def table(self) -> Table:
        """The one table that is compiled and that ``op.create_table`` returns."""
        if self._table is None:
            self._table = self.to_table()
        return self._table

    @property
    def constraints_included(self) -> bool:
        """True when ``columns`` has the UNIQUE constraints and indexes of the columns as objects."""
        return self._constraints_included

    def result(self) -> Table:
        """The created table, ready for ``op.bulk_insert``."""
        return self.table

    def reverse(self) -> DropTableOp:
        """``DROP TABLE``, which can be reversed again."""
        return DropTableOp.from_table(self.to_table(), _namespace_metadata=self._namespace_metadata)

    def to_diff_tuple(self) -> tuple[str, Table]:
        """The tuple of ``compare_metadata``."""
        return ("add_table", self.to_table())


class DropTableOp(MigrateOperation, directive="drop_table", in_alembic=True):
    """``DROP TABLE``. The types of its columns are not dropped, because others may use them.

    Attributes:
        blocked_by: objects that depend on the table and are not dropped, as found by a comparison.
        twin: the schema in which a table with the same name and columns is created.
    """

    blocked_by: tuple[str, ...] = ()
    twin: str | None = None

    def __init__(
        self,
        table_name: str,
        *,
        schema: str | None = None,
        if_exists: bool | None = None,
        table_kw: MutableMapping[Any, Any] | None = None,
        _reverse: CreateTableOp | None = None,
    ) -> None:
        self.table_name = table_name
        self.schema = schema
        self.if_exists = if_exists
        self.table_kw = dict(table_kw or {})
        self.comment: str | None = self.table_kw.pop("comment", None)
        self.info = self.table_kw.pop("info", None) or {}
        self.prefixes: list[str] | None = self.table_kw.pop("prefixes", None)
        self._reverse = _reverse

    @classmethod
    def from_table(
        cls, table: Table, *, _namespace_metadata: MetaData | None = None
    ) -> DropTableOp:
        """The operation that drops this table, and can be reversed."""
        return cls(
            table.name,
            schema=table.schema,
            table_kw={
                "comment": table.comment,
                "info": dict(table.info),
                "prefixes": table_prefixes(table),
                **table.kwargs,
            },
            _reverse=CreateTableOp.from_table(table, _namespace_metadata=_namespace_metadata),
        )

    def to_table(self, migration_context: ScriptContext | None = None) -> Table:
        """The table, with its columns when they are known."""
        origin = self._reverse
        return SchemaObjects(migration_context or self.script_context).table(
            self.table_name,
            *(origin.columns if origin else ()),
            schema=self.schema,
            comment=self.comment,
            info=dict(self.info),
            prefixes=list(self.prefixes or ()),
            _constraints_included=origin is not None and origin.constraints_included,
            **self.table_kw,
        )

    def reverse(self) -> CreateTableOp:
        """``CREATE TABLE``, with the columns that are known."""
        return CreateTableOp.from_table(self.to_table())

    def to_diff_tuple(self) -> tuple[str, Table]:
        """The tuple of ``compare_metadata``."""
        return ("remove_table", self.to_table())


@dataclass(eq=False)
class AlterTableOp(MigrateOperation):
    """Base of the operations that change one table."""

    table_name: str
    _: KW_ONLY
    schema: str | None = None


class RenameTableOp(AlterTableOp, directive="rename_table", in_alembic=True):
    """``ALTER TABLE ... RENAME TO``; the table keeps its schema.

    Attributes:
        named_in: routines whose source has the old name, as found by a comparison.
    """

    named_in: tuple[str, ...] = ()

    def __init__(
        self, old_table_name: str, new_table_name: str, *, schema: str | None = None
    ) -> None:
        super().__init__(old_table_name, schema=schema)
        self.new_table_name = new_table_name

    def reverse(self) -> RenameTableOp:
        """The table gets its old name."""
        return RenameTableOp(self.new_table_name, self.table_name, schema=self.schema)


class TableDirectives(Directives):
    """Directives for whole tables."""

    def create_table(
        self,
        table_name: str,
        *columns: SchemaItem,
        schema: str | None = None,
        comment: str | None = None,
        prefixes: list[str] | None = None,
        info: dict[Any, Any] | None = None,
        if_not_exists: bool | None = None,
        **kw: Any,
    ) -> Table:
        """Create a table, with the indexes, comments and enum types of its columns.

        Locks only the tables that its foreign keys reference (SHARE ROW EXCLUSIVE).

        The type of an ``Enum`` is created with the first table of a run that uses it, unless it is a
        ``postgresql.ENUM`` with ``create_type=False``. Other keywords are passed to ``Table``:
        ``postgresql_partition_by``, ``postgresql_with`` (SQLAlchemy 2.1), ``postgresql_inherits``,
        ``postgresql_tablespace`` ...

        Returns:
            the table, for ``bulk_insert`` in the same script.

        Raises:
            DirectiveError: an item is not a column, constraint or index of SQLAlchemy.

        Example::

            book = op.create_table(
                "book",
                sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
                sa.Column("title", sa.Text, nullable=False, index=True),
            )
            op.bulk_insert(book, [{"title": "Momo"}])
        """
        items: tuple[object, ...] = columns
        for item in items:
            # Table ignores unknown items; scripts of Alembic may have a None
            if item is not None and not isinstance(item, SchemaItem):
                raise directive_error(
                    f"create_table takes columns, constraints and indexes, not {type(item).__name__}",
                    hint="write sa.Column(...); unpack a list: *columns",
                    directive=CreateTableOp.directive,
                )
        table: Table = self.invoke(
            CreateTableOp(
                table_name,
                columns,
                schema=schema,
                comment=comment,
                prefixes=prefixes,
                info=info,
                if_not_exists=if_not_exists,
                **kw,
            )
        )
        return table

    def drop_table(
        self,
        table_name: str,
        *,
        schema: str | None = None,
        if_exists: bool | None = None,
        **kw: Any,
    ) -> None:
        """Drop a table. ACCESS EXCLUSIVE, also on the tables that its foreign keys reference.

        Example::

            op.drop_table("book", schema="shop", if_exists=True)
        """
        self.invoke(DropTableOp(table_name, schema=schema, if_exists=if_exists, table_kw=kw))

    def rename_table(
        self, old_table_name: str, new_table_name: str, *, schema: str | None = None
    ) -> None:
        """Rename a table within its schema. ACCESS EXCLUSIVE, for a moment.

        Running code that uses the old name fails from then on. Indexes, constraints and sequences
        keep their names.

        Example::

            op.rename_table("book", "title", schema="shop")
        """
        self.invoke(RenameTableOp(old_table_name, new_table_name, schema=schema))
