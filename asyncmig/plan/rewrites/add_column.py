"""ADD COLUMN: the column alone, then its constraints and index, each by its own rewrite."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.schema import CheckConstraint, PrimaryKeyConstraint

from asyncmig.operations.base.schema_objects import SchemaObjects
from asyncmig.operations.base.sqlalchemy_private import (
    copy_column,
    has_table,
    in_creation_order,
    is_type_bound,
)
from asyncmig.operations.directives.columns import AddColumnOp, AlterColumnOp
from asyncmig.operations.directives.constraints import AddConstraintOp
from asyncmig.operations.directives.indexes import CreateIndexOp
from asyncmig.plan.rewrites.safe_form import NotRewritten, SafeForm
from asyncmig.sql.names import calls_function

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.schema import Column, Table

    from asyncmig.operations.base.operation import MigrateOperation
    from asyncmig.plan.rewrites.safe_form import RewriteContext

__all__ = ["rewrite_add_column"]

VOLATILE_FUNCTIONS = frozenset(
    {
        *("clock_timestamp", "gen_random_bytes", "gen_random_uuid", "nextval", "random"),
        *("random_normal", "timeofday", "uuid_generate_v1", "uuid_generate_v1mc"),
        *("uuid_generate_v4", "uuidv4", "uuidv7"),
    }
)
"""Volatile functions of PostgreSQL and of its uuid-ossp and pgcrypto that people use in defaults."""


def rewrite_add_column(
    operation: AddColumnOp, context: RewriteContext
) -> SafeForm | NotRewritten | None:
    """ADD COLUMN | each constraint and index by its own rewrite | COMMENT."""
    if context.facts.is_new(context.relation(operation.table_name, operation.schema)):
        return None
    column: Any = operation.column
    objects = SchemaObjects(operation.script_context)
    # a column of a table is copied there, with its foreign keys
    item = column if has_table(column) else copy_column(column)
    table = objects.table(operation.table_name, item, schema=operation.schema)
    own = table.c[column.name]
    if reason := _table_rewrite(own, context):
        return NotRewritten(reason)
    if operation.if_not_exists:
        return None
    if operation.inline_primary_key and own.primary_key:
        return NotRewritten("PRIMARY KEY is written at the column")
    phases: list[tuple[MigrateOperation, ...]] = [(_bare(operation, own),)]
    for added in _added(operation, table, own):
        form = context.rewrite(added)
        if isinstance(form, NotRewritten):
            return form
        phases += ((added,),) if form is None else form.phases
    if len(phases) == 1:
        return None
    if own.comment is not None:
        comment = AlterColumnOp(
            operation.table_name, own.name, schema=operation.schema, modify_comment=own.comment
        )
        phases.append((comment,))
    return SafeForm(tuple(phases))


def _table_rewrite(column: Column[Any], context: RewriteContext) -> str | None:
    """Why the column itself rewrites the table; None where it is only added to the catalog."""
    if column.identity is not None:
        return "an identity rewrites the table; add the column, fill it with op.backfill, then ADD GENERATED"
    if column.computed is not None and column.computed.persisted is not False:
        return "a stored generated column rewrites the table, and there is no other way to add it"
    default = context.compilation.ddl_compiler.get_column_default_string(column)
    if default and any(calls_function(default, name) for name in VOLATILE_FUNCTIONS):
        return (
            f"the volatile default {default} rewrites the table; add the column without it, set the default,"
            " then fill the column with op.backfill"
        )
    return None


def _bare(operation: AddColumnOp, column: Column[Any]) -> AddColumnOp:
    """The column without constraints, index and comment."""
    bare = copy_column(column)  # foreign keys stay with the table that has them
    bare.unique = bare.index = False
    bare.constraints.clear()
    bare.comment = None
    return AddColumnOp(operation.table_name, bare, schema=operation.schema)


def _added(operation: AddColumnOp, table: Table, column: Column[Any]) -> Iterator[MigrateOperation]:
    """What the plain form adds with the column."""
    checks = [item for item in column.constraints if isinstance(item, CheckConstraint)]
    constraints = [
        item
        for item in in_creation_order(table.constraints)
        if not isinstance(item, PrimaryKeyConstraint) and not is_type_bound(item)
    ]
    operations: list[MigrateOperation] = [
        AddConstraintOp.from_constraint(item) for item in (*checks, *constraints)
    ]
    operations += (CreateIndexOp.from_index(index) for index in table.indexes)
    for each in operations:
        if operation.script_context is not None:
            each.set_context(operation.script_context)
        yield each
