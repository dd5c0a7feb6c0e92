"""Why no connection could be made: errors of the driver as errors with a hint."""

from __future__ import annotations

import ssl

import asyncpg

from asyncmig.errors import ConnectionFailedError

__all__ = ["connection_failure", "is_starting"]

_HINT = "HINT:"
"""asyncpg puts its advice into the text."""

_CERTIFICATE = (
    "sslrootcert names the authority that signed the server's certificate, and verify-full wants the "
    "host to be called as in there; sslmode=require encrypts and checks nothing"
)


def is_starting(error: BaseException) -> bool:
    """True when waiting may help: no server listens yet, or it reports that it is starting."""
    if isinstance(error, ssl.SSLError) or _is_refused_tls(error):
        return False
    return isinstance(
        error,
        OSError
        | TimeoutError
        | asyncpg.CannotConnectNowError
        | asyncpg.TooManyConnectionsError
        | asyncpg.ConnectionDoesNotExistError,
    )


def connection_failure(
    error: BaseException, name: str, *, waited: float = 0.0
) -> ConnectionFailedError:
    """The error for a connection that could not be made.

    Args:
        error: what the driver raised.
        name: the database without its password.
        waited: seconds spent in waiting for it.
    """
    _forget_frames(error)
    after = f" after {waited:.0f} s" if waited >= 1 else ""
    message, hint = _described(error, name, after)
    return ConnectionFailedError(
        message.replace("\n", " "),
        hint=hint,
        sqlstate=getattr(error, "sqlstate", None),
        database=name,
    )


def _forget_frames(error: BaseException) -> None:
    """Take the driver's frames from its errors: tracebacks show their variables, the password among them."""
    todo, seen = [error], set[int]()
    while todo:
        each = todo.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        each.__traceback__ = None
        within = (each.__cause__, each.__context__, getattr(each, "orig", None))
        todo += [inner for inner in within if isinstance(inner, BaseException)]


def _described(error: BaseException, name: str, after: str) -> tuple[str, str]:
    text = str(error) or type(error).__name__
    match error:
        case asyncpg.InvalidPasswordError() | asyncpg.InvalidAuthorizationSpecificationError():
            hint = "check user and password in the URL, and pg_hba.conf on the server"
            if "no encryption" in text:
                hint = f"sslmode=require encrypts, should the server want that; or {hint}"
            return f"{name} refused the login: {text}", hint
        case asyncpg.InvalidCatalogNameError():
            return (
                f"there is no such database: {text} ({name})",
                "create it with `createdb`, or correct the name in the URL",
            )
        case asyncpg.TooManyConnectionsError():
            return (
                f"{name} has no free connection: {text}",
                "wait, raise max_connections, or close idle sessions (pg_stat_activity)",
            )
        case asyncpg.CannotConnectNowError():
            return (
                f"{name} is not ready{after}: {text}",
                "`wait_for_database` sets how long to wait for it",
            )
        case ssl.SSLCertVerificationError():
            return f"{name} showed a certificate that is not trusted: {error.verify_message}", (
                _CERTIFICATE
            )
        case ssl.SSLError():
            return f"cannot encrypt the connection to {name}: {text}", (
                "check sslmode, and the files of sslrootcert, sslcert and sslkey"
            )
        case asyncpg.ClientConfigurationError() if _HINT in text:
            message, _, hint = text.partition(_HINT)
            return f"cannot connect to {name}: {message.strip()}", hint.strip()
        case OSError() if _is_refused_tls(error):
            return f"{name} does not encrypt connections, and the sslmode asks for it", (
                "switch `ssl` on at the server, or take sslmode=prefer or sslmode=disable"
            )
        case TimeoutError():
            return (
                f"{name} did not answer within the connect timeout{after}",
                "check host, port and firewall; `connect_timeout` sets the limit",
            )
        case OSError():
            return (
                f"cannot reach {name}{after}: {text}",
                "is the server running, and are host and port right? `wait_for_database` waits for it",
            )
        case _:
            return f"cannot connect to {name}: {text}", "check the URL"


def _is_refused_tls(error: BaseException) -> bool:
    return isinstance(error, ConnectionError) and "rejected SSL upgrade" in str(error)
