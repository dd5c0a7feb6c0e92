"""Applies ``compare_type``, ``compare_server_default`` and ``compare_against_backend`` of the user."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy.schema import DefaultClause
from sqlalchemy.sql.elements import TextClause

from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.diff.schema_items.printed_sql import columns_in, without_casts
from asyncmig.diff.schema_items.schema_items import SchemaItemFactory
from asyncmig.sql.quoting import literal

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    import sqlalchemy as sa
    from sqlalchemy.types import TypeEngine

    from asyncmig.catalog.model import Column, Constraint, Index, Table
    from asyncmig.diff.normalize.sides import Rules, Sides

__all__ = ["apply_user_comparators"]

_DIALECT = MigrationDialect()


def apply_user_comparators(sides: Sides, rules: Rules) -> Sides:
    """Use the database's type or default for columns for which the user says that they are equal.

    A type's own ``compare_against_backend(dialect, type)``, which returns True for equal types, is called
    where ``compare_type`` returns None. PostgreSQL decides whether two types differ: True from
    ``compare_type`` for types that it prints alike has no effect.
    """
    comparison = _UserComparison(sides, rules)
    actual, wanted = sides.actual, sides.wanted
    tables = {
        name: comparison.table(table, actual.tables[name]) if name in actual.tables else table
        for name, table in wanted.tables.items()
    }
    return sides.with_wanted(replace(wanted, tables=tables))


class _UserComparison:
    def __init__(self, sides: Sides, rules: Rules) -> None:
        self._factory = SchemaItemFactory(sides.actual)
        self._models = sides.models
        self._hooks = rules.hooks
        self._context = rules.context
        switches = (self._hooks.compare_type, self._hooks.compare_server_default)
        self._has_switches = any(item not in (None, True) for item in switches)

    def table(self, table: Table, existing: Table) -> Table:
        model = self._models.table(table.name)
        if model is None:
            return table
        reflected: sa.Table | None = None
        changed: dict[str, Column] = {}
        for item in model.columns:
            column, before = table.columns.get(item.name), existing.columns.get(item.name)
            if column is None or before is None or not self._is_asked(item):
                continue
            reflected = self._factory.table(existing) if reflected is None else reflected
            changed[item.name] = self._column(column, before, item, reflected.c[item.name])
        if not changed:
            return table
        equal = {name for name, item in changed.items() if item.type != table.columns[name].type}
        table = replace(table, columns={**table.columns, **changed})
        return _with_casts_of(existing, table, equal) if equal else table

    def _is_asked(self, model: sa.Column[Any]) -> bool:
        return self._has_switches or _compare_against_backend(model.type) is not None

    def _column(
        self,
        column: Column,
        existing: Column,
        model: sa.Column[Any],
        reflected: sa.Column[Any],
    ) -> Column:
        if self._is_same_type(model, reflected):
            default = existing.default if _is_same_value(column, existing) else column.default
            column = replace(
                column, type=existing.type, collation=existing.collation, default=default
            )
        has_default = not (
            column.identity or column.generated or existing.identity or existing.generated
        )
        if has_default and self._is_same_default(column, existing, model, reflected):
            column = replace(
                column,
                default=existing.default,
                serial=existing.serial,
                options=existing.options,
                sequence=existing.sequence,
                owned_default=existing.owned_default,
            )
        return column

    def _is_same_type(self, model: sa.Column[Any], reflected: sa.Column[Any]) -> bool:
        compare = self._hooks.compare_type
        if compare is False:
            return True
        if callable(compare):
            differs = compare(self._context, reflected, model, reflected.type, model.type)
            if differs is not None:
                return not differs
        is_same = _compare_against_backend(model.type)
        return is_same is not None and is_same(_DIALECT, reflected.type) is True

    def _is_same_default(
        self,
        column: Column,
        existing: Column,
        model: sa.Column[Any],
        reflected: sa.Column[Any],
    ) -> bool:
        compare = self._hooks.compare_server_default
        if compare is False:
            return True
        if not callable(compare) or (column.default is None and existing.default is None):
            return False
        differs = compare(
            self._context,
            reflected,
            model,
            existing.default,
            model.server_default,
            _default_sql(model.server_default),
        )
        return differs is False


def _with_casts_of(existing: Table, table: Table, columns: Collection[str]) -> Table:
    """Use the database's constraints, indexes and generated columns that differ in casts of columns only.

    Args:
        existing: the table in the database.
        table: the table in the models.
        columns: columns whose types the user calls equal; each side is printed with its own type.
    """

    def is_same(wanted: str, actual: str) -> bool:
        named = not columns_in(wanted).isdisjoint(columns)
        return named and without_casts(wanted) == without_casts(actual)

    def constraint(item: Constraint) -> Constraint:
        other = existing.constraints.get(item.name)
        if other is None or not is_same(item.definition, other.definition):
            return item
        return replace(item, definition=other.definition, expression=other.expression)

    def index(item: Index) -> Index:
        other = existing.indexes.get(item.name)
        return item if other is None or not is_same(item.body, other.body) else other

    def generated(item: Column) -> Column:
        other = existing.columns.get(item.name)
        if other is None or item.generated is None or other.generated is None:
            return item
        if not is_same(item.generated, other.generated):
            return item
        return replace(item, generated=other.generated)

    return replace(
        table,
        columns={name: generated(item) for name, item in table.columns.items()},
        constraints={name: constraint(item) for name, item in table.constraints.items()},
        indexes={name: index(item) for name, item in table.indexes.items()},
    )


def _is_same_value(column: Column, existing: Column) -> bool:
    """True if defaults differ only in the cast to the type of their column."""
    return _without_cast(column) == _without_cast(existing)


def _without_cast(column: Column) -> str | None:
    name = column.type.text.partition("(")[0]
    return None if column.default is None else column.default.removesuffix(f"::{name}")


def _compare_against_backend(
    type_: TypeEngine[Any],
) -> Callable[[Any, Any], bool | None] | None:
    method: Callable[[Any, Any], bool | None] | None
    method = getattr(type_, "compare_against_backend", None)
    return method


def _default_sql(default: Any) -> str | None:
    if not isinstance(default, DefaultClause):
        return None
    match default.arg:
        case str() as text:
            return literal(text)
        case TextClause() as clause:
            return clause.text
        case clause:
            compiled = clause.compile(dialect=_DIALECT, compile_kwargs={"literal_binds": True})
            return str(compiled)
