"""UNIQUE and PRIMARY KEY: the index is built concurrently, then becomes the constraint's.

The columns of a primary key are proved NOT NULL by a CHECK first, which ``SET NOT NULL`` takes instead of
reading the table. An index cannot become a constraint of a partitioned table: there each partition gets its
own constraint, and that of the partitioned table takes those over.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

from sqlalchemy.sql.elements import conv

from asyncmig.operations.directives.indexes import CreateIndexOp
from asyncmig.operations.directives.keys import CreatePrimaryKeyOp
from asyncmig.plan.rewrites.forms.not_null import drop_proof, prove_not_null, set_not_null
from asyncmig.plan.rewrites.forms.partitions import (
    foreign_partitions,
    leaf_partitions,
    require_partitions,
)
from asyncmig.plan.rewrites.safe_form import NotRewritten, SafeForm, raw_sql
from asyncmig.sql.default_names import default_name

if TYPE_CHECKING:
    from asyncmig.operations.base.operation import MigrateOperation
    from asyncmig.operations.directives.keys import KeyConstraintOp
    from asyncmig.plan.rewrites.safe_form import RewriteContext

__all__ = ["rewrite_key"]

_OF_INDEX = ("postgresql_include", "postgresql_nulls_not_distinct")
"""Keywords that the index has, not the constraint."""

_OWN_NOT_NULL = 18
"""The first version in which the primary key of a partition leaves NOT NULL constraints of the partition."""


def rewrite_key(
    operation: KeyConstraintOp, context: RewriteContext
) -> SafeForm | NotRewritten | None:
    """CREATE UNIQUE INDEX CONCURRENTLY | ADD CONSTRAINT ... USING INDEX."""
    table = context.relation(operation.table_name, operation.schema)
    if context.facts.is_new(table):
        return None
    is_primary = isinstance(operation, CreatePrimaryKeyOp)
    label = "pkey" if is_primary else "key"
    columns = [str(column) for column in operation.columns]
    name = context.key_name(operation.to_constraint(), table.name, columns, label)
    partitions = context.facts.partitions(table)
    if partitions and (reason := foreign_partitions(partitions, "a key")):
        return reason
    if partitions and is_primary and context.facts.server_is_at_least(_OWN_NOT_NULL):
        return NotRewritten(
            "from PostgreSQL 18 on each partition would keep NOT NULL constraints of its own"
        )
    phases: list[tuple[MigrateOperation, ...]] = []
    not_null: tuple[MigrateOperation, ...] = ()
    dropped: tuple[MigrateOperation, ...] = ()
    if is_primary:
        phases += prove_not_null(operation.table_name, columns, operation.schema, context)
        not_null = set_not_null(operation.table_name, columns, operation.schema, context)
        dropped = (drop_proof(operation.table_name, columns, operation.schema, context),)
    if partitions:
        phases.insert(0, (require_partitions(table, partitions),))
    else:
        phases.append((_index(operation, name),))
        phases.append((*not_null, _using_index(operation, name, context), *dropped))
        return SafeForm(tuple(phases))
    if not_null:
        phases.append((*not_null, *dropped))
    joined = "" if is_primary else "_".join(columns)
    for partition in leaf_partitions(partitions):
        own = copy(operation)
        own.table_name, own.schema = partition.name.name, partition.name.schema
        own_name = default_name(own.table_name, joined, label)
        phases += [(_index(own, own_name),), (_using_index(own, own_name, context),)]
    whole = copy(operation)
    whole.constraint_name = conv(name)
    phases.append((whole,))
    return SafeForm(tuple(phases))


def _index(operation: KeyConstraintOp, name: str) -> CreateIndexOp:
    options = {key: operation.kw[key] for key in _OF_INDEX if operation.kw.get(key)}
    return CreateIndexOp(
        conv(name),
        operation.table_name,
        [str(column) for column in operation.columns],
        schema=operation.schema,
        unique=True,
        postgresql_concurrently=True,
        **options,
    )


def _using_index(
    operation: KeyConstraintOp, name: str, context: RewriteContext
) -> MigrateOperation:
    constraint: Any = operation.to_constraint()
    quoted = context.compilation.quote(name)
    kind = "PRIMARY KEY" if isinstance(operation, CreatePrimaryKeyOp) else "UNIQUE"
    deferrable = context.compilation.ddl_compiler.define_constraint_deferrability(constraint)
    return raw_sql(
        f"{context.alter_table(operation.table_name, operation.schema)}"
        f" ADD CONSTRAINT {quoted} {kind} USING INDEX {quoted}{deferrable}"
    )
