"""``asyncmig embedded``."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from asyncmig_cli.errors import UsageError
from asyncmig_cli.exit_codes import ExitCode
from asyncmig_cli.rendering.embedded_server import server_lines
from asyncmig_cli.runtime.invocation import Invocation

if TYPE_CHECKING:
    from asyncmig.embedded import EmbeddedServer

EXAMPLES = {
    "asyncmig embedded start": "start it in the background",
    "asyncmig embedded url": "the value of DATABASE_URL for the application",
    "asyncmig embedded psql": "open psql; its arguments follow --",
    "asyncmig embedded stop": "stop it; the data remains",
}
DOCUMENT = '{"running": boolean, "data_dir", and if it runs "version", "socket_url", "bin", "log"}'

ACTIONS: Final = ("status", "start", "stop", "url", "psql")


def embedded(
    invocation: Invocation,
    action: Annotated[
        str,
        typer.Argument(metavar="ACTION", help="status, start, stop, url, or psql."),
    ] = "status",
    arguments: Annotated[
        list[str] | None,
        typer.Argument(metavar="[-- ARGUMENTS]", help="Arguments of psql."),
    ] = None,
) -> int | None:
    """Show and control the project's private PostgreSQL server.

    Its data is in the folder .asyncmig/postgres of the project. While it runs, --embedded uses it.
    """
    from asyncmig.embedded import find_background, start_background, stop_background

    _check(action, arguments or ())
    folder = invocation.embedded_folder()
    if action == "start":
        return _show(invocation, start_background(folder), folder)
    if action == "stop":
        stopped = stop_background(folder)
        text = "stopped the server" if stopped else "the server is not running"
        invocation.confirm({"running": False, "stopped": stopped}, lambda _: [text])
        return None
    server = find_background(folder)
    if action == "status":
        return _show(invocation, server, folder)
    if server is None:
        from asyncmig.errors import ConnectionFailedError

        message = f"no server is running in {folder}"
        raise ConnectionFailedError(message, hint="asyncmig embedded start")
    if action == "psql":
        psql = str(server.bin / "psql")
        os.execv(psql, [psql, server.socket_url, *(arguments or ())])  # noqa: S606 - psql of the server
    invocation.show({"url": server.url}, lambda _: [server.url])
    return None


def _check(action: str, arguments: "tuple[str, ...] | list[str]") -> None:
    if action not in ACTIONS:
        from difflib import get_close_matches

        near = get_close_matches(action, ACTIONS, n=1)
        message = f"embedded has no action {action!r}"
        hint = f"did you mean {near[0]!r}?" if near else f"the actions are {', '.join(ACTIONS)}"
        raise UsageError(message, hint)
    if arguments and action != "psql":
        message = f"embedded {action} takes no arguments, and was given {' '.join(arguments)!r}"
        raise UsageError(message, "only psql takes arguments")


def _show(invocation: Invocation, server: "EmbeddedServer | None", folder: Path) -> int | None:
    document: dict[str, object] = {"running": server is not None, "data_dir": str(folder)}
    if server is not None:
        document |= {
            "version": server.version,
            "socket_url": server.socket_url,
            "bin": str(server.bin),
            "log": str(server.log),
        }
    invocation.show(document, lambda stream: server_lines(server, folder, stream))
    return ExitCode.DONE
