"""Queries and changes of rows, and commands that read or lock whole tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.sql.actions.action import Action
from asyncmig.sql.actions.kinds import ActionKind

if TYPE_CHECKING:
    from asyncmig.sql.actions.cursor import Cursor

__all__ = ["cluster", "copy", "lock_table", "query", "refresh", "truncate", "vacuum", "with_query"]

CHANGES = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE"})
"""First words of statements that change rows."""
QUERIES = frozenset({"SELECT", "TABLE", "VALUES"})
"""First words of queries."""
_NOTHING: frozenset[str] = frozenset()


def query(cursor: Cursor, first: str, *, start: int = 0) -> Action:
    """What follows the first word of a query or of a change of rows, up to its end."""
    target = None
    only = False
    match first:
        case "INSERT" | "MERGE":
            cursor.take("INTO")
            target, only = cursor.relation()
        case "UPDATE":
            target, only = cursor.relation()
        case "DELETE":
            cursor.take("FROM")
            target, only = cursor.relation()
        case _:
            pass
    kind = ActionKind(first.lower()) if first in CHANGES else ActionKind.SELECT
    columns: tuple[str, ...] = ()
    if kind is ActionKind.INSERT:
        columns = cursor.column_names()
    condition = None
    for word in cursor.outside():
        if word == "INTO" and kind is ActionKind.SELECT:
            return _select_into(cursor, start)
        if word == "WHERE" and kind is not ActionKind.INSERT:
            cursor.at += 1
            condition = cursor.until(frozenset({"RETURNING"}))
            break
        if word == "SET" and kind is ActionKind.UPDATE and not columns:
            columns = _assigned(cursor)
    cursor.until(_NOTHING)
    return Action(
        kind=kind,
        target="TABLE" if target else "",
        relation=target,
        only=only,
        columns=columns,
        expression=condition,
        where=condition is not None,
        start=start,
        end=cursor.behind,
    )


def _assigned(cursor: Cursor) -> tuple[str, ...]:
    """The columns behind SET; the place of the cursor is kept."""
    at = cursor.at
    cursor.at += 1
    found: list[str] = []
    while not cursor.at_end:
        if cursor.word == "(":
            found.extend(cursor.column_names())
        elif (name := cursor.identifier()) is not None:
            found.append(name)
        cursor.until(frozenset({",", "FROM", "WHERE", "RETURNING"}))
        if not cursor.take(","):
            break
    cursor.at = at
    return tuple(found)


def _select_into(cursor: Cursor, start: int) -> Action:
    cursor.at += 1
    modifier = cursor.either("TEMP", "TEMPORARY", "UNLOGGED")
    cursor.take("TABLE")
    table = cursor.name()
    cursor.until(_NOTHING)
    return Action(
        kind=ActionKind.CREATE_TABLE_AS,
        target="TABLE",
        relation=table,
        temporary=modifier.startswith("TEMP"),
        unlogged=modifier == "UNLOGGED",
        start=start,
        end=cursor.behind,
    )


def with_query(cursor: Cursor) -> tuple[Action, ...]:
    """What follows ``WITH``: the changes in common table expressions, then the statement itself."""
    found: list[Action] = []
    cursor.take("RECURSIVE")
    while not cursor.at_end:
        if cursor.identifier() is None:
            return ()
        cursor.group()
        cursor.take("AS")
        cursor.take("NOT")
        cursor.take("MATERIALIZED")
        if not cursor.take("("):
            return ()
        place = cursor.position
        if first := cursor.either(*CHANGES):
            found.append(query(cursor, first, start=place))
        else:
            cursor.until(_NOTHING)
        cursor.take(")")
        cursor.until(CHANGES | QUERIES | {",", "("})  # SEARCH and CYCLE clauses
        if not cursor.take(","):
            break
    while cursor.take("("):
        pass
    place = cursor.position
    first = cursor.next()
    if first not in CHANGES | QUERIES:
        return ()
    return (*found, query(cursor, first, start=place))


def copy(cursor: Cursor) -> tuple[Action, ...]:
    """What follows ``COPY``."""
    if cursor.word == "(":
        return (Action(kind=ActionKind.COPY_TO, end=cursor.end_position),)
    cursor.take("BINARY")
    table = cursor.name()
    columns = cursor.column_names()
    kind = ActionKind.COPY_FROM if cursor.take("FROM") else ActionKind.COPY_TO
    return (
        Action(
            kind=kind,
            target="TABLE",
            relation=table,
            columns=columns,
            end=cursor.end_position,
        ),
    )


def truncate(cursor: Cursor) -> tuple[Action, ...]:
    """What follows ``TRUNCATE``: one action for each table."""
    cursor.take("TABLE")
    tables = _relations(cursor)
    words = cursor.until(_NOTHING)
    cascade = words.upper().endswith("CASCADE")
    return tuple(
        Action(
            kind=ActionKind.TRUNCATE,
            target="TABLE",
            relation=each.relation,
            only=each.only,
            cascade=cascade,
            words=words,
            start=each.start,
            end=each.end,
        )
        for each in tables
    )


def _relations(cursor: Cursor) -> list[Action]:
    """``[ONLY] a [*], b``: the names with their places."""
    found: list[Action] = []
    while not cursor.at_end:
        place = cursor.position
        relation, only = cursor.relation()
        if relation is None:
            break
        cursor.group()
        found.append(
            Action(
                kind=ActionKind.UNKNOWN,
                relation=relation,
                only=only,
                start=place,
                end=cursor.behind,
            )
        )
        if not cursor.take(","):
            break
    return found


def lock_table(cursor: Cursor) -> tuple[Action, ...]:
    """What follows ``LOCK``: one action for each table."""
    cursor.take("TABLE")
    tables = _relations(cursor)
    mode = "ACCESS EXCLUSIVE"
    if cursor.take("IN"):
        mode = " ".join(cursor.until(frozenset({"MODE"})).upper().split())
    return tuple(
        Action(
            kind=ActionKind.LOCK_TABLE,
            target="TABLE",
            relation=each.relation,
            only=each.only,
            mode=mode,
            start=each.start,
            end=each.end,
        )
        for each in tables
    )


def vacuum(cursor: Cursor, first: str) -> tuple[Action, ...]:
    """What follows ``VACUUM`` or ``ANALYZE``: one action for each table, or one for all tables."""
    options = [option.split() for option in (cursor.group() or "").upper().split(",")]
    off = {"FALSE", "OFF", "0"}
    full = any(each[0] == "FULL" and not off & set(each) for each in options if each)
    while word := cursor.either("FULL", "FREEZE", "VERBOSE", "ANALYZE", "ANALYSE"):
        full = full or word == "FULL"
    kind = ActionKind.ANALYZE
    if first == "VACUUM":
        kind = ActionKind.VACUUM_FULL if full else ActionKind.VACUUM
    tables = _relations(cursor)
    if not tables:
        return (Action(kind=kind, end=cursor.end_position),)
    return tuple(
        Action(kind=kind, target="TABLE", relation=each.relation, start=each.start, end=each.end)
        for each in tables
    )


def cluster(cursor: Cursor) -> tuple[Action, ...]:
    """What follows ``CLUSTER``."""
    cursor.group()
    cursor.take("VERBOSE")
    name = cursor.name()
    index = None
    if cursor.take("USING"):
        index = cursor.name()
    elif cursor.take("ON"):  # the form of before 8.3
        index, name = name, cursor.name()
    return (
        Action(
            kind=ActionKind.CLUSTER,
            target="TABLE",
            relation=name,
            index=index,
            end=cursor.end_position,
        ),
    )


def refresh(cursor: Cursor) -> tuple[Action, ...]:
    """What follows ``REFRESH MATERIALIZED VIEW``."""
    concurrently = cursor.take("CONCURRENTLY")
    kind = ActionKind.REFRESH_MATERIALIZED_VIEW
    if concurrently:
        kind = ActionKind.REFRESH_MATERIALIZED_VIEW_CONCURRENTLY
    return (
        Action(
            kind=kind,
            target="MATERIALIZED VIEW",
            relation=cursor.name(),
            concurrently=concurrently,
            words=cursor.until(_NOTHING),
            end=cursor.end_position,
        ),
    )
