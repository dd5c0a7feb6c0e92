"""Connection arguments of psycopg2, psycopg and pg8000 as arguments of asyncpg: all of them, or an error.

libpq's keywords are those of the PostgreSQL manual, chapter "Database Connection Control Functions".
What asyncpg cannot do is refused by name, and a security setting is never weakened.
"""

from __future__ import annotations

import os
import re
import ssl as tls
from typing import TYPE_CHECKING, Any

from asyncmig.config.connection.url import parse_url
from asyncmig.errors import UrlError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["asyncpg_arguments", "refusal"]

_DSN_NAMES = ("dsn", "conninfo")
_WITHOUT_EFFECT = ("client_encoding", "prepare_threshold")
"""Text is text in Python, and the wire speaks UTF-8; nothing is prepared under a name."""
_HARMLESS: Mapping[str, frozenset[str]] = {
    "channel_binding": frozenset({"", "disable", "prefer"}),
    "gssencmode": frozenset({"", "disable", "prefer"}),
    "gssdelegation": frozenset({"", "0"}),
    "load_balance_hosts": frozenset({"", "disable"}),
    "replication": frozenset({"", "false", "off", "no", "0"}),
    "require_auth": frozenset({""}),
    "requirepeer": frozenset({""}),
    "requiressl": frozenset({"", "0"}),
    "sslcertmode": frozenset({"", "allow"}),
    "sslcompression": frozenset({"", "0"}),
    "sslcrldir": frozenset({""}),
    "sslkeylogfile": frozenset({""}),
    "sslsni": frozenset({"", "1"}),
    "min_protocol_version": frozenset({"", "3.0"}),
    "max_protocol_version": frozenset({"", "3.0", "latest"}),
    "scram_client_key": frozenset({""}),
    "scram_server_key": frozenset({""}),
    "oauth_issuer": frozenset({""}),
    "oauth_client_id": frozenset({""}),
}
"""Values of libpq's keywords that ask for nothing which asyncpg does not do anyway."""
_KEEPALIVES = frozenset(
    {
        *("keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count"),
        "tcp_user_timeout",
    }
)
"""Options of the socket, set on it once it is connected."""
_ENVIRONMENT = {
    "PGAPPNAME": "application_name",
    "PGCONNECT_TIMEOUT": "connect_timeout",
    "PGOPTIONS": "options",
    "PGCHANNELBINDING": "channel_binding",
    "PGGSSENCMODE": "gssencmode",
    "PGREQUIREAUTH": "require_auth",
    "PGREQUIREPEER": "requirepeer",
    "PGREQUIRESSL": "requiressl",
    "PGSSLCERTMODE": "sslcertmode",
    "PGSSLCRLDIR": "sslcrldir",
    "PGTARGETSESSIONATTRS": "target_session_attrs",
    "PGMINPROTOCOLVERSION": "min_protocol_version",
    "PGMAXPROTOCOLVERSION": "max_protocol_version",
}
"""Variables of libpq that asyncpg does not read."""
_SETTINGS_IN_ENVIRONMENT = {"PGTZ": "TimeZone", "PGDATESTYLE": "DateStyle", "PGGEQO": "geqo"}
_PG8000 = {"unix_sock": "host", "timeout": "connect_timeout", "tcp_keepalive": "keepalives"}
_PLAIN_CURSORS = frozenset(
    {"cursor", "DictCursor", "RealDictCursor", "NamedTupleCursor", "Cursor", "ClientCursor"}
)


def refusal(what: str, place: str | None, hint: str) -> UrlError:
    """The error for something of an engine that cannot be honoured; ``place`` is file and line."""
    where = f" ({place})" if place else ""
    return UrlError(f"asyncmig cannot honour {what}{where}", hint=hint, source=place)


