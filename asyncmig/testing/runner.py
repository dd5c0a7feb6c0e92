"""Moves a test database through the history, and inserts rows on the way."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import asyncpg

from asyncmig.migrator import Migrator
from asyncmig.migrator.base import project_of
from asyncmig.plan.model import Direction
from asyncmig.plan.moves import find_moves
from asyncmig.sql.quoting import identifier

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from sqlalchemy import Table

    from asyncmig.results import RevisionInfo
    from asyncmig.testing.configuration import Rows, TestConfiguration

__all__ = ["AsyncMigrationRunner", "RevisionOrder"]

BASE, HEADS = "base", "heads"


@dataclass(frozen=True)
class RevisionOrder:
    """The revisions in an order in which they can be applied.

    Attributes:
        infos: oldest first.
    """

    infos: tuple[RevisionInfo, ...]

    @cached_property
    def revisions(self) -> tuple[str, ...]:
        """``base``, the ids, and ``heads``."""
        return (BASE, *(info.revision for info in self.infos), HEADS)

    def previous_revision(self, revision: str) -> str:
        """The one before; ``base`` before the first.

        Raises:
            ValueError: there is no such revision.
        """
        return self.revisions[max(self._place(revision) - 1, 0)]

    def next_revision(self, revision: str) -> str:
        """The one after; ``heads`` after the last.

        Raises:
            ValueError: there is no such revision.
        """
        return self.revisions[min(self._place(revision) + 1, len(self.revisions) - 1)]

    def _place(self, revision: str) -> int:
        if revision == "head":
            revision = HEADS
        found = [number for number, one in enumerate(self.revisions) if one == revision] or [
            number for number, one in enumerate(self.revisions) if one.startswith(revision)
        ]
        if len(found) != 1:
            count = "no revision" if not found else f"{len(found)} revisions"
            raise ValueError(f"there is {count} {revision!r} in the history")
        return found[0]


class AsyncMigrationRunner:
    """Migrates one database, step by step, with the method names of pytest-alembic.

    Args:
        url: of the database.
        config: what the fixture ``asyncmig_config`` returned.

    Attributes:
        url: of the database.
        config: rows for revisions, and exceptions.
    """

    def __init__(self, url: str, config: TestConfiguration) -> None:
        self.url = url
        self.config = config
        self._order: RevisionOrder | None = None

    @cached_property
    def migrator(self) -> Migrator:
        """The migrator of the project, on this database."""
        config = self.config
        return Migrator.from_config(
            config.config, config.name, config.x, url=self.url, **config.settings
        )

    async def history(self) -> RevisionOrder:
        """The revisions, read once; ``refresh_history`` reads them again."""
        if self._order is None:
            return await self.refresh_history()
        return self._order

    async def refresh_history(self) -> RevisionOrder:
        """Read the script directory again, for example after a test has written a revision."""
        infos = await self.migrator.history()
        self._order = RevisionOrder(tuple(reversed(infos)))
        return self._order

    async def heads(self) -> list[str]:
        """The ids of the heads."""
        return [info.revision for info in await self.migrator.heads()]

    async def current(self) -> str:
        """The current revision; the last of several in the order of the history; ``base`` for none."""
        rows = (await self.migrator.current()).heads
        order = (await self.history()).revisions
        return max(rows, key=lambda row: order.index(row) if row in order else -1, default=BASE)

    async def managed_upgrade(self, target: str) -> str:
        """Upgrade to a revision, and insert the configured rows before and at the revisions on the way.

        Returns:
            the current revision.
        """
        await self.upgrade_with_rows(target)
        return await self.current()

    async def upgrade_with_rows(self, target: str) -> None:
        """As ``managed_upgrade``, without the query for the current revision."""
        config = self.config
        stops = {*config.before_revision_data, *config.at_revision_data, *config.skip_revisions}
        if not stops:
            await self.migrator.upgrade(target)
            return
        previous: str | None = None
        for revision in await self._revisions_to(target, Direction.UPGRADE):
            if revision in stops:
                if previous is not None:
                    await self.migrator.upgrade(previous)
                await self.insert_into(None, config.before_revision_data.get(revision))
                if revision in config.skip_revisions:
                    await self.migrator.stamp(revision)
                else:
                    await self.migrator.upgrade(revision)
                await self.insert_into(None, config.at_revision_data.get(revision))
            previous = revision
        await self.migrator.upgrade(target)

    async def _revisions_to(self, target: str, direction: Direction) -> list[str]:
        """The revisions between the database and a target; no script is run, as some are to be skipped."""
        graph = await project_of(self.migrator).graph()
        current = (await self.migrator.current()).heads
        return [move.revision.id for move in find_moves(graph, target, current, direction)]

    async def managed_downgrade(self, target: str) -> str:
        """Downgrade to a revision; skipped revisions are only stamped.

        Returns:
            the current revision.
        """
        skipped = set(self.config.skip_revisions)
        if skipped:
            order = await self.history()
            for revision in await self._revisions_to(target, Direction.DOWNGRADE):
                previous = order.previous_revision(revision)
                if revision in skipped:
                    await self.migrator.stamp(previous)
                else:
                    await self.migrator.downgrade(previous)
        else:
            await self.migrator.downgrade(target)
        return await self.current()

    async def migrate_up_to(self, revision: str) -> str:
        """Upgrade up to and including a revision; ``heads`` applies the whole history."""
        return await self.managed_upgrade(revision)

    async def migrate_up_before(self, revision: str) -> str:
        """Upgrade up to the revision before this one."""
        previous = (await self.history()).previous_revision(revision)
        return await self.current() if previous == BASE else await self.managed_upgrade(previous)

    async def migrate_up_one(self) -> str | None:
        """Upgrade by one revision; None if the database is at the head."""
        following = (await self.history()).next_revision(await self.current())
        return None if following == HEADS else await self.managed_upgrade(following)

    async def migrate_down_to(self, revision: str) -> str:
        """Downgrade to a revision, which remains applied; ``base`` reverts everything."""
        return await self.managed_downgrade(revision)

    async def migrate_down_before(self, revision: str) -> str:
        """Downgrade to the revision after this one."""
        following = (await self.history()).next_revision(revision)
        return (
            await self.current() if following == HEADS else await self.managed_downgrade(following)
        )

    async def migrate_down_one(self) -> str:
        """Downgrade by one revision.

        Returns:
            the revision that is current then.
        """
        return await self.managed_downgrade(
            (await self.history()).previous_revision(await self.current())
        )

    async def roundtrip_next_revision(self) -> str | None:
        """Upgrade by one revision, downgrade it, and upgrade again; None if the database is at the head."""
        if await self.migrate_up_one() is None:
            return None
        await self.migrate_down_one()
        return await self.migrate_up_one()

    async def set_revision(self, revision: str) -> None:
        """Stamp a revision without running anything."""
        await self.migrator.stamp(revision)

    async def insert_into(self, table: str | None, data: Rows | None = None) -> None:
        """Insert rows into a table as it is now.

        PostgreSQL converts the values: text in the notation of the column's type works for every type.

        Args:
            table: its name, with the schema if needed; None takes ``__tablename__`` of each row.
            data: a row, or several.

        Raises:
            ValueError: a row names no table.
            asyncpg.PostgresError: the server refused a row.
        """
        rows: Sequence[Mapping[str, Any]] = (
            [] if data is None else [data] if not isinstance(data, (list, tuple)) else data  # type: ignore[list-item]  # a mapping
        )
        if not rows:
            return
        async with self.connection() as connection:
            for row in rows:
                columns = {name: value for name, value in row.items() if name != "__tablename__"}
                where = row.get("__tablename__", table)
                if where is None:
                    raise ValueError(f"a row names no table: give it '__tablename__': {row!r}")
                name = ".".join(identifier(part) for part in str(where).split("."))
                names = ", ".join(identifier(column) for column in columns)
                await connection.execute(
                    f"INSERT INTO {name} ({names}) SELECT {names}"
                    f" FROM pg_catalog.jsonb_populate_record(NULL::{name}, $1::text::jsonb)"
                    if columns
                    else f"INSERT INTO {name} DEFAULT VALUES",
                    *([json.dumps(columns, default=_as_text)] if columns else []),
                )

    async def fetch(self, query: str, *args: Any) -> list[asyncpg.Record]:
        """The rows of a query, with ``$1`` for the first argument."""
        async with self.connection() as connection:
            return list(await connection.fetch(query, *args))

    async def execute(self, query: str, *args: Any) -> str:
        """Execute a statement, or several without arguments; returns the command tag."""
        async with self.connection() as connection:
            return str(await connection.execute(query, *args))

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[asyncpg.Connection]:
        """An asyncpg connection to the database."""
        connection = await asyncpg.connect(self.url)
        try:
            yield connection
        finally:
            await connection.close()

    async def table_at_revision(
        self, name: str, *, revision: str | None = None, schema: str | None = None
    ) -> Table:
        """A SQLAlchemy ``Table`` reflected from the database as it is now.

        Args:
            name: of the table.
            revision: migrate to this revision first.
            schema: of the table; None is the first one of the search path.

        Raises:
            sqlalchemy.exc.NoSuchTableError: there is none.
        """
        from sqlalchemy import MetaData, Table
        from sqlalchemy.ext.asyncio import create_async_engine
        from sqlalchemy.pool import NullPool

        if revision is not None and revision != await self.current():
            order = (await self.history()).revisions
            up = order.index(revision) > order.index(await self.current())
            await (self.managed_upgrade if up else self.managed_downgrade)(revision)
        url = self.url.replace("postgresql://", "postgresql+asyncpg://", 1)
        engine = create_async_engine(url, poolclass=NullPool)
        async with engine.connect() as connection:
            return await connection.run_sync(
                lambda bind: Table(name, MetaData(), schema=schema, autoload_with=bind)
            )


def _as_text(value: object) -> str:
    """A value in PostgreSQL's notation, for the server to convert."""
    if isinstance(value, bytes | bytearray | memoryview):
        return f"\\x{bytes(value).hex()}"
    return str(value)
