"""The asyncpg connection of an async script, with hooks around its statements."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Protocol

import asyncpg

if TYPE_CHECKING:
    from asyncmig.plan.recorder import Recorder

__all__ = ["ScriptConnection", "StatementHooks"]

_TAKING_SQL = frozenset({"execute", "executemany"})
_GIVING_ROWS = frozenset({"fetch", "fetchrow", "fetchval", "fetchmany"})
_WRITING = frozenset({"copy_to_table", "copy_records_to_table"})
"""Methods of an asyncpg connection."""


class StatementHooks(Protocol):
    """What is called around statements that a script executes itself."""

    @property
    def driver_connection(self) -> Any:
        """The asyncpg connection itself."""
        ...

    async def before_statement(self, recorder: Recorder, sql: str, *, needs_rows: bool) -> bool:
        """Get the transaction ready; False where the statement is not to be sent."""
        ...

    async def run_leading_statements(self, recorder: Recorder, sql: str) -> str:
        """Run all statements of a text but the last, and return that."""
        ...

    async def after_statement(self, recorder: Recorder) -> None:
        """A statement has gone through."""
        ...

    async def note_failure(self, recorder: Recorder, error: asyncpg.PostgresError) -> None:
        """A statement was refused; the script may handle the error."""
        ...

    async def before_other_io(self, recorder: Recorder) -> bool:
        """Get the transaction ready for COPY and the like; False where an earlier run has done it."""
        ...


class ScriptConnection:
    """An asyncpg connection for async scripts: the same methods, behind the statements of directives.

    ``transaction()`` is a savepoint inside the revision's transaction.
    """

    def __init__(self, live: StatementHooks, recorder: Recorder) -> None:
        self._live = live
        self._recorder = recorder
        self._savepoints = 0

    def next_savepoint(self) -> str:
        """A savepoint's name that is new on this connection."""
        self._savepoints += 1
        return f"asyncmig_script_{self._savepoints}"

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._live.driver_connection, name)
        if not inspect.iscoroutinefunction(member):
            return member
        live, recorder = self._live, self._recorder

        async def steered(query: str, *args: Any, **kwargs: Any) -> Any:
            if not args:
                query = await live.run_leading_statements(recorder, query)
            if not await live.before_statement(recorder, query, needs_rows=name in _GIVING_ROWS):
                return None
            try:
                result = await member(query, *args, **kwargs)
            except asyncpg.PostgresError as error:
                await live.note_failure(recorder, error)
                raise
            await live.after_statement(recorder)
            return result

        async def after_catching_up(*args: Any, **kwargs: Any) -> Any:
            if not await live.before_other_io(recorder) and name in _WRITING:
                return None
            return await member(*args, **kwargs)

        return steered if name in _GIVING_ROWS | _TAKING_SQL else after_catching_up

    def transaction(self) -> _Savepoint:
        """A savepoint, as ``async with connection.transaction():``."""
        return _Savepoint(self, self.next_savepoint())


class _Savepoint:
    def __init__(self, connection: ScriptConnection, name: str) -> None:
        self._connection = connection
        self._name = name

    async def __aenter__(self) -> None:
        await self._connection.execute(f"SAVEPOINT {self._name}")

    async def __aexit__(self, kind: object, *_: object) -> None:
        verb = "RELEASE SAVEPOINT" if kind is None else "ROLLBACK TO SAVEPOINT"
        await self._connection.execute(f"{verb} {self._name}")
