"""CREATE INDEX, DROP INDEX and REINDEX."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.sql.actions.action import Action
from asyncmig.sql.actions.kinds import ActionKind
from asyncmig.sql.reader import SqlName

if TYPE_CHECKING:
    from asyncmig.sql.actions.cursor import Cursor

__all__ = ["create_index", "reindex"]


def create_index(cursor: Cursor, *, unique: bool) -> tuple[Action, ...]:
    """What follows ``CREATE INDEX``."""
    concurrently = cursor.take("CONCURRENTLY")
    if_not_exists = cursor.take("IF", "NOT", "EXISTS")
    name = None if cursor.word == "ON" else cursor.identifier()
    cursor.take("ON")
    table, only = cursor.relation()
    method = cursor.identifier() if cursor.take("USING") else None
    start = cursor.at
    elements = cursor.elements()
    cursor.at = start
    columns = cursor.column_names()
    cursor.until(frozenset({"WHERE"}))
    predicate = cursor.until(frozenset()) if cursor.take("WHERE") else None
    # an index is in the schema of its table, and the grammar does not let it name another
    index = SqlName(table.schema if table else None, name) if name else None
    kind = ActionKind.CREATE_INDEX_CONCURRENTLY if concurrently else ActionKind.CREATE_INDEX
    return (
        Action(
            kind=kind,
            target="INDEX",
            relation=table,
            only=only,
            index=index,
            columns=columns,
            elements=elements,
            unique=unique,
            type=method,
            expression=predicate,
            concurrently=concurrently,
            if_not_exists=if_not_exists,
            where=predicate is not None,
            end=cursor.end_position,
        ),
    )


def reindex(cursor: Cursor) -> tuple[Action, ...]:
    """What follows ``REINDEX``."""
    options = (cursor.group() or "").upper()
    target = cursor.next()
    concurrently = cursor.take("CONCURRENTLY") or (
        "CONCURRENTLY" in options.split("FALSE")[0].split("OFF")[0]
    )
    name = cursor.name()
    return (
        Action(
            kind=ActionKind.REINDEX_CONCURRENTLY if concurrently else ActionKind.REINDEX,
            target=target,
            index=name if target == "INDEX" else None,
            relation=name if target == "TABLE" else None,
            object=name if target not in ("INDEX", "TABLE") else None,
            concurrently=concurrently,
            end=cursor.end_position,
        ),
    )
