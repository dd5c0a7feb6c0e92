"""What we need of SQLAlchemy that has no public name, in one place.

Each function is the same in 2.0.36 and 2.1; ``tests/unit/operations`` fails when one goes away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

from sqlalchemy.schema import AddConstraint, ForeignKeyConstraint

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
    "copy_column",
    "copy_foreign_key",
    "copy_item",
    "exclusion_elements",
    "foreign_key_target",
    "has_table",
    "has_variants",
    "in_order",
    "is_added_later",
    "is_meant",
    "is_type_bound",
    "metadata_sequences",
    "render_as_constraint",
    "table_prefixes",
]


class ForeignKeyTarget(NamedTuple):
    """What a foreign key names: the column is None when only a table was named."""

    schema: str | None
    table: str
    column: str | None


def copy_column(column: Column[Any], **keywords: Any) -> Column[Any]:
    """A column that belongs to no table yet."""
    return column._copy(**keywords)  # noqa: SLF001 - Column.copy() was deprecated without successor


def copy_foreign_key(key: ForeignKey) -> ForeignKey:
    """A foreign key that belongs to no column yet."""
    return key._copy()  # noqa: SLF001 - as for columns


def has_table(column: Column[Any]) -> bool:
    """False for a column that belongs to no table yet, which its type denies."""
    table: object = column.table
    return table is not None


def has_variants(type_: TypeEngine[Any]) -> bool:
    """True where ``with_variant`` gave a type another one for some dialect."""
    return bool(type_._variant_mapping)  # noqa: SLF001 - what adapting it to a dialect asks first


def copy_item(item: Constraint | Index, table: Table) -> Any:
    """A constraint or index for another table; its columns are found there by name."""
    return cast("Any", item)._copy(target_table=table)  # noqa: SLF001 - as for columns


def is_type_bound(constraint: Constraint) -> bool:
    """True for the CHECK that a Boolean or Enum type brings along with its column."""
    return constraint._type_bound  # noqa: SLF001 - SQLAlchemy's own copying asks the same


def render_as_constraint(constraint: Constraint, compiler: DDLCompiler) -> bool:
    """False when a type-bound constraint has no place in PostgreSQL, whose enums are real."""
    return constraint._should_create_for_compiler(compiler)  # noqa: SLF001 - what CREATE TABLE asks


def is_added_later(constraint: Constraint, compiler: DDLCompiler) -> bool:
    """True for a constraint that CREATE TABLE leaves out, and that is added when the table is there.

    ``AddConstraint`` takes a constraint out of its table. ``create_all`` does so with foreign keys of
    a cycle, and people do, who have it executed after the table's creation.
    """
    if isinstance(constraint, ForeignKeyConstraint):
        return is_meant(constraint, compiler)
    if render_as_constraint(constraint, compiler):
        return False
    return any(
        isinstance(listener, AddConstraint)
        and listener.element is constraint
        and _is_meant(listener, constraint.table, compiler)
        for listener in constraint.table.dispatch.after_create
    )


def is_meant(item: Constraint | Index, compiler: DDLCompiler) -> bool:
    """False for what ``ddl_if`` keeps for another dialect."""
    return _is_meant(item, item.table, compiler)


def _is_meant(
    item: Constraint | Index | AddConstraint, target: Table | None, compiler: DDLCompiler
) -> bool:
    condition: Any = item._ddl_if  # noqa: SLF001 - what ddl_if or execute_if said
    return condition is None or bool(
        condition._should_execute(item, target, None, compiler=compiler)  # noqa: SLF001 - likewise
    )


def table_prefixes(table: Table) -> list[str]:
    """The words between CREATE and TABLE."""
    return list(table._prefixes)  # noqa: SLF001 - given to Table(prefixes=), never given back


def in_order(constraints: Iterable[Constraint]) -> list[Constraint]:
    """Constraints as they were written; a table keeps them as a set."""
    return sorted(constraints, key=lambda constraint: constraint._creation_order)  # noqa: SLF001 - as CREATE TABLE sorts


def exclusion_elements(
    constraint: ExcludeConstraint,
) -> Iterator[tuple[ColumnElement[Any], str | None, str]]:
    """Expression, column name and operator of each element of an exclusion constraint."""
    elements: Any = constraint._render_exprs  # noqa: SLF001 - the only place where operators are kept
    yield from elements


def foreign_key_target(key: ForeignKey) -> ForeignKeyTarget | None:
    """What a foreign key names; None when it holds the column object itself."""
    old_or_new = cast("Any", key)
    is_new = hasattr(key, "target_tokens")  # 2.1 made them public
    target = old_or_new.target_column if is_new else old_or_new._colspec  # noqa: SLF001 - 2.0's
    if target is not None and not isinstance(target, str):
        return None
    return ForeignKeyTarget(*old_or_new._column_tokens)  # noqa: SLF001 - the same in both


def metadata_sequences(metadata: MetaData) -> list[Sequence]:
    """The sequences of the models, those of columns' defaults too."""
    return list(metadata._sequences.values())  # noqa: SLF001 - 2.0 has no public spelling
