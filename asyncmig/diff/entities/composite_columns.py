"""Composite types that columns have: PostgreSQL changes the type of no attribute then.

Such a type gives way to a new one under its name, and so does one that has an attribute of a type that gives
way. Values move over by a cast that is there meanwhile: it takes attributes by their names, whatever order
they have in one database or another, and PostgreSQL uses it within arrays and composite types too.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from asyncmig.catalog.entities import CompositeType, EntityKey
from asyncmig.catalog.model import ObjectName, TypeName
from asyncmig.diff.entities.dependency_order import creation_order, foundations
from asyncmig.diff.entities.kinds.kind import raw
from asyncmig.diff.entities.operations import EntityOperations
from asyncmig.diff.schema_items.casts import converted, needs_cast
from asyncmig.operations.directives.columns import AlterColumnOp
from asyncmig.sql.lexer import identifier_value

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from asyncmig.catalog.model import Catalog
    from asyncmig.diff.schema_items.schema_items import SchemaItemFactory
    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["drop_replaced", "replace_composites", "replaced_composites", "with_replaced"]

# those of PostgreSQL's keywords that a type may have as its name, but no function (18)
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
    """Those that PostgreSQL cannot alter, each behind those that it is made of.

    A column of a table that stays has it, or has a type with such an attribute, and an attribute of it gets
    another type or is of one of ``types`` or of another such composite type, which get a new type under
    their names.
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
    """These types, each behind those that it is made of, also where the others have none of that name."""
    keys = {EntityKey("composite_type", *name) for name in names}
    pool = {
        key: item for key, item in these.entities.by_key.items() if isinstance(item, CompositeType)
    }
    below = foundations(keys, pool) - others.entities.by_key.keys()
    return creation_order(keys | below, pool)


def replace_composites(
    types: Collection[ObjectName],
    old: SchemaItemFactory,
    new: SchemaItemFactory,
    retired: Mapping[ObjectName, str],
) -> Iterator[MigrateOperation]:
    """New types and casts to them, and the columns that stay moved over.

    Args:
        types: of ``replaced_composites``.
        old: makes items of the catalog as it is.
        new: of the catalog as it will be.
        retired: what the old types are called then; enums and domains among them are there already.
    """
    there, wanted = _composites(old.catalog), _composites(new.catalog)
    for key in _in_order(types, new.catalog, old.catalog):
        name = ObjectName(key.schema, key.name)
        place = _spelled(name, new)
        if name not in there:
            yield from EntityOperations(new).create(wanted[name])
            continue
        yield raw(f"ALTER TYPE {place} RENAME TO {new.quote(retired[name])}")
        yield from EntityOperations(new).create(wanted[name])
        gone = new.qualified(name._replace(name=retired[name]))
        row = _row(there[name], wanted[name], old, new, retired)
        # PostgreSQL assigns each of a row, so that what does not fit is refused; the function is called
        # like the type that it makes, as those of PostgreSQL's own casts are
        yield raw(
            f"CREATE FUNCTION {place}({gone}) RETURNS {place} LANGUAGE sql STRICT RETURN ROW({row})"
        )
        yield raw(f"CREATE CAST ({gone} AS {place}) WITH FUNCTION {place}({gone})")
    yield from _columns(types, old, new)


def _spelled(name: ObjectName, objects: SchemaItemFactory) -> str:
    """The name where a function may stand, too."""
    if objects.schema(name) is None and name.name in _NO_FUNCTIONS:
        return f'"{name.name}"'
    return objects.qualified(name)


def _row(
    before: CompositeType,
    after: CompositeType,
    old: SchemaItemFactory,
    new: SchemaItemFactory,
    replaced: Collection[ObjectName],
) -> str:
    there, wanted = _attributes(before, old.catalog), _attributes(after, new.catalog)
    values = []
    for name, type_ in wanted.items():
        existing = there.get(name)
        value = "NULL" if existing is None else f"($1).{new.quote(name)}"
        if existing is not None:
            is_replaced = existing.name == type_.name and type_.name in replaced
            if is_replaced or needs_cast(existing, type_):
                value = _cast(value, existing, type_, new)
        values.append(value)
    return ", ".join(values)


def _cast(value: str, before: TypeName, after: TypeName, new: SchemaItemFactory) -> str:
    type_ = new.local(after.text)
    is_ours = EntityKey("composite_type", *after.name) in new.catalog.entities.by_key
    if is_ours and before.name == after.name and before.array == after.array:
        return f"{value}::{type_}"
    return converted(value, before, after, type_)


def _columns(
    types: Collection[ObjectName], old: SchemaItemFactory, new: SchemaItemFactory
) -> Iterator[MigrateOperation]:
    for place, table in old.catalog.tables.items():
        wanted = new.catalog.tables.get(place)
        for column in table.columns.values():
            there = None if wanted is None else wanted.columns.get(column.name)
            if there is None or there.generated or column.type.name not in types:
                continue
            if column.type.name != there.type.name:
                continue
            if column.default is not None:
                yield AlterColumnOp(
                    place.name, column.name, schema=old.schema(place), modify_server_default=None
                )
            yield AlterColumnOp(
                place.name,
                column.name,
                schema=old.schema(place),
                existing_nullable=column.nullable,
                modify_type=new.type(there, table),
                modify_server_default=new.default(there) if there.default is not None else False,
                postgresql_using=_cast(new.quote(there.name), column.type, there.type, new),
            )


def drop_replaced(
    types: Collection[ObjectName],
    old: SchemaItemFactory,
    new: SchemaItemFactory,
    retired: Mapping[ObjectName, str],
) -> Iterator[MigrateOperation]:
    """The old ones go, what moved their values, and what only they were made of, once nothing uses it.

    Args:
        types: of ``replaced_composites``.
        old: makes items of the catalog as it was.
        new: of the catalog as it is.
        retired: what the old types are called.
    """
    for key in reversed(_in_order(types, old.catalog, new.catalog)):
        name = ObjectName(key.schema, key.name)
        if name not in types:
            yield from EntityOperations(old).drop(old.catalog.entities.by_key[key])
            continue
        place, gone = _spelled(name, old), old.qualified(name._replace(name=retired[name]))
        yield raw(f"DROP CAST ({gone} AS {place})")
        yield raw(f"DROP FUNCTION {place}({gone})")
        yield raw(f"DROP TYPE {gone}")


def with_replaced(before: Catalog, after: Catalog, types: Collection[ObjectName]) -> Catalog:
    """``before`` as it is once these types are new; they stand on nothing then that goes."""
    came = {
        key: replace(after.entities.by_key[key], needs=frozenset())
        for key in _in_order(types, after, before)
    }
    gone = {*_in_order(types, before, after)} - came.keys()
    stayed = {key: item for key, item in before.entities.by_key.items() if key not in gone}
    return replace(before, entities=replace(before.entities, by_key={**stayed, **came}))
