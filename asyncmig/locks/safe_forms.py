"""How to do the same without blocking others for long: one short hint for each kind of action."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.sql.actions.kinds import ActionKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from asyncmig.sql.actions.action import Action

__all__ = ["safe_form"]

_NOT_VALID = "add the constraint NOT VALID, and VALIDATE it in a later transaction"
_BY_INDEX = "build a unique index CONCURRENTLY, then ADD CONSTRAINT ... USING INDEX"
_SAFE_FORMS = {
    ActionKind.CREATE_INDEX: "CREATE INDEX CONCURRENTLY, outside of a transaction",
    ActionKind.REINDEX: "REINDEX CONCURRENTLY, outside of a transaction",
    ActionKind.SET_NOT_NULL: "add CHECK (column IS NOT NULL) NOT VALID, VALIDATE it in a later transaction, "
    "then SET NOT NULL",
    ActionKind.ADD_NOT_NULL: _NOT_VALID,
    ActionKind.ADD_CHECK: _NOT_VALID,
    ActionKind.ADD_FOREIGN_KEY: _NOT_VALID,
    ActionKind.ADD_UNIQUE: _BY_INDEX,
    ActionKind.ADD_PRIMARY_KEY: f"prove NOT NULL first; {_BY_INDEX}",
    ActionKind.ALTER_COLUMN_TYPE: "add a new column, fill it in batches, and swap the names",
    ActionKind.ADD_COLUMN: "add the column without default and constraints, then fill it in batches",
    ActionKind.ATTACH_PARTITION: "add a CHECK with the bounds NOT VALID, VALIDATE it, then ATTACH",
    ActionKind.REFRESH_MATERIALIZED_VIEW: "REFRESH MATERIALIZED VIEW CONCURRENTLY, with a unique index",
    ActionKind.ADD_DOMAIN_CONSTRAINT: _NOT_VALID,
    ActionKind.VACUUM_FULL: "pg_repack, or a maintenance window",
    ActionKind.CLUSTER: "pg_repack, or a maintenance window",
}


def safe_form(actions: Iterable[Action]) -> str | None:
    """The hint for the first action that has one."""
    return next((_SAFE_FORMS[each.kind] for each in actions if each.kind in _SAFE_FORMS), None)
