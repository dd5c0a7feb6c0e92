"""Statements that are prepared once on a connection and executed again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    import asyncpg

__all__ = ["PreparedStatements", "note_sent", "prepared_statements"]

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


_known: WeakKeyDictionary[Any, PreparedStatements] = WeakKeyDictionary()


def prepared_statements(driver: asyncpg.Connection) -> PreparedStatements:
    """Those of a connection."""
    found = _known.get(driver)
    if found is None:
        found = _known[driver] = PreparedStatements()
    return found


def note_sent(driver: asyncpg.Connection, sql: str) -> None:
    """Forget the prepared statements of a connection if a text may contain ``DEALLOCATE``."""
    if "DEALLOCATE" in sql or "deallocate" in sql:
        _known.pop(driver, None)
