"""SQLAlchemy schema objects for the names that directives are called with.

A directive has only the name of a table, but DDL is compiled from ``Table``, ``Index`` and
``Constraint`` objects. The objects made here have the columns that the statement mentions, and the
naming convention of the project's models.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import literal_column
from sqlalchemy.schema import (
    CheckConstraint,
    Column,
    Constraint,
    ForeignKeyConstraint,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)
from sqlalchemy.sql.elements import ColumnElement, TextClause
from sqlalchemy.sql.visitors import replacement_traverse
from sqlalchemy.types import NULLTYPE

from asyncmig.operations.base.sqlalchemy_private import (
    copy_column,
    copy_foreign_key,
    copy_item,
    foreign_key_target,
    has_table,
    is_type_bound,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from sqlalchemy.schema import ForeignKey, SchemaItem
    from sqlalchemy.types import TypeEngine

    from asyncmig.operations.base.operation import ScriptContext

__all__ = ["SchemaObjects", "renames_indexes"]

_NO_COLUMNS: tuple[str, ...] = ()


class SchemaObjects:
    """Makes schema objects for one script.

    Args:
        migration_context: its ``target_metadata`` has the naming convention; None without one.
    """

    def __init__(self, migration_context: ScriptContext | None = None) -> None:
        self.migration_context = migration_context

    def metadata(self) -> MetaData:
        """A new MetaData with the project's naming convention."""
        convention = _naming_convention(self.migration_context)
        return MetaData(naming_convention=convention) if convention else MetaData()

    def table(self, name: str, *items: SchemaItem, **keywords: Any) -> Table:
        """A table in a MetaData of its own.

        Args:
            name: of the table.
            items: columns, constraints and indexes; those that belong to another table are copied.
            keywords: as ``Table`` takes them.
        """
        constraints_included: bool = keywords.pop("_constraints_included", False)
        columns = []
        for item in items:
            if isinstance(item, Column):
                column = copy_column(item) if has_table(item) else item
                if column is not item and not constraints_included:
                    _copy_keys(item, column, items)
                columns.append(column)
        if constraints_included:
            # their UNIQUE constraints and indexes are among the items
            for column in columns:
                column.unique = column.index = False
        metadata = self.metadata()
        table = Table(name, metadata, *columns, **keywords)
        for item in items:
            if isinstance(item, Index) or (
                isinstance(item, Constraint) and not is_type_bound(item)
            ):
                parent: object = getattr(item, "parent", None)
                is_foreign = parent is not None and parent is not table
                table.append_constraint(copy_item(item, table) if is_foreign else item)
        _add_referenced_tables(metadata, table.foreign_keys)
        return table

    def named_table(
        self, name: str, columns: Iterable[str] = _NO_COLUMNS, schema: str | None = None
    ) -> Table:
        """A table with columns of these names, without types."""
        return Table(
            name,
            self.metadata(),
            *(Column(column, NULLTYPE) for column in dict.fromkeys(columns)),
            schema=schema,
        )

    def column(self, name: str, type_: TypeEngine[Any], **keywords: Any) -> Column[Any]:
        """A column."""
        return Column(name, type_, **keywords)

    def index(
        self,
        name: str | None,
        tablename: str | None,
        columns: Sequence[str | TextClause | ColumnElement[Any]],
        schema: str | None = None,
        **keywords: Any,
    ) -> Index:
        """An index over columns and expressions; dropping one does not need the table."""
        table = Table(tablename or "no_table", self.metadata(), schema=schema)
        operators = keywords.get("postgresql_ops") or {}
        expressions = [_index_expression(table, column, operators) for column in columns]
        for included in _included(keywords):
            if included not in table.c:
                table.append_column(Column(included, NULLTYPE))
        return Index(name, *expressions, _table=table, **keywords)

    def primary_key_constraint(
        self,
        name: str | None,
        table_name: str,
        cols: Sequence[str],
        schema: str | None = None,
        **keywords: Any,
    ) -> PrimaryKeyConstraint:
        """A primary key."""
        table = self.named_table(table_name, (*cols, *_included(keywords)), schema)
        return PrimaryKeyConstraint(*(table.c[column] for column in cols), name=name, **keywords)

    def unique_constraint(
        self,
        name: str | None,
        source: str,
        local_cols: Sequence[str],
        schema: str | None = None,
        **keywords: Any,
    ) -> UniqueConstraint:
        """A unique constraint."""
        table = self.named_table(source, (*local_cols, *_included(keywords)), schema)
        constraint = UniqueConstraint(
            *(table.c[column] for column in local_cols), name=name, **keywords
        )
        table.append_constraint(constraint)
        return constraint

    def foreign_key_constraint(
        self,
        name: str | None,
        source: str,
        referent: str,
        local_cols: Sequence[str],
        remote_cols: Sequence[str],
        onupdate: str | None = None,
        ondelete: str | None = None,
        deferrable: bool | None = None,
        source_schema: str | None = None,
        referent_schema: str | None = None,
        initially: str | None = None,
        match: str | None = None,
        **keywords: Any,
    ) -> ForeignKeyConstraint:
        """A foreign key and both of its tables."""
        refers_to_itself = (source, source_schema) == (referent, referent_schema)
        metadata = self.metadata()
        own_names = (*local_cols, *(remote_cols if refers_to_itself else ()))
        table = Table(
            source,
            metadata,
            *(Column(column, NULLTYPE) for column in dict.fromkeys(own_names)),
            schema=source_schema,
        )
        other = (
            table
            if refers_to_itself
            else Table(
                referent,
                metadata,
                *(Column(column, NULLTYPE) for column in dict.fromkeys(remote_cols)),
                schema=referent_schema,
            )
        )
        constraint = ForeignKeyConstraint(
            list(local_cols),
            [other.c[column] for column in remote_cols],
            name=name,
            onupdate=onupdate,
            ondelete=ondelete,
            deferrable=deferrable,
            initially=initially,
            match=match,
            **keywords,
        )
        table.append_constraint(constraint)
        return constraint

    def check_constraint(
        self,
        name: str | None,
        source: str,
        condition: str | TextClause | ColumnElement[Any],
        schema: str | None = None,
        **keywords: Any,
    ) -> CheckConstraint:
        """A CHECK; its condition may name any column."""
        table = self.named_table(source, schema=schema)
        constraint = CheckConstraint(condition, name=name, **keywords)
        table.append_constraint(constraint)
        return constraint

    def generic_constraint(
        self,
        name: str | None,
        table_name: str,
        type_: str | None,
        schema: str | None = None,
        **_keywords: Any,
    ) -> Constraint:
        """A constraint with a name and kind only, as dropping it needs.

        Args:
            name: of the constraint.
            table_name: of its table.
            type_: ``foreignkey``, ``primary``, ``unique``, ``check``, ``exclude`` or None. The kind
                matters only to naming conventions.
            schema: of the table.

        Raises:
            TypeError: another ``type_``.
        """
        constraint: Constraint
        match type_:
            case None | "exclude":
                constraint = Constraint(name=name)
            case "foreignkey":
                constraint = ForeignKeyConstraint([], [], name=name)
            case "primary":
                constraint = PrimaryKeyConstraint(name=name)
            case "unique":
                constraint = UniqueConstraint(name=name)
            case "check":
                constraint = CheckConstraint("", name=name)
            case _:
                raise TypeError(
                    f"type_ of a constraint is {type_!r}; it may be 'check', 'exclude', "
                    "'foreignkey', 'primary', 'unique' or None"
                )
        self.named_table(table_name, schema=schema).append_constraint(constraint)
        return constraint


