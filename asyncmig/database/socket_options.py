"""TCP keepalives and timeouts of a connection, as libpq sets them.

Without them the loss of a peer is noticed only after hours, because a statement waits for an answer that
never arrives. With the defaults it is noticed after about a minute; ``keepalives=0`` and
``tcp_user_timeout=0`` turn them off.
"""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import asyncpg

__all__ = ["DEFAULTS", "set_socket_options"]

DEFAULTS = {
    "keepalives": 1,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
"""Seconds, a count, and milliseconds, as in libpq's parameters of these names."""

_CONSTANTS = {
    "keepalives_idle": ("TCP_KEEPIDLE", "TCP_KEEPALIVE"),  # the second is macOS's name
    "keepalives_interval": ("TCP_KEEPINTVL",),
    "keepalives_count": ("TCP_KEEPCNT",),
    "tcp_user_timeout": ("TCP_USER_TIMEOUT",),
}


def set_socket_options(driver: asyncpg.Connection, given: Mapping[str, int]) -> None:
    """Set the options on a connected socket; those that the system does not have are left out.

    As in libpq, 0 leaves the system's own value, and Unix-domain sockets have none of them.

    Args:
        driver: the connection.
        given: values of libpq's parameters, which replace the defaults.
    """
    transport: Any = getattr(driver, "_transport", None)
    found = None if transport is None else transport.get_extra_info("socket")
    if found is None or found.family == getattr(socket, "AF_UNIX", None):
        return
    options = {**DEFAULTS, **given}
    with socket.socket(fileno=os.dup(found.fileno())) as own:  # uvloop's socket has no setsockopt
        _set(own, options)


def _set(own: socket.socket, options: Mapping[str, int]) -> None:
    if options["keepalives"]:
        own.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, constants in _CONSTANTS.items():
        if not options[name] or (name.startswith("keepalives") and not options["keepalives"]):
            continue
        constant = next(
            (getattr(socket, each) for each in constants if hasattr(socket, each)), None
        )
        if constant is not None:
            own.setsockopt(socket.IPPROTO_TCP, constant, options[name])
