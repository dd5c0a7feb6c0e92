"""Connection arguments of psycopg2, psycopg and pg8000 as arguments of asyncpg: all of them, or an error.

What libpq's parameters mean is the business of ``config.libpq``. What only the Python module of a driver
understands is sorted out here, and refused where it cannot be honoured.
"""

from __future__ import annotations

import ssl as tls
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from asyncmig.config.connection.certificate_files import require_files
from asyncmig.config.connection.connect_arguments import resolve_url
from asyncmig.config.connection.url import parse_url, url_of_parameters
from asyncmig.errors import UrlError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["DriverArguments", "asyncpg_arguments", "refusal"]

_CONNECTION_STRINGS = ("dsn", "conninfo")
_PG8000 = {"unix_sock": "host", "timeout": "connect_timeout", "tcp_keepalive": "keepalives"}
_WITHOUT_EFFECT = ("prepare_threshold",)
"""Nothing is prepared under a name, so that no limit of it is ever reached."""
_PLAIN_CURSORS = frozenset(
    {"cursor", "DictCursor", "RealDictCursor", "NamedTupleCursor", "Cursor", "ClientCursor"}
)


class DriverArguments(NamedTuple):
    """What asyncpg connects with, and libpq's options of the socket."""

    keywords: dict[str, Any]
    socket: Mapping[str, int]


def refusal(what: str, place: str | None, hint: str) -> UrlError:
    """The error for something of an engine that cannot be honoured; ``place`` is file and line."""
    where = f" ({place})" if place else ""
    return UrlError(f"asyncmig cannot honour {what}{where}", hint=hint, source=place)


def asyncpg_arguments(
    args: Sequence[Any], kwargs: Mapping[str, Any], *, place: str | None = None
) -> DriverArguments:
    """Arguments of another driver's ``connect`` as those of asyncpg's. It reads files.

    Args:
        args: positional; the first may be a connection string.
        kwargs: by name: libpq's parameters, and those of the driver.
        place: file and line of the engine, for messages.

    Raises:
        UrlError: an argument is unknown, or asks for what asyncpg cannot do.
    """
    given = dict(kwargs)
    strings = [*args, *(given.pop(name) for name in _CONNECTION_STRINGS if name in given)]
    for name in ("database", "db"):
        if name in given:
            given.setdefault("dbname", given.pop(name))
    for theirs, ours in _PG8000.items():
        if theirs in given:
            given[ours] = given.pop(theirs)
    context = given.pop("ssl_context", None)
    _check_driver_arguments(given, place)
    source = place or "env.py"
    url = url_of_parameters(
        {name: _text(value) for name, value in given.items() if value is not None}, source=source
    )
    for text in strings:
        if text:
            url = url.or_else(parse_url(_text(text), source=source))
    url = resolve_url(url, source=source)
    require_files(url.arguments, source)
    if url.arguments.get("load_balance_hosts") == "random":
        import random

        url = replace(url, hosts=tuple(random.sample(url.hosts, len(url.hosts))))
    keywords: dict[str, Any] = url.to_asyncpg()
    if context is not None:
        if context is not True and not isinstance(context, tls.SSLContext):
            raise refusal("ssl_context of another kind", place, "give an ssl.SSLContext")
        keywords["ssl"] = context
    return DriverArguments(keywords, url.socket_options())


def _check_driver_arguments(given: dict[str, Any], place: str | None) -> None:
    """Take out what only the driver's own module understands."""
    factory = given.pop("cursor_factory", None)
    if factory is not None and getattr(factory, "__name__", "") not in _PLAIN_CURSORS:
        raise refusal(
            f"cursor_factory={factory!r}", place, "give it to cursor(), or leave it out in env.py"
        )
    for name in ("connection_factory", "row_factory", "context"):
        if given.pop(name, None) is not None:
            raise refusal(name, place, "leave it out in env.py")
    if given.pop("async", 0) or given.pop("async_", 0):
        raise refusal("psycopg2's async=1", place, "leave it out in env.py")
    for name in _WITHOUT_EFFECT:
        given.pop(name, None)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return value.decode() if isinstance(value, bytes) else str(value)
