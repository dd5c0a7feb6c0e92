"""What SQL does on a server: locks, scans and rewrites of each transaction, seen by ``locks.observe``."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import asyncpg

from asyncmig.locks.observe import Observer, read_relations
from asyncmig.sql.classify import classify
from asyncmig.sql.split import split

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from asyncmig.locks.modes import LockMode
    from asyncmig.locks.observe import Observation

__all__ = ["ObservedDatabase", "ObservedTransaction", "observed_database"]


@dataclass
class ObservedTransaction:
    """What the statements of one transaction did to relations that were there before it.

    Attributes:
        locks: the strongest mode by the name of the relation.
        scans, rewrites: names of relations.
        error: the SQLSTATE that ended it.
    """

    locks: dict[str, LockMode] = field(default_factory=dict)
    scans: set[str] = field(default_factory=set)
    rewrites: set[str] = field(default_factory=set)
    error: str | None = None

    def add(self, seen: Observation) -> None:
        for name, modes in seen.locks.items():
            known = self.locks.get(name.name)
            best = max([*modes, *([known] if known else [])], key=lambda mode: mode.rank)
            self.locks[name.name] = best
        self.scans |= {name.name for name in seen.scans}
        self.rewrites |= {name.name for name in seen.rewrites}


class ObservedDatabase:
    """A database in which texts of SQL are run, each as a transaction."""

    def __init__(self, connection: asyncpg.Connection, watcher: asyncpg.Connection) -> None:
        self.connection = connection
        self.watcher = watcher

    async def run(self, text: str, *, roll_back: bool = False) -> ObservedTransaction:
        """Run a text in a transaction, or by itself where PostgreSQL wants that."""
        observer = Observer(self.connection, self.watcher, await read_relations(self.connection))
        seen = ObservedTransaction()
        statements = [statement.text for statement in split(text)]
        alone = len(statements) == 1 and not classify(statements[0]).transactional
        try:
            if alone:
                seen.add(await observer.run_standalone(statements[0]))
                return seen
            await observer.start_transaction()
            for statement in statements:
                seen.add(await observer.run(statement))
            await observer.end_transaction("ROLLBACK" if roll_back else "COMMIT")
        except asyncpg.PostgresError as error:
            seen.error = error.sqlstate
            if not alone:
                await observer.end_transaction("ROLLBACK")
        return seen

    async def fails(self, query: str) -> bool:
        """Whether running code that sends this query gets an error."""
        try:
            await self.connection.execute(query)
        except asyncpg.PostgresError:
            return True
        return False

    async def shows(self, query: str) -> bool:
        """Whether a query gives true; an error is no."""
        try:
            return await self.connection.fetchval(query) is True
        except asyncpg.PostgresError:
            return False


@asynccontextmanager
async def observed_database(url: str) -> AsyncIterator[ObservedDatabase]:
    """Two connections to a database: one runs, one watches."""
    connection = await asyncpg.connect(url, statement_cache_size=0)
    watcher = await asyncpg.connect(url, statement_cache_size=0)
    try:
        yield ObservedDatabase(connection, watcher)
    finally:
        await connection.close()
        await watcher.close()
