"""FOREIGN KEY: added NOT VALID, then validated.

Before PostgreSQL 18 a partitioned table cannot have a foreign key that is NOT VALID. There each partition
gets its own first; the foreign key of the partitioned table then takes those over without reading a row.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

from sqlalchemy.sql.elements import conv

from asyncmig.operations.directives.constraints import ValidateConstraintOp
from asyncmig.plan.rewrites.forms.partitions import leaf_partitions, require_partitions
from asyncmig.plan.rewrites.safe_form import SafeForm

if TYPE_CHECKING:
    from asyncmig.operations.base.operation import MigrateOperation
    from asyncmig.operations.directives.foreign_keys import CreateForeignKeyOp
    from asyncmig.plan.rewrites.safe_form import NotRewritten, RewriteContext

__all__ = ["rewrite_foreign_key"]

_NOT_VALID_ON_PARTITIONED = 18
"""The first version in which the foreign key of a partitioned table can be NOT VALID."""


def rewrite_foreign_key(
    operation: CreateForeignKeyOp, context: RewriteContext
) -> SafeForm | NotRewritten | None:
    """ADD CONSTRAINT ... NOT VALID | VALIDATE CONSTRAINT."""
    table = context.relation(operation.source_table, operation.schema)
    if operation.kw.get("postgresql_not_valid") or context.facts.is_new(table):
        return None
    name = context.key_name(operation.to_constraint(), table.name, operation.local_cols, "fkey")
    partitions = context.facts.partitions(table)
    if not partitions or context.facts.server_is_at_least(_NOT_VALID_ON_PARTITIONED):
        return SafeForm(_not_valid(operation, name, operation.source_table, operation.schema))
    phases: list[tuple[MigrateOperation, ...]] = [(require_partitions(table, partitions),)]
    for partition in leaf_partitions(partitions):
        phases += _not_valid(operation, name, partition.name.name, partition.name.schema)
    whole = _named(operation, name)
    phases.append((whole,))
    return SafeForm(tuple(phases))


def _named(operation: CreateForeignKeyOp, name: str) -> CreateForeignKeyOp:
    named = copy(operation)
    named.constraint_name = conv(name)
    return named


def _not_valid(
    operation: CreateForeignKeyOp, name: str, table: str, schema: str | None
) -> tuple[tuple[MigrateOperation, ...], ...]:
    add = _named(operation, name)
    add.source_table, add.schema = table, schema
    add.kw = operation.kw | {"source_schema": schema, "postgresql_not_valid": True}
    return (add,), (ValidateConstraintOp(name, table, schema=schema),)
