"""Which actions lock an existing table against reads or writes, as measured on PostgreSQL 14 to 18."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.lint.schema.tables import key_of
from asyncmig.sql.actions.kinds import ActionKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.lint.place import Place
    from asyncmig.sql.actions.action import Action
    from asyncmig.sql.reader import SqlName

__all__ = ["READS", "WRITES", "foreign_tables", "strong_locks"]

READS = "reads and writes"
WRITES = "writes"

_ACCESS_EXCLUSIVE = frozenset(
    {
        ActionKind.ADD_COLUMN,
        ActionKind.DROP_COLUMN,
        ActionKind.RENAME_COLUMN,
        ActionKind.ALTER_COLUMN_TYPE,
        ActionKind.SET_DEFAULT,
        ActionKind.DROP_DEFAULT,
        ActionKind.SET_NOT_NULL,
        ActionKind.DROP_NOT_NULL,
        ActionKind.ADD_IDENTITY,
        ActionKind.DROP_IDENTITY,
        ActionKind.ADD_CHECK,
        ActionKind.ADD_UNIQUE,
        ActionKind.ADD_PRIMARY_KEY,
        ActionKind.ADD_EXCLUDE,
        ActionKind.ADD_NOT_NULL,
        ActionKind.DROP_CONSTRAINT,
        ActionKind.RENAME_CONSTRAINT,
        ActionKind.RENAME_TABLE,
        ActionKind.SET_SCHEMA,
        ActionKind.DROP_TABLE,
        ActionKind.TRUNCATE,
        ActionKind.DROP_TRIGGER,
        ActionKind.DROP_INDEX,
        ActionKind.SET_LOGGED,
        ActionKind.SET_UNLOGGED,
        ActionKind.SET_TABLESPACE,
        ActionKind.SET_ACCESS_METHOD,
        ActionKind.CREATE_RULE,
        ActionKind.CREATE_POLICY,
        ActionKind.ENABLE_ROW_SECURITY,
        ActionKind.DETACH_PARTITION,
        ActionKind.REFRESH_MATERIALIZED_VIEW,
    }
)
_BLOCK_WRITES = frozenset(
    {
        ActionKind.ADD_FOREIGN_KEY,
        ActionKind.CREATE_TRIGGER,
        ActionKind.ENABLE_TRIGGER,
        ActionKind.DISABLE_TRIGGER,
        ActionKind.CREATE_INDEX,
        ActionKind.REINDEX,
    }
)
_WRITING_MODES = frozenset({"SHARE", "SHARE ROW EXCLUSIVE", "EXCLUSIVE"})


def strong_locks(place: Place) -> Iterator[tuple[str, str]]:
    """The existing tables that a statement locks, each with what then waits: ``READS`` or ``WRITES``."""
    for action in place.actions:
        table = place.existing(action.relation)
        if action.kind is ActionKind.DROP_INDEX and action.index is not None:
            known = place.schema.table_of_index(action.index)
            table = known.name if known is not None and not place.is_new(known.name) else None
        elif action.kind is ActionKind.CREATE_PARTITION and action.partition is not None:
            table = place.existing(action.partition)
            if table is not None:
                yield table, READS
            continue
        if table is not None:
            if action.kind in _ACCESS_EXCLUSIVE or action.mode == "ACCESS EXCLUSIVE":
                yield table, READS
            elif action.kind in _BLOCK_WRITES or action.mode in _WRITING_MODES:
                yield table, WRITES
        for parent in foreign_tables(action):
            if not place.is_new(parent):
                yield key_of(parent), WRITES


def foreign_tables(action: Action) -> Iterator[SqlName]:
    """The tables that the foreign keys of an action refer to; LIKE and INHERITS lock no parent so."""
    if action.kind is ActionKind.CREATE_TABLE:
        for column in action.definitions:
            if column.references is not None:
                yield column.references
        for constraint in action.constraints:
            if constraint.references is not None:
                yield constraint.references
    elif action.kind in (ActionKind.ADD_FOREIGN_KEY, ActionKind.ADD_COLUMN):
        yield from action.references
