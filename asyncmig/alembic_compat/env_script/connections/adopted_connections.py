"""Connections that an ``env.py`` opens itself with psycopg2 or psycopg, as arguments for asyncpg."""

from __future__ import annotations

from typing import Any

from asyncmig.alembic_compat.env_script.connections.libpq import refusal
from asyncmig.sql.quoting import literal

__all__ = ["arguments_of"]

_IDLE = 0
"""libpq's transaction status of a connection that is in no transaction."""
_SESSION = "SELECT name, setting FROM pg_catalog.pg_settings WHERE source = 'session'"
_ROLE = "SELECT session_user::text, current_user::text, pg_catalog.pg_my_temp_schema() <> 0"


def arguments_of(made: Any, what: str, place: str | None) -> tuple[dict[str, Any], list[str]]:
    """What a connection was made with, and the statements that bring a new one to its state.

    Args:
        made: a connection of psycopg2's or psycopg's, in no transaction.
        what: made it: ``creator`` or a listener.
        place: of the engine.

    Raises:
        UrlError: it is another driver's, or its state cannot be had again.
    """
    module = type(made).__module__.partition(".")[0]
    info = getattr(made, "info", None)
    if module not in {"psycopg2", "psycopg"} or info is None:
        raise refusal(
            f"a connection of {type(made).__module__}.{type(made).__qualname__} from {what}",
            place,
            "asyncmig migrates on asyncpg's connections: give `async_creator` to create_async_engine, "
            "with a connection of asyncpg; or put address and login into the URL",
        )
    if int(info.transaction_status) != _IDLE:
        raise refusal(f"the open transaction of {what}'s connection", place, "commit it there")
    if module == "psycopg2":
        arguments = dict(made.get_dsn_parameters())
        arguments["password"] = info.password
    else:
        arguments = {**info.get_parameters(), "password": info.password}
        if arguments.get("host"):
            arguments.pop("hostaddr", None)  # psycopg has looked it up by the host
    autocommit, made.autocommit = bool(made.autocommit), True
    cursor = made.cursor()
    cursor.execute(_SESSION)
    prelude = [
        f"SELECT pg_catalog.set_config({literal(name)}, {literal(value)}, false)"
        for name, value in cursor.fetchall()
        if name not in {"role", "session_authorization", "client_encoding"}
    ]
    cursor.execute(_ROLE)
    ((session, current, has_temporary),) = cursor.fetchall()
    cursor.close()
    if has_temporary:
        raise refusal(f"temporary objects of {what}'s connection", place, "create them in a script")
    if current != session:
        prelude.append(f"SELECT pg_catalog.set_config('role', {literal(current)}, false)")
    arguments["autocommit"] = autocommit
    return {name: value for name, value in arguments.items() if value not in {None, ""}}, prelude
