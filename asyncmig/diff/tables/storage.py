"""How tables and columns are stored: parameters, tablespaces, access methods, partition keys."""

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

__all__ = ["alter_storage", "column_storage", "left_parents", "parents", "partitioning"]

_PLAIN = "no partition key"


def partitioning(
    before: Table, after: Table, objects: SchemaItemFactory
) -> Iterator[UnsupportedChangeOp]:
    """A partition key that differs, or a column of it whose type does: nothing alters them."""
    if before.partition_key != after.partition_key:
        yield UnsupportedChangeOp(
            after.name.name,
            "its partitioning",
            before=_partitioned(before, objects),
            after=_partitioned(after, objects),
            schema=objects.schema(after.name),
        )
        return
    for column in sorted(columns_in((after.partition_key or "").partition(" ")[2])):
        old, new = before.columns.get(column), after.columns.get(column)
        if old is not None and new is not None and old.type != new.type:
            yield UnsupportedChangeOp(
                after.name.name,
                f"the type of {column}, which is in its partition key",
                before=objects.local(old.type.text),
                after=objects.local(new.type.text),
                schema=objects.schema(after.name),
            )


def _partitioned(table: Table, objects: SchemaItemFactory) -> str:
    key = table.partition_key
    return _PLAIN if key is None else objects.local(key)


def alter_storage(
    before: Table, after: Table, objects: SchemaItemFactory
) -> Iterator[MigrateOperation]:
    """ALTER TABLE for what differs in the way that rows are kept."""
    alter = f"ALTER TABLE {objects.qualified(after.name)}"
    if before.access_method != after.access_method:
        method = after.access_method or "heap"
        yield ExecuteSQLOp(f"{alter} SET ACCESS METHOD {objects.quote(method)}")
    if before.tablespace != after.tablespace:
        place = after.tablespace or "pg_default"
        yield ExecuteSQLOp(f"{alter} SET TABLESPACE {objects.quote(place)}")
    old, new = parameters(before.options), parameters(after.options)
    changed = [f"{name} = {value}" for name, value in new.items() if old.get(name) != value]
    if changed:
        yield ExecuteSQLOp(f"{alter} SET ({', '.join(changed)})")
    lost = [name for name in old if name not in new]
    if lost:
        yield ExecuteSQLOp(f"{alter} RESET ({', '.join(lost)})")
    yield from parents(before, after, objects)


def left_parents(
    before: Table, after: Table, objects: SchemaItemFactory
) -> Iterator[MigrateOperation]:
    """NO INHERIT, before the changes of a former parent could reach the table."""
    alter = f"ALTER TABLE {objects.qualified(after.name)}"
    for name in before.inherits:
        if name not in after.inherits:
            yield ExecuteSQLOp(f"{alter} NO INHERIT {objects.qualified(name)}")


def parents(
    before: Table | None, after: Table, objects: SchemaItemFactory
) -> Iterator[MigrateOperation]:
    """INHERIT; CREATE TABLE says the parents in the default schema by itself."""
    alter = f"ALTER TABLE {objects.qualified(after.name)}"
    there = objects.parents_at_once(after) if before is None else before.inherits
    for name in after.inherits:
        if name not in there:
            yield ExecuteSQLOp(f"{alter} INHERIT {objects.qualified(name)}")


def column_storage(
    table: Table, before: Column | None, after: Column, objects: SchemaItemFactory
) -> Iterator[MigrateOperation]:
    """ALTER COLUMN for the way that its values are kept; ``before`` is None for a new column.

    Models have no words for it: it comes back with a column that a downgrade adds again.
    """
    alter = f"ALTER TABLE {objects.qualified(table.name)} ALTER COLUMN {objects.quote(after.name)}"
    if after.storage != (None if before is None else before.storage) and after.storage:
        yield ExecuteSQLOp(f"{alter} SET STORAGE {after.storage}")
    if after.compression != (None if before is None else before.compression):
        yield ExecuteSQLOp(f"{alter} SET COMPRESSION {after.compression or 'default'}")
    if after.statistics != (None if before is None else before.statistics):
        target = -1 if after.statistics is None else after.statistics
        yield ExecuteSQLOp(f"{alter} SET STATISTICS {target}")
    if after.parameters != (() if before is None else before.parameters):
        yield ExecuteSQLOp(f"{alter} SET ({', '.join(after.parameters)})")
