"""Migrated databases: the template that tests clone, and a database for one piece of work."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

import anyio.to_thread

from asyncmig.errors import AsyncmigError
from asyncmig.testing.databases import template_name
from asyncmig.testing.runner import AsyncMigrationRunner
from asyncmig.version import asyncmig_version

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from asyncmig.config.settings import Settings
    from asyncmig.testing.configuration import TestConfiguration
    from asyncmig.testing.databases import TestDatabases

__all__ = ["migrated_template", "upgraded_database", "with_database"]

T = TypeVar("T")
_ENDINGS = frozenset({".py", ".sql", ".toml", ".ini"})


async def migrated_template(databases: TestDatabases, config: TestConfiguration) -> str:
    """The name of a database that is migrated to the heads.

    It is made anew when a file of the script directory, the configuration, the rows for revisions or the
    version of asyncmig has changed.
    """
    settings = AsyncMigrationRunner(databases.url, config).migrator.settings
    parts = await anyio.to_thread.run_sync(lambda: list(_state(settings, config)))

    async def migrate(url: str) -> None:
        await AsyncMigrationRunner(url, config).upgrade_with_rows("heads")

    return await databases.template(template_name(parts), migrate)


async def with_database(
    databases: TestDatabases,
    config: TestConfiguration,
    work: Callable[[AsyncMigrationRunner], Awaitable[T]],
) -> T:
    """Run ``work`` with a runner on a new database, which is dropped afterwards."""
    url = await databases.create()
    try:
        return await work(AsyncMigrationRunner(url, config))
    finally:
        await databases.drop(url)


@asynccontextmanager
async def upgraded_database(
    databases: TestDatabases, config: TestConfiguration
) -> AsyncIterator[tuple[AsyncMigrationRunner, AsyncmigError | None]]:
    """A new database that the whole history runs on; it is dropped afterwards.

    Yields:
        Its runner, and why it is not at the heads.
    """
    url = await databases.create()
    try:
        runner = AsyncMigrationRunner(url, config)
        failure: AsyncmigError | None = None
        try:
            await runner.upgrade_with_rows("heads")
        except AsyncmigError as error:
            failure = error
        yield runner, failure
    finally:
        await databases.drop(url)


def _state(settings: Settings, config: TestConfiguration) -> Iterator[bytes]:
    """What the migrated schema depends on."""
    yield asyncmig_version().encode()
    yield repr(config).encode()
    files = {settings.config_path} if settings.config_path else set()
    for folder in (settings.script_location, *settings.version_paths):
        if folder.is_dir():
            files |= {path for path in folder.rglob("*") if path.suffix in _ENDINGS}
    for path in sorted(files):
        if path.is_file():
            yield str(path).encode()
            yield path.read_bytes()
