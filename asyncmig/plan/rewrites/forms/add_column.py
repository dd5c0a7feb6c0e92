"""ADD COLUMN: the column alone, then its values, its constraints and its index, each by its own rewrite."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.schema import PrimaryKeyConstraint

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
from asyncmig.plan.rewrites.forms.column_values import fill_with_default
from asyncmig.plan.rewrites.forms.not_null import make_not_null
from asyncmig.plan.rewrites.safe_form import NotRewritten, SafeForm
from asyncmig.sql.names import called_functions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.schema import Column, Table

    from asyncmig.operations.base.operation import MigrateOperation
    from asyncmig.plan.rewrites.safe_form import RewriteContext

__all__ = ["rewrite_add_column"]


def rewrite_add_column(
    operation: AddColumnOp, context: RewriteContext
) -> SafeForm | NotRewritten | None:
    """ADD COLUMN | values of a volatile default, NOT NULL | each constraint and index | COMMENT."""
    if context.facts.is_new(context.relation(operation.table_name, operation.schema)):
        return None
    column: Any = operation.column
    objects = SchemaObjects(operation.script_context)
    # a column of a table is copied there, with its foreign keys
    item = column if has_table(column) else copy_column(column)
    table = objects.table(operation.table_name, item, schema=operation.schema)
    own = table.c[column.name]
    if reason := _table_rewrite(own):
        return NotRewritten(reason)
    default = _volatile_default(own, context)
    if default is not None and operation.if_not_exists:
        return NotRewritten(
            f"the volatile default {default} rewrites the table, and IF NOT EXISTS does not tell whether the"
            " column is new"
        )
    if operation.if_not_exists:
        return None
    if operation.inline_primary_key and own.primary_key:
        return NotRewritten("PRIMARY KEY is written at the column")
    phases: list[tuple[MigrateOperation, ...]] = [(_bare(operation, own),)]
    if default is not None:
        phases = _filled(operation, own, context)
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


def _table_rewrite(column: Column[Any]) -> str | None:
    """Why the column itself rewrites the table; None where it is only added to the catalog."""
    if column.identity is not None:
        return "an identity rewrites the table; add the column, fill it with op.backfill, then ADD GENERATED"
    if column.computed is not None and column.computed.persisted is not False:
        return "a stored generated column rewrites the table, and there is no other way to add it"
    return None


def _volatile_default(column: Column[Any], context: RewriteContext) -> str | None:
    """The default of a column, where PostgreSQL would evaluate it for each row."""
    default = context.compilation.ddl_compiler.get_column_default_string(column)
    if default and any(map(context.facts.is_volatile, called_functions(default))):
        return default
    return None


def _filled(
    operation: AddColumnOp, column: Column[Any], context: RewriteContext
) -> list[tuple[MigrateOperation, ...]]:
    """ADD COLUMN, SET DEFAULT | UPDATE in batches | NOT NULL by its own rewrite."""
    table, schema = operation.table_name, operation.schema
    nullable = copy_column(column)
    nullable.server_default = None
    nullable.nullable = True
    set_default = AlterColumnOp(
        table, column.name, schema=schema, modify_server_default=column.server_default
    )
    phases: list[tuple[MigrateOperation, ...]] = [
        (_bare(operation, nullable), set_default),
        (fill_with_default(table, column.name, schema, context),),
    ]
    if not column.nullable:
        not_null = AlterColumnOp(table, column.name, schema=schema, modify_nullable=False)
        phases += make_not_null(not_null, context).phases
    return phases


def _bare(operation: AddColumnOp, column: Column[Any]) -> AddColumnOp:
    """The column without constraints, index and comment."""
    bare = copy_column(column)  # foreign keys stay with the table that has them
    bare.unique = bare.index = False
    bare.constraints.clear()
    bare.comment = None
    return AddColumnOp(operation.table_name, bare, schema=operation.schema)


def _added(operation: AddColumnOp, table: Table, column: Column[Any]) -> Iterator[MigrateOperation]:
    """What the plain form adds with the column."""
    constraints = [
        item
        for item in in_creation_order(table.constraints)
        if not isinstance(item, PrimaryKeyConstraint) and not is_type_bound(item)
    ]
    operations: list[MigrateOperation] = [
        AddConstraintOp.from_constraint(item)
        for item in (*in_creation_order(column.constraints), *constraints)
    ]
    operations += (CreateIndexOp.from_index(index) for index in table.indexes)
    for each in operations:
        if operation.script_context is not None:
            each.set_context(operation.script_context)
        yield each