def _naming_convention(context: ScriptContext | None) -> Mapping[Any, Any] | None:
    models = None if context is None else context.opts.get("target_metadata")
    if isinstance(models, list | tuple):  # of several, the first one's convention applies
        models = models[0] if models else None
    return getattr(models, "naming_convention", None)


def renames_indexes(context: ScriptContext | None) -> bool:
    """True when the models' naming convention changes the names of indexes."""
    convention = _naming_convention(context) or {}
    return "%(constraint_name)" in str(convention.get("ix", convention.get(Index, "")))


def _included(keywords: Mapping[str, Any]) -> list[str]:
    """The names of the INCLUDE columns of an index or key."""
    return [getattr(column, "name", column) for column in keywords.get("postgresql_include") or ()]


def _copy_keys(column: Column[Any], copy: Column[Any], items: Iterable[object]) -> None:
    """Add the column's own foreign keys to its copy.

    SQLAlchemy's copy lacks those that have become a constraint of the table; constraints that were
    declared as such are among the items.
    """
    for key in column.foreign_keys:
        if key.constraint is not None and all(key.constraint is not item for item in items):
            copy.append_foreign_key(copy_foreign_key(key))


def _index_expression(
    table: Table, expression: str | TextClause | ColumnElement[Any], operators: Collection[str]
) -> ColumnElement[Any] | TextClause:
    if isinstance(expression, str):
        column = Column(expression, NULLTYPE)
        table.append_column(column)
        return column
    if isinstance(expression, TextClause):
        # an operator class is found by key, which text() does not have
        text = expression.text
        return literal_column(text) if text in operators else expression
    if isinstance(expression, ColumnElement):
        return _for_table(table, expression)
    raise ValueError(
        f"an index is made of column names, text() and expressions, not {type(expression).__name__}"
    )


def _for_table(table: Table, expression: ColumnElement[Any]) -> ColumnElement[Any]:
    """The same expression over columns of this table."""

    def replace(element: Any, **_: Any) -> Any:
        if not isinstance(element, Column) or not has_table(element) or element.table is table:
            return None
        if element.name not in table.c:
            table.append_column(copy_column(element))
        return table.c[element.name]

    replaced: ColumnElement[Any] = replacement_traverse(expression, {}, replace)
    return replaced


def _add_referenced_tables(metadata: MetaData, keys: Iterable[ForeignKey]) -> None:
    """Add the referenced tables, with the referenced columns, so that SQLAlchemy finds them."""
    for key in keys:
        target = foreign_key_target(key)
        if target is None:
            continue
        name = f"{target.schema}.{target.table}" if target.schema else target.table
        table = metadata.tables.get(name)
        if table is None:
            table = Table(target.table, metadata, schema=target.schema)
        if target.column is not None and target.column not in table.c:
            table.append_column(Column(target.column, NULLTYPE))
