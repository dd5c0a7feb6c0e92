"""Run a script that reads from the database in the copy, statement by statement.

The runner of migrations runs it, on a session that splits each message into its statements and observes
them. What the script sends by itself, through SQLAlchemy or asyncpg, is observed before the next message.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from asyncmig.database.session import Session
from asyncmig.locks.observe import Observation
from asyncmig.sql.classify import Control, classify
from asyncmig.sql.split import split

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import asyncpg

    from asyncmig.locks.observe import Observer
    from asyncmig.locks.places import CopyPlace
    from asyncmig.locks.trace import LiveObservation

__all__ = ["CopyDatabase", "ObservedSession"]


class ObservedSession(Session):
    """A session whose statements are observed one by one."""

    def __init__(self, place: CopyPlace, observer: Observer) -> None:
        super().__init__(place.connection, place.sqlalchemy)
        self._observer = observer
        self.found: list[LiveObservation] = []

    async def send(self, sql: str) -> None:
        """Send the statements of a message one by one; raises as ``Session.send``."""
        if self.in_transaction:
            await self._look(None)
        for statement in split(sql):
            await self._send_one(statement.text)

    async def _send_one(self, sql: str) -> None:
        facts = classify(sql)
        if not facts.transactional:
            self.found.append((sql, await self._observer.run_standalone(sql)))
            return
        await super().send(sql)
        if facts.control is Control.BEGIN:
            await self._observer.note_begin()
        elif self.in_transaction and facts.control is None:
            await self._look(sql)

    async def _look(self, sql: str | None) -> None:
        observation = await self._observer.look(sql or "")
        if sql is not None or observation != Observation():
            self.found.append((sql, observation))


class CopyDatabase:
    """The copy, as the runner sees a database: it has one session."""

    name = "the copy"

    def __init__(self, session: ObservedSession) -> None:
        self._session = session

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """The observed session."""
        yield self._session

    @asynccontextmanager
    async def observer(self) -> AsyncIterator[asyncpg.Connection | None]:
        """None: nothing blocks in the copy."""
        yield None
