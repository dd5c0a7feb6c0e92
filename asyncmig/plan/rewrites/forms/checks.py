"""CHECK: added NOT VALID, which reads no row, then validated under a lock that lets writes continue."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

from sqlalchemy.sql.elements import conv

from asyncmig.operations.directives.constraints import ValidateConstraintOp
from asyncmig.plan.rewrites.safe_form import NotRewritten, SafeForm

if TYPE_CHECKING:
    from asyncmig.operations.directives.checks import CreateCheckConstraintOp
    from asyncmig.plan.rewrites.safe_form import RewriteContext

__all__ = ["rewrite_check"]


def rewrite_check(
    operation: CreateCheckConstraintOp, context: RewriteContext
) -> SafeForm | NotRewritten | None:
    """ADD CONSTRAINT ... NOT VALID | VALIDATE CONSTRAINT."""
    table = operation.table_name
    if operation.kw.get("postgresql_not_valid") or context.facts.is_new(
        context.relation(table, operation.schema)
    ):
        return None
    name = context.constraint_name(operation.to_constraint())
    if name is None:
        return NotRewritten("the CHECK has no name by which it can be validated")
    add = copy(operation)
    add.constraint_name = conv(name)
    add.kw = operation.kw | {"postgresql_not_valid": True}
    return SafeForm(((add,), (ValidateConstraintOp(name, table, schema=operation.schema),)))
