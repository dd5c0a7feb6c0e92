"""What a statement outside a transaction has left although the server refused it, as the catalogs show it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import asyncpg

from asyncmig.errors import AsyncmigError
from asyncmig.execution.standalone.catalog_queries import (
    DETACH,
    INDEX,
    INVALID_INDEXES,
    LEFTOVERS,
    OF_A_RELATION,
    OF_A_SCHEMA,
    OF_THE_DATABASE,
)
from asyncmig.sql.classify import classify, may_commit
from asyncmig.sql.quoting import qualified

if TYPE_CHECKING:
    from asyncmig.database.session import Session
    from asyncmig.sql.classify import Classification

__all__ = ["NO_SIDE_EFFECT", "SideEffect", "side_effect"]

_REINDEXED = {
    "REINDEX INDEX": OF_A_RELATION,
    "REINDEX TABLE": OF_A_RELATION,
    "REINDEX SCHEMA": OF_A_SCHEMA,
    "REINDEX DATABASE": OF_THE_DATABASE,
}


class SideEffect(NamedTuple):
    """What a failed statement has left, as a clause; ``advice`` where it is not simply to be run again."""

    clause: str | None = None
    advice: str | None = None


NO_SIDE_EFFECT = SideEffect()
"""The statement left nothing."""


async def side_effect(session: Session, sql: str, revision: str) -> SideEffect:
    """Look what a statement has left that the server refused outside a transaction.

    What a procedure has committed shows in no catalog: a statement that may commit by itself is always
    reported.
    """
    if may_commit(sql):
        return SideEffect(
            "the statement ran outside a transaction, and what it committed before the error remains",
            "check it, then record whether the statement counts as run: "
            f"`asyncmig resolve {revision} --done` or `asyncmig resolve {revision} --retry`",
        )
    facts = classify(sql)
    if not facts.concurrently:
        return NO_SIDE_EFFECT
    try:
        return await _look(session, facts)
    except (asyncpg.PostgresError, AsyncmigError):
        return SideEffect(
            "the statement ran outside a transaction, and whether it left an invalid index or a pending "
            "detach could not be read"
        )


async def _look(session: Session, facts: Classification) -> SideEffect:
    if facts.verb in {"CREATE INDEX", "DROP INDEX"}:
        if facts.object is None:
            return await _unnamed_index(session, facts)
        rows = await session.fetch(INDEX, facts.object.sql)
        if rows and not rows[0]["valid"] and not rows[0]["building"]:
            index = qualified(rows[0]["schema"], rows[0]["name"])
            return SideEffect(
                f"the index {index} on {rows[0]['table_name']} is invalid; the next run drops it before it "
                "builds it again"
            )
    elif facts.verb in _REINDEXED:
        return await _reindexed(session, facts)
    elif facts.verb == "ALTER TABLE DETACH PARTITION" and facts.object and facts.table:
        child, parent = facts.object.sql, facts.table.sql
        rows = await session.fetch(DETACH, child, parent)
        if rows and rows[0]["pending"]:
            return SideEffect(
                f"the detach of partition {child} from {parent} is pending; the next run finishes it"
            )
    return NO_SIDE_EFFECT


async def _unnamed_index(session: Session, facts: Classification) -> SideEffect:
    """PostgreSQL chose the name, so any invalid index of the table may be the one."""
    if facts.table is None:
        return NO_SIDE_EFFECT
    rows = await session.fetch(INVALID_INDEXES, facts.table.sql)
    if not rows:
        return NO_SIDE_EFFECT
    names = ", ".join(qualified(row["schema"], row["name"]) for row in rows)
    return SideEffect(
        f"{facts.table.sql} has an invalid index: {names}",
        "drop it with `DROP INDEX CONCURRENTLY`, give the index a name in the script, correct the cause "
        "and run the same command again",
    )


async def _reindexed(session: Session, facts: Classification) -> SideEffect:
    named = _REINDEXED[facts.verb]
    found: list[str] = []
    if named is OF_THE_DATABASE:
        found += await _leftovers(session, named)
    for name in () if named is OF_THE_DATABASE else facts.objects:
        found += await _leftovers(session, named, name.name if named is OF_A_SCHEMA else name.sql)
    if not found:
        return NO_SIDE_EFFECT
    indexes = "the invalid index" if len(found) == 1 else "the invalid indexes"
    dropped = "it" if len(found) == 1 else "them"
    return SideEffect(f"it left {indexes} {', '.join(found)}; the next run drops {dropped}")


async def _leftovers(session: Session, named: str, *names: str) -> list[str]:
    rows = await session.fetch(LEFTOVERS.format(named=named), *names)
    return [qualified(row["schema"], row["name"]) for row in rows]
