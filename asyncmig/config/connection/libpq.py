"""The connection parameters of libpq: which of them asyncmig honours, and what it refuses.

One row for each parameter and environment variable of the PostgreSQL 18 manual, chapters "Database
Connection Control Functions" and "Environment Variables". asyncpg, the driver that connects, does not
know all of them. What it cannot do is refused by name, unless the value asks for nothing: a login that
is asked to be strict is never made in a weaker way.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from asyncmig.errors import UrlError

__all__ = ["PARAMETERS", "SESSION_VARIABLES", "Parameter", "check_parameter", "from_environment"]


class Parameter(NamedTuple):
    """One parameter.

    Attributes:
        name: as in a connection string.
        variable: the environment variable that gives its default, or None.
        harmless: None for a parameter that is honoured. Otherwise the values, in lower case, that ask
            for nothing that asyncmig does not do; a ``*`` among them admits every value.
        reason: why other values are refused, or how the parameter is honoured.
    """

    name: str
    variable: str | None
    harmless: frozenset[str] | None
    reason: str


def _honoured(name: str, variable: str | None = None, how: str = "by asyncpg") -> Parameter:
    return Parameter(name, variable, None, how)


def _refused(name: str, variable: str | None, harmless: str, reason: str) -> Parameter:
    return Parameter(name, variable, frozenset({"", *harmless.split()}), reason)


_NO_CHOICE = "asyncpg answers whichever authentication method the server asks for"
_NO_GSS = "asyncpg does not encrypt connections with GSSAPI"
_NO_OAUTH = "asyncpg does not support OAuth"
_CONTEXT = "asyncpg does not pass it to Python's ssl module"

PARAMETERS: tuple[Parameter, ...] = (
    _honoured("host", "PGHOST"),
    _honoured("hostaddr", "PGHOSTADDR", "in place of `host`; both together are refused"),
    _honoured("port", "PGPORT"),
    _honoured("dbname", "PGDATABASE"),
    _honoured("user", "PGUSER"),
    _honoured("password", "PGPASSWORD"),
    _honoured("passfile", "PGPASSFILE"),
    _refused("require_auth", "PGREQUIREAUTH", "", _NO_CHOICE),
    _refused(
        "channel_binding",
        "PGCHANNELBINDING",
        "disable prefer",
        "asyncpg does not support SCRAM-SHA-256-PLUS",
    ),
    _honoured("connect_timeout", "PGCONNECT_TIMEOUT", "0 waits without limit"),
    _refused("client_encoding", "PGCLIENTENCODING", "*", "text is UTF-8 on the connection"),
    _honoured("options", "PGOPTIONS", "by the server"),
    _honoured("application_name", "PGAPPNAME", "by the server"),
    _honoured("fallback_application_name", None, "by the server"),
    _honoured("keepalives", None, "on the socket; on by default"),
    _honoured("keepalives_idle", None, "on the socket; 30 seconds by default"),
    _honoured("keepalives_interval", None, "on the socket; 10 seconds by default"),
    _honoured("keepalives_count", None, "on the socket; 3 by default"),
    _honoured("tcp_user_timeout", None, "on the socket, in milliseconds; 60000 by default"),
    _refused("replication", None, "false off no 0", "a migration needs an ordinary connection"),
    _refused("gssencmode", "PGGSSENCMODE", "disable prefer", _NO_GSS),
    _honoured("sslmode", "PGSSLMODE"),
    _honoured("requiressl", "PGREQUIRESSL", "1 is sslmode=require"),
    _honoured("sslnegotiation", "PGSSLNEGOTIATION"),
    _refused("sslcompression", "PGSSLCOMPRESSION", "*", "TLS compression is never used"),
    _honoured("sslcert", "PGSSLCERT"),
    _honoured("sslkey", "PGSSLKEY"),
    _refused("sslkeylogfile", None, "", _CONTEXT),
    _honoured("sslpassword"),
    _refused("sslcertmode", "PGSSLCERTMODE", "allow", _CONTEXT),
    _honoured("sslrootcert", "PGSSLROOTCERT", "by asyncpg, as a file; `system` is refused"),
    _honoured("sslcrl", "PGSSLCRL"),
    _refused("sslcrldir", "PGSSLCRLDIR", "", _CONTEXT),
    _refused("sslsni", "PGSSLSNI", "1", _CONTEXT),
    _refused("requirepeer", "PGREQUIREPEER", "", "asyncpg does not check the peer of a socket"),
    _honoured("ssl_min_protocol_version", "PGSSLMINPROTOCOLVERSION"),
    _honoured("ssl_max_protocol_version", "PGSSLMAXPROTOCOLVERSION"),
    _refused("min_protocol_version", "PGMINPROTOCOLVERSION", "3.0", "asyncpg speaks version 3.0"),
    _refused(
        "max_protocol_version", "PGMAXPROTOCOLVERSION", "3.0 3.2 latest", "asyncpg speaks 3.0"
    ),
    _honoured("krbsrvname", "PGKRBSRVNAME"),
    _honoured("gsslib", "PGGSSLIB"),
    _refused("gssdelegation", "PGGSSDELEGATION", "0", "asyncpg does not delegate credentials"),
    _refused("scram_client_key", None, "", "asyncpg takes a password, not SCRAM keys"),
    _refused("scram_server_key", None, "", "asyncpg takes a password, not SCRAM keys"),
    _honoured("service", "PGSERVICE", "read from the service file before connecting"),
    _honoured("target_session_attrs", "PGTARGETSESSIONATTRS"),
    _honoured("load_balance_hosts", "PGLOADBALANCEHOSTS", "`random` shuffles the hosts"),
    _refused("oauth_issuer", None, "", _NO_OAUTH),
    _refused("oauth_client_id", None, "", _NO_OAUTH),
    _refused("oauth_client_secret", None, "", _NO_OAUTH),
    _refused("oauth_scope", None, "", _NO_OAUTH),
)
"""Every parameter of libpq. ``PGSERVICEFILE`` and ``PGSYSCONFDIR`` are read with ``service``."""

SESSION_VARIABLES = {"PGDATESTYLE": "DateStyle", "PGTZ": "TimeZone", "PGGEQO": "geqo"}
"""Environment variables that libpq sends as settings of the session."""

_BY_NAME = {row.name: row for row in PARAMETERS}

_STRICTER = {
    "require_auth": "sslmode=verify-full makes the server prove who it is before a password is sent",
    "channel_binding": "sslmode=verify-full makes the server prove who it is before a password is sent",
    "gssencmode": "sslmode=verify-full encrypts the connection",
}


def check_parameter(
    name: str, value: str, fault: Callable[[str, str | None], UrlError]
) -> str | None:
    """Refuse a value that cannot be honoured.

    Args:
        name: of a parameter, libpq's or another.
        value: as it was written.
        fault: makes the error from what is wrong and a hint.

    Returns:
        The value; None where it asks for nothing, and is to be left out.

    Raises:
        UrlError: asyncmig cannot do what the value asks for.
    """
    row = _BY_NAME.get(name)
    if row is None or row.harmless is None:
        return value
    if "*" in row.harmless or value.strip().lower() in row.harmless:
        return None
    # the value of a secret is not repeated
    asked = name if re.search("secret|key", name) else f"{name}={value}"
    hint = f"remove it; {_STRICTER[name]}" if name in _STRICTER else "remove it"
    raise fault(f"asks for {asked}, which is not supported: {row.reason}", hint)


def from_environment(environ: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Parameters that libpq takes from environment variables.

    Returns:
        Values by parameter; and the variable of each, for messages.
    """
    found = {
        row.name: (environ[row.variable], row.variable)
        for row in PARAMETERS
        if row.variable and environ.get(row.variable)
    }
    values = {name: value for name, (value, _) in found.items()}
    return values, {name: variable for name, (_, variable) in found.items()}
