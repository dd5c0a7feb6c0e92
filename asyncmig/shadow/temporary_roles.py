"""Roles that declared entities name, for the time of a build in a server that lacks them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncpg

from asyncmig.database.server_errors import sqlstate_of
from asyncmig.errors import DatabaseError
from asyncmig.shadow.timeouts import is_timeout
from asyncmig.sql.quoting import identifier

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from asyncmig.catalog.models import ModelStatement
    from asyncmig.database.session import Session

__all__ = ["create_temporary_roles", "roles_in"]

# every server has the predefined ones, and nobody may make one that is called as they are
_ROLES = "SELECT rolname AS name FROM pg_catalog.pg_roles WHERE rolname !~ '^pg_'"


async def roles_in(session: Session, statements: Iterable[ModelStatement]) -> tuple[str, ...]:
    """The roles of a server that statements may name, in the order of their names.

    A role whose name is a part of another word is among them: what is lent in vain does no harm, and
    text within quotes, which may be SQL again, need not be understood.
    """
    text = "\n".join(item.sql for item in statements).lower()
    if not text:
        return ()
    names = sorted(await _names(session))
    return tuple(name for name in names if name.replace('"', '""').lower() in text)


async def create_temporary_roles(session: Session, names: Sequence[str]) -> tuple[str, ...]:
    """Create the roles that a server lacks; they go with the transaction.

    Another build that makes one of them is waited for, as PostgreSQL does for equal names. All of them
    take the names in one order, so that no two wait for each other.

    Args:
        session: in a transaction, whose role need not be one that may create roles.
        names: of ``roles_in``.

    Returns:
        Those that it lacks still.

    Raises:
        DatabaseError: a time limit was reached.
    """
    there = await _names(session) if names else ()
    lacking = [name for name in names if name not in there]
    return tuple([name for name in lacking if not await _create_temporary_role(session, name)])


async def _create_temporary_role(session: Session, name: str) -> bool:
    create = f"CREATE ROLE {identifier(name)}"
    try:
        await session.send_in_savepoint(create)
    except asyncpg.PostgresError as error:
        if is_timeout(error):
            raise DatabaseError(
                str(error), subject=f"role {name}", sql=create, sqlstate=sqlstate_of(error)
            ) from error
        return name in await _names(session)  # somebody may have made it to stay meanwhile
    return True


async def _names(session: Session) -> frozenset[str]:
    return frozenset(row["name"] for row in await session.fetch(_ROLES))
