"""REFRESH MATERIALIZED VIEW: concurrently, where the view has data and a unique index."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

from asyncmig.plan.rewrites.safe_form import NotRewritten, SafeForm

if TYPE_CHECKING:
    from asyncmig.operations.directives.views import RefreshMaterializedViewOp
    from asyncmig.plan.rewrites.safe_form import RewriteContext

__all__ = ["rewrite_refresh"]


def rewrite_refresh(
    operation: RefreshMaterializedViewOp, context: RewriteContext
) -> SafeForm | NotRewritten | None:
    """REFRESH MATERIALIZED VIEW CONCURRENTLY, which lets reads continue."""
    view = context.relation(operation.view_name, operation.schema)
    if operation.concurrently or not operation.with_data or context.facts.is_new(view):
        return None
    if not context.facts.is_refreshable(view):
        return NotRewritten(
            f"a concurrent refresh needs a unique index on {view}, and data in it; none is known"
        )
    concurrent = copy(operation)
    concurrent.concurrently = True
    return SafeForm(((concurrent,),))
