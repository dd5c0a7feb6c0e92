"""Databases for tests: empty ones, and clones of a migrated template, which is kept while nothing changes."""

from __future__ import annotations

import hashlib
import secrets
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from asyncmig.sql.quoting import identifier
from asyncmig.testing.server import find_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

__all__ = ["TestDatabases", "open_databases", "template_name"]

_PREFIX = "asyncmig_test_"
_TEMPLATE = "asyncmig_template_"
_LOCK = "SELECT pg_catalog.pg_advisory_lock(7460201185)"
_UNLOCK = _LOCK.replace("pg_advisory_lock", "pg_advisory_unlock")


def template_name(parts: Iterable[bytes]) -> str:
    """The name of the template database for a history, its settings and a server."""
    digest = hashlib.blake2b(digest_size=10)
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return f"{_TEMPLATE}{digest.hexdigest()}"


@asynccontextmanager
async def open_databases(url: str | None) -> AsyncIterator[TestDatabases]:
    """The databases of a server that is found or started for the block.

    Args:
        url: of a server, before all other ways to find one.

    Raises:
        ConfigError: no server was found.
    """
    async with AsyncExitStack() as resources:
        databases = TestDatabases((await find_server(resources, url)).url)
        resources.push_async_callback(databases.aclose)
        yield databases


class TestDatabases:
    """Creates, clones and drops databases on one server.

    Args:
        url: of a superuser, or of a role that may create databases.
    """

    __test__ = False

    def __init__(self, url: str) -> None:
        self.url = url
        self._admin: asyncpg.Connection | None = None
        self._copying = ""

    def database(self, name: str) -> str:
        """The URL of a database of the server."""
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))

    async def admin(self) -> asyncpg.Connection:
        """The connection to the maintenance database; it is opened once."""
        admin = self._admin
        if admin is None or admin.is_closed():
            settings = {"application_name": "asyncmig tests"}
            admin = self._admin = await asyncpg.connect(self.url, server_settings=settings)
            # before 15 copying files was the only way; since then it is faster than writing every page to
            # the WAL where the server does not flush the files to the disk
            version = admin.get_server_version()
            flushes = await admin.fetchval("SELECT pg_catalog.current_setting('fsync')") == "on"
            self._copying = " STRATEGY file_copy" if version.major >= 15 and not flushes else ""
        return admin

    async def create(self, template: str = "template0") -> str:
        """Create a database and return its URL.

        Args:
            template: the database to clone.
        """
        name = f"{_PREFIX}{secrets.token_hex(6)}"
        admin = await self.admin()
        await admin.execute(
            f"CREATE DATABASE {name} TEMPLATE {identifier(template)}{self._copying}"
        )
        return self.database(name)

    async def drop(self, url: str) -> None:
        """Drop a database that ``create`` made, and end its sessions."""
        name = urlsplit(url).path.removeprefix("/")
        await (await self.admin()).execute(
            f"DROP DATABASE IF EXISTS {identifier(name)} WITH (FORCE)"
        )

    async def template(self, name: str, migrate: Callable[[str], Awaitable[object]]) -> str:
        """The template of this name; it is created and migrated if it does not exist.

        Processes that ask for one template at the same time wait for the one that makes it. A template gets
        its name when it is complete, so one of a process that died is never used. A new template replaces
        those that are older than a day.

        Args:
            name: what ``template_name`` returned.
            migrate: migrates the database of a URL.
        """
        admin = await self.admin()
        await admin.execute(_LOCK)
        try:
            if await admin.fetchval(
                "SELECT count(*) FROM pg_catalog.pg_database WHERE datname = $1", name
            ):
                return name
            url = await self.create()
            try:
                await migrate(url)
                made = urlsplit(url).path.removeprefix("/")
                await admin.execute(
                    f"ALTER DATABASE {identifier(made)} RENAME TO {identifier(name)}"
                )
            except BaseException:
                await self.drop(url)
                raise
            await self._drop_unused(name)
            return name
        finally:
            await admin.execute(_UNLOCK)

    async def _drop_unused(self, kept: str) -> None:
        """Drop templates that no clone was made from for a day."""
        admin = await self.admin()
        old = (
            await admin.fetch(
                "SELECT datname FROM pg_catalog.pg_database WHERE starts_with(datname, $1) AND datname <> $2"
                " AND (pg_catalog.pg_stat_file('base/' || oid || '/PG_VERSION', true)).modification"
                " < pg_catalog.now() - interval '1 day'",
                _TEMPLATE,
                kept,
            )
            if await admin.fetchval(
                "SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user"
            )
            else []
        )
        for row in old:
            await admin.execute(
                f"DROP DATABASE IF EXISTS {identifier(row['datname'])} WITH (FORCE)"
            )

    async def aclose(self) -> None:
        """Close the connection to the maintenance database."""
        if self._admin is not None:
            await self._admin.close()
