"""Composite types that columns have: PostgreSQL changes the type of no attribute then.

Such a type gives way to a new one under its name, and values move over to it as text, in which attributes
have no names but an order.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from asyncmig.catalog.entities import CompositeType, EntityKey
from asyncmig.diff.entity_operations import EntityOperations
from asyncmig.operations.columns import AlterColumnOp
from asyncmig.operations.execute import ExecuteSQLOp

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from asyncmig.catalog.model import Catalog, ObjectName
    from asyncmig.diff.objects import Objects
    from asyncmig.operations.operation import MigrateOperation

__all__ = ["drop_replaced", "replace_composite", "replaced_composites", "with_replaced"]


def replaced_composites(before: Catalog, after: Catalog) -> list[ObjectName]:
    """Those with an attribute of another type that a column of a table that stays has."""
    used = {
        column.type.name
        for name, table in before.tables.items()
        if name in after.tables
        for column in table.columns.values()
        if column.type.kind == "c"
    }
    return [name for name in sorted(used) if _is_retyped(*_pair(name, before, after))]


def _pair(
    name: ObjectName, before: Catalog, after: Catalog
) -> tuple[CompositeType | None, CompositeType | None]:
    key = EntityKey("composite_type", *name)
    old, new = (catalog.entities.by_key.get(key) for catalog in (before, after))
    return (
        old if isinstance(old, CompositeType) else None,
        new if isinstance(new, CompositeType) else None,
    )


def _is_retyped(old: CompositeType | None, new: CompositeType | None) -> bool:
    if old is None or new is None:
        return False
    return any(new.attributes.get(name, type_) != type_ for name, type_ in old.attributes.items())


def replace_composite(
    name: ObjectName, old: Objects, new: Objects, retired: str
) -> Iterator[MigrateOperation]:
    """Attributes that come and go, then a new type, and the columns that stay moved over to it.

    The old one is called ``retired`` then.
    """
    before, after = _pair(name, old.catalog, new.catalog)
    if before is None or after is None:
        return
    kept = {key: type_ for key, type_ in before.attributes.items() if key in after.attributes}
    more = {key: type_ for key, type_ in after.attributes.items() if key not in kept}
    yield from EntityOperations(new).change(
        replace(before, comment=None), replace(after, attributes={**kept, **more}, comment=None)
    )
    yield ExecuteSQLOp(f"ALTER TYPE {new.qualified(name)} RENAME TO {new.quote(retired)}")
    ordered = {key: after.attributes[key] for key in (*kept, *more)}
    yield from EntityOperations(new).create(replace(after, attributes=ordered))
    for place, table in old.catalog.tables.items():
        wanted = new.catalog.tables.get(place)
        for column in table.columns.values():
            there = None if wanted is None else wanted.columns.get(column.name)
            if there is None or there.generated or not column.type.name == name == there.type.name:
                continue
            if column.default is not None:
                yield AlterColumnOp(
                    place.name, column.name, schema=old.schema(place), modify_server_default=None
                )
            through = "::text[]" if there.type.array else "::text"
            yield AlterColumnOp(
                place.name,
                column.name,
                schema=old.schema(place),
                existing_nullable=column.nullable,
                modify_type=new.type(there, table),
                modify_server_default=new.default(there) if there.default is not None else False,
                postgresql_using=f"{new.quote(there.name)}{through}::{new.local(there.type.text)}",
            )


def drop_replaced(name: ObjectName, old: Objects, retired: str) -> ExecuteSQLOp:
    """DROP TYPE of the old one, once nothing uses it."""
    return ExecuteSQLOp(f"DROP TYPE {old.qualified(name._replace(name=retired))}")


def with_replaced(before: Catalog, after: Catalog, names: Collection[ObjectName]) -> Catalog:
    """``before`` as it is once these types are new."""
    keys = {EntityKey("composite_type", *name) for name in names}
    by_key = {
        key: after.entities.by_key[key] if key in keys else item
        for key, item in before.entities.by_key.items()
    }
    return replace(before, entities=replace(before.entities, by_key=by_key))
