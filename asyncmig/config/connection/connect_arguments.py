"""The database that settings name, and how asyncpg is to connect to it."""

from __future__ import annotations

import os
import random
from dataclasses import replace
from typing import TYPE_CHECKING

from asyncmig.config.connection.libpq import SESSION_VARIABLES, from_environment
from asyncmig.config.connection.service_file import read_service
from asyncmig.config.connection.url import DatabaseUrl, parse_url, url_of_parameters
from asyncmig.config.settings import InvalidUrl, Settings
from asyncmig.errors import UrlError

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

__all__ = ["connect_arguments", "database_url", "resolve_url", "resolved_url"]


def database_url(settings: Settings) -> DatabaseUrl:
    """The settings' URL, read, with the settings' SSL keys where it says nothing of its own.

    Raises:
        UrlError: there is none, or it is malformed or another database's.
        ConfigKeyError: its interpolation failed when the file was read.
    """
    if isinstance(settings.url, InvalidUrl):
        raise settings.url.error
    if settings.url is None:
        where = f" in {settings.config_path}" if settings.config_path else ""
        hint = "set ASYNCMIG_URL or DATABASE_URL, or write url in the configuration"
        if settings.databases:
            hint = f"choose a database by its name: {', '.join(settings.databases)}; or {hint}"
        raise UrlError(f"no database url{where}", hint=hint, missing=True)
    ssl = {
        "sslmode": settings.sslmode,
        "sslrootcert": settings.sslrootcert,
        "sslcert": settings.sslcert,
        "sslkey": settings.sslkey,
    }
    given = {name: str(value) for name, value in ssl.items() if value is not None}
    return parse_url(settings.url, source=settings.url_source).with_defaults(given)


def resolve_url(
    url: DatabaseUrl,
    *,
    source: str | None = None,
    environ: Mapping[str, str] = os.environ,
    without: Container[str] = (),
) -> DatabaseUrl:
    """A URL with all that libpq would add: the service, then environment variables.

    This is file work: a service is read from its file.

    Args:
        url: the URL as it was written.
        source: where it was written, for messages.
        environ: environment variables.
        without: parameters that the environment does not give.

    Raises:
        UrlError: the service is not defined, or a parameter asks for what asyncmig cannot do.
    """
    service = url.arguments.get("service")
    named_by = source if service else "PGSERVICE"
    if service := service or environ.get("PGSERVICE"):
        found = read_service(service, environ, named_by)
        url = url.without("service").or_else(
            url_of_parameters(found, source=f"the service {service}")
        )
    values, variables = from_environment(environ)
    values = {
        name: value
        for name, value in values.items()
        if name not in url.arguments and name != "service" and name not in without
    }
    if "hostaddr" in values and url.hosts:
        raise UrlError(
            f"the database url names a host, and PGHOSTADDR is {values['hostaddr']}",
            hint="unset PGHOSTADDR, or leave the host out of the URL",
            source="PGHOSTADDR",
        )
    if values:
        used = ", ".join(sorted(variables[name] for name in values))
        url = url.or_else(url_of_parameters(values, source=used))
    given = {name.lower() for name in url.arguments}
    session = {
        setting: environ[variable]
        for variable, setting in SESSION_VARIABLES.items()
        if environ.get(variable) and setting.lower() not in given
    }
    return url.with_defaults(session)


def resolved_url(settings: Settings, environ: Mapping[str, str] = os.environ) -> DatabaseUrl:
    """The settings' URL, as ``resolve_url`` completes it. This is file work.

    ``PGAPPNAME`` and ``PGCONNECT_TIMEOUT`` count only where the settings leave the default.

    Raises:
        UrlError: as ``database_url`` and ``resolve_url``.
        ConfigKeyError: as ``database_url``.
    """
    fields = Settings.__dataclass_fields__
    chosen = {
        name
        for name in ("application_name", "connect_timeout")
        if getattr(settings, name) != fields[name].default
    }
    url = database_url(settings)
    return resolve_url(url, source=settings.url_source, environ=environ, without=chosen)


def connect_arguments(settings: Settings, url: DatabaseUrl | None = None) -> dict[str, object]:
    """Keyword arguments for ``asyncpg.connect``.

    ``connect_args`` go before the URL's own arguments, and those before the other keys, as in
    SQLAlchemy. ``role``, ``search_path`` and the server's timeouts are not among them: a pooler
    refuses them at connect, so the session sets them itself.

    Args:
        settings: of the project.
        url: as ``resolved_url`` gives it; None resolves it here, which is file work.

    Raises:
        UrlError, ConfigKeyError: as ``resolved_url``.
    """
    resolved = url or resolved_url(settings)
    if resolved.arguments.get("load_balance_hosts") == "random":
        shuffled = tuple(random.sample(resolved.hosts, len(resolved.hosts)))
        resolved = replace(resolved, hosts=shuffled)
    arguments_of_url = resolved.to_asyncpg()
    names = {"application_name": settings.application_name}
    layers = (
        {
            # Zero means no limit, as in libpq; asyncpg takes it for "at once" or refuses it.
            "timeout": settings.connect_timeout or None,
            "command_timeout": settings.command_timeout or None,
            "statement_cache_size": settings.statement_cache_size,
        },
        arguments_of_url,
        settings.connect_args,
    )
    arguments: dict[str, object] = {}
    for layer in layers:
        arguments |= layer
        if isinstance(sent := layer.get("server_settings"), dict):
            names |= sent
    arguments["server_settings"] = names
    if "user" not in arguments:
        _check_user_name(settings.url_source)
    return arguments


def _check_user_name(source: str | None) -> None:
    """Check that the process's user has a name: the driver connects with it where no other is given."""
    from getpass import getuser

    try:
        getuser()
    except (KeyError, OSError) as error:  # OSError since Python 3.13
        raise UrlError(
            "the database url names no user, and the user of this process has no name",
            hint="add the user to the URL, or set PGUSER",
            source=source,
        ) from error
