"""From the text of a statement to its actions.

The grammar is that of PostgreSQL 14 to 18, as far as locks, rewrites and names need it. Expressions, queries
and options are kept as text. What is not understood becomes an action of kind ``UNKNOWN``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.sql.actions import data
from asyncmig.sql.actions.action import Action
from asyncmig.sql.actions.alter_table import alter_relation
from asyncmig.sql.actions.create_table import create_table
from asyncmig.sql.actions.cursor import Cursor
from asyncmig.sql.actions.indexes import create_index, reindex
from asyncmig.sql.actions.kinds import ActionKind
from asyncmig.sql.actions.objects import (
    ATTACHED,
    RELATIONS,
    alter_attached,
    alter_object,
    comment,
    create_attached,
    create_object,
    create_view,
    drop_objects,
    privileges,
)
from asyncmig.sql.actions.types import alter_domain, alter_type
from asyncmig.sql.reader import LONG_KINDS, THIRD_WORDS, SqlName

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["parse_actions"]

_MODIFIERS = frozenset(
    {
        "OR", "REPLACE", "UNIQUE", "TEMP", "TEMPORARY", "LOCAL", "GLOBAL", "UNLOGGED", "RECURSIVE",
        "TRUSTED", "PROCEDURAL", "CONSTRAINT", "DEFAULT",
    }
)  # fmt: skip
_SESSION = (
    "SET", "RESET", "SHOW", "DISCARD", "LISTEN", "UNLISTEN", "NOTIFY", "LOAD", "CHECKPOINT", "PREPARE",
    "DEALLOCATE", "DECLARE", "FETCH", "MOVE", "CLOSE", "EXPLAIN", "SECURITY",
)  # fmt: skip
_TRANSACTION = (
    "BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE",
)  # fmt: skip


def parse_actions(sql: str) -> tuple[Action, ...]:
    """The actions of one statement, in the order of its text.

    Args:
        sql: one statement; of several, only the first counts. Nothing is refused: text that is not
            understood gives an action of kind ``UNKNOWN``. An empty statement has no actions.

    Example:
        >>> [action.kind.value for action in parse_actions("ALTER TABLE t ADD a int, DROP b")]
        ['add_column', 'drop_column']
    """
    cursor = Cursor(sql)
    while cursor.take("("):
        pass
    if cursor.at_end:
        return ()
    reading = _STATEMENTS.get(cursor.next())
    return (reading(cursor) if reading else ()) or (
        Action(
            kind=ActionKind.UNKNOWN,
            words=sql[cursor.tokens[0].start : cursor.end_position],
            end=cursor.end_position,
        ),
    )


def _target(cursor: Cursor) -> str:
    """Take the kind of object that CREATE, ALTER or DROP names."""
    target = cursor.next()
    if cursor.word in LONG_KINDS.get(target, ()):
        target = f"{target} {cursor.next()}"
        if cursor.word in THIRD_WORDS:
            target = f"{target} {cursor.next()}"
    return target


def _create(cursor: Cursor) -> tuple[Action, ...]:
    modifiers = set()
    while cursor.word in _MODIFIERS:
        modifiers.add(cursor.next())
    target = _target(cursor)
    temporary = bool(modifiers & {"TEMP", "TEMPORARY"})
    match target:
        case "TABLE" | "FOREIGN TABLE":
            unlogged = "UNLOGGED" in modifiers
            return create_table(cursor, target, temporary=temporary, unlogged=unlogged)
        case "INDEX":
            return create_index(cursor, unique="UNIQUE" in modifiers)
        case "VIEW" | "MATERIALIZED VIEW":
            replaces = "REPLACE" in modifiers
            return create_view(cursor, target, replaces=replaces, temporary=temporary)
        case _ if target in ATTACHED:
            return create_attached(cursor, target)
        case _:
            return create_object(cursor, target)


def _alter(cursor: Cursor) -> tuple[Action, ...]:
    if cursor.take("DEFAULT", "PRIVILEGES"):
        return (
            Action(
                kind=ActionKind.ALTER_OBJECT,
                target="DEFAULT PRIVILEGES",
                words=cursor.until(frozenset()),
                end=cursor.end_position,
            ),
        )
    target = _target(cursor)
    if target in RELATIONS or target == "INDEX":
        return alter_relation(cursor, target)
    if target == "TYPE":
        return alter_type(cursor)
    if target == "DOMAIN":
        return alter_domain(cursor)
    if target in ATTACHED:
        return alter_attached(cursor, target)
    return alter_object(cursor, target)


def _drop(cursor: Cursor) -> tuple[Action, ...]:
    target = _target(cursor)
    if target == "OWNED":
        cursor.take("BY")
    return drop_objects(cursor, target)


def _comment(cursor: Cursor) -> tuple[Action, ...]:
    return comment(cursor, _target(cursor)) if cursor.take("ON") else ()


def _grant(cursor: Cursor) -> tuple[Action, ...]:
    return privileges(cursor, ActionKind.GRANT)


def _revoke(cursor: Cursor) -> tuple[Action, ...]:
    return privileges(cursor, ActionKind.REVOKE)


def _refresh(cursor: Cursor) -> tuple[Action, ...]:
    return data.refresh(cursor) if cursor.take("MATERIALIZED", "VIEW") else ()


def _vacuum(cursor: Cursor) -> tuple[Action, ...]:
    return data.vacuum(cursor, "VACUUM")


def _analyze(cursor: Cursor) -> tuple[Action, ...]:
    return data.vacuum(cursor, "ANALYZE")


def _query(first: str) -> Callable[[Cursor], tuple[Action, ...]]:
    def read(cursor: Cursor) -> tuple[Action, ...]:
        return (data.query(cursor, first, start=cursor.tokens[cursor.at - 1].start),)

    return read


def _whole(kind: ActionKind) -> Callable[[Cursor], tuple[Action, ...]]:
    """A statement of which the first word says enough; the rest is kept as text."""

    def read(cursor: Cursor) -> tuple[Action, ...]:
        words = cursor.until(frozenset())
        return (Action(kind=kind, words=words, end=cursor.end_position),)

    return read


def _call(cursor: Cursor) -> tuple[Action, ...]:
    name = cursor.name()
    return (Action(kind=ActionKind.CALL, object=name, end=cursor.end_position),)


def _execute(cursor: Cursor) -> tuple[Action, ...]:
    name = cursor.identifier()
    return (
        Action(
            kind=ActionKind.EXECUTE,
            object=SqlName(None, name) if name else None,
            end=cursor.end_position,
        ),
    )


_STATEMENTS: dict[str, Callable[[Cursor], tuple[Action, ...]]] = {
    "ALTER": _alter,
    "ANALYSE": _analyze,
    "ANALYZE": _analyze,
    "CALL": _call,
    "CLUSTER": data.cluster,
    "COMMENT": _comment,
    "COPY": data.copy,
    "CREATE": _create,
    "DO": _whole(ActionKind.DO),
    "DROP": _drop,
    "EXECUTE": _execute,
    "GRANT": _grant,
    "LOCK": data.lock_table,
    "REFRESH": _refresh,
    "REINDEX": reindex,
    "REVOKE": _revoke,
    "TRUNCATE": data.truncate,
    "VACUUM": _vacuum,
    "WITH": data.with_query,
    **dict.fromkeys(_SESSION, _whole(ActionKind.SESSION)),
    **dict.fromkeys(_TRANSACTION, _whole(ActionKind.TRANSACTION)),
    **{word: _query(word) for word in data.CHANGES | data.QUERIES},
}
