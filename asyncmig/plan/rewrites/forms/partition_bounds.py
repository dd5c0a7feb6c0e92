"""ATTACH PARTITION: a validated CHECK proves the bound, so that no row is read under ACCESS EXCLUSIVE.

DETACH PARTITION: concurrently. The server then leaves a CHECK of the bound on the detached table, unless a
constraint implies it already; so the same CHECK is added before and dropped afterwards, and the catalog is
that of the plain form.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

from sqlalchemy.sql.elements import conv

from asyncmig.operations.directives.constraints import DropConstraintOp, ValidateConstraintOp
from asyncmig.plan.rewrites.safe_form import NotRewritten, SafeForm, raw_sql
from asyncmig.sql.default_names import default_name
from asyncmig.sql.quoting import literal

if TYPE_CHECKING:
    from asyncmig.operations.base.operation import MigrateOperation
    from asyncmig.operations.directives.partitions import AttachPartitionOp, DetachPartitionOp
    from asyncmig.plan.rewrites.safe_form import RewriteContext
    from asyncmig.sql.reader import SqlName

__all__ = ["rewrite_attach_partition", "rewrite_detach_partition"]

# the server builds the condition from an empty partition of an empty copy of the partitioned table
_ADD_BOUND = """\
DO $asyncmig$
DECLARE
    condition text;
BEGIN
    EXECUTE format(
        'CREATE TEMPORARY TABLE asyncmig_parent (LIKE %s) PARTITION BY %s',
        {table}::regclass, pg_catalog.pg_get_partkeydef({table}::regclass)
    );
    CREATE TEMPORARY TABLE asyncmig_partition PARTITION OF asyncmig_parent {bound};
    condition := replace(
        pg_catalog.pg_get_partition_constraintdef('pg_temp.asyncmig_partition'::regclass),
        '''' || 'pg_temp.asyncmig_parent'::regclass::oid || '''',
        '''' || {table}::regclass::oid || ''''
    );
    DROP TABLE asyncmig_parent;
    condition := concat_ws(
        ' AND ', condition, pg_catalog.pg_get_partition_constraintdef({table}::regclass)
    );
    EXECUTE format(
        'ALTER TABLE %s ADD CONSTRAINT %I CHECK (%s) NOT VALID',
        {partition}::regclass, {name}, condition
    );
END
$asyncmig$"""

_KEEP_BOUND = """\
DO $asyncmig$
BEGIN
    EXECUTE format(
        'ALTER TABLE %s ADD CONSTRAINT %I CHECK (%s) NOT VALID',
        {partition}::regclass, {name}, pg_catalog.pg_get_partition_constraintdef({partition}::regclass)
    );
END
$asyncmig$"""


def rewrite_attach_partition(
    operation: AttachPartitionOp, context: RewriteContext
) -> SafeForm | NotRewritten | None:
    """ADD CHECK ... NOT VALID | VALIDATE | ATTACH PARTITION, DROP CHECK."""
    table, partition = _names(operation, context)
    if context.facts.is_new(partition):
        return None
    bound = operation.bound.strip()
    if bound.upper().startswith("DEFAULT"):
        return NotRewritten("the bound of a default partition depends on the other partitions")
    if context.facts.has_default_partition(table):
        return NotRewritten(f"{table} has a default partition, which is read as well")
    if not bound.upper().startswith("FOR "):
        bound = f"FOR VALUES {bound}"
    name = _name(partition)
    add = _ADD_BOUND.format(
        table=literal(table.sql),
        partition=literal(partition.sql),
        bound=bound,
        name=literal(name),
    )
    return _with_check(operation, name, raw_sql(add), ((operation, _drop(operation, name)),))


def rewrite_detach_partition(
    operation: DetachPartitionOp, context: RewriteContext
) -> SafeForm | NotRewritten | None:
    """ADD CHECK ... NOT VALID | VALIDATE | DETACH CONCURRENTLY | DROP CHECK."""
    table, partition = _names(operation, context)
    if operation.concurrently or operation.finalize or context.facts.is_new(table):
        return None
    if context.facts.has_default_partition(table):
        return NotRewritten(
            f"{table} has a default partition, and then PostgreSQL detaches nothing concurrently"
        )
    name = _name(partition)
    keep = _KEEP_BOUND.format(partition=literal(partition.sql), name=literal(name))
    concurrent = copy(operation)
    concurrent.concurrently = True
    last = ((concurrent,), (_drop(operation, name),))
    return _with_check(operation, name, raw_sql(keep), last)


def _with_check(
    operation: AttachPartitionOp | DetachPartitionOp,
    name: str,
    add: MigrateOperation,
    last: tuple[tuple[MigrateOperation, ...], ...],
) -> SafeForm:
    schema = operation.partition_schema or operation.schema
    validate = ValidateConstraintOp(name, operation.partition_name, schema=schema)
    return SafeForm(((add,), (validate,), *last))


def _drop(operation: AttachPartitionOp | DetachPartitionOp, name: str) -> MigrateOperation:
    schema = operation.partition_schema or operation.schema
    return DropConstraintOp(conv(name), operation.partition_name, "check", schema=schema)


def _name(partition: SqlName) -> str:
    return default_name(partition.name, "", "partition_bound")


def _names(
    operation: AttachPartitionOp | DetachPartitionOp, context: RewriteContext
) -> tuple[SqlName, SqlName]:
    """The partitioned table and the partition."""
    schema = operation.partition_schema or operation.schema
    return (
        context.relation(operation.table_name, operation.schema),
        context.relation(operation.partition_name, schema),
    )
