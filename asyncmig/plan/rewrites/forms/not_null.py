"""NOT NULL: proved by a constraint that is validated under a lock that lets writes continue.

Before PostgreSQL 18 this is a CHECK, which ``SET NOT NULL`` takes instead of reading the table, and which is
dropped afterwards. Since 18 NOT NULL is itself a constraint that can be NOT VALID. Where the version is not
known, the CHECK is used: it gives the same catalog on all versions.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

from sqlalchemy.sql.elements import conv

from asyncmig.operations.directives.checks import CreateCheckConstraintOp
from asyncmig.operations.directives.constraints import DropConstraintOp, ValidateConstraintOp
from asyncmig.plan.rewrites.safe_form import SafeForm, raw_sql
from asyncmig.sql.default_names import default_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from asyncmig.operations.base.operation import MigrateOperation
    from asyncmig.operations.directives.columns import AlterColumnOp
    from asyncmig.plan.rewrites.safe_form import RewriteContext

__all__ = ["drop_proof", "make_not_null", "prove_not_null", "rewrite_alter_column", "set_not_null"]

_NOT_NULL_IS_CONSTRAINT = 18


def rewrite_alter_column(operation: AlterColumnOp, context: RewriteContext) -> SafeForm | None:
    """NOT NULL ... NOT VALID | VALIDATE CONSTRAINT, between the other changes of the column."""
    if operation.modify_nullable is not False or operation.existing_nullable is False:
        return None
    if context.facts.is_new(context.relation(operation.table_name, operation.schema)):
        return None
    return make_not_null(operation, context)


def make_not_null(operation: AlterColumnOp, context: RewriteContext) -> SafeForm:
    """The same for a column that is to become NOT NULL, of a table that exists before the plan."""
    table, schema, column = operation.table_name, operation.schema, operation.column_name
    before, after = _others(operation)
    columns = [column]
    if context.facts.server_is_at_least(_NOT_NULL_IS_CONSTRAINT):
        name = default_name(context.relation(table, schema).name, column, "not_null")
        quote = context.compilation.quote
        add = raw_sql(
            f"{context.alter_table(table, schema)} ADD CONSTRAINT {quote(name)}"
            f" NOT NULL {quote(column)} NOT VALID"
        )
        return SafeForm(
            ((*before, add), (ValidateConstraintOp(name, table, schema=schema),), *after)
        )
    first, *proved = prove_not_null(table, columns, schema, context)
    set_ = set_not_null(table, columns, schema, context)
    last = (*set_, drop_proof(table, columns, schema, context))
    return SafeForm(((*before, *first), *proved, last, *after))


def _others(
    operation: AlterColumnOp,
) -> tuple[tuple[MigrateOperation, ...], tuple[tuple[MigrateOperation, ...], ...]]:
    """The changes of the column before and after NOT NULL, in the order of the plain form."""
    before = copy(operation)
    before.modify_nullable = before.modify_name = None
    before.modify_server_default = before.modify_comment = False
    after = copy(operation)
    after.modify_nullable = after.modify_type = None
    has_after = (
        operation.modify_server_default is not False
        or operation.modify_comment is not False
        or operation.modify_name is not None
    )
    return (
        (before,) if operation.modify_type is not None else (),
        ((after,),) if has_after else (),
    )


def prove_not_null(
    table: str, columns: Sequence[str], schema: str | None, context: RewriteContext
) -> Iterator[tuple[MigrateOperation, ...]]:
    """CHECK ... NOT VALID | VALIDATE CONSTRAINT."""
    name = _proof(table, columns, schema, context)
    condition = " AND ".join(f"{context.compilation.quote(name)} IS NOT NULL" for name in columns)
    yield (
        CreateCheckConstraintOp(
            conv(name), table, condition, schema=schema, postgresql_not_valid=True
        ),
    )
    yield (ValidateConstraintOp(name, table, schema=schema),)


def set_not_null(
    table: str, columns: Sequence[str], schema: str | None, context: RewriteContext
) -> tuple[MigrateOperation, ...]:
    """SET NOT NULL of columns that are proved; no row is read."""
    alter, quote = context.alter_table(table, schema), context.compilation.quote
    return tuple(
        raw_sql(f"{alter} ALTER COLUMN {quote(column)} SET NOT NULL") for column in columns
    )


def drop_proof(
    table: str, columns: Sequence[str], schema: str | None, context: RewriteContext
) -> MigrateOperation:
    """DROP CONSTRAINT of the CHECK."""
    name = _proof(table, columns, schema, context)
    return DropConstraintOp(conv(name), table, "check", schema=schema)


def _proof(table: str, columns: Sequence[str], schema: str | None, context: RewriteContext) -> str:
    relation = context.relation(table, schema)
    return default_name(relation.name, "_".join(columns), "not_null_proof")
