"""A private PostgreSQL server from a wheel, for trying asyncmig, for tests and for shadows.

It needs the extra ``embedded``; asyncmig itself never installs or downloads a server.
"""

from asyncmig.embedded.background import (
    find_background,
    project_server,
    start_background,
    stop_background,
)
from asyncmig.embedded.lifecycle import DEFAULT_FOLDER, EmbeddedServer, binaries, server

__all__ = [
    "DEFAULT_FOLDER",
    "EmbeddedServer",
    "binaries",
    "find_background",
    "project_server",
    "server",
    "start_background",
    "stop_background",
]
