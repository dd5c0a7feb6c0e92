"""A URL of the command line or of ``ASYNCMIG_URL``, or an engine, in place of what an ``env.py`` names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.engine import URL

from asyncmig.config.connection.url import parse_url
from asyncmig.errors import UrlError

if TYPE_CHECKING:
    from asyncmig.alembic_compat.env_script.connections.given_engine import GivenEngine
    from asyncmig.config.settings import Settings

__all__ = ["EXPLICIT_SOURCES", "UrlOverride"]

EXPLICIT_SOURCES = frozenset({"--url", "--embedded", "ASYNCMIG_URL"})
"""Where a URL goes before the project's own."""


class UrlOverride:
    """Replaces the URL of one database; a second one is refused.

    Args:
        settings: of the project.
        given: the engine that the migrator was given; it goes before all URLs.

    Attributes:
        given: the same.
    """

    def __init__(self, settings: Settings, given: GivenEngine | None = None) -> None:
        self.given = given
        explicit = settings.valid_url is not None and settings.url_source in EXPLICIT_SOURCES | {
            None
        }
        self._url = settings.valid_url if explicit else None
        self._source = settings.url_source
        self._replaced: tuple[Any, ...] | None = None
        self.used = False

    @property
    def source(self) -> str | None:
        """Where the URL comes from; None where the project's own counts."""
        if self.given is not None:
            return "the engine that the migrator was given"
        return self._source or "the url argument" if self._url is not None else None

    @property
    def text(self) -> str | None:
        """The URL; None where the project's own counts."""
        return self._url

    def applied(self, written: URL, place: str | None) -> URL:
        """The URL to connect with.

        Raises:
            UrlError: ``env.py`` connects to a second database, and one URL is given for it.
        """
        if self._url is None and self.given is None:
            return written
        database = (written.host, written.port, written.database, tuple(written.query.items()))
        if self._replaced is not None and self._replaced != database:
            where = f" ({place})" if place else ""
            raise UrlError(
                f"env.py connects to more than one database{where}, and {self.source} names one",
                hint=f"leave {self.source} out: env.py chooses the databases",
                source=self.source,
            )
        self._replaced = database
        self.used = True
        if self.given is not None:
            return self.given.url
        assert self._url is not None  # noqa: S101 - one of both is there
        return sqlalchemy_url(self._url, self.source)

    def for_asyncpg(self, url: URL) -> tuple[Any, dict[str, Any]]:
        """The URL for SQLAlchemy's asyncpg dialect, and what only ``connect_args`` can carry."""
        if self._url is None:
            return url.set(drivername="postgresql+asyncpg"), {}
        parsed = parse_url(self._url, source=self.source)
        return parsed.to_sqlalchemy(), parsed.sqlalchemy_connect_args()

    def asyncpg_arguments(self) -> dict[str, Any]:
        """The URL as arguments of asyncpg's."""
        return {} if self._url is None else parse_url(self._url, source=self.source).to_asyncpg()


def sqlalchemy_url(text: str, source: str | None) -> URL:
    """A URL as SQLAlchemy's, with libpq's names in its query."""
    parsed = parse_url(text, source=source)
    query: dict[str, str] = dict(parsed.arguments)
    one = parsed.hosts[0] if len(parsed.hosts) == 1 and not parsed.hosts[0].is_socket else None
    if parsed.hosts and one is None:
        query["host"] = ",".join(host.name for host in parsed.hosts)
        if any(host.port for host in parsed.hosts):
            query["port"] = ",".join(str(host.port or 5432) for host in parsed.hosts)
    return URL.create(
        "postgresql",
        username=parsed.user,
        password=parsed.password,
        host=one.name if one and one.name else None,
        port=one.port if one else None,
        database=parsed.database,
        query=query,
    )
