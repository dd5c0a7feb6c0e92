"""Columns: ``add_column``, ``drop_column``, ``alter_column``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from sqlalchemy.types import NULLTYPE

from asyncmig.operations.base.directives import Directives
from asyncmig.operations.base.schema_objects import SchemaObjects
from asyncmig.operations.directives.tables import AlterTableOp

if TYPE_CHECKING:
    from sqlalchemy.schema import Column, Computed, FetchedValue, Identity
    from sqlalchemy.sql.elements import ColumnElement, TextClause
    from sqlalchemy.types import TypeEngine

    from asyncmig.operations.base.operation import ScriptContext

    ServerDefault: TypeAlias = (
        str | TextClause | ColumnElement[Any] | FetchedValue | Identity | Computed
    )
    ColumnType: TypeAlias = TypeEngine[Any] | type[TypeEngine[Any]]

__all__ = ["AddColumnOp", "AlterColumnOp", "ColumnDirectives", "DropColumnOp"]

_ASPECTS = ("type", "nullable", "server_default", "comment")


class AddColumnOp(AlterTableOp, directive="add_column", in_alembic=True):
    """``ALTER TABLE ... ADD COLUMN``, and the constraints, index and comment of the column."""

    def __init__(
        self,
        table_name: str,
        column: Column[Any],
        *,
        schema: str | None = None,
        if_not_exists: bool | None = None,
        inline_references: bool | None = None,
        inline_primary_key: bool | None = None,
        **kw: Any,
    ) -> None:
        super().__init__(table_name, schema=schema)
        self.column = column
        self.if_not_exists = if_not_exists
        self.inline_references = inline_references
        self.inline_primary_key = inline_primary_key
        self.kw = kw

    @classmethod
    def from_column(cls, col: Column[Any]) -> AddColumnOp:
        """The operation that adds this column to its table."""
        return cls(col.table.name, col, schema=col.table.schema)

    @classmethod
    def from_column_and_tablename(
        cls, schema: str | None, tname: str, col: Column[Any]
    ) -> AddColumnOp:
        """The operation that adds this column to a table of that name."""
        return cls(tname, col, schema=schema)

    def to_column(self) -> Column[Any]:
        """The column."""
        return self.column

    def reverse(self) -> DropColumnOp:
        """``DROP COLUMN``, which can be reversed again."""
        undo = DropColumnOp.from_column_and_tablename(self.schema, self.table_name, self.column)
        undo.if_exists = self.if_not_exists
        return undo

    def to_diff_tuple(self) -> tuple[str, str | None, str, Column[Any]]:
        """The tuple of ``compare_metadata``."""
        return ("add_column", self.schema, self.table_name, self.column)


class DropColumnOp(AlterTableOp, directive="drop_column", in_alembic=True):
    """``ALTER TABLE ... DROP COLUMN``.

    Attributes:
        blocked_by: objects that depend on the column and are not dropped, as found by a comparison.
    """

    blocked_by: tuple[str, ...] = ()

    def __init__(
        self,
        table_name: str,
        column_name: str,
        *,
        schema: str | None = None,
        if_exists: bool | None = None,
        _reverse: AddColumnOp | None = None,
        **kw: Any,
    ) -> None:
        super().__init__(table_name, schema=schema)
        self.column_name = column_name
        self.if_exists = if_exists
        self.kw = kw
        self._reverse = _reverse

    @classmethod
    def from_column_and_tablename(
        cls, schema: str | None, tname: str, col: Column[Any]
    ) -> DropColumnOp:
        """The operation that drops this column, and can be reversed."""
        return cls(
            tname,
            col.name,
            schema=schema,
            _reverse=AddColumnOp.from_column_and_tablename(schema, tname, col),
        )

    def to_column(self, migration_context: ScriptContext | None = None) -> Column[Any]:
        """The column, as far as it is known."""
        if self._reverse is not None:
            return self._reverse.column
        return SchemaObjects(migration_context).column(self.column_name, NULLTYPE)

    def reverse(self) -> AddColumnOp:
        """``ADD COLUMN``.

        Raises:
            ValueError: the column's definition is not known.
        """
        if self._reverse is None:
            raise ValueError(
                f"cannot add {self.table_name}.{self.column_name} again: its definition is unknown"
            )
        redo = AddColumnOp.from_column_and_tablename(
            self.schema, self.table_name, self._reverse.column
        )
        redo.if_not_exists = self.if_exists
        return redo

    def to_diff_tuple(self) -> tuple[str, str | None, str, Column[Any]]:
        """The tuple of ``compare_metadata``."""
        return ("remove_column", self.schema, self.table_name, self.to_column())


class AlterColumnOp(AlterTableOp, directive="alter_column", in_alembic=True):
    """``ALTER TABLE ... ALTER COLUMN``: type, NOT NULL, default, comment and name.

    ``modify_*`` are the changes; ``existing_*`` are the values before, which reversing needs. For a
    default or comment False means no change, and None removes it.

    Attributes:
        named_in: routines whose source has the old name, as found by a comparison.
    """

    named_in: tuple[str, ...] = ()

    def __init__(
        self,
        table_name: str,
        column_name: str,
        *,
        schema: str | None = None,
        existing_type: ColumnType | None = None,
        existing_server_default: ServerDefault | Literal[False] | None = False,
        existing_nullable: bool | None = None,
        existing_comment: str | None = None,
        modify_nullable: bool | None = None,
        modify_comment: str | Literal[False] | None = False,
        modify_server_default: ServerDefault | Literal[False] | None = False,
        modify_name: str | None = None,
        modify_type: ColumnType | None = None,
        **kw: Any,
    ) -> None:
        super().__init__(table_name, schema=schema)
        # scripts also pass the Column, of which only the name counts
        self.column_name: str = getattr(column_name, "name", column_name)
        self.existing_type = existing_type
        self.existing_server_default = existing_server_default
        self.existing_nullable = existing_nullable
        self.existing_comment = existing_comment
        self.modify_nullable = modify_nullable
        self.modify_comment: str | Literal[False] | None = modify_comment
        self.modify_server_default = modify_server_default
        self.modify_name = modify_name
        self.modify_type = modify_type
        self.kw = kw

    def _changes(self, aspect: str) -> bool:
        unset = False if aspect in {"server_default", "comment"} else None
        return getattr(self, f"modify_{aspect}") is not unset

    def has_changes(self) -> bool:
        """True when more than the name changes."""
        return any(map(self._changes, _ASPECTS)) or any(
            name.startswith("modify_") for name in self.kw
        )

    def reverse(self) -> AlterColumnOp:
        """The change back to the ``existing_*`` values and to the old name."""
        column_name, modify_name = self.column_name, self.modify_name
        if modify_name is not None:
            column_name, modify_name = modify_name, column_name
        values: dict[str, Any] = dict(self.kw)
        for aspect in _ASPECTS:
            before, after = f"existing_{aspect}", f"modify_{aspect}"
            values[before] = getattr(self, before)
            if self._changes(aspect):
                values[before], values[after] = getattr(self, after), getattr(self, before)
        for after in [name for name in self.kw if name.startswith("modify_")]:
            before = f"existing_{after.removeprefix('modify_')}"
            values[after], values[before] = self.kw.get(before), self.kw[after]
        return type(self)(
            self.table_name, column_name, schema=self.schema, modify_name=modify_name, **values
        )

    def to_diff_tuple(self) -> list[tuple[Any, ...]]:
        """The tuple of ``compare_metadata``."""
        kinds = {
            "type": "modify_type",
            "nullable": "modify_nullable",
            "server_default": "modify_default",
            "comment": "modify_comment",
        }
        differences = []
        for aspect in _ASPECTS:
            if self._changes(aspect):
                others = {
                    f"existing_{other}": getattr(self, f"existing_{other}")
                    for other in _ASPECTS
                    if other != aspect
                }
                differences.append(
                    (
                        kinds[aspect],
                        self.schema,
                        self.table_name,
                        self.column_name,
                        others,
                        getattr(self, f"existing_{aspect}"),
                        getattr(self, f"modify_{aspect}"),
                    )
                )
        return differences


class ColumnDirectives(Directives):
    """Directives for columns."""

    def add_column(
        self,
        table_name: str,
        column: Column[Any],
        *,
        schema: str | None = None,
        if_not_exists: bool | None = None,
        inline_references: bool | None = None,
        inline_primary_key: bool | None = None,
        safe: bool = True,
    ) -> None:
        """Add a column, then its constraints, index and comment.

        ACCESS EXCLUSIVE for a moment when the default is constant or ``now()``; a volatile default,
        ``Identity`` or a stored ``Computed`` rewrites the whole table under that lock. A foreign key
        or CHECK scans it.

        Args:
            table_name: of the table.
            column: with its constraints, index and comment. The type of an ``Enum`` must exist, see
                ``create_enum``.
            schema: of the table.
            if_not_exists: ``IF NOT EXISTS``, for the column but not for its constraints and index.
            inline_references: write a single foreign key as ``REFERENCES`` of the column.
            inline_primary_key: write ``PRIMARY KEY`` at the column.
            safe: False keeps this plain form where ``safe_rewrites`` would replace it.

        Example::

            op.add_column("book", sa.Column("pages", sa.Integer, server_default="0"))
        """
        self.invoke_rewritable(
            AddColumnOp(
                table_name,
                column,
                schema=schema,
                if_not_exists=if_not_exists,
                inline_references=inline_references,
                inline_primary_key=inline_primary_key,
            ),
            safe=safe,
        )

    def drop_column(
        self,
        table_name: str,
        column_name: str,
        *,
        schema: str | None = None,
        if_exists: bool | None = None,
        **kw: Any,
    ) -> None:
        """Drop a column. ACCESS EXCLUSIVE for a moment; the rows are not rewritten.

        Keywords of other databases (``mssql_drop_check`` ...) have no effect.

        Example::

            op.drop_column("book", "pages", if_exists=True)
        """
        self.invoke(DropColumnOp(table_name, column_name, schema=schema, if_exists=if_exists, **kw))

    def alter_column(
        self,
        table_name: str,
        column_name: str,
        *,
        nullable: bool | None = None,
        comment: str | Literal[False] | None = False,
        server_default: ServerDefault | Literal[False] | None = False,
        new_column_name: str | None = None,
        type_: ColumnType | None = None,
        existing_type: ColumnType | None = None,
        existing_server_default: ServerDefault | Literal[False] | None = False,
        existing_nullable: bool | None = None,
        existing_comment: str | None = None,
        schema: str | None = None,
        safe: bool = True,
        **kw: Any,
    ) -> None:
        """Change a column's type, NOT NULL, default, comment and name, in that order.

        ACCESS EXCLUSIVE. ``SET NOT NULL`` scans the table unless a valid CHECK proves it. A new type
        rewrites the table, unless the stored values stay the same: varchar widened or to text,
        numeric with more digits at the same scale.

        Args:
            table_name: of the table.
            column_name: of the column.
            nullable: False sets NOT NULL, True drops it.
            comment: None removes it.
            server_default: None removes it; an ``Identity`` adds, changes or (None, with an existing
                ``Identity``) drops the identity.
            new_column_name: the new name; renaming is the last change.
            type_: the new type; ``postgresql_using`` converts the values.
            existing_type: its type-bound CHECK is dropped when the type changes.
            existing_server_default: an ``Identity`` makes it a change of the identity, not a new one.
            existing_nullable: for reversing.
            existing_comment: for reversing.
            schema: of the table.
            safe: False keeps this plain form where ``safe_rewrites`` would replace it.
            kw: ``postgresql_using``; keywords of other databases have no effect.

        Example::

            op.alter_column(
                "book", "pages", type_=sa.Integer, postgresql_using="pages::integer", nullable=False
            )
        """
        self.invoke_rewritable(
            AlterColumnOp(
                table_name,
                column_name,
                schema=schema,
                existing_type=existing_type,
                existing_server_default=existing_server_default,
                existing_nullable=existing_nullable,
                existing_comment=existing_comment,
                modify_name=new_column_name,
                modify_type=type_,
                modify_server_default=server_default,
                modify_nullable=nullable,
                modify_comment=comment,
                **kw,
            ),
            safe=safe,
        )
