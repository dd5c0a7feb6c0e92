"""Partitions as DDL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.ddl.compilation import words
from asyncmig.ddl.compiled import CompiledSql

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.ddl.compilation import Compilation
    from asyncmig.operations.directives.partitions import AttachPartitionOp, DetachPartitionOp

__all__ = ["attach_partition", "detach_partition"]


def attach_partition(operation: AttachPartitionOp, compilation: Compilation) -> Iterator[str]:
    """ATTACH PARTITION."""
    bound = operation.bound.strip()
    if not bound.upper().startswith(("DEFAULT", "FOR ")):
        bound = f"FOR VALUES {bound}"
    yield (
        f"{compilation.alter_table(operation.table_name, operation.schema)} "
        f"ATTACH PARTITION {_partition(operation, compilation)} {bound}"
    )


def detach_partition(
    operation: DetachPartitionOp, compilation: Compilation
) -> Iterator[CompiledSql]:
    """DETACH PARTITION."""
    sql = words(
        compilation.alter_table(operation.table_name, operation.schema),
        f"DETACH PARTITION {_partition(operation, compilation)}",
        operation.concurrently and "CONCURRENTLY",
        operation.finalize and "FINALIZE",
    )
    yield CompiledSql(sql, autocommit=True if operation.concurrently else None)


def _partition(operation: AttachPartitionOp | DetachPartitionOp, compilation: Compilation) -> str:
    schema = operation.partition_schema or operation.schema
    return compilation.qualified(operation.partition_name, schema)
