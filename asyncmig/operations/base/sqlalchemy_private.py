"""All uses of private members of SQLAlchemy by operations.

The members are the same in 2.0.36 and 2.1; ``tests/unit/operations`` fails when one is removed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

from sqlalchemy.schema import AddConstraint, ForeignKeyConstraint
from sqlalchemy.util import OrderedSet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy.dialects.postgresql import ExcludeConstraint
    from sqlalchemy.schema import (
        Column,
        Constraint,
        ForeignKey,
        Index,
        MetaData,
        Sequence,
        Table,
    )
    from sqlalchemy.sql.compiler import DDLCompiler
    from sqlalchemy.sql.elements import ColumnElement
    from sqlalchemy.types import TypeEngine

__all__ = [
    "ForeignKeyTarget",
    "applies_to_dialect",
    "copy_column",
    "copy_foreign_key",
    "copy_item",
    "exclusion_elements",
    "foreign_key_target",
    "has_table",
    "has_variants",
    "in_creation_order",
    "is_added_later",
    "is_rendered",
    "is_type_bound",
    "metadata_sequences",
    "table_prefixes",
]


class ForeignKeyTarget(NamedTuple):
    """The target of a foreign key; the column is None if only a table is named."""

    schema: str | None
    table: str
    column: str | None


def copy_column(column: Column[Any], **keywords: Any) -> Column[Any]:
    """A column that belongs to no table yet, with its constraints created in the same order."""
    constraints = column.constraints
    column.constraints = OrderedSet(in_creation_order(constraints))  # a set is copied in any order
    try:
        return column._copy(**keywords)  # noqa: SLF001 - Column.copy() was deprecated without successor
    finally:
        column.constraints = constraints


def copy_foreign_key(key: ForeignKey) -> ForeignKey:
    """A foreign key that belongs to no column yet."""
    return key._copy()  # noqa: SLF001 - as for columns


def has_table(column: Column[Any]) -> bool:
    """False for a column without a table, which its type annotation excludes."""
    table: object = column.table
    return table is not None


def has_variants(type_: TypeEngine[Any]) -> bool:
    """True for a type with variants for other dialects."""
    return bool(type_._variant_mapping)  # noqa: SLF001 - what adapting it to a dialect asks first


def copy_item(item: Constraint | Index, table: Table) -> Any:
    """A constraint or index for another table; its columns are found there by name."""
    return cast("Any", item)._copy(target_table=table)  # noqa: SLF001 - as for columns


def is_type_bound(constraint: Constraint) -> bool:
    """True for the CHECK of a Boolean or Enum type."""
    return constraint._type_bound  # noqa: SLF001 - SQLAlchemy's own copying asks the same


def is_rendered(constraint: Constraint, compiler: DDLCompiler) -> bool:
    """False for the CHECK of a type that is native in PostgreSQL, such as an enum."""
    return constraint._should_create_for_compiler(compiler)  # noqa: SLF001 - what CREATE TABLE asks


def is_added_later(constraint: Constraint, compiler: DDLCompiler) -> bool:
    """True for a constraint that is added after CREATE TABLE, not within it.

    ``AddConstraint`` removes a constraint from CREATE TABLE: ``create_all`` uses it for foreign keys
    in a cycle, and models may execute it after the creation of a table.
    """
    if isinstance(constraint, ForeignKeyConstraint):
        return applies_to_dialect(constraint, compiler)
    if is_rendered(constraint, compiler):
        return False
    return any(
        isinstance(listener, AddConstraint)
        and listener.element is constraint
        and _applies_to_dialect(listener, constraint.table, compiler)
        for listener in constraint.table.dispatch.after_create
    )


def applies_to_dialect(item: Constraint | Index, compiler: DDLCompiler) -> bool:
    """False for an item that ``ddl_if`` restricts to another dialect."""
    return _applies_to_dialect(item, item.table, compiler)


def _applies_to_dialect(
    item: Constraint | Index | AddConstraint, target: Table | None, compiler: DDLCompiler
) -> bool:
    condition: Any = item._ddl_if  # noqa: SLF001 - the condition of ddl_if or execute_if
    return condition is None or bool(
        condition._should_execute(item, target, None, compiler=compiler)  # noqa: SLF001 - likewise
    )


def table_prefixes(table: Table) -> list[str]:
    """The words between CREATE and TABLE."""
    return list(table._prefixes)  # noqa: SLF001 - Table(prefixes=) has no public attribute


def in_creation_order(constraints: Iterable[Constraint]) -> list[Constraint]:
    """Constraints in the order of their creation; a table has them as a set."""
    return sorted(constraints, key=lambda constraint: constraint._creation_order)  # noqa: SLF001 - as CREATE TABLE sorts


def exclusion_elements(
    constraint: ExcludeConstraint,
) -> Iterator[tuple[ColumnElement[Any], str | None, str]]:
    """Expression, column name and operator of each element of an exclusion constraint."""
    elements: Any = constraint._render_exprs  # noqa: SLF001 - the only place where operators are kept
    yield from elements


def foreign_key_target(key: ForeignKey) -> ForeignKeyTarget | None:
    """The names of a foreign key's target; None if the target is a column object."""
    old_or_new = cast("Any", key)
    is_new = hasattr(key, "target_tokens")  # public since 2.1
    target = old_or_new.target_column if is_new else old_or_new._colspec  # noqa: SLF001 - 2.0's
    if target is not None and not isinstance(target, str):
        return None
    return ForeignKeyTarget(*old_or_new._column_tokens)  # noqa: SLF001 - the same in both


def metadata_sequences(metadata: MetaData) -> list[Sequence]:
    """The sequences of the models, including those of column defaults."""
    return list(metadata._sequences.values())  # noqa: SLF001 - 2.0 has no public spelling
