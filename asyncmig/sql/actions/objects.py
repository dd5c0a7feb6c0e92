"""CREATE, ALTER and DROP of everything but tables, indexes and types; COMMENT, GRANT and REVOKE."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from asyncmig.sql.actions.action import Action, ConstraintDefinition
from asyncmig.sql.actions.definitions import domain_constraint
from asyncmig.sql.actions.kinds import ActionKind
from asyncmig.sql.reader import SqlName

if TYPE_CHECKING:
    from asyncmig.sql.actions.cursor import Cursor

__all__ = [
    "alter_attached",
    "alter_object",
    "comment",
    "create_attached",
    "create_object",
    "create_view",
    "drop_objects",
    "privileges",
]

RELATIONS = frozenset({"TABLE", "FOREIGN TABLE", "VIEW", "MATERIALIZED VIEW", "SEQUENCE"})
"""Kinds of objects that are relations and have no other place in an action."""
ATTACHED = frozenset({"TRIGGER", "RULE", "POLICY"})
"""Kinds of objects that belong to a table: ``DROP TRIGGER name ON table``."""
_ROUTINES = frozenset({"FUNCTION", "PROCEDURE", "ROUTINE", "AGGREGATE"})
# objects of which no command locks a table, but for those that depend on them
_OTHER_OBJECTS = frozenset(
    {
        "ACCESS METHOD", "CAST", "COLLATION", "CONVERSION", "DATABASE", "EVENT TRIGGER",
        "FOREIGN DATA WRAPPER", "GROUP", "LANGUAGE", "LARGE OBJECT", "OPERATOR", "OPERATOR CLASS",
        "OPERATOR FAMILY", "ROLE", "SERVER", "SUBSCRIPTION", "SYSTEM", "TABLESPACE",
        "TEXT SEARCH CONFIGURATION", "TEXT SEARCH DICTIONARY", "TEXT SEARCH PARSER",
        "TEXT SEARCH TEMPLATE", "TRANSFORM", "USER", "USER MAPPING",
    }
)  # fmt: skip
_DROPPED = {
    "TABLE": ActionKind.DROP_TABLE,
    "FOREIGN TABLE": ActionKind.DROP_TABLE,
    "VIEW": ActionKind.DROP_VIEW,
    "MATERIALIZED VIEW": ActionKind.DROP_MATERIALIZED_VIEW,
    "SEQUENCE": ActionKind.DROP_SEQUENCE,
    "INDEX": ActionKind.DROP_INDEX,
    "TYPE": ActionKind.DROP_TYPE,
    "DOMAIN": ActionKind.DROP_DOMAIN,
    "SCHEMA": ActionKind.DROP_SCHEMA,
    "EXTENSION": ActionKind.DROP_EXTENSION,
    "STATISTICS": ActionKind.DROP_STATISTICS,
    "TRIGGER": ActionKind.DROP_TRIGGER,
    "RULE": ActionKind.DROP_RULE,
    "POLICY": ActionKind.DROP_POLICY,
    "OWNED": ActionKind.DROP_OWNED,
    **dict.fromkeys(_ROUTINES, ActionKind.DROP_FUNCTION),
    **dict.fromkeys(_OTHER_OBJECTS | {"PUBLICATION"}, ActionKind.DROP_OBJECT),
}
_CREATED = {
    "TYPE": ActionKind.CREATE_TYPE,
    "DOMAIN": ActionKind.CREATE_DOMAIN,
    "SCHEMA": ActionKind.CREATE_SCHEMA,
    "EXTENSION": ActionKind.CREATE_EXTENSION,
    "PUBLICATION": ActionKind.CREATE_PUBLICATION,
    "SEQUENCE": ActionKind.CREATE_SEQUENCE,
    "STATISTICS": ActionKind.CREATE_STATISTICS,
    **dict.fromkeys(_ROUTINES, ActionKind.CREATE_FUNCTION),
    **dict.fromkeys(_OTHER_OBJECTS, ActionKind.CREATE_OBJECT),
}
_ALTERED = {
    "EXTENSION": ActionKind.ALTER_EXTENSION,
    "PUBLICATION": ActionKind.ALTER_PUBLICATION,
    "POLICY": ActionKind.ALTER_POLICY,
    **dict.fromkeys(_ROUTINES, ActionKind.ALTER_FUNCTION),
    **dict.fromkeys(_OTHER_OBJECTS | {"STATISTICS", "RULE", "SCHEMA"}, ActionKind.ALTER_OBJECT),
}
_ATTACHED_CREATED = {
    "TRIGGER": ActionKind.CREATE_TRIGGER,
    "RULE": ActionKind.CREATE_RULE,
    "POLICY": ActionKind.CREATE_POLICY,
}
_GRANTED = frozenset(
    {
        "ALL", "DATABASE", "DOMAIN", "FOREIGN", "FUNCTION", "LANGUAGE", "LARGE", "PARAMETER", "PROCEDURE",
        "ROUTINE", "SCHEMA", "TABLESPACE", "TYPE",
    }
)  # fmt: skip
"""Words behind ON that begin the name of another kind of object than a table."""
_GRANTEE = frozenset({"TO", "FROM"})
_SCHEMA_ELEMENTS = frozenset({"CREATE", "GRANT"})


def create_object(cursor: Cursor, target: str) -> tuple[Action, ...]:
    """What follows ``CREATE``, for objects that are described by their name alone."""
    kind = _CREATED.get(target)
    if kind is None:
        return ()
    if_not_exists = cursor.take("IF", "NOT", "EXISTS")
    named = _named(target, _object_name(cursor, target))
    named = replace(named, kind=kind, if_not_exists=if_not_exists)
    found: tuple[Action, ...] = ()
    match kind:
        case ActionKind.CREATE_STATISTICS:
            cursor.until(frozenset({"FROM"}))
            if cursor.take("FROM"):
                named = replace(named, relation=cursor.name())
        case ActionKind.CREATE_PUBLICATION if cursor.take("FOR", "TABLE"):
            named = replace(named, references=_tables(cursor))
        case ActionKind.CREATE_SCHEMA:
            found = _schema_elements(cursor)
        case ActionKind.CREATE_DOMAIN:
            named = replace(named, constraints=_domain_constraints(cursor))
        case _:
            pass
    return (replace(named, words=cursor.until(frozenset()), end=cursor.end_position), *found)


def _schema_elements(cursor: Cursor) -> tuple[Action, ...]:
    """``CREATE SCHEMA s CREATE TABLE ...``: said, and not read."""
    cursor.until(_SCHEMA_ELEMENTS)
    if cursor.at_end:
        return ()
    start, place = cursor.at, cursor.position
    cursor.at = len(cursor.tokens)
    return (
        Action(
            kind=ActionKind.UNKNOWN, words=cursor.text_from(start), start=place, end=cursor.behind
        ),
    )


def _domain_constraints(cursor: Cursor) -> tuple[ConstraintDefinition, ...]:
    found: list[ConstraintDefinition] = []
    stops = frozenset({"CONSTRAINT", "CHECK", "NOT"})
    while not cursor.at_end:
        constraint = domain_constraint(cursor)
        if constraint is None:
            cursor.at += 1
        else:
            found.append(constraint)
        cursor.until(stops)
    return tuple(found)


def _tables(cursor: Cursor) -> tuple[SqlName, ...]:
    """``[TABLE] a, ONLY b (c) WHERE (d)``."""
    found: list[SqlName] = []
    while not cursor.at_end:
        cursor.take("TABLE")
        name, _ = cursor.relation()
        if name:
            found.append(name)
        cursor.until(frozenset({","}))
        if not cursor.take(","):
            break
    return tuple(found)


def _object_name(cursor: Cursor, target: str) -> SqlName | None:
    """Take the name of an object of that kind, where the command gives it one.

    A user mapping has that of its user, a transform that of its type, and the schema of ``CREATE SCHEMA
    AUTHORIZATION r`` that of its owner. ``CREATE STATISTICS ON ...`` and ``ALTER SYSTEM`` give none.
    """
    if target in ("USER MAPPING", "TRANSFORM"):
        cursor.take("FOR")
    elif target == "SCHEMA":
        cursor.take("AUTHORIZATION")
    elif target == "SYSTEM" or (target == "STATISTICS" and cursor.word == "ON"):
        return None
    return cursor.name()


def _named(target: str, name: SqlName | None) -> Action:
    """An action on an object of that kind, its name where the kind has it."""
    named = Action(kind=ActionKind.UNKNOWN, target=target)
    if target in RELATIONS:
        return replace(named, relation=name)
    if target == "INDEX":
        return replace(named, index=name)
    return replace(named, object=name)


def create_view(
    cursor: Cursor, target: str, *, replaces: bool, temporary: bool
) -> tuple[Action, ...]:
    """What follows ``CREATE VIEW`` or ``CREATE MATERIALIZED VIEW``."""
    if_not_exists = cursor.take("IF", "NOT", "EXISTS")
    name = cursor.name()
    cursor.until(frozenset({"AS"}))
    cursor.take("AS")
    kind = ActionKind.REPLACE_VIEW if replaces else ActionKind.CREATE_VIEW
    if target == "MATERIALIZED VIEW":
        kind = ActionKind.CREATE_MATERIALIZED_VIEW
    return (
        Action(
            kind=kind,
            target=target,
            relation=name,
            expression=cursor.until(frozenset()),
            if_not_exists=if_not_exists,
            temporary=temporary,
            end=cursor.end_position,
        ),
    )


def create_attached(cursor: Cursor, target: str) -> tuple[Action, ...]:
    """What follows ``CREATE TRIGGER``, ``CREATE RULE`` and ``CREATE POLICY``."""
    name = cursor.identifier()
    # CREATE RULE name AS ON event TO table; the other two name the table behind ON
    marks = ("TO",) if target == "RULE" else ("ON",)
    cursor.until(frozenset(marks))
    cursor.at += 1
    return (
        Action(
            kind=_ATTACHED_CREATED[target],
            target=target,
            object=SqlName(None, name) if name else None,
            relation=cursor.name(),
            words=cursor.until(frozenset()),
            end=cursor.end_position,
        ),
    )


def alter_attached(cursor: Cursor, target: str) -> tuple[Action, ...]:
    """What follows ``ALTER TRIGGER``, ``ALTER RULE`` and ``ALTER POLICY``."""
    cursor.take("IF", "EXISTS")
    name = cursor.identifier()
    cursor.take("ON")
    altered = Action(
        kind=ActionKind.ALTER_POLICY if target == "POLICY" else ActionKind.RENAME_TRIGGER,
        target=target,
        object=SqlName(None, name) if name else None,
        relation=cursor.name(),
    )
    if cursor.take("RENAME", "TO"):
        altered = replace(altered, new_name=cursor.identifier())
    return (replace(altered, words=cursor.until(frozenset()), end=cursor.end_position),)


def alter_object(cursor: Cursor, target: str) -> tuple[Action, ...]:
    """What follows ``ALTER`` for objects that are described by their name alone."""
    kind = _ALTERED.get(target)
    if kind is None:
        return ()
    altered = replace(_named(target, _object_name(cursor, target)), kind=kind)
    if target == "SCHEMA" and cursor.take("RENAME", "TO"):
        altered = replace(altered, kind=ActionKind.RENAME_SCHEMA, new_name=cursor.identifier())
    elif target == "PUBLICATION" and cursor.either("ADD", "SET", "DROP"):
        altered = replace(altered, references=_tables(cursor) if cursor.word == "TABLE" else ())
    return (replace(altered, words=cursor.until(frozenset()), end=cursor.end_position),)


def drop_objects(cursor: Cursor, target: str) -> tuple[Action, ...]:
    """What follows ``DROP``: one action for each name."""
    kind = _DROPPED.get(target)
    if kind is None:
        return ()
    concurrently = target == "INDEX" and cursor.take("CONCURRENTLY")
    if concurrently:
        kind = ActionKind.DROP_INDEX_CONCURRENTLY
    if_exists = cursor.take("IF", "EXISTS")
    found: list[Action] = []
    while not cursor.at_end and cursor.word not in ("CASCADE", "RESTRICT"):
        place = cursor.position
        dropped = _named(target, _object_name(cursor, target))
        if target in ATTACHED and cursor.take("ON"):
            dropped = replace(dropped, relation=cursor.name())
        cursor.until(frozenset({",", "CASCADE", "RESTRICT"}))  # the arguments of a function
        if cursor.behind <= place:  # a closing parenthesis, and no name
            break
        found.append(replace(dropped, kind=kind, start=place, end=cursor.behind))
        cursor.take(",")
    cascade = cursor.take("CASCADE")
    return tuple(
        replace(each, if_exists=if_exists, concurrently=concurrently, cascade=cascade)
        for each in found
    )


def comment(cursor: Cursor, target: str) -> tuple[Action, ...]:
    """What follows ``COMMENT ON`` and the kind of object."""
    commented = Action(kind=ActionKind.COMMENT, target=target, end=cursor.end_position)
    if target == "COLUMN":
        parts: list[str] = []
        while (part := cursor.identifier()) is not None:
            parts.append(part)
            if not cursor.take("."):
                break
        schema = parts[-3] if len(parts) > 2 else None
        table = SqlName(schema, parts[-2]) if len(parts) > 1 else None
        return (replace(commented, relation=table, column=parts[-1] if parts else None),)
    name = cursor.name()
    if target in RELATIONS:
        return (replace(commented, relation=name),)
    if target == "INDEX":
        return (replace(commented, index=name),)
    if target == "CONSTRAINT":
        commented = replace(commented, constraint=name.name if name else None)
    else:
        commented = replace(commented, object=name)
    if target in {*ATTACHED, "CONSTRAINT"} and cursor.take("ON") and not cursor.take("DOMAIN"):
        commented = replace(commented, relation=cursor.name())
    return (commented,)


def privileges(cursor: Cursor, kind: ActionKind) -> tuple[Action, ...]:
    """What follows ``GRANT`` and ``REVOKE``: one action for each table, or one in all."""
    start = cursor.at
    granted = Action(kind=kind, end=cursor.end_position)
    cursor.until(frozenset({"ON"}))
    words = cursor.text_from(start)
    if not cursor.take("ON"):  # membership in a role
        return (replace(granted, words=words),)
    target = cursor.either("TABLE", "SEQUENCE")
    if cursor.word in _GRANTED and cursor.names_ahead(1) and cursor.peek(1) not in _GRANTEE:
        return (replace(granted, words=words, target=cursor.word),)
    return tuple(
        replace(granted, words=words, target=target or "TABLE", relation=name)
        for name in cursor.names()
    )
