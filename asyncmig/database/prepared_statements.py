"""Statements that are prepared once on a connection and executed again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncpg

__all__ = [
    "PreparedStatements",
    "forget_prepared_statements",
    "note_sent",
    "prepared_statements",
]

_MOST = 100
"""Further statements are prepared anew each time."""


class PreparedStatements:
    """The prepared statements of one connection.

    They have names: one without a name is parsed and planned with each execution. Without its cache of
    statements, which DDL makes stale, asyncpg gives no names by itself.
    """

    def __init__(self) -> None:
        self._statements: dict[str, Any] = {}
        self._prefix = f"asyncmig_{id(self):x}"
        self._made = 0

    async def get(self, driver: asyncpg.Connection, query: str) -> Any:
        """The statement of a query whose plan no DDL of a script can make wrong."""
        statement = self._statements.get(query)
        if statement is not None:
            return statement
        if len(self._statements) >= _MOST:
            return await driver.prepare(query, name="")
        self._made += 1
        made = await driver.prepare(query, name=f"{self._prefix}_{self._made}")
        self._statements[query] = made
        return made


_known: dict[Any, PreparedStatements] = {}


def prepared_statements(driver: asyncpg.Connection) -> PreparedStatements:
    """Those of a connection; ``forget_prepared_statements`` must follow, for they keep it alive."""
    found = _known.get(driver)
    if found is None:
        found = _known[driver] = PreparedStatements()
    return found


def forget_prepared_statements(driver: asyncpg.Connection) -> None:
    """Let the statements of a connection go; asyncpg closes them on the server with its next message."""
    _known.pop(driver, None)


def note_sent(driver: asyncpg.Connection, sql: str) -> None:
    """Forget the prepared statements of a connection if a text may contain ``DEALLOCATE``."""
    if "DEALLOCATE" in sql or "deallocate" in sql:
        forget_prepared_statements(driver)
