"""Storage of tables and columns: parameters, tablespace, access method; parents and partition key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.diff.schema_items.printed_sql import columns_in
from asyncmig.diff.schema_items.script_sql import parameters
from asyncmig.operations.directives.execute import ExecuteSQLOp
from asyncmig.operations.unsupported_change import UnsupportedChangeOp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.catalog.model import Column, Table
    from asyncmig.diff.schema_items.schema_items import SchemaItemFactory
    from asyncmig.operations.base.operation import MigrateOperation

__all__ = [
    "add_parents",
    "alter_storage",
    "column_storage",
    "partition_key_changes",
    "remove_parents",
]

_UNPARTITIONED = "no partition key"


def partition_key_changes(
    before: Table, after: Table, factory: SchemaItemFactory
) -> Iterator[UnsupportedChangeOp]:
    """Partition keys that differ, or types of their columns, which PostgreSQL cannot alter."""
    if before.partition_key != after.partition_key:
        yield UnsupportedChangeOp(
            after.name.name,
            "its partitioning",
            before=_partitioned(before, factory),
            after=_partitioned(after, factory),
            schema=factory.schema(after.name),
        )
        return
    for column in sorted(columns_in((after.partition_key or "").partition(" ")[2])):
        old, new = before.columns.get(column), after.columns.get(column)
        if old is not None and new is not None and old.type != new.type:
            yield UnsupportedChangeOp(
                after.name.name,
                f"the type of {column}, which is in its partition key",
                before=factory.local(old.type.text),
                after=factory.local(new.type.text),
                schema=factory.schema(after.name),
            )


def _partitioned(table: Table, factory: SchemaItemFactory) -> str:
    key = table.partition_key
    return _UNPARTITIONED if key is None else factory.local(key)


def alter_storage(
    before: Table, after: Table, factory: SchemaItemFactory
) -> Iterator[MigrateOperation]:
    """ALTER TABLE for storage and new parents."""
    alter = f"ALTER TABLE {factory.qualified(after.name)}"
    if before.access_method != after.access_method:
        method = after.access_method or "heap"
        yield ExecuteSQLOp(f"{alter} SET ACCESS METHOD {factory.quote(method)}")
    if before.tablespace != after.tablespace:
        place = after.tablespace or "pg_default"
        yield ExecuteSQLOp(f"{alter} SET TABLESPACE {factory.quote(place)}")
    old, new = parameters(before.options), parameters(after.options)
    changed = [f"{name} = {value}" for name, value in new.items() if old.get(name) != value]
    if changed:
        yield ExecuteSQLOp(f"{alter} SET ({', '.join(changed)})")
    lost = [name for name in old if name not in new]
    if lost:
        yield ExecuteSQLOp(f"{alter} RESET ({', '.join(lost)})")
    yield from add_parents(before, after, factory)


def remove_parents(
    before: Table, after: Table, factory: SchemaItemFactory
) -> Iterator[MigrateOperation]:
    """NO INHERIT, before the changes of a former parent affect the table."""
    alter = f"ALTER TABLE {factory.qualified(after.name)}"
    for name in before.inherits:
        if name not in after.inherits:
            yield ExecuteSQLOp(f"{alter} NO INHERIT {factory.qualified(name)}")


def add_parents(
    before: Table | None, after: Table, factory: SchemaItemFactory
) -> Iterator[MigrateOperation]:
    """INHERIT for parents that the table does not have; CREATE TABLE includes those in the default schema."""
    alter = f"ALTER TABLE {factory.qualified(after.name)}"
    existing = factory.parents_at_once(after) if before is None else before.inherits
    for name in after.inherits:
        if name not in existing:
            yield ExecuteSQLOp(f"{alter} INHERIT {factory.qualified(name)}")


def column_storage(
    table: Table, before: Column | None, after: Column, factory: SchemaItemFactory
) -> Iterator[MigrateOperation]:
    """ALTER COLUMN for storage, compression and statistics; ``before`` is None for a new column.

    Models cannot express them: they are restored when a downgrade adds a column again.
    """
    alter = f"ALTER TABLE {factory.qualified(table.name)} ALTER COLUMN {factory.quote(after.name)}"
    if after.storage != (None if before is None else before.storage) and after.storage:
        yield ExecuteSQLOp(f"{alter} SET STORAGE {after.storage}")
    if after.compression != (None if before is None else before.compression):
        yield ExecuteSQLOp(f"{alter} SET COMPRESSION {after.compression or 'default'}")
    if after.statistics != (None if before is None else before.statistics):
        target = -1 if after.statistics is None else after.statistics
        yield ExecuteSQLOp(f"{alter} SET STATISTICS {target}")
    if after.parameters != (() if before is None else before.parameters):
        yield ExecuteSQLOp(f"{alter} SET ({', '.join(after.parameters)})")
