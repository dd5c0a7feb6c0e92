"""Declared entities, built in the shadow beside the models' tables.

Which of them needs which is for the server to say: where they do not run in the order in which they
stand, what is refused is tried again when others are there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import asyncpg

from asyncmig.shadow.timeouts import is_timeout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asyncmig.catalog.models import ModelStatement
    from asyncmig.database.session import Session
    from asyncmig.shadow.build_errors import BuildErrors

__all__ = ["READY", "DeclaredEntities", "build"]

READY = "SAVEPOINT asyncmig_entity"
"""What ``build`` goes back to. It cannot stand in the message of what is tried: of one with a syntax error
nothing runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredEntities:
    """What is built before the tables as far as that is possible, and after them."""

    early: Sequence[ModelStatement] = ()
    late: Sequence[ModelStatement] = ()

    @property
    def statements(self) -> list[ModelStatement]:
        """All of them."""
        return [*self.early, *self.late]


async def build(
    session: Session,
    statements: Sequence[ModelStatement],
    refusals: BuildErrors,
    *,
    final: bool = True,
) -> Sequence[ModelStatement]:
    """Create entities in an order that runs, and give those that must wait.

    Args:
        session: within a transaction, after ``READY``.
        statements: one for each entity.
        refusals: tells why the last of them are refused.
        final: what they need will not come later.

    Raises:
        DatabaseError: some are refused, whatever the order, or one ran into a time limit; the facts are
            those of ``BuildErrors.described``.
    """
    if not statements:
        return ()
    if await _try_in_savepoint(session, ";\n".join(item.sql for item in statements)) is None:
        return ()
    left = list(statements)
    while left:
        refused: list[ModelStatement] = []
        reason: tuple[ModelStatement, asyncpg.PostgresError] | None = None
        for statement in left:
            error = await _try_in_savepoint(session, statement.sql)
            if error is not None:
                if is_timeout(error):
                    raise refusals.described(error, statement) from error
                refused.append(statement)
                reason = reason or (statement, error)
        if reason is not None and len(refused) == len(left):
            if final:
                statement, error = reason
                raise refusals.described(error, statement) from error
            return refused
        left = refused
    return ()


async def _try_in_savepoint(session: Session, sql: str) -> asyncpg.PostgresError | None:
    """The error with which the server refuses it; nothing is left of it then."""
    try:
        await session.send(f"{sql};\nRELEASE SAVEPOINT asyncmig_entity; {READY}")
    except asyncpg.PostgresError as error:
        await session.send("ROLLBACK TO SAVEPOINT asyncmig_entity")
        return error
    return None
