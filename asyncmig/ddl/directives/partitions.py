"""Partitions as DDL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.ddl.compilation import generate_sql, join_words
from asyncmig.ddl.compiled import CompiledSql
from asyncmig.operations.directives.partitions import AttachPartitionOp, DetachPartitionOp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.ddl.compilation import Compilation

__all__ = ["attach_partition", "detach_partition"]


@generate_sql.register(AttachPartitionOp)
def attach_partition(operation: AttachPartitionOp, compilation: Compilation) -> Iterator[str]:
    """ATTACH PARTITION."""
    bound = operation.bound.strip()
    if not bound.upper().startswith(("DEFAULT", "FOR ")):
        bound = f"FOR VALUES {bound}"
    yield (
        f"{compilation.alter_table(operation.table_name, operation.schema)} "
        f"ATTACH PARTITION {_partition(operation, compilation)} {bound}"
    )


@generate_sql.register(DetachPartitionOp)
def detach_partition(
    operation: DetachPartitionOp, compilation: Compilation
) -> Iterator[CompiledSql]:
    """DETACH PARTITION."""
    sql = join_words(
        compilation.alter_table(operation.table_name, operation.schema),
        f"DETACH PARTITION {_partition(operation, compilation)}",
        operation.concurrently and "CONCURRENTLY",
        operation.finalize and "FINALIZE",
    )
    yield CompiledSql(sql, autocommit=True if operation.concurrently else None)


def _partition(operation: AttachPartitionOp | DetachPartitionOp, compilation: Compilation) -> str:
    schema = operation.partition_schema or operation.schema
    return compilation.qualified(operation.partition_name, schema)
