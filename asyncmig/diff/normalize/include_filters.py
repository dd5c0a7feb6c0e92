"""Applies ``include_name`` and ``include_object`` of the user: excluded objects are not compared."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from asyncmig.diff.schema_items.constraint_items import add_constraint
from asyncmig.diff.schema_items.index_items import create_index
from asyncmig.diff.schema_items.models_catalog import model_column
from asyncmig.diff.schema_items.schema_items import SchemaItemFactory

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    import sqlalchemy as sa

    from asyncmig.catalog.model import Catalog, Constraint, Table
    from asyncmig.catalog.object_name import ObjectName
    from asyncmig.diff.normalize.sides import Rules, Sides

__all__ = ["apply_filters", "without_tables"]

T = TypeVar("T")
_KINDS = {
    "p": "primary_key_constraint",
    "u": "unique_constraint",
    "f": "foreign_key_constraint",
    "c": "check_constraint",
    "x": "exclude_constraint",
}


def without_tables(catalog: Catalog, names: Collection[ObjectName]) -> Catalog:
    """Return the catalog without these tables."""
    return replace(
        catalog,
        tables={name: item for name, item in catalog.tables.items() if name not in names},
    )


def apply_filters(sides: Sides, rules: Rules) -> Sides:
    """Remove what the user excludes: a name from the database's side only, an object from both sides."""
    include_name, include_object = rules.hooks.include_name, rules.hooks.include_object
    if include_name is not None:
        sides = replace(sides, actual=_by_name(sides.actual, include_name))
    return sides if include_object is None else _ObjectFilter(sides, include_object).apply()


def _by_name(
    catalog: Catalog, include: Callable[[str | None, str, Mapping[str, str | None]], bool]
) -> Catalog:
    def schema_of(name: ObjectName) -> str | None:
        return None if name.schema == catalog.default_schema else name.schema

    schemas = {
        schema
        for schema in catalog.schemas
        if include(None if schema == catalog.default_schema else schema, "schema", {})
    }

    def kept(items: Mapping[ObjectName, T], kind: str) -> dict[ObjectName, T]:
        return {
            name: item
            for name, item in items.items()
            if name.schema in schemas
            and include(
                name.name,
                kind,
                {
                    "schema_name": schema_of(name),
                    "schema_qualified_table_name": ".".join(
                        filter(None, (schema_of(name), name.name))
                    ),
                },
            )
        }

    def within(table: Table) -> Table:
        schema = schema_of(table.name)
        parents = {
            "schema_name": schema,
            "table_name": table.name.name,
            "schema_qualified_table_name": ".".join(filter(None, (schema, table.name.name))),
        }
        return _parts(
            table,
            lambda column: include(column, "column", parents),
            lambda item: include(item.name, _KINDS[item.kind], parents),
            lambda index: include(index, "index", parents),
        )

    return replace(
        catalog,
        schemas=frozenset(schemas),
        tables={name: within(item) for name, item in kept(catalog.tables, "table").items()},
        sequences=kept(catalog.sequences, "sequence"),
        enums=kept(catalog.enums, "enum"),
        domains=kept(catalog.domains, "domain"),
    )


def _parts(
    table: Table,
    column: Callable[[str], bool],
    constraint: Callable[[Constraint], bool],
    index: Callable[[str], bool],
) -> Table:
    return replace(
        table,
        columns={name: item for name, item in table.columns.items() if column(name)},
        constraints={name: item for name, item in table.constraints.items() if constraint(item)},
        indexes={name: item for name, item in table.indexes.items() if index(name)},
    )


