"""``asyncmig edit``."""

from typing import TYPE_CHECKING, Annotated

import typer

from asyncmig_cli.completion import complete_revision
from asyncmig_cli.invocation import Invocation

if TYPE_CHECKING:
    from asyncmig.migrator import Migrator
    from asyncmig.results import CurrentState

EXAMPLES = {
    "asyncmig edit head": "open the newest revision in $VISUAL or $EDITOR",
    "EDITOR='code --wait' asyncmig edit ae10": "with another editor",
}
DOCUMENT = '{"editor": [string], "paths": [string]}'


def edit(
    invocation: Invocation,
    revision: Annotated[
        str,
        typer.Argument(
            autocompletion=complete_revision, metavar="REVISION", help="An id, head, or current."
        ),
    ] = "head",
) -> int | None:
    """Open revision files in your editor."""
    from asyncmig_cli.editor import find_editor, open_editor

    program = find_editor()
    if revision == "current":

        async def work(migrator: "Migrator") -> "CurrentState":
            return await migrator.current()

        found = invocation.migrate(work, progress=True).revisions
    else:
        found = invocation.history.show(revision)
    paths = [info.path for info in found]
    invocation.console.out.flush()
    code = open_editor(program, paths) if paths else 0
    if invocation.options.json:
        invocation.show({"editor": program, "paths": paths}, lambda _: ())
    elif not paths:
        invocation.note(f"{revision} names no revision file")
    return code or None
