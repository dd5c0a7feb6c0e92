"""The actions of ALTER TABLE, and of the ALTER commands that share them: views, sequences, indexes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from asyncmig.sql.actions.action import Action, ConstraintKind
from asyncmig.sql.actions.definitions import (
    column_definition,
    is_table_constraint,
    table_constraint,
    type_text,
)
from asyncmig.sql.actions.kinds import ActionKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from asyncmig.sql.actions.cursor import Cursor

__all__ = ["alter_relation"]

_NEXT = frozenset({","})
_RENAMED = {
    "TABLE": ActionKind.RENAME_TABLE,
    "FOREIGN TABLE": ActionKind.RENAME_TABLE,
    "VIEW": ActionKind.RENAME_VIEW,
    "MATERIALIZED VIEW": ActionKind.RENAME_MATERIALIZED_VIEW,
    "SEQUENCE": ActionKind.RENAME_SEQUENCE,
    "INDEX": ActionKind.RENAME_INDEX,
}
_ADDED = {
    ConstraintKind.CHECK: ActionKind.ADD_CHECK,
    ConstraintKind.FOREIGN_KEY: ActionKind.ADD_FOREIGN_KEY,
    ConstraintKind.UNIQUE: ActionKind.ADD_UNIQUE,
    ConstraintKind.PRIMARY_KEY: ActionKind.ADD_PRIMARY_KEY,
    ConstraintKind.EXCLUDE: ActionKind.ADD_EXCLUDE,
    ConstraintKind.NOT_NULL: ActionKind.ADD_NOT_NULL,
}


def alter_relation(cursor: Cursor, target: str) -> tuple[Action, ...]:
    """What follows ``ALTER TABLE`` and its like: one action for each that the statement lists."""
    if cursor.take("ALL", "IN", "TABLESPACE"):
        return (
            Action(
                kind=ActionKind.SET_TABLESPACE,
                target=f"ALL {target}",
                words=cursor.until(frozenset()),
                end=cursor.behind,
            ),
        )
    if_exists = cursor.take("IF", "EXISTS")
    relation, only = cursor.relation()
    common = Action(
        kind=ActionKind.UNKNOWN, target=target, relation=relation, only=only, if_exists=if_exists
    )
    if target == "INDEX":
        common = replace(common, relation=None, index=relation)
    found: list[Action] = []
    while not cursor.at_end:
        start, place = cursor.at, cursor.position
        action = _action(cursor, common)
        if action is None or not cursor.at_comma_or_end:
            cursor.at = max(cursor.at, start + 1)
            cursor.until(_NEXT)
            action = replace(common, kind=ActionKind.UNKNOWN, words=cursor.text_from(start))
        found.append(replace(action, start=place, end=cursor.behind))
        cursor.take(",")
    return tuple(found) or (replace(common, end=cursor.end_position),)


def _action(cursor: Cursor, common: Action) -> Action | None:
    reading = _ACTIONS.get(cursor.word)
    if reading is not None:
        start = cursor.at
        cursor.at += 1
        action = reading(cursor, common)
        if action is not None or common.target != "SEQUENCE":
            return action
        cursor.at = start
    return _sequence_options(cursor, common) if common.target == "SEQUENCE" else None


def _sequence_options(cursor: Cursor, common: Action) -> Action:
    """RESTART, INCREMENT BY, OWNED BY and the like, which have no commas between them."""
    return replace(common, kind=ActionKind.ALTER_SEQUENCE, words=cursor.until(frozenset()))


def _rest(cursor: Cursor, common: Action, kind: ActionKind) -> Action:
    return replace(common, kind=kind, words=cursor.until(_NEXT))


def _add(cursor: Cursor, common: Action) -> Action | None:
    if not cursor.take("COLUMN") and is_table_constraint(cursor):
        constraint = table_constraint(cursor)
        if constraint is None:
            return None
        return replace(
            common,
            kind=_ADDED[constraint.kind],
            constraint=constraint.name,
            new_constraint=constraint,
            columns=constraint.columns,
            references=(constraint.references,) if constraint.references else (),
        )
    if_not_exists = cursor.take("IF", "NOT", "EXISTS")
    column = column_definition(cursor)
    if column is None:
        return None
    return replace(
        common,
        kind=ActionKind.ADD_COLUMN,
        column=column.name,
        new_column=column,
        type=column.type,
        default=column.default,
        references=(column.references,) if column.references else (),
        if_not_exists=if_not_exists,
    )


def _drop(cursor: Cursor, common: Action) -> Action | None:
    if cursor.take("CONSTRAINT"):
        if_exists = cursor.take("IF", "EXISTS")
        name = cursor.identifier()
        dropped = replace(common, kind=ActionKind.DROP_CONSTRAINT, constraint=name)
    else:
        cursor.take("COLUMN")
        if_exists = cursor.take("IF", "EXISTS")
        name = cursor.identifier()
        dropped = replace(common, kind=ActionKind.DROP_COLUMN, column=name)
    cascade = cursor.either("CASCADE", "RESTRICT") == "CASCADE"
    return replace(dropped, cascade=cascade, if_exists=common.if_exists or if_exists)


def _alter(cursor: Cursor, common: Action) -> Action | None:
    if cursor.take("CONSTRAINT"):
        name = cursor.identifier()
        return _rest(cursor, replace(common, constraint=name), ActionKind.ALTER_CONSTRAINT)
    cursor.take("COLUMN")
    if common.target == "INDEX":  # a column of an index is given by its number
        return _rest(cursor, common, ActionKind.ALTER_INDEX)
    altered = replace(common, column=cursor.identifier())
    match cursor.next():
        case "SET":
            return _set_column(cursor, altered)
        case "TYPE":
            return _type(cursor, altered)
        case "DROP":
            return _drop_property(cursor, altered)
        case "ADD" if cursor.take("GENERATED"):
            return _rest(cursor, altered, ActionKind.ADD_IDENTITY)
        case "RESET":
            return _rest(cursor, altered, ActionKind.SET_COLUMN_OPTIONS)
        case "RESTART":
            return _rest(cursor, altered, ActionKind.ALTER_IDENTITY)
        case "OPTIONS":
            return _rest(cursor, altered, ActionKind.SET_COLUMN_OPTIONS)
        case _:
            return None


def _set_column(cursor: Cursor, altered: Action) -> Action | None:
    if cursor.take("DATA", "TYPE"):
        return _type(cursor, altered)
    if cursor.take("NOT", "NULL"):
        return replace(altered, kind=ActionKind.SET_NOT_NULL)
    if cursor.take("DEFAULT"):
        default = cursor.until(_NEXT)
        return replace(altered, kind=ActionKind.SET_DEFAULT, default=default)
    if cursor.take("EXPRESSION"):
        cursor.take("AS")
        return replace(altered, kind=ActionKind.SET_EXPRESSION, expression=cursor.group())
    kind = {
        "STATISTICS": ActionKind.SET_STATISTICS,
        "STORAGE": ActionKind.SET_STORAGE,
        "COMPRESSION": ActionKind.SET_COMPRESSION,
        "(": ActionKind.SET_COLUMN_OPTIONS,
    }.get(cursor.word)
    return _rest(cursor, altered, kind or ActionKind.ALTER_IDENTITY)


def _type(cursor: Cursor, altered: Action) -> Action:
    written = type_text(cursor)
    collation = None
    if cursor.take("COLLATE"):
        found = cursor.name()
        collation = found.sql if found else None
    using = cursor.until(_NEXT) if cursor.take("USING") else None
    return replace(
        altered,
        kind=ActionKind.ALTER_COLUMN_TYPE,
        type=written,
        expression=using,
        words=f"COLLATE {collation}" if collation else "",
    )


def _drop_property(cursor: Cursor, altered: Action) -> Action | None:
    kinds = {
        "DEFAULT": ActionKind.DROP_DEFAULT,
        "EXPRESSION": ActionKind.DROP_EXPRESSION,
        "IDENTITY": ActionKind.DROP_IDENTITY,
    }
    if cursor.take("NOT", "NULL"):
        return replace(altered, kind=ActionKind.DROP_NOT_NULL)
    kind = kinds.get(cursor.next())
    if kind is None:
        return None
    if_exists = cursor.take("IF", "EXISTS")
    return replace(altered, kind=kind, if_exists=altered.if_exists or if_exists)


def _rename(cursor: Cursor, common: Action) -> Action | None:
    if cursor.take("TO"):
        return replace(common, kind=_RENAMED[common.target], new_name=cursor.identifier())
    if cursor.take("CONSTRAINT"):
        renamed = replace(common, kind=ActionKind.RENAME_CONSTRAINT, constraint=cursor.identifier())
    else:
        cursor.take("COLUMN")
        renamed = replace(common, kind=ActionKind.RENAME_COLUMN, column=cursor.identifier())
    return replace(renamed, new_name=cursor.identifier()) if cursor.take("TO") else None


def _validate(cursor: Cursor, common: Action) -> Action | None:
    if not cursor.take("CONSTRAINT"):
        return None
    return replace(common, kind=ActionKind.VALIDATE_CONSTRAINT, constraint=cursor.identifier())


def _set(cursor: Cursor, common: Action) -> Action | None:
    if cursor.take("SCHEMA"):
        return replace(common, kind=ActionKind.SET_SCHEMA, new_name=cursor.identifier())
    if cursor.take("WITHOUT", "CLUSTER"):
        return replace(common, kind=ActionKind.SET_WITHOUT_CLUSTER)
    if cursor.word == "(":
        kind = (
            ActionKind.ALTER_INDEX
            if common.target == "INDEX"
            else ActionKind.SET_STORAGE_PARAMETERS
        )
        return _rest(cursor, common, kind)
    if cursor.word == "WITHOUT" and cursor.peek(1) == "OIDS":
        return _rest(cursor, common, ActionKind.SET_STORAGE_PARAMETERS)
    kinds = {
        "LOGGED": ActionKind.SET_LOGGED,
        "UNLOGGED": ActionKind.SET_UNLOGGED,
        "ACCESS": ActionKind.SET_ACCESS_METHOD,
        "TABLESPACE": ActionKind.SET_TABLESPACE,
    }
    found = kinds.get(cursor.word)
    if found is None:
        return None
    if common.target == "SEQUENCE":
        found = ActionKind.ALTER_SEQUENCE
    cursor.at += 1
    return _rest(cursor, common, found)


def _reset(cursor: Cursor, common: Action) -> Action:
    kind = ActionKind.ALTER_INDEX if common.target == "INDEX" else ActionKind.SET_STORAGE_PARAMETERS
    return _rest(cursor, common, kind)


def _switch(
    trigger: ActionKind, rule: ActionKind, security: ActionKind
) -> Callable[[Cursor, Action], Action | None]:
    def read(cursor: Cursor, common: Action) -> Action | None:
        if cursor.take("ROW", "LEVEL", "SECURITY"):
            return replace(common, kind=security)
        cursor.either("ALWAYS", "REPLICA")
        kind = {"TRIGGER": trigger, "RULE": rule}.get(cursor.next())
        return _rest(cursor, common, kind) if kind else None

    return read


def _force(cursor: Cursor, common: Action) -> Action | None:
    if not cursor.take("ROW", "LEVEL", "SECURITY"):
        return None
    return replace(common, kind=ActionKind.FORCE_ROW_SECURITY)


def _no(cursor: Cursor, common: Action) -> Action | None:
    if cursor.take("INHERIT"):
        return replace(common, kind=ActionKind.NO_INHERIT, partition=cursor.name())
    if cursor.take("FORCE", "ROW", "LEVEL", "SECURITY"):
        return replace(common, kind=ActionKind.NO_FORCE_ROW_SECURITY)
    if cursor.word == "DEPENDS":
        return _rest(cursor, common, ActionKind.ALTER_INDEX)
    return None


def _inherit(cursor: Cursor, common: Action) -> Action:
    return replace(common, kind=ActionKind.INHERIT, partition=cursor.name())


def _attach(cursor: Cursor, common: Action) -> Action | None:
    if not cursor.take("PARTITION"):
        return None
    partition = cursor.name()
    if common.target == "INDEX":
        return replace(common, kind=ActionKind.ATTACH_INDEX, partition=partition)
    bounds = cursor.until(_NEXT)
    return replace(common, kind=ActionKind.ATTACH_PARTITION, partition=partition, expression=bounds)


def _detach(cursor: Cursor, common: Action) -> Action | None:
    if not cursor.take("PARTITION"):
        return None
    partition = cursor.name()
    kind = {
        "CONCURRENTLY": ActionKind.DETACH_PARTITION_CONCURRENTLY,
        "FINALIZE": ActionKind.DETACH_PARTITION_FINALIZE,
    }.get(cursor.either("CONCURRENTLY", "FINALIZE"), ActionKind.DETACH_PARTITION)
    return replace(
        common,
        kind=kind,
        partition=partition,
        concurrently=kind is ActionKind.DETACH_PARTITION_CONCURRENTLY,
    )


def _plain(kind: ActionKind) -> Callable[[Cursor, Action], Action]:
    def read(cursor: Cursor, common: Action) -> Action:
        return _rest(cursor, common, kind)

    return read


_ACTIONS: dict[str, Callable[[Cursor, Action], Action | None]] = {
    "ADD": _add,
    "ALTER": _alter,
    "ATTACH": _attach,
    "CLUSTER": _plain(ActionKind.CLUSTER_ON),
    "DEPENDS": _plain(ActionKind.ALTER_INDEX),
    "DETACH": _detach,
    "DISABLE": _switch(
        ActionKind.DISABLE_TRIGGER, ActionKind.DISABLE_RULE, ActionKind.DISABLE_ROW_SECURITY
    ),
    "DROP": _drop,
    "ENABLE": _switch(
        ActionKind.ENABLE_TRIGGER, ActionKind.ENABLE_RULE, ActionKind.ENABLE_ROW_SECURITY
    ),
    "FORCE": _force,
    "INHERIT": _inherit,
    "NO": _no,
    "NOT": _plain(ActionKind.NOT_OF_TYPE),
    "OF": _plain(ActionKind.OF_TYPE),
    "OPTIONS": _plain(ActionKind.SET_STORAGE_PARAMETERS),
    "OWNER": _plain(ActionKind.SET_OWNER),
    "RENAME": _rename,
    "REPLICA": _plain(ActionKind.REPLICA_IDENTITY),
    "RESET": _reset,
    "SET": _set,
    "VALIDATE": _validate,
}
