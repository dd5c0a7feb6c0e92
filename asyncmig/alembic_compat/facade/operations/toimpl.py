"""``alembic.operations.toimpl``: the default implementations of the operations.

A script that replaces an implementation calls them to keep the default behaviour beside its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asyncmig.operations.base.operation import MigrateOperation
    from asyncmig.operations.facade import Operations

__all__ = [
    "add_column",
    "alter_column",
    "bulk_insert",
    "create_constraint",
    "create_index",
    "create_table",
    "create_table_comment",
    "drop_column",
    "drop_constraint",
    "drop_index",
    "drop_table",
    "drop_table_comment",
    "execute_sql",
    "rename_table",
]


def _perform(operations: Operations, operation: MigrateOperation) -> Any:
    """Perform an operation as asyncmig does; gives the ``Table`` of a ``CreateTableOp``."""
    return operations.perform(operation)


add_column = alter_column = drop_column = _perform
create_table = drop_table = rename_table = _perform
create_table_comment = drop_table_comment = _perform
create_index = drop_index = _perform
create_constraint = drop_constraint = _perform
bulk_insert = execute_sql = _perform
