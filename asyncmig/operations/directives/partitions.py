"""Partitions: ``attach_partition``, ``detach_partition``."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from asyncmig.operations.base.directives import Directives
from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["AttachPartitionOp", "DetachPartitionOp", "PartitionDirectives"]


@dataclass(eq=False)
class PartitionOp(MigrateOperation):
    """Base of the operations that attach and detach a partition."""

    table_name: str
    partition_name: str
    _: KW_ONLY
    schema: str | None = None
    partition_schema: str | None = None


@dataclass(eq=False)
class AttachPartitionOp(PartitionOp, directive="attach_partition"):
    """``ALTER TABLE ... ATTACH PARTITION``."""

    bound: str

    def reverse(self) -> DetachPartitionOp:
        """``DETACH PARTITION``, which can be reversed again."""
        return DetachPartitionOp(
            self.table_name,
            self.partition_name,
            schema=self.schema,
            partition_schema=self.partition_schema,
            bound=self.bound,
        )


@dataclass(eq=False)
class DetachPartitionOp(PartitionOp, directive="detach_partition"):
    """``ALTER TABLE ... DETACH PARTITION``. ``bound`` is only for reversing."""

    _: KW_ONLY
    concurrently: bool = False
    finalize: bool = False
    bound: str | None = None

    def reverse(self) -> AttachPartitionOp:
        """``ATTACH PARTITION``.

        Raises:
            ValueError: its bound is not known.
        """
        if self.bound is None:
            raise ValueError(
                f"cannot attach partition {self.partition_name} again: its bound is unknown"
            )
        return AttachPartitionOp(
            self.table_name,
            self.partition_name,
            self.bound,
            schema=self.schema,
            partition_schema=self.partition_schema,
        )


class PartitionDirectives(Directives):
    """Directives for partitions."""

    def attach_partition(
        self,
        table_name: str,
        partition_name: str,
        bound: str,
        *,
        schema: str | None = None,
        partition_schema: str | None = None,
        safe: bool = True,
    ) -> None:
        """Make a table a partition. SHARE UPDATE EXCLUSIVE on the parent, ACCESS EXCLUSIVE on the table.

        Its rows are scanned, unless a valid CHECK proves the bound.

        Args:
            table_name: of the partitioned table.
            partition_name: of the table that becomes a partition.
            bound: ``FROM ('2026-01-01') TO ('2027-01-01')``, ``IN ('a')``, ``WITH (MODULUS 4, REMAINDER
                0)`` or ``DEFAULT``, as SQL; ``FOR VALUES`` before it is optional.
            schema: of the partitioned table.
            partition_schema: of the partition; None is the same.
            safe: False keeps this plain form where ``safe_rewrites`` would replace it.

        Example::

            op.attach_partition("sale", "sale_2026", "FROM ('2026-01-01') TO ('2027-01-01')")
        """
        self.invoke_rewritable(
            AttachPartitionOp(
                table_name,
                partition_name,
                bound,
                schema=schema,
                partition_schema=partition_schema,
            ),
            safe=safe,
        )

    def detach_partition(
        self,
        table_name: str,
        partition_name: str,
        *,
        schema: str | None = None,
        partition_schema: str | None = None,
        concurrently: bool = False,
        finalize: bool = False,
        safe: bool = True,
    ) -> None:
        """Make a partition a table of its own again. ACCESS EXCLUSIVE on both.

        Concurrently it takes SHARE UPDATE EXCLUSIVE on the parent and runs outside of a transaction, in
        a phase of its own; there may be no default partition.

        Args:
            table_name: of the partitioned table.
            partition_name: of the partition.
            schema: of the partitioned table.
            partition_schema: of the partition; None is the same.
            concurrently: do not block queries.
            finalize: complete a concurrent detach that was interrupted.
            safe: False keeps this plain form where ``safe_rewrites`` would replace it.

        Example::

            op.detach_partition("sale", "sale_2020", concurrently=True)
        """
        self.invoke_rewritable(
            DetachPartitionOp(
                table_name,
                partition_name,
                schema=schema,
                partition_schema=partition_schema,
                concurrently=concurrently,
                finalize=finalize,
            ),
            safe=safe,
        )
