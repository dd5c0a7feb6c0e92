"""Creates declared entities in the shadow, beside the tables of the models.

Only the server knows which entities depend on which. If they cannot be created in the given order, those that
fail are tried again after the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import asyncpg

from asyncmig.shadow.refusals import is_about_the_object

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asyncmig.catalog.model_statement import ModelStatement
    from asyncmig.database.session import Session
    from asyncmig.shadow.build_errors import BuildErrors

__all__ = ["SAVEPOINT", "DeclaredEntities", "build", "try_in_savepoint"]

SAVEPOINT = "SAVEPOINT asyncmig_entity"
"""The savepoint to which ``try_in_savepoint`` rolls back. It is sent before the message with the tried
statements, because nothing in a message with a syntax error runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredEntities:
    """The statements that are tried before the tables, and those that run after them."""

    early: Sequence[ModelStatement] = ()
    late: Sequence[ModelStatement] = ()

    @property
    def statements(self) -> list[ModelStatement]:
        """All of them."""
        return [*self.early, *self.late]


async def build(
    session: Session, statements: Sequence[ModelStatement], errors: BuildErrors
) -> list[tuple[ModelStatement, asyncpg.PostgresError]]:
    """Create entities in an order that works, and return those that cannot be created, with the reasons.

    Args:
        session: a session in a transaction, after ``SAVEPOINT``.
        statements: one statement per entity.
        errors: describes errors.

    Raises:
        DatabaseError: a timeout is exceeded, or the server rejects more than one entity; the facts are those
            of ``BuildErrors.described``.
    """
    if not statements:
        return []
    if await try_in_savepoint(session, ";\n".join(item.sql for item in statements)) is None:
        return []
    left = list(statements)
    while left:
        refused: list[tuple[ModelStatement, asyncpg.PostgresError]] = []
        for statement in left:
            error = await try_in_savepoint(session, statement.sql)
            if error is not None:
                if not is_about_the_object(error):
                    raise errors.described(error, statement) from error
                refused.append((statement, error))
        if len(refused) == len(left):
            return refused
        left = [statement for statement, _ in refused]
    return []


async def try_in_savepoint(session: Session, sql: str) -> asyncpg.PostgresError | None:
    """Run statements; return the error of the server, after which they are rolled back."""
    try:
        await session.send(f"{sql};\nRELEASE SAVEPOINT asyncmig_entity; {SAVEPOINT}")
    except asyncpg.PostgresError as error:
        await session.send("ROLLBACK TO SAVEPOINT asyncmig_entity")
        return error
    return None
