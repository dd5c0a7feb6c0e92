"""The private PostgreSQL server of a project."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from asyncmig_cli.output.console import Stream
from asyncmig_cli.rendering.files import near

if TYPE_CHECKING:
    from asyncmig.embedded import EmbeddedServer

__all__ = ["server_lines"]


def server_lines(server: "EmbeddedServer | None", folder: Path, stream: Stream) -> Iterator[str]:
    """Whether it runs, and where; the password of its TCP port is not shown.

    Args:
        server: None if it is not running.
        folder: its data folder.
        stream: where it is printed.
    """
    if server is None:
        yield f"{stream.style('not running', 'yellow', 'bold')}: {near(str(folder))}"
        yield "start it with: asyncmig embedded start"
        return
    yield f"{stream.style('running', 'green', 'bold')}: PostgreSQL {server.version}"
    yield f"  data     {near(str(folder))}"
    yield f"  socket   {server.socket_url}"
    yield f"  log      {near(str(server.log))}"
    yield f"  programs {server.bin}"
    yield "its URL, with the password: asyncmig embedded url"