class _ObjectFilter:
    """Calls ``include_object`` once for each object, and removes excluded ones from both sides."""

    def __init__(self, sides: Sides, include: Callable[[Any, str, str, bool, Any], bool]) -> None:
        self._sides = sides
        self._actual = sides.actual
        self._wanted = sides.wanted
        self._include = include
        self._old = SchemaItemFactory(sides.actual)
        self._new = SchemaItemFactory(sides.wanted)

    def apply(self) -> Sides:
        """The sides without excluded objects."""
        actual_tables: dict[ObjectName, Table] = {}
        wanted_tables: dict[ObjectName, Table] = {}
        for name in {**self._wanted.tables, **self._actual.tables}:
            wanted, actual = self._wanted.tables.get(name), self._actual.tables.get(name)
            reflected = None if actual is None else self._old.table(actual)
            model = None if wanted is None else self._model(wanted)
            if not self._includes(model, reflected, name.name, "table"):
                continue
            if wanted is not None and actual is not None:
                actual, wanted = self._within(actual, wanted, reflected, model)
            elif wanted is not None:
                wanted = self._new_table(wanted, model)
            if actual is not None:
                actual_tables[name] = actual
            if wanted is not None:
                wanted_tables[name] = wanted
        actual_side = self._others(replace(self._actual, tables=actual_tables))
        wanted_side = self._others(replace(self._wanted, tables=wanted_tables))
        return replace(self._sides, actual=actual_side).with_wanted(wanted_side)

    def _others(self, catalog: Catalog) -> Catalog:
        """Filter types and sequences, for which ``include_object`` gets a value of the catalog."""
        wanted = self._wanted

        def kept(items: Mapping[ObjectName, T], kind: str, models: Any) -> dict[ObjectName, T]:
            return {
                name: item
                for name, item in items.items()
                if self._include(item, name.name, kind, name not in models, None)
            }

        return replace(
            catalog,
            sequences=kept(catalog.sequences, "sequence", wanted.sequences),
            enums=kept(catalog.enums, "enum", wanted.enums),
            domains=kept(catalog.domains, "domain", wanted.domains),
        )

    def _includes(self, model: Any, reflected: Any, name: str, kind: str) -> bool:
        item = reflected if model is None else model
        return bool(
            self._include(item, name, kind, model is None, reflected if model is not None else None)
        )

    def _model(self, table: Table) -> sa.Table:
        found = self._sides.models.table(table.name)
        return self._new.table(table) if found is None else found

    def _new_table(self, wanted: Table, model: Any) -> Table:
        """Filter the indexes of a new table; as in Alembic, not its columns and constraints."""
        indexes = {
            name: index
            for name, index in wanted.indexes.items()
            if self._includes(self._model_index(model, wanted, name), None, name, "index")
        }
        return replace(wanted, indexes=indexes)

    def _within(
        self, actual: Table, wanted: Table, reflected: Any, model: Any
    ) -> tuple[Table, Table]:
        columns = {
            name
            for name in {**wanted.columns, **actual.columns}
            if self._includes(
                model_column(model, name) if name in wanted.columns else None,
                reflected.c.get(name),
                name,
                "column",
            )
        }
        indexes = {
            name
            for name in {**wanted.indexes, **actual.indexes}
            if self._includes(
                self._model_index(model, wanted, name),
                self._index(self._old, actual, name),
                name,
                "index",
            )
        }
        constraints = {
            name
            for name in {**wanted.constraints, **actual.constraints}
            if self._includes(
                self._constraint(self._new, wanted, name),
                self._constraint(self._old, actual, name),
                name,
                _KINDS[(wanted.constraints.get(name) or actual.constraints[name]).kind],
            )
        }

        def part(table: Table) -> Table:
            return _parts(
                table,
                columns.__contains__,
                lambda item: item.name in constraints,
                indexes.__contains__,
            )

        return part(actual), part(wanted)

    def _model_index(self, model: Any, wanted: Table, name: str) -> Any:
        """The index of the model, if it has one of this name, because a hook may use its ``info``."""
        own = (index for index in model.indexes if index.name == name)
        return next(own, None) or self._index(self._new, wanted, name)

    def _index(self, factory: SchemaItemFactory, table: Table, name: str) -> Any:
        index = table.indexes.get(name)
        if index is None:
            return None
        operation: Any = create_index(factory, table, index)
        return operation.to_index() if hasattr(operation, "to_index") else index

    def _constraint(self, factory: SchemaItemFactory, table: Table, name: str) -> Any:
        item = table.constraints.get(name)
        if item is None:
            return None
        operation: Any = add_constraint(factory, table, item)
        return operation.to_constraint() if hasattr(operation, "to_constraint") else item
