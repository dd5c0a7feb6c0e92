"""The query of a PostgreSQL URL, behind the ``?``, sorted into the arguments of asyncpg.

asyncpg takes some arguments as keywords, some (certificates) only within a DSN, and sends the rest
to the server as settings. libpq's spellings, asyncpg's and SQLAlchemy's are all understood.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from asyncmig.config.connection.libpq import check_parameter
from asyncmig.config.settings import SSL_MODES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from asyncmig.errors import UrlError

__all__ = ["SECRET", "SortedArguments", "checked_arguments", "sort_out"]

SESSION_ATTRIBUTES = ("any", "primary", "standby", "prefer-standby", "read-write", "read-only")

SECRET = frozenset({"password", "sslpassword", "passfile"})

_ALIASES = {"ssl": "sslmode", "timeout": "connect_timeout"}

_FLOATS = {"connect_timeout": "timeout", "command_timeout": "command_timeout"}
_INTEGERS = {
    "statement_cache_size": "statement_cache_size",
    "max_cached_statement_lifetime": "max_cached_statement_lifetime",
    "max_cacheable_statement_size": "max_cacheable_statement_size",
    "prepared_statement_cache_size": "prepared_statement_cache_size",
}
_SOCKET_OPTIONS = frozenset(
    {
        *("keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count"),
        "tcp_user_timeout",
    }
)
_BEFORE_CONNECTING = frozenset({"load_balance_hosts"})
_KEYWORDS = frozenset({"krbsrvname", "gsslib", "passfile", "target_session_attrs"})
# asyncpg reads these from a DSN only; one without an address adds them to the keywords.
_ONLY_IN_DSN = frozenset(
    {
        "service",
        "sslcert",
        "sslcrl",
        "sslkey",
        "sslnegotiation",
        "sslpassword",
        "sslrootcert",
        "ssl_max_protocol_version",
        "ssl_min_protocol_version",
    }
)

# Arguments that steer a pool or another driver and mean nothing to the server, which would refuse a
# connection that carries them.
_IGNORED = frozenset(
    {
        "async_fallback",
        "connection_limit",
        "max_overflow",
        "pgbouncer",
        "pool_pre_ping",
        "pool_recycle",
        "pool_size",
        "pool_timeout",
        "prepared_statement_name_func",
    }
)
# Names of other tools whose meaning matters too much to be dropped.
_FOREIGN = {
    "schema": "write ?options=-csearch_path%3Dname, or set search_path in the configuration",
    "currentschema": "write ?options=-csearch_path%3Dname, or set search_path in the configuration",
    "sslaccept": "write ?sslmode=require or ?sslmode=verify-full",
    "sslfactory": "write ?sslmode=require or ?sslmode=verify-full",
}


class SortedArguments(NamedTuple):
    """The arguments of one URL, by the way they reach asyncpg."""

    floats: Mapping[str, float | None]
    integers: Mapping[str, int]
    texts: Mapping[str, str]
    in_dsn: Mapping[str, str]
    server_settings: Mapping[str, str]
    socket: Mapping[str, int]

    def keywords(self) -> dict[str, object]:
        """All of them as keyword arguments of ``asyncpg.connect``."""
        given: dict[str, object] = {**self.floats, **self.texts, **self.integers}
        prepared = given.pop("prepared_statement_cache_size", None)
        if prepared is not None:
            # SQLAlchemy's own cache; who sets its size means prepared statements as such.
            given.setdefault("statement_cache_size", prepared)
        if self.in_dsn:
            given["dsn"] = _bare_dsn(self.in_dsn)
        if self.server_settings:
            given["server_settings"] = dict(self.server_settings)
        return given

    def strings(self) -> dict[str, str]:
        """Those that may stay text, for the query of a SQLAlchemy URL."""
        given = dict(self.texts)
        if "prepared_statement_cache_size" in self.integers:
            size = self.integers["prepared_statement_cache_size"]
            given["prepared_statement_cache_size"] = str(size)
        within = {**self.in_dsn, **self.server_settings}
        if within:
            given["dsn"] = _bare_dsn(within)
        return given

    def numbers(self) -> dict[str, object]:
        """Those that asyncpg takes as numbers only."""
        integers = dict(self.integers)
        integers.pop("prepared_statement_cache_size", None)
        return {**self.floats, **integers}


def sort_out(arguments: Mapping[str, str]) -> SortedArguments:
    """Sort arguments that ``checked_arguments`` has let through."""
    floats: dict[str, float | None] = {}
    integers: dict[str, int] = {}
    texts: dict[str, str] = {}
    in_dsn: dict[str, str] = {}
    server_settings: dict[str, str] = {}
    socket: dict[str, int] = {}
    for name, value in arguments.items():
        if name in _FLOATS:
            # Zero is libpq's "wait for ever".
            floats[_FLOATS[name]] = float(value) or None
        elif name in _INTEGERS:
            integers[_INTEGERS[name]] = int(value)
        elif name in _SOCKET_OPTIONS:
            socket[name] = int(value)
        elif name in _BEFORE_CONNECTING:
            continue
        elif name == "sslmode":
            texts["ssl"] = value
        elif name in _KEYWORDS:
            texts[name] = value
        elif name in _ONLY_IN_DSN:
            in_dsn[name] = value
        elif name == "fallback_application_name":
            server_settings.setdefault("application_name", value)
        else:
            server_settings[name] = value
    return SortedArguments(
        floats=floats,
        integers=integers,
        texts=texts,
        in_dsn=in_dsn,
        server_settings=server_settings,
        socket=socket,
    )


def checked_arguments(
    arguments: Mapping[str, str], fault: Callable[[str, str | None], UrlError]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Check values and give every argument its first name.

    Returns:
        The usable arguments, and the names of those that ask for nothing and are left out.

    Raises:
        UrlError: made by ``fault(what, hint)``.
    """
    usable: dict[str, str] = {}
    ignored: list[str] = []
    for written, value in arguments.items():
        name = _ALIASES.get(written, written)
        if name in _IGNORED:
            ignored.append(name)
        elif hint := _FOREIGN.get(name.lower()):
            raise fault(f"has the argument '{written}', which PostgreSQL does not know", hint)
        elif (kept := check_parameter(name, value, fault)) is None:
            ignored.append(name)
        elif name == "requiressl":
            if kept == "1":
                usable.setdefault("sslmode", "require")
        else:
            usable[name] = _checked(name, written, kept, fault)
    return usable, tuple(ignored)


