"""Indexes: ``create_index``, ``drop_index``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asyncmig.operations.base.directives import Directives
from asyncmig.operations.base.operation import MigrateOperation
from asyncmig.operations.base.schema_objects import SchemaObjects

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.schema import Index
    from sqlalchemy.sql.elements import ColumnElement, TextClause

    from asyncmig.operations.base.operation import ScriptContext

__all__ = ["CreateIndexOp", "DropIndexOp", "IndexDirectives"]


class CreateIndexOp(MigrateOperation, directive="create_index", in_alembic=True):
    """``CREATE INDEX``."""

    def __init__(
        self,
        index_name: str | None,
        table_name: str,
        columns: Sequence[str | TextClause | ColumnElement[Any]],
        *,
        schema: str | None = None,
        unique: bool = False,
        if_not_exists: bool | None = None,
        **kw: Any,
    ) -> None:
        self.index_name = index_name
        self.table_name = table_name
        self.columns = columns
        self.schema = schema
        self.unique = unique
        self.if_not_exists = if_not_exists
        self.kw = kw

    @classmethod
    def from_index(cls, index: Index) -> CreateIndexOp:
        """The operation that creates this index.

        Raises:
            ValueError: the index belongs to no table.
        """
        if index.table is None:
            raise ValueError(f"index {index.name} belongs to no table")
        return cls(
            index.name,
            index.table.name,
            list(index.expressions),
            schema=index.table.schema,
            unique=index.unique,
            **index.kwargs,
        )

    def to_index(self, migration_context: ScriptContext | None = None) -> Index:
        """The index as SQLAlchemy has it; a new one each time."""
        return SchemaObjects(migration_context or self.script_context).index(
            self.index_name,
            self.table_name,
            self.columns,
            schema=self.schema,
            unique=self.unique,
            **self.kw,
        )

    def reverse(self) -> DropIndexOp:
        """``DROP INDEX``, which can be reversed again."""
        return DropIndexOp.from_index(self.to_index())

    def to_diff_tuple(self) -> tuple[str, Index]:
        """The tuple of ``compare_metadata``."""
        return ("add_index", self.to_index())


class DropIndexOp(MigrateOperation, directive="drop_index", in_alembic=True):
    """``DROP INDEX``."""

    def __init__(
        self,
        index_name: str | None,
        table_name: str | None = None,
        *,
        schema: str | None = None,
        if_exists: bool | None = None,
        _reverse: CreateIndexOp | None = None,
        **kw: Any,
    ) -> None:
        self.index_name = index_name
        self.table_name = table_name
        self.schema = schema
        self.if_exists = if_exists
        self.kw = kw
        self._reverse = _reverse

    @classmethod
    def from_index(cls, index: Index) -> DropIndexOp:
        """The operation that drops this index, and can be reversed.

        Raises:
            ValueError: the index belongs to no table.
        """
        origin = CreateIndexOp.from_index(index)
        return cls(
            index.name,
            origin.table_name,
            schema=origin.schema,
            _reverse=origin,
            unique=index.unique,
            **index.kwargs,
        )

    def to_index(self, migration_context: ScriptContext | None = None) -> Index:
        """The index; if its columns are unknown, with a column ``x``."""
        return SchemaObjects(migration_context or self.script_context).index(
            self.index_name,
            self.table_name,
            self._reverse.columns if self._reverse else ("x",),
            schema=self.schema,
            **self.kw,
        )

    def reverse(self) -> CreateIndexOp:
        """``CREATE INDEX``.

        Raises:
            ValueError: the index's definition is not known.
        """
        if self._reverse is None:
            raise ValueError(
                f"cannot create index {self.index_name} again: its columns are unknown"
            )
        return CreateIndexOp.from_index(self.to_index())

    def to_diff_tuple(self) -> tuple[str, Index]:
        """The tuple of ``compare_metadata``."""
        return ("remove_index", self.to_index())


class IndexDirectives(Directives):
    """Directives for indexes."""

    def create_index(
        self,
        index_name: str | None,
        table_name: str,
        columns: Sequence[str | TextClause | ColumnElement[Any]],
        *,
        schema: str | None = None,
        unique: bool = False,
        if_not_exists: bool | None = None,
        safe: bool = True,
        **kw: Any,
    ) -> None:
        """Create an index. SHARE on the table: writes wait until it is built.

        With ``postgresql_concurrently=True`` writes continue. The statement then runs outside of a
        transaction, in a phase of its own, and the next run repairs an index that a failure has left
        invalid.

        Args:
            index_name: None leaves it to the naming convention.
            table_name: of the table.
            columns: names, ``sa.text("lower(title)")``, or expressions such as ``func.lower``.
            schema: of the table.
            unique: ``UNIQUE``.
            if_not_exists: ``IF NOT EXISTS``.
            safe: False keeps this plain form where ``safe_rewrites`` would replace it.
            kw: ``postgresql_using``, ``_where``, ``_include``, ``_ops``, ``_with``,
                ``_nulls_not_distinct``, ``_concurrently``, ``_tablespace``.

        Example::

            op.create_index(
                "ix_book_title", "book", [sa.text("lower(title)")], postgresql_concurrently=True
            )
        """
        self.invoke_rewritable(
            CreateIndexOp(
                index_name,
                table_name,
                columns,
                schema=schema,
                unique=unique,
                if_not_exists=if_not_exists,
                **kw,
            ),
            safe=safe,
        )

    def drop_index(
        self,
        index_name: str,
        table_name: str | None = None,
        *,
        schema: str | None = None,
        if_exists: bool | None = None,
        safe: bool = True,
        **kw: Any,
    ) -> None:
        """Drop an index. ACCESS EXCLUSIVE on its table, unless ``postgresql_concurrently``.

        Args:
            index_name: of the index.
            table_name: of its table; without it a safe form cannot tell that the table is new.
            schema: of the index.
            if_exists: ``IF EXISTS``.
            safe: False keeps this plain form where ``safe_rewrites`` would replace it.
            kw: ``postgresql_concurrently``.

        Example::

            op.drop_index("ix_book_title", "book", if_exists=True, postgresql_concurrently=True)
        """
        self.invoke_rewritable(
            DropIndexOp(index_name, table_name, schema=schema, if_exists=if_exists, **kw), safe=safe
        )