def asyncpg_arguments(
    args: Sequence[Any], kwargs: Mapping[str, Any], *, place: str | None = None
) -> tuple[dict[str, Any], dict[str, int]]:
    """Arguments of another driver's ``connect`` as those of asyncpg's, and options of the socket.

    Args:
        args: positional; the first may be a connection string.
        kwargs: by name: libpq's keywords, and those of the driver.
        place: file and line of the engine, for messages.

    Raises:
        UrlError: an argument is unknown, or asks for what asyncpg cannot do.
    """
    given = dict(kwargs)
    strings = [*args, *(given.pop(name) for name in _DSN_NAMES if name in given)]
    for name in ("database", "db"):
        if name in given:
            given.setdefault("dbname", given.pop(name))
    for theirs, ours in _PG8000.items():
        if theirs in given:
            given[ours] = given.pop(theirs)
    context = given.pop("ssl_context", None)
    _check_driver_arguments(given, place)
    texts = _from_environment()
    for text in strings:
        if text:
            texts |= _keywords_of_string(str(text), place)
    texts |= {name: _text(value) for name, value in given.items() if value is not None}
    settings = {
        setting: os.environ[variable]
        for variable, setting in _SETTINGS_IN_ENVIRONMENT.items()
        if os.environ.get(variable)
    }
    socket = _socket_options(texts, place)
    _check(texts, place)
    url = parse_url(_connection_string(texts), source=place)
    arguments: dict[str, Any] = url.to_asyncpg()
    if context is not None:
        if context is not True and not isinstance(context, tls.SSLContext):
            raise refusal("ssl_context of another kind", place, "give an ssl.SSLContext")
        arguments["ssl"] = context
    if settings:
        arguments["server_settings"] = settings | arguments.get("server_settings", {})
    return arguments, socket


def _check_driver_arguments(given: dict[str, Any], place: str | None) -> None:
    """Take out what only the driver's own module understands."""
    factory = given.pop("cursor_factory", None)
    if factory is not None and getattr(factory, "__name__", "") not in _PLAIN_CURSORS:
        raise refusal(
            f"cursor_factory={factory!r}", place, "give it to cursor(), or leave it out in env.py"
        )
    for name in ("connection_factory", "row_factory", "context"):
        if given.get(name) is not None:
            raise refusal(f"{name}={given[name]!r}", place, "leave it out in env.py")
        given.pop(name, None)
    if given.pop("async", 0) or given.pop("async_", 0):
        raise refusal("psycopg2's async=1", place, "leave it out in env.py")


def _check(texts: dict[str, str], place: str | None) -> None:
    for name in _WITHOUT_EFFECT:
        texts.pop(name, None)
    for name in _HARMLESS.keys() & texts.keys():
        value = texts.pop(name)
        if value.strip().lower() not in _HARMLESS[name]:
            raise refusal(
                f"{name}={value}",
                place,
                "asyncpg, the driver that connects, has no such setting; see docs/alembic.md",
            )


def _socket_options(texts: dict[str, str], place: str | None) -> dict[str, int]:
    options = {}
    for name in _KEEPALIVES & texts.keys():
        text = texts.pop(name)
        try:
            options[name] = int(text)
        except ValueError:
            raise refusal(f"{name}={text}", place, "it is a whole number") from None
    return options


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return value.decode() if isinstance(value, bytes) else str(value)


def _from_environment() -> dict[str, str]:
    return {
        name: os.environ[variable]
        for variable, name in _ENVIRONMENT.items()
        if os.environ.get(variable)
    }


def _keywords_of_string(text: str, place: str | None) -> dict[str, str]:
    """Keywords of libpq in a connection string: a URI, or ``name = value`` pairs."""
    if "://" in text:
        url = parse_url(text, source=place)
        parts = {
            "host": ",".join(host.name for host in url.hosts),
            "port": ",".join(str(host.port or 5432) for host in url.hosts),
            "user": url.user or "",
            "password": url.password or "",
            "dbname": url.database or "",
        }
        if url.ignored:
            # parse_url leaves these out; what they were is looked at like any other keyword
            from urllib.parse import parse_qsl

            query = dict(parse_qsl(text.partition("?")[2], keep_blank_values=True))
            parts |= {name: query[name] for name in url.ignored if name in query}
        return {name: value for name, value in parts.items() if value} | dict(url.arguments)
    found = {}
    for match in re.finditer(r"\s*(\w+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|((?:[^\s'\\]|\\.)*))", text):
        value = match[2] if match[2] is not None else match[3]
        found[match[1]] = re.sub(r"\\(.)", r"\1", value, flags=re.DOTALL)
    return found


def _connection_string(texts: Mapping[str, str]) -> str:
    pairs = []
    for name, value in texts.items():
        escaped = value.replace("\\", "\\\\").replace("'", "\\'")
        pairs.append(f"{name}='{escaped}'")
    return " ".join(pairs) or "dbname=''"