def _checked(
    name: str, written: str, value: str, fault: Callable[[str, str | None], UrlError]
) -> str:
    if name in _FLOATS or name in _INTEGERS or name in _SOCKET_OPTIONS:
        try:
            number = float(value) if name in _FLOATS else int(value)
        except ValueError:
            number = -1
        if not 0 <= number < 2**31:
            kind = "a number of seconds" if name in _FLOATS else "a whole number"
            raise fault(f"has '{written}' with a value that is not {kind}", None)
    elif name == "sslmode":
        if value.lower() in {"false", "0", "off", "no"} and written == "ssl":
            return "disable"
        if value not in SSL_MODES:
            raise fault(
                f"has '{written}' with an unknown value",
                f"sslmode is one of {', '.join(SSL_MODES)};"
                " 'require' encrypts, 'verify-full' checks the server's certificate too",
            )
    elif name == "load_balance_hosts" and value not in {"disable", "random"}:
        raise fault("has 'load_balance_hosts' with an unknown value", "it is disable or random")
    elif name == "target_session_attrs" and value not in SESSION_ATTRIBUTES:
        raise fault(
            "has 'target_session_attrs' with an unknown value",
            f"it is one of {', '.join(SESSION_ATTRIBUTES)}",
        )
    return value


def _bare_dsn(arguments: Mapping[str, str]) -> str:
    """A DSN without an address, so that the keywords beside it decide."""
    from urllib.parse import urlencode

    return f"postgresql://?{urlencode(arguments)}"
