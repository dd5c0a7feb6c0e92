"""Creates the roles that declared entities name, in a shadow server that lacks them, for one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncpg

from asyncmig.database.server_errors import sqlstate_of
from asyncmig.errors import DatabaseError
from asyncmig.shadow.timeouts import is_timeout
from asyncmig.sql.quoting import identifier

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from asyncmig.catalog.model_statement import ModelStatement
    from asyncmig.database.session import Session

__all__ = ["create_temporary_roles", "roles_in"]

# every server has the predefined roles, whose prefix is reserved
_ROLES = "SELECT rolname AS name FROM pg_catalog.pg_roles WHERE rolname !~ '^pg_'"


async def roles_in(session: Session, statements: Iterable[ModelStatement]) -> tuple[str, ...]:
    """The roles of a server that statements may name, in the order of their names.

    This includes roles whose name is part of another word: an unused temporary role does no harm, and
    quoted text, which can contain SQL, need not be parsed.
    """
    text = "\n".join(item.sql for item in statements).lower()
    if not text:
        return ()
    names = sorted(await _names(session))
    return tuple(name for name in names if name.replace('"', '""').lower() in text)


async def create_temporary_roles(session: Session, names: Sequence[str]) -> tuple[str, ...]:
    """Create the roles that a server lacks, until the transaction is rolled back.

    PostgreSQL waits for another build that creates a role of the same name. All builds create roles in the
    same order, so that there are no deadlocks.

    Args:
        session: a session in a transaction, whose role may lack the privilege to create roles.
        names: the roles, from ``roles_in``.

    Returns:
        The roles that could not be created.

    Raises:
        DatabaseError: a timeout is exceeded.
    """
    existing = await _names(session) if names else ()
    lacking = [name for name in names if name not in existing]
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
        return name in await _names(session)  # another session may have created and committed it
    return True


async def _names(session: Session) -> frozenset[str]:
    return frozenset(row["name"] for row in await session.fetch(_ROLES))
