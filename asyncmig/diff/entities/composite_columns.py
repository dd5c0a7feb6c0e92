"""Composite types of columns: PostgreSQL cannot change the type of an attribute while a column uses them.

Such a type is replaced by a new one under its name, and so is a type with an attribute of a replaced type.
Values are converted by a temporary cast. It maps attributes by name, so that their order does not matter, and
PostgreSQL also applies it inside arrays and composite types.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from asyncmig.catalog.entities import CompositeType, EntityKey
from asyncmig.catalog.model import TypeName
from asyncmig.catalog.object_name import ObjectName
from asyncmig.diff.entities.dependency_order import creation_order, dependencies
from asyncmig.diff.entities.operations import EntityOperations
from asyncmig.diff.schema_items.casts import convert_columns, converted, needs_cast
from asyncmig.diff.schema_items.script_sql import raw_sql
from asyncmig.sql.lexer import identifier_value

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from asyncmig.catalog.model import Catalog
    from asyncmig.diff.schema_items.schema_items import SchemaItemFactory
    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["drop_replaced", "replace_composites", "replaced_composites", "with_replaced"]

# keywords that can be the name of a type, but not of a function (PostgreSQL 18)
_NO_FUNCTIONS = frozenset(
    (
        *("bigint", "bit", "boolean", "char", "character", "coalesce", "dec", "decimal"),
        *("exists", "extract", "float", "greatest", "grouping", "inout", "int", "integer"),
        *("interval", "json", "json_array", "json_arrayagg", "json_exists", "json_object"),
        *("json_objectagg", "json_query", "json_scalar", "json_serialize", "json_table"),
        *("json_value", "least", "merge_action", "national", "nchar", "none", "normalize"),
        *("nullif", "numeric", "out", "overlay", "position", "precision", "real", "row", "setof"),
        *("smallint", "substring", "time", "timestamp", "treat", "trim", "values", "varchar"),
        *("xmlattributes", "xmlconcat", "xmlelement", "xmlexists", "xmlforest", "xmlnamespaces"),
        *("xmlparse", "xmlpi", "xmlroot", "xmlserialize", "xmltable"),
    )
)
_QUALIFIED = re.compile(r'("(?:[^"]|"")+"|[^".]+)\.("(?:[^"]|"")+"|[^".(]+)')


def replaced_composites(
    before: Catalog, after: Catalog, types: Collection[ObjectName]
) -> list[ObjectName]:
    """The composite types that PostgreSQL cannot alter, each after the types of its attributes.

    A column of a kept table uses the type, directly or in an attribute, and an attribute of it changes its
    type, or is of one of ``types``, which are replaced, or of another composite type that is replaced.
    """
    old, new = _composites(before), _composites(after)
    left = [name for name in sorted(_used(before, after, old)) if name in new]
    moving = set(types)
    found: list[ObjectName] = []
    while True:
        more = [
            name
            for name in left
            if name not in found
            and (
                _is_retyped(old[name], new[name])
                or any(item.name in moving for item in _attributes(old[name], before).values())
            )
        ]
        if not more:
            return found
        found += more
        moving.update(more)


def _composites(catalog: Catalog) -> dict[ObjectName, CompositeType]:
    return {
        ObjectName(key.schema, key.name): item
        for key, item in catalog.entities.by_key.items()
        if isinstance(item, CompositeType)
    }


def _used(
    before: Catalog, after: Catalog, composites: Mapping[ObjectName, CompositeType]
) -> set[ObjectName]:
    left = {
        column.type.name
        for name, table in before.tables.items()
        if name in after.tables
        for column in table.columns.values()
        if column.type.kind == "c"
    }
    found: set[ObjectName] = set()
    while left:
        name = left.pop()
        if name in composites and name not in found:
            found.add(name)
            left |= {item.name for item in _attributes(composites[name], before).values()}
    return found


def _is_retyped(old: CompositeType, new: CompositeType) -> bool:
    return any(new.attributes.get(name, type_) != type_ for name, type_ in old.attributes.items())


def _attributes(composite: CompositeType, catalog: Catalog) -> dict[str, TypeName]:
    return {name: _type(text, catalog) for name, text in composite.attributes.items()}


def _type(printed: str, catalog: Catalog) -> TypeName:
    text = printed.partition(" COLLATE ")[0]
    element = text.removesuffix("[]")
    parts = _QUALIFIED.match(element)
    if parts is None:
        name, kind = ObjectName("pg_catalog", element.partition("(")[0]), "b"
    else:
        name = ObjectName(*map(identifier_value, parts.groups()))
        kind = "e" if name in catalog.enums else "b"
    return TypeName(text=text, name=name, kind=kind, array=element != text)


def _in_order(names: Collection[ObjectName], these: Catalog, others: Catalog) -> list[EntityKey]:
    """These types and types of their attributes that only this catalog has, each after those that it uses."""
    keys = {EntityKey("composite_type", *name) for name in names}
    pool = {
        key: item for key, item in these.entities.by_key.items() if isinstance(item, CompositeType)
    }
    below = dependencies(keys, pool) - others.entities.by_key.keys()
    return creation_order(keys | below, pool)


def replace_composites(
    types: Collection[ObjectName],
    old: SchemaItemFactory,
    new: SchemaItemFactory,
    names: Mapping[ObjectName, str],
) -> Iterator[MigrateOperation]:
    """Create the new types and the casts to them, and convert the columns.

    Args:
        types: what ``replaced_composites`` returns.
        old: makes items of the catalog before.
        new: makes items of the catalog after.
        names: the temporary names of replaced types; enums and domains are replaced already.
    """
    existing, wanted = _composites(old.catalog), _composites(new.catalog)
    for key in _in_order(types, new.catalog, old.catalog):
        name = ObjectName(key.schema, key.name)
        place = _function_name(name, new)
        if name not in existing:
            yield from EntityOperations(new).create(wanted[name])
            continue
        yield raw_sql(f"ALTER TYPE {place} RENAME TO {new.quote(names[name])}")
        yield from EntityOperations(new).create(wanted[name])
        gone = new.qualified(name._replace(name=names[name]))
        row = _row(existing[name], wanted[name], old, new, names)
        # PostgreSQL assigns each value of the row, so that a value that does not fit is an error; the
        # function has the name of the type that it returns, as in PostgreSQL's own casts
        yield raw_sql(
            f"CREATE FUNCTION {place}({gone}) RETURNS {place} LANGUAGE sql STRICT RETURN ROW({row})"
        )
        yield raw_sql(f"CREATE CAST ({gone} AS {place}) WITH FUNCTION {place}({gone})")
    yield from convert_columns(
        types,
        old,
        new,
        lambda column, after: _cast(new.quote(after.name), column.type, after.type, new),
    )


def _function_name(name: ObjectName, factory: SchemaItemFactory) -> str:
    """The name of the type, quoted so that it can also be the name of a function."""
    if factory.schema(name) is None and name.name in _NO_FUNCTIONS:
        return f'"{name.name}"'
    return factory.qualified(name)


def _row(
    before: CompositeType,
    after: CompositeType,
    old: SchemaItemFactory,
    new: SchemaItemFactory,
    replaced: Collection[ObjectName],
) -> str:
    old_types, new_types = _attributes(before, old.catalog), _attributes(after, new.catalog)
    values = []
    for name, type_ in new_types.items():
        existing = old_types.get(name)
        value = "NULL" if existing is None else f"($1).{new.quote(name)}"
        if existing is not None:
            is_replaced = existing.name == type_.name and type_.name in replaced
            if is_replaced or needs_cast(existing, type_):
                value = _cast(value, existing, type_, new)
        values.append(value)
    return ", ".join(values)


def _cast(value: str, before: TypeName, after: TypeName, new: SchemaItemFactory) -> str:
    type_ = new.local(after.text)
    is_known = EntityKey("composite_type", *after.name) in new.catalog.entities.by_key
    if is_known and before.name == after.name and before.array == after.array:
        return f"{value}::{type_}"
    return converted(value, before, after, type_)


def drop_replaced(
    types: Collection[ObjectName],
    old: SchemaItemFactory,
    new: SchemaItemFactory,
    names: Mapping[ObjectName, str],
) -> Iterator[MigrateOperation]:
    """Drop the old types, their casts, and the types that only they used.

    Args:
        types: what ``replaced_composites`` returns.
        old: makes items of the catalog before.
        new: makes items of the catalog after.
        names: the temporary names of the old types.
    """
    for key in reversed(_in_order(types, old.catalog, new.catalog)):
        name = ObjectName(key.schema, key.name)
        if name not in types:
            yield from EntityOperations(old).drop(old.catalog.entities.by_key[key])
            continue
        place, gone = _function_name(name, old), old.qualified(name._replace(name=names[name]))
        yield raw_sql(f"DROP CAST ({gone} AS {place})")
        yield raw_sql(f"DROP FUNCTION {place}({gone})")
        yield raw_sql(f"DROP TYPE {gone}")


def with_replaced(before: Catalog, after: Catalog, types: Collection[ObjectName]) -> Catalog:
    """``before`` after the replacement of these types, which then depend on nothing that is dropped."""
    came = {
        key: replace(after.entities.by_key[key], needs=frozenset())
        for key in _in_order(types, after, before)
    }
    gone = {*_in_order(types, before, after)} - came.keys()
    stayed = {key: item for key, item in before.entities.by_key.items() if key not in gone}
    return replace(before, entities=replace(before.entities, by_key={**stayed, **came}))
