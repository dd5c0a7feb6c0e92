"""The partitions that hold the rows, and the guard against partitions that were added since the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.plan.rewrites.safe_form import NotRewritten, raw_sql
from asyncmig.sql.quoting import literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asyncmig.operations.directives.execute import ExecuteSQLOp
    from asyncmig.plan.rewrites.facts import Partition
    from asyncmig.sql.reader import SqlName

__all__ = ["foreign_partitions", "leaf_partitions", "require_partitions"]

_GUARD = """\
DO $asyncmig$
BEGIN
    IF (SELECT array_agg(relid::regclass ORDER BY relid) FROM pg_catalog.pg_partition_tree({table})
        WHERE level > 0)
       IS DISTINCT FROM
       (SELECT array_agg(oid::regclass ORDER BY oid) FROM unnest(ARRAY[{partitions}]::regclass[]) AS oid)
    THEN
        RAISE EXCEPTION 'the partitions of % have changed since the plan was made', {table}
            USING HINT = 'run the same command again: a new plan includes them';
    END IF;
END
$asyncmig$"""


def leaf_partitions(partitions: Sequence[Partition]) -> list[Partition]:
    """The partitions that hold rows."""
    return [partition for partition in partitions if partition.kind != "p"]


def foreign_partitions(partitions: Sequence[Partition], what: str) -> NotRewritten | None:
    """The reason why partitions that are foreign tables keep the plain form; None where there are none."""
    foreign = [str(partition.name) for partition in partitions if partition.kind == "f"]
    if not foreign:
        return None
    return NotRewritten(f"{what} cannot be built on a foreign table: {', '.join(foreign)}")


def require_partitions(table: SqlName, partitions: Sequence[Partition]) -> ExecuteSQLOp:
    """An error unless the table has exactly these partitions."""
    named = ", ".join(literal(partition.name.sql) for partition in partitions)
    return raw_sql(_GUARD.format(table=f"{literal(table.sql)}::regclass", partitions=named))
