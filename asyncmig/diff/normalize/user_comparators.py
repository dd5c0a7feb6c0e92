"""What the user's ``compare_type`` and ``compare_server_default`` say of columns on both sides."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy.schema import DefaultClause
from sqlalchemy.sql.elements import ClauseElement, TextClause

from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.diff.schema_items.printed_sql import columns_in, without_casts
from asyncmig.diff.schema_items.schema_items import SchemaItemFactory

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    import sqlalchemy as sa
    from sqlalchemy.types import TypeEngine

    from asyncmig.catalog.model import Catalog, Column, Constraint, Index, Table

__all__ = ["UserComparators", "apply_user_comparators"]

_DIALECT = MigrationDialect()


class UserComparators(Protocol):
    """True compares, False does not, and a function decides for a column.

    A function says True for different, False for the same, None for what we find.
    """

    @property
    def compare_type(self) -> Callable[..., bool | None] | bool | None:
        """Called with context, both columns, both types; the database's first."""
        ...

    @property
    def compare_server_default(self) -> Callable[..., bool | None] | bool | None:
        """Called with context, both columns, both defaults, and the model's as SQL."""
        ...


def apply_user_comparators(
    actual: Catalog,
    wanted: Catalog,
    models: Mapping[tuple[str, str], sa.Table],
    agreeing: UserComparators,
    context: Any,
) -> Catalog:
    """The models' catalog, with the database's type or default where the user calls them the same.

    A type's own ``compare_against_backend(dialect, type)``, True for the same, is asked where
    ``compare_type`` says nothing. That two are different is for PostgreSQL to say: a True about what it
    prints alike changes nothing.

    Args:
        actual: the database.
        wanted: the models.
        models: their tables by schema and name.
        agreeing: what the user says; None is True.
        context: the first argument of the functions.
    """
    comparison = _UserComparison(actual, models, agreeing, context)
    tables = {
        name: table if there is None else comparison.table(table, there)
        for name, table in wanted.tables.items()
        for there in [actual.tables.get(name)]
    }
    return replace(wanted, tables=tables)


class _UserComparison:
    def __init__(
        self,
        actual: Catalog,
        models: Mapping[tuple[str, str], sa.Table],
        agreeing: UserComparators,
        context: Any,
    ) -> None:
        self._objects = SchemaItemFactory(actual)
        self._models = models
        self._agreeing = agreeing
        self._context = context
        switches = (agreeing.compare_type, agreeing.compare_server_default)
        self._has_switches = any(item not in (None, True) for item in switches)

    def table(self, table: Table, there: Table) -> Table:
        model = self._models.get((table.name.schema, table.name.name))
        if model is None:
            return table
        inspected: sa.Table | None = None
        changed: dict[str, Column] = {}
        for ours in model.columns:
            column, existing = table.columns.get(ours.name), there.columns.get(ours.name)
            if column is None or existing is None or not self._says_something(ours):
                continue
            inspected = self._objects.table(there) if inspected is None else inspected
            changed[ours.name] = self._column(column, existing, ours, inspected.c[ours.name])
        if not changed:
            return table
        same = {name for name, item in changed.items() if item.type != table.columns[name].type}
        table = replace(table, columns={**table.columns, **changed})
        return _cast_as_there(table, there, same) if same else table

    def _says_something(self, model: sa.Column[Any]) -> bool:
        return self._has_switches or _own_rule(model.type) is not None

    def _column(
        self, column: Column, there: Column, model: sa.Column[Any], inspected: sa.Column[Any]
    ) -> Column:
        if self._same_type(model, inspected):
            default = there.default if _same_value(column, there) else column.default
            column = replace(column, type=there.type, collation=there.collation, default=default)
        usual = not (column.identity or column.generated or there.identity or there.generated)
        if usual and self._same_default(column, there, model, inspected):
            column = replace(
                column,
                default=there.default,
                serial=there.serial,
                options=there.options,
                sequence=there.sequence,
                owned_default=there.owned_default,
            )
        return column

    def _same_type(self, model: sa.Column[Any], inspected: sa.Column[Any]) -> bool:
        compare = self._agreeing.compare_type
        if compare is False:
            return True
        if callable(compare):
            said = compare(self._context, inspected, model, inspected.type, model.type)
            if said is not None:
                return not said
        rule = _own_rule(model.type)
        return rule is not None and rule(_DIALECT, inspected.type) is True

    def _same_default(
        self, column: Column, there: Column, model: sa.Column[Any], inspected: sa.Column[Any]
    ) -> bool:
        compare = self._agreeing.compare_server_default
        if compare is False:
            return True
        if not callable(compare) or (column.default is None and there.default is None):
            return False
        said = compare(
            self._context,
            inspected,
            model,
            there.default,
            model.server_default,
            _as_sql(model.server_default),
        )
        return said is False


def _cast_as_there(table: Table, there: Table, columns: Collection[str]) -> Table:
    """What is said of columns whose other type counts as the same may differ in casts.

    What the models say is printed for their types, what the database says for its own.
    """

    def same(ours: str, theirs: str) -> bool:
        named = not columns_in(ours).isdisjoint(columns)
        return named and without_casts(ours) == without_casts(theirs)

    def constraint(item: Constraint) -> Constraint:
        other = there.constraints.get(item.name)
        if other is None or not same(item.definition, other.definition):
            return item
        return replace(item, definition=other.definition, expression=other.expression)

    def index(item: Index) -> Index:
        other = there.indexes.get(item.name)
        return item if other is None or not same(item.body, other.body) else other

    def generated(item: Column) -> Column:
        other = there.columns.get(item.name)
        if other is None or item.generated is None or other.generated is None:
            return item
        if not same(item.generated, other.generated):
            return item
        return replace(item, generated=other.generated)

    return replace(
        table,
        columns={name: generated(item) for name, item in table.columns.items()},
        constraints={name: constraint(item) for name, item in table.constraints.items()},
        indexes={name: index(item) for name, item in table.indexes.items()},
    )


def _same_value(column: Column, there: Column) -> bool:
    """True when defaults differ in nothing but the cast to their column's type."""
    return _without_cast(column) == _without_cast(there)


def _without_cast(column: Column) -> str | None:
    name = column.type.text.partition("(")[0]
    return None if column.default is None else column.default.removesuffix(f"::{name}")


def _own_rule(type_: TypeEngine[Any]) -> Callable[[Any, Any], bool | None] | None:
    rule: Callable[[Any, Any], bool | None] | None
    rule = getattr(type_, "compare_against_backend", None)
    return rule


def _as_sql(default: Any) -> str | None:
    if not isinstance(default, DefaultClause):
        return None
    match default.arg:
        case str() as text:
            return "'" + text.replace("'", "''") + "'"
        case TextClause() as clause:
            return clause.text
        case ClauseElement() as clause:
            compiled = clause.compile(dialect=_DIALECT, compile_kwargs={"literal_binds": True})
            return str(compiled)
    return str(default.arg)
