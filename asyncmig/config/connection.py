"""The database that settings name, and how asyncpg is to connect to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.config.url import DatabaseUrl, parse_url
from asyncmig.errors import UrlError

if TYPE_CHECKING:
    from asyncmig.config.settings import Settings

__all__ = ["connect_arguments", "database_url"]


def database_url(settings: Settings) -> DatabaseUrl:
    """The settings' URL, read, with the settings' SSL keys where it says nothing of its own.

    Raises:
        UrlError: there is none, or it is malformed or another database's.
        ConfigKeyError: its interpolation failed when the file was read.
    """
    if settings.url_problem is not None:
        raise settings.url_problem
    if settings.url is None:
        where = f" in {settings.config_path}" if settings.config_path else ""
        hint = "set ASYNCMIG_URL or DATABASE_URL, give --url, or write url in the configuration"
        if settings.databases:
            hint = f"choose a database with -n: {', '.join(settings.databases)}; or {hint}"
        raise UrlError(f"no database url{where}", hint=hint)
    ssl = {
        "sslmode": settings.sslmode,
        "sslrootcert": settings.sslrootcert,
        "sslcert": settings.sslcert,
        "sslkey": settings.sslkey,
    }
    given = {name: str(value) for name, value in ssl.items() if value is not None}
    return parse_url(settings.url, source=settings.url_source).with_defaults(given)


def connect_arguments(settings: Settings) -> dict[str, object]:
    """Keyword arguments for ``asyncpg.connect``.

    ``connect_args`` go before the URL's own arguments, and those before the other keys, as in
    SQLAlchemy. ``role``, ``search_path`` and the server's timeouts are not among them: a pooler
    refuses them at connect, so the session sets them itself.

    Raises:
        UrlError, ConfigKeyError: as ``database_url``.
    """
    url = database_url(settings).to_asyncpg()
    names = {"application_name": settings.application_name}
    layers = (
        {
            # Zero is no limit, as in libpq; asyncpg takes it for "at once" or refuses it.
            "timeout": settings.connect_timeout or None,
            "command_timeout": settings.command_timeout or None,
            "statement_cache_size": settings.statement_cache_size,
        },
        url,
        settings.connect_args,
    )
    arguments: dict[str, object] = {}
    for layer in layers:
        arguments |= layer
        if isinstance(sent := layer.get("server_settings"), dict):
            names |= sent
    arguments["server_settings"] = names
    return arguments
