"""``safe_form``: the rewrite of each class of operations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.ddl.compilation import Compilation
from asyncmig.operations.directives.checks import CreateCheckConstraintOp
from asyncmig.operations.directives.columns import AddColumnOp, AlterColumnOp
from asyncmig.operations.directives.foreign_keys import CreateForeignKeyOp
from asyncmig.operations.directives.indexes import CreateIndexOp, DropIndexOp
from asyncmig.operations.directives.keys import CreatePrimaryKeyOp, CreateUniqueConstraintOp
from asyncmig.operations.directives.partitions import AttachPartitionOp, DetachPartitionOp
from asyncmig.operations.directives.views import RefreshMaterializedViewOp
from asyncmig.plan.rewrites.forms.add_column import rewrite_add_column
from asyncmig.plan.rewrites.forms.checks import rewrite_check
from asyncmig.plan.rewrites.forms.foreign_keys import rewrite_foreign_key
from asyncmig.plan.rewrites.forms.indexes import rewrite_create_index, rewrite_drop_index
from asyncmig.plan.rewrites.forms.keys import rewrite_key
from asyncmig.plan.rewrites.forms.materialized_views import rewrite_refresh
from asyncmig.plan.rewrites.forms.not_null import rewrite_alter_column
from asyncmig.plan.rewrites.forms.partition_bounds import (
    rewrite_attach_partition,
    rewrite_detach_partition,
)
from asyncmig.plan.rewrites.safe_form import NotRewritten, RewriteContext, SafeForm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.engine import Dialect

    from asyncmig.operations.base.operation import MigrateOperation
    from asyncmig.plan.rewrites.facts import ScriptFacts
    from asyncmig.plan.rewrites.safe_form import Rewrite

__all__ = ["REWRITES", "safe_form"]

REWRITES: Mapping[type[MigrateOperation], Rewrite] = {
    AddColumnOp: rewrite_add_column,
    AlterColumnOp: rewrite_alter_column,
    AttachPartitionOp: rewrite_attach_partition,
    CreateCheckConstraintOp: rewrite_check,
    CreateForeignKeyOp: rewrite_foreign_key,
    CreateIndexOp: rewrite_create_index,
    CreatePrimaryKeyOp: rewrite_key,
    CreateUniqueConstraintOp: rewrite_key,
    DetachPartitionOp: rewrite_detach_partition,
    DropIndexOp: rewrite_drop_index,
    RefreshMaterializedViewOp: rewrite_refresh,
}


def safe_form(
    operation: MigrateOperation, dialect: Dialect, facts: ScriptFacts
) -> SafeForm | NotRewritten | None:
    """The phases that do the work of an operation without a strong lock during a scan.

    Args:
        operation: of a directive; its ``safe`` is not looked at.
        dialect: compiles names.
        facts: of the plan and of the database.

    Returns:
        None for an operation that needs no other form: its lock is short, or its table is new.
    """

    def rewrite(inner: MigrateOperation) -> SafeForm | NotRewritten | None:
        rewrites = (REWRITES.get(parent) for parent in type(inner).__mro__)
        found = next(filter(None, rewrites), None)
        return None if found is None else found(inner, context)

    context = RewriteContext(Compilation(dialect), facts, rewrite)
    return rewrite(operation)
