"""ALTER TYPE and ALTER DOMAIN."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from asyncmig.sql.actions.action import Action
from asyncmig.sql.actions.definitions import domain_constraint, type_text
from asyncmig.sql.actions.kinds import ActionKind

if TYPE_CHECKING:
    from asyncmig.sql.actions.cursor import Cursor

__all__ = ["alter_domain", "alter_type"]

_NEXT = frozenset({","})


def alter_type(cursor: Cursor) -> tuple[Action, ...]:
    """What follows ``ALTER TYPE``; one action for each attribute that it changes."""
    common = Action(kind=ActionKind.UNKNOWN, target="TYPE", object=cursor.name())
    found: list[Action] = []
    while not cursor.at_end:
        start, place = cursor.at, cursor.position
        action = _type_action(cursor, common)
        cursor.until(_NEXT)
        if action is None:
            action = replace(common, words=cursor.text_from(start))
        found.append(replace(action, start=place, end=cursor.behind))
        cursor.take(",")
    return tuple(found) or (replace(common, end=cursor.end_position),)


def _type_action(cursor: Cursor, common: Action) -> Action | None:
    match cursor.next():
        case "ADD" if cursor.take("VALUE"):
            if_not_exists = cursor.take("IF", "NOT", "EXISTS")
            label = cursor.string()
            return replace(
                common,
                kind=ActionKind.ADD_ENUM_VALUE,
                expression=label,
                if_not_exists=if_not_exists,
                words=cursor.until(_NEXT),
            )
        case "RENAME" if cursor.take("VALUE"):
            label = cursor.string()
            cursor.take("TO")
            return replace(
                common,
                kind=ActionKind.RENAME_ENUM_VALUE,
                expression=label,
                new_name=cursor.string(),
            )
        case "RENAME" if cursor.take("ATTRIBUTE"):
            renamed = replace(common, kind=ActionKind.RENAME_ATTRIBUTE, column=cursor.identifier())
            cursor.take("TO")
            return replace(renamed, new_name=cursor.identifier())
        case "RENAME" if cursor.take("TO"):
            return replace(common, kind=ActionKind.RENAME_TYPE, new_name=cursor.identifier())
        case "ADD" if cursor.take("ATTRIBUTE"):
            name = cursor.identifier()
            return replace(
                common, kind=ActionKind.ADD_ATTRIBUTE, column=name, type=type_text(cursor)
            )
        case "DROP" if cursor.take("ATTRIBUTE"):
            if_exists = cursor.take("IF", "EXISTS")
            return replace(
                common,
                kind=ActionKind.DROP_ATTRIBUTE,
                column=cursor.identifier(),
                if_exists=if_exists,
            )
        case "ALTER" if cursor.take("ATTRIBUTE"):
            name = cursor.identifier()
            cursor.take("SET", "DATA")
            cursor.take("TYPE")
            return replace(
                common, kind=ActionKind.ALTER_ATTRIBUTE_TYPE, column=name, type=type_text(cursor)
            )
        case "SET" if cursor.take("SCHEMA"):
            return replace(common, kind=ActionKind.SET_SCHEMA, new_name=cursor.identifier())
        case "SET" if cursor.word == "(":
            return replace(common, kind=ActionKind.ALTER_OBJECT)
        case "OWNER":
            return replace(common, kind=ActionKind.SET_OWNER)
        case _:
            return None


def alter_domain(cursor: Cursor) -> tuple[Action, ...]:
    """What follows ``ALTER DOMAIN``."""
    common = Action(kind=ActionKind.UNKNOWN, target="DOMAIN", object=cursor.name())
    if cursor.at_end:
        return (replace(common, end=cursor.end_position),)
    start, place = cursor.at, cursor.position
    action = _domain_action(cursor, common)
    cursor.until(frozenset())
    if action is None:
        action = replace(common, words=cursor.text_from(start))
    return (replace(action, start=place, end=cursor.behind),)


def _domain_action(cursor: Cursor, common: Action) -> Action | None:
    match cursor.next():
        case "SET" if cursor.take("DEFAULT"):
            default = cursor.until(frozenset())
            return replace(common, kind=ActionKind.SET_DOMAIN_DEFAULT, default=default)
        case "SET" if cursor.take("NOT", "NULL"):
            return replace(common, kind=ActionKind.SET_DOMAIN_NOT_NULL)
        case "SET" if cursor.take("SCHEMA"):
            return replace(common, kind=ActionKind.SET_SCHEMA, new_name=cursor.identifier())
        case "DROP" if cursor.take("DEFAULT"):
            return replace(common, kind=ActionKind.SET_DOMAIN_DEFAULT)
        case "DROP" if cursor.take("NOT", "NULL"):
            return replace(common, kind=ActionKind.DROP_DOMAIN_NOT_NULL)
        case "DROP" if cursor.take("CONSTRAINT"):
            if_exists = cursor.take("IF", "EXISTS")
            return replace(
                common,
                kind=ActionKind.DROP_DOMAIN_CONSTRAINT,
                constraint=cursor.identifier(),
                if_exists=if_exists,
                cascade=cursor.take("CASCADE"),
            )
        case "ADD":
            constraint = domain_constraint(cursor)
            if constraint is None:
                return None
            return replace(
                common,
                kind=ActionKind.ADD_DOMAIN_CONSTRAINT,
                constraint=constraint.name,
                new_constraint=constraint,
            )
        case "VALIDATE" if cursor.take("CONSTRAINT"):
            return replace(
                common,
                kind=ActionKind.VALIDATE_DOMAIN_CONSTRAINT,
                constraint=cursor.identifier(),
            )
        case "RENAME" if cursor.take("CONSTRAINT"):
            renamed = replace(
                common, kind=ActionKind.RENAME_DOMAIN_CONSTRAINT, constraint=cursor.identifier()
            )
            cursor.take("TO")
            return replace(renamed, new_name=cursor.identifier())
        case "RENAME" if cursor.take("TO"):
            return replace(common, kind=ActionKind.RENAME_DOMAIN, new_name=cursor.identifier())
        case "OWNER":
            return replace(common, kind=ActionKind.SET_OWNER)
        case _:
            return None
